package kms

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"trailctl/internal/sandbox/iampolicy"
)

// state is what stays over a restart.
type state struct {
	Keys    []*key
	Aliases []*alias
}

func (s *Service) restore(saved state) error {
	for _, k := range saved.Keys {
		var err error
		if k.policy, err = iampolicy.Parse([]byte(k.Policy)); err != nil {
			return fmt.Errorf("reading the state of KMS: the policy of %s: %w", k.ARN, err)
		}
		s.keys[k.ARN] = k
	}
	for _, a := range saved.Aliases {
		if s.keys[a.Target] == nil {
			return fmt.Errorf("reading the state of KMS: %s is an alias of %s, which is not there", a.ARN, a.Target)
		}
		s.aliases[a.ARN] = a
	}
	return nil
}

func (s *Service) encode() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st state
	for _, arn := range slices.Sorted(maps.Keys(s.keys)) {
		st.Keys = append(st.Keys, s.keys[arn])
	}
	st.Aliases = slices.SortedFunc(maps.Values(s.aliases), func(a, b *alias) int { return strings.Compare(a.ARN, b.ARN) })
	return json.Marshal(st)
}

// Save writes the state to its folder; without one it does nothing.
func (s *Service) Save() {
	if err := s.file.Save(s.encode); err != nil {
		s.log.Error("the state of KMS could not be saved", "error", err)
	}
}

// Close saves the state for the last time.
func (s *Service) Close() error { return s.file.Save(s.encode) }
