package iam

import (
	"encoding/xml"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

func noSuchPolicy(name string) *call.Error {
	return refuse(404, "NoSuchEntity", "The role policy with name %.200s cannot be found.", name)
}

func (s *Service) putRolePolicy(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	name, text := form.Get("PolicyName"), form.Get("PolicyDocument")
	if !policyNamePattern.MatchString(name) {
		return nil, invalid("The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-")
	}
	if err := checkDocument(text); err != nil {
		return nil, err
	}
	p, parseErr := iampolicy.ParseIdentity([]byte(text))
	if parseErr != nil {
		return nil, malformed(parseErr)
	}
	size := weight(text)
	for other, text := range r.Inline {
		if other != name {
			size += weight(text)
		}
	}
	if size > maxInline {
		return nil, refuse(409, "LimitExceeded", "Maximum policy size of %d bytes exceeded for role %s", maxInline, r.Name)
	}
	r.Inline[name], r.policies[name], r.Changed = text, p, c.Time
	return nil, nil
}

func (s *Service) getRolePolicy(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	name := form.Get("PolicyName")
	text, ok := r.Inline[name]
	if !ok {
		return nil, noSuchPolicy(name)
	}
	return struct {
		XMLName        xml.Name `xml:"GetRolePolicyResult"`
		RoleName       string
		PolicyName     string
		PolicyDocument string
	}{RoleName: r.Name, PolicyName: name, PolicyDocument: encodeDocument(text)}, nil
}

func (s *Service) listRolePolicies(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	names, page, err := paged(form, slices.Sorted(maps.Keys(r.Inline)))
	if err != nil {
		return nil, err
	}
	return struct {
		XMLName xml.Name     `xml:"ListRolePoliciesResult"`
		Names   list[string] `xml:"PolicyNames"`
		pageEnd
	}{Names: list[string]{names}, pageEnd: page}, nil
}

func (s *Service) deleteRolePolicy(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	name := form.Get("PolicyName")
	if _, ok := r.Inline[name]; !ok {
		return nil, noSuchPolicy(name)
	}
	delete(r.Inline, name)
	delete(r.policies, name)
	r.Changed = c.Time
	return nil, nil
}

var managedPattern = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[!-~]+$`)

// attachRolePolicy takes the ARN of any managed policy of AWS's. The sandbox
// has no managed policies of an account.
func (s *Service) attachRolePolicy(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	arn := form.Get("PolicyArn")
	m := managedPattern.FindStringSubmatch(arn)
	switch {
	case m == nil:
		return nil, refuse(400, "InvalidInput", "ARN %.200s is not valid.", arn)
	case m[1] != "aws":
		return nil, refuse(404, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
	case slices.Contains(r.Attached, arn):
		return nil, nil
	case len(r.Attached) >= maxAttached:
		return nil, refuse(409, "LimitExceeded", "Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
	}
	r.Attached = append(r.Attached, arn)
	return nil, nil
}

func (s *Service) detachRolePolicy(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	arn := form.Get("PolicyArn")
	i := slices.Index(r.Attached, arn)
	if i < 0 {
		return nil, refuse(404, "NoSuchEntity", "Policy %.300s was not found.", arn)
	}
	r.Attached = slices.Delete(slices.Clone(r.Attached), i, i+1)
	return nil, nil
}

func (s *Service) listAttachedRolePolicies(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	type policy struct {
		Name string `xml:"PolicyName"`
		ARN  string `xml:"PolicyArn"`
	}
	var all []policy
	for _, arn := range r.Attached {
		_, path, _ := strings.Cut(arn, ":policy")
		end := strings.LastIndexByte(path, '/')
		if strings.HasPrefix(path[:end+1], form.Get("PathPrefix")) {
			all = append(all, policy{path[end+1:], arn})
		}
	}
	some, page, err := paged(form, all)
	if err != nil {
		return nil, err
	}
	return struct {
		XMLName  xml.Name     `xml:"ListAttachedRolePoliciesResult"`
		Policies list[policy] `xml:"AttachedPolicies"`
		pageEnd
	}{Policies: list[policy]{some}, pageEnd: page}, nil
}
