package iam

import (
	"maps"
	"slices"
	"strings"
	"time"

	"trailctl/internal/sandbox/iampolicy"
)

// byARN finds a role by its ARN, path included; nil when there is none. s.mu
// is held.
func (s *Service) byARN(arn string) *role {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || !strings.HasPrefix(parts[5], "role/") {
		return nil
	}
	name := parts[5][strings.LastIndexByte(parts[5], '/')+1:]
	if r := s.roles[roleKey(parts[4], name)]; r != nil && r.ARN == arn {
		return r
	}
	return nil
}

// Role tells whether there is a role of that ARN.
func (s *Service) Role(arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byARN(arn) != nil
}

// Changed is when the role, its trust policy or an inline policy was last
// changed; the zero time without such a role.
func (s *Service) Changed(arn string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byARN(arn); r != nil {
		return r.Changed
	}
	return time.Time{}
}

// Assumable tells whether the role's trust policy lets an AWS service
// ("cloudtrail.amazonaws.com") assume it. conditions are the condition keys
// of the request, such as "aws:SourceArn".
func (s *Service) Assumable(arn, servicePrincipal string, conditions map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byARN(arn)
	if r == nil {
		return false
	}
	return r.trust.AllowsService(iampolicy.ServiceRequest{
		Principal: servicePrincipal, Action: "sts:AssumeRole", Resource: arn, Account: r.Account, Conditions: conditions,
	})
}

// May tells whether the role's inline policies allow an action
// ("logs:PutLogEvents") on a resource, an ARN. A Deny in one of them
// outweighs what the others allow.
func (s *Service) May(arn, action, resource string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byARN(arn)
	if r == nil {
		return false
	}
	return iampolicy.RoleMay(slices.Collect(maps.Values(r.policies)), iampolicy.RequestOfRole{
		ARN: arn, Account: r.Account, Action: action, Resource: resource,
	})
}
