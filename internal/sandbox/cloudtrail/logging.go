package cloudtrail

import (
	"slices"
	"time"

	"trailctl/internal/sandbox/call"
)

// Changes tells whether an operation may change trails.
func Changes(operation string) bool {
	op, known := operations[operation]
	return known && !op.readOnly
}

type nameInput struct{ Name string }

func (s *Service) startLogging(c *call.Call, in nameInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.Name)
	if err != nil {
		return nil, err
	}
	if !t.Logging {
		t.Logging, t.Started = true, c.Time
	}
	s.follow(t, c.Time)
	return nil, nil
}

func (s *Service) stopLogging(c *call.Call, in nameInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.Name)
	if err != nil {
		return nil, err
	}
	if t.Logging {
		t.Logging, t.Stopped = false, c.Time
	}
	s.follow(t, c.Time)
	return nil, nil
}

func (s *Service) deleteTrail(c *call.Call, in nameInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.Name)
	if err != nil {
		return nil, err
	}
	if t.Logging {
		t.Logging = false
		s.follow(t, c.Time)
	}
	if t.ends() {
		s.ended = append(s.ended, t)
	}
	s.trails = slices.DeleteFunc(s.trails, func(other *trail) bool { return other == t })
	return nil, nil
}

// follow brings the chains of a trail into line with its settings: one for
// each account and region that it covers while it logs, digest files where
// validation is on. What ends does so after End. s.mu is held.
func (s *Service) follow(t *trail, at time.Time) {
	covered := map[string]bool{}
	for _, account := range s.accounts(t) {
		for _, region := range s.covered(t) {
			name := t.chainName(account, region)
			covered[name] = true
			if !t.Logging {
				continue
			}
			if t.Chains[name] == nil {
				t.Chains[name] = &chain{Region: region}
				if account != t.Account {
					t.Chains[name].Account = account
				}
			}
			t.Chains[name].On, t.Chains[name].Organization = true, t.Organization
		}
	}
	for name, c := range t.Chains {
		if t.Logging && covered[name] {
			c.goOn()
		}
		switch {
		case !t.Logging || !covered[name]:
			if c.On {
				c.On, c.Ending = false, endAll
			}
		case t.Validation && (c.Digest == nil || c.Final):
			c.begin(at, s.digestInterval)
		case !t.Validation && c.Digest != nil:
			c.Ending = endDigests
		}
	}
}

// covered are the regions that a trail delivers from.
func (s *Service) covered(t *trail) []string {
	if t.MultiRegion {
		if slices.Contains(s.regions, t.Region) {
			return s.regions
		}
		return append(slices.Clip(s.regions), t.Region)
	}
	return []string{t.Region}
}
