package organizations

import (
	"crypto/rand"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

// request is one call of CreateAccount, which is done at once here
// (assumption A44).
type request struct {
	ID, Account, Name string
	At                time.Time
	Failure           string // EMAIL_ALREADY_EXISTS, or empty
}

// maxMembers is the quota of accounts that an organization starts with
// (assumption A39).
const maxMembers = 10

var (
	servicePattern = regexp.MustCompile(`^[a-z0-9.-]+\.amazonaws\.com$`)
	emailPattern   = regexp.MustCompile(`^[^\s@]+@[^\s@]+\.[^\s@]+$`)
	namePattern    = regexp.MustCompile(`^[ -~]{1,50}$`)
)

type createAccountInput struct{ Email, AccountName string }

func (s *Service) createAccount(c *call.Call, in createAccountInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.managed(c)
	switch {
	case err != nil:
		return nil, err
	case !emailPattern.MatchString(in.Email) || len(in.Email) < 6 || len(in.Email) > 64:
		return nil, invalid("You specified an invalid value: %.80q is no email address.", in.Email)
	case !namePattern.MatchString(in.AccountName):
		return nil, invalid("You specified an invalid value: %.80q is no name of an account.", in.AccountName)
	case len(o.Members) >= maxMembers:
		return nil, refuse("ConstraintViolationException", "You have exceeded the allowed number of AWS Accounts.")
	}
	r := request{ID: "car-" + randomText(32), Name: in.AccountName, At: c.Time}
	if s.emailTaken(in.Email) {
		r.Failure = "EMAIL_ALREADY_EXISTS"
	} else {
		r.Account = s.newAccount()
		o.Members = append(o.Members, &member{ID: r.Account, Name: in.AccountName, Email: in.Email, Joined: c.Time, Created: true})
	}
	o.Requests = append(o.Requests, r)
	return map[string]any{"CreateAccountStatus": r.answer()}, nil
}

func (s *Service) emailTaken(email string) bool {
	return slices.ContainsFunc(s.organizations, func(o *organization) bool {
		return slices.ContainsFunc(o.Members, func(m *member) bool { return strings.EqualFold(m.Email, email) })
	})
}

// newAccount makes the id of an account that no organization has.
func (s *Service) newAccount() string {
	for {
		n, _ := rand.Int(rand.Reader, big.NewInt(900_000_000_000)) // the reader never fails
		id := strconv.FormatInt(n.Int64()+100_000_000_000, 10)
		if s.of(id) == nil {
			return id
		}
	}
}

type requestAnswer struct {
	Id, AccountName, State string
	RequestedTimestamp     *float64
	CompletedTimestamp     *float64
	AccountId              string `json:",omitempty"`
	FailureReason          string `json:",omitempty"`
}

func (r request) answer() requestAnswer {
	at := awsjson.Epoch(r.At)
	a := requestAnswer{Id: r.ID, AccountName: r.Name, State: "SUCCEEDED", RequestedTimestamp: at, CompletedTimestamp: at, AccountId: r.Account}
	if r.Failure != "" {
		a.State, a.FailureReason = "FAILED", r.Failure
	}
	return a
}

func (s *Service) describeCreateAccountStatus(c *call.Call, in struct{ CreateAccountRequestId string }) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(o.Requests, func(r request) bool { return r.ID == in.CreateAccountRequestId })
	if i < 0 {
		return nil, refuse("CreateAccountStatusNotFoundException", "You specified a create account request that does not exist.")
	}
	return map[string]any{"CreateAccountStatus": o.Requests[i].answer()}, nil
}

type account struct {
	Id, Arn, Email, Name, Status, State, JoinedMethod string
	JoinedTimestamp                                   *float64
}

func (o *organization) account(m *member) account {
	a := account{
		Id: m.ID, Arn: o.arn("account/" + o.ID + "/" + m.ID), Email: m.Email, Name: m.Name,
		Status: "ACTIVE", State: "ACTIVE", JoinedMethod: "INVITED", JoinedTimestamp: awsjson.Epoch(m.Joined),
	}
	if m.Created {
		a.JoinedMethod = "CREATED"
	}
	return a
}

type accountInput struct{ AccountId string }

func (s *Service) describeAccount(c *call.Call, in accountInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, m, err := s.managedMember(c, in)
	if err != nil {
		return nil, err
	}
	return map[string]any{"Account": o.account(m)}, nil
}

func (s *Service) managedMember(c *call.Call, in accountInput) (*organization, *member, *call.Error) {
	o, err := s.managed(c)
	if err != nil {
		return nil, nil, err
	}
	m := o.member(in.AccountId)
	if m == nil {
		return nil, nil, refuse("AccountNotFoundException", "You specified an account that doesn't exist.")
	}
	return o, m, nil
}

func (s *Service) removeAccount(c *call.Call, in accountInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, m, err := s.managedMember(c, in)
	if err != nil {
		return nil, err
	}
	if m.ID == o.management() {
		return nil, refuse("MasterCannotLeaveOrganizationException", "You can't remove a management account from an organization.")
	}
	o.Members = slices.DeleteFunc(slices.Clone(o.Members), func(other *member) bool { return other == m })
	return nil, nil
}

func (s *Service) listAccounts(c *call.Call, in pageInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, err := s.managed(c)
	if err != nil {
		return nil, err
	}
	var list []account
	for _, m := range o.Members {
		list = append(list, o.account(m))
	}
	return listing(in, "Accounts", list)
}

type pageInput struct {
	NextToken  string
	MaxResults *int
}

// listing is one page of a list under its name.
func listing[T any](in pageInput, name string, all []T) (any, *call.Error) {
	most, from := 20, 0
	if in.MaxResults != nil {
		most = *in.MaxResults
	}
	if most < 1 || most > 20 {
		return nil, invalid("You specified an invalid value: MaxResults is %d, and must be 1 to 20.", most)
	}
	if in.NextToken != "" {
		var err error
		if from, err = strconv.Atoi(in.NextToken); err != nil || from < 0 || from > len(all) {
			return nil, invalid("You specified an invalid value: the token %.40q is not valid.", in.NextToken)
		}
	}
	out := map[string]any{name: all[from:min(from+most, len(all))]}
	if from+most < len(all) {
		out["NextToken"] = strconv.Itoa(from + most)
	}
	return out, nil
}
