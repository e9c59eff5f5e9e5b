package iam

import (
	"encoding/json"
	"fmt"

	"trailctl/internal/sandbox/iampolicy"
)

// state is what stays over a restart.
type state struct{ Roles []*role }

// restore takes in a loaded state. Policies are parsed again.
func (s *Service) restore(saved state) error {
	for _, r := range saved.Roles {
		if err := r.parse(); err != nil {
			return fmt.Errorf("reading the state of IAM: the role %s: %w", r.ARN, err)
		}
		s.roles[roleKey(r.Account, r.Name)] = r
	}
	return nil
}

func (r *role) parse() (err error) {
	if r.trust, err = iampolicy.ParseTrust([]byte(r.Trust)); err != nil {
		return err
	}
	r.policies = map[string]*iampolicy.Policy{}
	for name, text := range r.Inline {
		if r.policies[name], err = iampolicy.ParseIdentity([]byte(text)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) encode() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(state{Roles: s.sorted("", "")})
}

// Save writes the state to its folder; without one it does nothing.
func (s *Service) Save() {
	if err := s.file.Save(s.encode); err != nil {
		s.log.Error("the state of IAM could not be saved", "error", err)
	}
}

// Close saves the state for the last time.
func (s *Service) Close() error { return s.file.Save(s.encode) }
