package kms

import (
	"time"

	"trailctl/internal/sandbox/iampolicy"
)

// Find is the ARN of the key that an id, an ARN, an alias ("alias/NAME") or
// an alias's ARN names. An ARN names account and region by itself; one of
// another region than the given one finds nothing, unless region is empty.
func (s *Service) Find(account, region, idOrAlias string) (arn string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, _ := s.lookup(account, region, idOrAlias, s.now())
	if k == nil {
		return "", false
	}
	return k.ARN, true
}

// live is the key of an ARN; nil without one. s.mu is held.
func (s *Service) live(arn string) *key {
	k := s.keys[arn]
	if k == nil || k.gone(s.now()) {
		return nil
	}
	return k
}

// Enabled tells whether a key is there and can be used.
func (s *Service) Enabled(arn string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.live(arn)
	return k != nil && k.state() == enabled
}

// May tells whether the key's policy allows an action ("kms:DescribeKey") to
// an AWS service ("cloudtrail.amazonaws.com"). conditions are the condition
// keys of the request, such as "aws:SourceArn". Whether the key is enabled is
// another question.
func (s *Service) May(servicePrincipal, action, arn string, conditions map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.live(arn)
	if k == nil {
		return false
	}
	return k.policy.AllowsService(iampolicy.ServiceRequest{
		Principal: servicePrincipal, Action: action, Resource: arn, Account: k.Account, Time: s.now(), Conditions: conditions,
	})
}

// Changed is when the key was made or its policy last changed; the zero time
// without such a key.
func (s *Service) Changed(arn string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.live(arn); k != nil {
		return k.Changed
	}
	return time.Time{}
}
