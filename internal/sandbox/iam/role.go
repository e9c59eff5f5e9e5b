package iam

import (
	"encoding/xml"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// role is one role with what belongs to it. Names of roles are unique without
// regard to case.
type role struct {
	Account, Name, Path, ID, ARN string
	Created, Changed             time.Time
	Description                  string
	MaxSession                   int // seconds
	Boundary                     string
	Trust                        string            // as it was written
	Inline                       map[string]string // policies as they were written
	Attached                     []string          // ARNs of managed policies
	Tags                         []tag

	trust    *iampolicy.Policy
	policies map[string]*iampolicy.Policy
}

func roleKey(account, name string) string { return account + "/" + strings.ToLower(name) }

// Limits of the API reference and of the IAM user guide, "IAM and AWS STS
// quotas" (assumption A39).
const (
	maxTrust       = 2048  // characters without white space
	maxInline      = 10240 // characters of all inline policies without white space
	maxAttached    = 20    // the quota that can be raised to; 10 at first
	maxRoles       = 1000
	defaultSession = 3600
)

var (
	namePattern       = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	policyNamePattern = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	pathPattern       = regexp.MustCompile(`^(/|/[!-~]+/)$`)
	documentPattern   = regexp.MustCompile(`^[\x{9}\x{A}\x{D}\x{20}-\x{FF}]+$`)
)

func refuse(status int, code, format string, args ...any) *call.Error {
	return &call.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is the answer to a value that the API does not take (assumption
// A32).
func invalid(format string, args ...any) *call.Error {
	return refuse(400, "ValidationError", format, args...)
}

func noSuchRole(name string) *call.Error {
	return refuse(404, "NoSuchEntity", "The role with name %.100s cannot be found.", name)
}

func malformed(err error) *call.Error {
	return refuse(400, "MalformedPolicyDocument", "%s", err)
}

// find is the role that a form names. s.mu is held.
func (s *Service) find(c *call.Call, form url.Values) (*role, *call.Error) {
	name := form.Get("RoleName")
	if !namePattern.MatchString(name) {
		return nil, invalid("The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	r := s.roles[roleKey(c.Account, name)]
	if r == nil {
		return nil, noSuchRole(name)
	}
	return r, nil
}

// sorted lists the roles of an account, or of all, below a path by name.
// s.mu is held.
func (s *Service) sorted(account, prefix string) []*role {
	var list []*role
	for _, key := range slices.Sorted(maps.Keys(s.roles)) {
		r := s.roles[key]
		if (account == "" || r.Account == account) && strings.HasPrefix(r.Path, prefix) {
			list = append(list, r)
		}
	}
	return list
}

func (s *Service) createRole(c *call.Call, form url.Values) (any, *call.Error) {
	r, err := s.newRole(c, form)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roles[roleKey(r.Account, r.Name)] != nil {
		return nil, refuse(409, "EntityAlreadyExists", "Role with name %s already exists.", r.Name)
	}
	if len(s.sorted(c.Account, "")) >= maxRoles {
		return nil, refuse(409, "LimitExceeded", "Cannot exceed quota for RolesPerAccount: %d", maxRoles)
	}
	s.roles[roleKey(r.Account, r.Name)] = r
	out := r.answer(true)
	out.LastUsed = nil
	c.ResponseElements = map[string]any{"role": map[string]any{
		"path": r.Path, "roleName": r.Name, "roleId": r.ID, "arn": r.ARN,
		"createDate": r.Created.Format("Jan 2, 2006, 3:04:05 PM"), "assumeRolePolicyDocument": out.Trust,
	}}
	return roleResult{XMLName: xml.Name{Local: "CreateRoleResult"}, Role: out}, nil
}

// newRole reads what a role is to be.
func (s *Service) newRole(c *call.Call, form url.Values) (*role, *call.Error) {
	r := &role{
		Account: c.Account, Name: form.Get("RoleName"), Path: "/", Created: c.Time.Truncate(time.Second), Changed: c.Time,
		Description: form.Get("Description"), MaxSession: defaultSession, Boundary: form.Get("PermissionsBoundary"),
		Inline: map[string]string{}, policies: map[string]*iampolicy.Policy{},
	}
	if !namePattern.MatchString(r.Name) {
		return nil, invalid("The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	if form.Has("Path") {
		r.Path = form.Get("Path")
	}
	if !pathPattern.MatchString(r.Path) || len(r.Path) > 512 {
		return nil, invalid("The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.")
	}
	var err *call.Error
	if err = r.describe(form); err != nil {
		return nil, err
	}
	if err = r.setTrust(form.Get("AssumeRolePolicyDocument")); err != nil {
		return nil, err
	}
	if r.Tags, err = merge(nil, tagsOf(form)); err != nil {
		return nil, err
	}
	r.ID = s.principalID("AROA", r.Account, r.Name)
	r.ARN = "arn:aws:iam::" + r.Account + ":role" + r.Path + r.Name
	return r, nil
}

// describe reads the description and the longest session.
func (r *role) describe(form url.Values) *call.Error {
	if form.Has("Description") {
		r.Description = form.Get("Description")
	}
	if len(r.Description) > 1000 {
		return invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 1000")
	}
	if text := form.Get("MaxSessionDuration"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 3600 || n > 43200 {
			return invalid("1 validation error detected: Value '%.20s' at 'maxSessionDuration' failed to satisfy constraint: Member must have value between 3600 and 43200", text)
		}
		r.MaxSession = n
	}
	return nil
}

// setTrust reads a trust policy.
func (r *role) setTrust(text string) *call.Error {
	if err := checkDocument(text); err != nil {
		return err
	}
	p, err := iampolicy.ParseTrust([]byte(text))
	if err != nil {
		return malformed(err)
	}
	if weight(text) > maxTrust {
		return refuse(409, "LimitExceeded", "Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	r.Trust, r.trust = text, p
	return nil
}

func checkDocument(text string) *call.Error {
	if text == "" || len(text) > 131072 || !documentPattern.MatchString(text) {
		return invalid("1 validation error detected: Value at 'policyDocument' failed to satisfy constraint: Member must have length between 1 and 131072 and hold no other characters than tab, line feed, carriage return and U+0020 to U+00FF")
	}
	return nil
}

// weight is how much of a quota a policy takes: white space costs nothing.
func weight(text string) int {
	return len([]rune(strings.Join(strings.Fields(text), "")))
}

func (s *Service) getRole(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	return roleResult{XMLName: xml.Name{Local: "GetRoleResult"}, Role: r.answer(true)}, nil
}

func (s *Service) listRoles(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	roles, page, err := paged(form, s.sorted(c.Account, form.Get("PathPrefix")))
	if err != nil {
		return nil, err
	}
	out := struct {
		XMLName xml.Name `xml:"ListRolesResult"`
		Roles   list[roleAnswer]
		pageEnd
	}{pageEnd: page}
	for _, r := range roles {
		out.Roles.Members = append(out.Roles.Members, r.answer(false))
	}
	return out, nil
}

func (s *Service) deleteRole(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	switch {
	case err != nil:
		return nil, err
	case len(r.Inline) > 0:
		return nil, refuse(409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	case len(r.Attached) > 0:
		return nil, refuse(409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	}
	delete(s.roles, roleKey(r.Account, r.Name))
	return nil, nil
}

func (s *Service) updateRole(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	changed := *r
	if err := changed.describe(form); err != nil {
		return nil, err
	}
	r.Description, r.MaxSession = changed.Description, changed.MaxSession
	return struct {
		XMLName xml.Name `xml:"UpdateRoleResult"`
	}{}, nil
}

func (s *Service) updateRoleDescription(c *call.Call, form url.Values) (any, *call.Error) {
	if _, err := s.updateRole(c, form); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	return roleResult{XMLName: xml.Name{Local: "UpdateRoleDescriptionResult"}, Role: r.answer(true)}, nil
}

func (s *Service) updateAssumeRolePolicy(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	if err := r.setTrust(form.Get("PolicyDocument")); err != nil {
		return nil, err
	}
	r.Changed = c.Time
	return nil, nil
}
