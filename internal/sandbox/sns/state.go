package sns

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"trailctl/internal/sandbox/iampolicy"
	"trailctl/internal/sandbox/statefile"
)

// state is what stays over a restart. It is private to its user: the tokens
// are in it.
type state struct {
	Topics        []*topic
	Subscriptions []*subscription
}

func (s *Service) load(dir string) error {
	var st state
	var err error
	if s.file, err = statefile.Open(dir, "sns.json", &st); err != nil {
		return fmt.Errorf("SNS: %w", err)
	}
	for _, t := range st.Topics {
		if t.policy, err = iampolicy.Parse([]byte(t.Attributes["Policy"])); err != nil {
			return fmt.Errorf("SNS: reading the state: the policy of %s: %w", t.Name, err)
		}
		s.topics[t.ARN()] = t
	}
	for _, sub := range st.Subscriptions {
		if sub.Attributes == nil {
			sub.Attributes = map[string]string{}
		}
		s.subscriptions[sub.ARN] = sub
	}
	return nil
}

// Save writes the state to its folder; without one it does nothing. It is
// done after each call that changes something.
func (s *Service) Save() {
	if err := s.file.Save(s.state); err != nil {
		s.log.Error("the state of SNS could not be saved", "error", err)
	}
}

// Close gives up what waits to be posted, and saves the state for the last
// time.
func (s *Service) Close() error {
	s.post.close()
	return s.file.Save(s.state)
}

func (s *Service) state() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st state
	for _, arn := range slices.Sorted(maps.Keys(s.topics)) {
		st.Topics = append(st.Topics, s.topics[arn])
	}
	for _, arn := range slices.Sorted(maps.Keys(s.subscriptions)) {
		st.Subscriptions = append(st.Subscriptions, s.subscriptions[arn])
	}
	return json.Marshal(st)
}
