package cloudtrail

import (
	"slices"
	"time"

	"trailctl/internal/sandbox/call"
)

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
		s.ended = append(s.ended, t)
	}
	s.trails = slices.DeleteFunc(s.trails, func(other *trail) bool { return other == t })
	return nil, nil
}

// follow brings the chains of a trail into line with its settings: one for
// each region that it covers while it logs, digest files where validation is
// on. What ends does so in Settle. s.mu is held.
func (s *Service) follow(t *trail, at time.Time) {
	if t.Logging {
		for _, region := range s.covered(t) {
			if t.Chains[region] == nil {
				t.Chains[region] = &chain{Region: region}
			}
			t.Chains[region].On = true
		}
	}
	for region, c := range t.Chains {
		switch {
		case !t.Logging || !t.covers(region):
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
