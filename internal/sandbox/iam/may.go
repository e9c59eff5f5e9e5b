package iam

import (
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
	ctx := iampolicy.Context{}
	ctx.Set("aws:PrincipalIsAWSService", "true")
	ctx.Set("aws:PrincipalServiceName", servicePrincipal)
	for key, value := range conditions {
		ctx.Set(key, value)
	}
	return r.trust.Evaluate(iampolicy.Request{
		Caller: iampolicy.Caller{Service: servicePrincipal}, Action: "sts:AssumeRole", Resource: arn, Context: ctx,
	}) == iampolicy.Allow
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
	ctx := iampolicy.Context{}
	ctx.Set("aws:PrincipalArn", arn)
	ctx.Set("aws:PrincipalAccount", r.Account)
	ctx.Set("aws:SecureTransport", "true")
	allowed := false
	for _, p := range r.policies {
		switch p.Evaluate(iampolicy.Request{
			Caller: iampolicy.Caller{ARN: arn, Account: r.Account}, Action: action, Resource: resource, Context: ctx,
		}) {
		case iampolicy.Deny:
			return false
		case iampolicy.Allow:
			allowed = true
		}
	}
	return allowed
}
