package organizations

import (
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

// organization is one organization. Its first member is the management
// account.
type organization struct {
	ID         string // "o-" and ten letters or digits
	FeatureSet string
	Members    []*member
	Trusted    []trusted
	Requests   []request // for accounts
}

type member struct {
	ID, Name, Email string
	Joined          time.Time
	Created         bool // in the organization; the management account was not
}

type trusted struct {
	Service string // "cloudtrail.amazonaws.com"
	Since   time.Time
}

func (o *organization) management() string { return o.Members[0].ID }

func (o *organization) arn(resource string) string {
	return "arn:aws:organizations::" + o.management() + ":" + resource
}

func (o *organization) member(account string) *member {
	i := slices.IndexFunc(o.Members, func(m *member) bool { return m.ID == account })
	if i < 0 {
		return nil
	}
	return o.Members[i]
}

// of is the organization of an account; nil when it is in none. s.mu is held.
func (s *Service) of(account string) *organization {
	for _, o := range s.organizations {
		if o.member(account) != nil {
			return o
		}
	}
	return nil
}

// Organization tells which organization an account belongs to, and which
// account manages it.
func (s *Service) Organization(account string) (id, management string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.of(account)
	if o == nil {
		return "", "", false
	}
	return o.ID, o.management(), true
}

// Members lists the accounts of an account's organization in ascending order,
// the account itself and the management account included; none without an
// organization.
func (s *Service) Members(account string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.of(account)
	if o == nil {
		return nil
	}
	var list []string
	for _, m := range o.Members {
		list = append(list, m.ID)
	}
	slices.Sort(list)
	return list
}

// Trusts tells whether a service ("cloudtrail.amazonaws.com") has trusted
// access in an account's organization.
func (s *Service) Trusts(account, servicePrincipal string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.of(account)
	return o != nil && slices.ContainsFunc(o.Trusted, func(t trusted) bool { return t.Service == servicePrincipal })
}

// refuse is an error, whose status is 400 whatever its code (assumption A30).
func refuse(code, format string, args ...any) *call.Error {
	return &call.Error{Status: 400, Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *call.Error {
	return refuse("InvalidInputException", format, args...)
}

// joined is the caller's organization. s.mu is held.
func (s *Service) joined(c *call.Call) (*organization, *call.Error) {
	o := s.of(c.Account)
	if o == nil {
		return nil, refuse("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	}
	return o, nil
}

// managed is the caller's organization for calls that only the management
// account may make. s.mu is held.
func (s *Service) managed(c *call.Call) (*organization, *call.Error) {
	o, err := s.joined(c)
	if err == nil && o.management() != c.Account {
		return nil, refuse("AccessDeniedException", "You don't have permissions to access this resource.")
	}
	return o, err
}

const (
	allFeatures = "ALL"
	billingOnly = "CONSOLIDATED_BILLING"
)

func (s *Service) createOrganization(c *call.Call, in struct{ FeatureSet string }) (any, *call.Error) {
	switch in.FeatureSet {
	case "":
		in.FeatureSet = allFeatures
	case allFeatures, billingOnly:
	default:
		return nil, invalid("You specified an invalid value: %.40q is no feature set.", in.FeatureSet)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of(c.Account) != nil {
		return nil, refuse("AlreadyInOrganizationException", "The AWS account is already a member of an organization.")
	}
	management := &member{ID: c.Account, Name: "management", Email: "root@" + c.Account + ".example.com", Joined: c.Time}
	o := &organization{ID: "o-" + randomText(10), FeatureSet: in.FeatureSet, Members: []*member{management}}
	s.organizations = append(s.organizations, o)
	return map[string]any{"Organization": o.answer()}, nil
}

// randomText makes n of the characters that ids of Organizations have.
func randomText(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

type answer struct {
	Id, Arn, FeatureSet                                   string
	MasterAccountArn, MasterAccountId, MasterAccountEmail string
	AvailablePolicyTypes                                  []policyType
}

type policyType struct{ Type, Status string }

func (o *organization) answer() answer {
	a := answer{
		Id: o.ID, Arn: o.arn("organization/" + o.ID), FeatureSet: o.FeatureSet,
		MasterAccountArn: o.arn("account/" + o.ID + "/" + o.management()), MasterAccountId: o.management(),
		MasterAccountEmail: o.Members[0].Email, AvailablePolicyTypes: []policyType{},
	}
	if o.FeatureSet == allFeatures {
		a.AvailablePolicyTypes = []policyType{{"SERVICE_CONTROL_POLICY", "ENABLED"}}
	}
	return a
}

func (s *Service) describeOrganization(c *call.Call, _ struct{}) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.joined(c)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Organization": o.answer()}, nil
}

func (s *Service) deleteOrganization(c *call.Call, _ struct{}) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	if len(o.Members) > 1 {
		return nil, refuse("OrganizationNotEmptyException", "To delete an organization you must first remove all member accounts (except the management account).")
	}
	s.organizations = slices.DeleteFunc(s.organizations, func(other *organization) bool { return other == o })
	return nil, nil
}

// access is the input of the calls about one trusted service.
type access struct{ ServicePrincipal string }

func (s *Service) changeAccess(c *call.Call, in access) (*organization, *call.Error) {
	o, err := s.managed(c)
	switch {
	case err != nil:
		return nil, err
	case !servicePattern.MatchString(in.ServicePrincipal):
		return nil, invalid("You specified an unrecognized service principal.")
	case o.FeatureSet != allFeatures:
		return nil, refuse("ConstraintViolationException", "The organization must have all features enabled.")
	}
	o.Trusted = slices.DeleteFunc(slices.Clone(o.Trusted), func(t trusted) bool { return t.Service == in.ServicePrincipal })
	return o, nil
}

func (s *Service) enableAccess(c *call.Call, in access) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.changeAccess(c, in)
	if err != nil {
		return nil, err
	}
	o.Trusted = append(o.Trusted, trusted{in.ServicePrincipal, c.Time})
	return nil, nil
}

func (s *Service) disableAccess(c *call.Call, in access) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.changeAccess(c, in)
	return nil, err
}

func (s *Service) listAccess(c *call.Call, in pageInput) (any, *call.Error) {
	type entry struct {
		ServicePrincipal string
		DateEnabled      *float64
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	list := []entry{}
	for _, t := range o.Trusted {
		list = append(list, entry{t.Service, awsjson.Epoch(t.Since)})
	}
	return listing(in, "EnabledServicePrincipals", list)
}
