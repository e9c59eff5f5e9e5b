package sqs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"trailctl/internal/sandbox/iampolicy"
	"trailctl/internal/sandbox/statefile"
)

// state is what stays over a restart. It is private to its user.
type state struct {
	Queues []*queue
}

func (s *Service) load(dir string) error {
	var st state
	var err error
	if s.file, err = statefile.Open(dir, "sqs.json", &st); err != nil {
		return fmt.Errorf("SQS: %w", err)
	}
	for _, q := range st.Queues {
		if err := q.prepare(); err != nil {
			return fmt.Errorf("SQS: reading the state: the queue %s: %w", q.Name, err)
		}
		s.queues[q.ARN()] = q
	}
	return nil
}

// prepare makes what the file does not hold.
func (q *queue) prepare() (err error) {
	if q.Attributes == nil {
		q.Attributes = map[string]string{}
	}
	q.arrived = make(chan struct{})
	for _, m := range q.Messages {
		q.bytes += m.size()
	}
	if text := q.Attributes["Policy"]; text != "" {
		q.policy, err = iampolicy.Parse([]byte(text))
	}
	return err
}

// Save writes the state to its folder; without one it does nothing. It is
// done when a queue changes: messages that came in since are lost when the
// process dies.
func (s *Service) Save() {
	if err := s.file.Save(s.state); err != nil {
		s.log.Error("the state of SQS could not be saved", "error", err)
	}
}

// Close ends the calls that wait, and saves the state for the last time.
func (s *Service) Close() error {
	s.once.Do(func() { close(s.closing) })
	return s.file.Save(s.state)
}

func (s *Service) state() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st state
	for _, arn := range slices.Sorted(maps.Keys(s.queues)) {
		st.Queues = append(st.Queues, s.queues[arn])
	}
	return json.Marshal(st)
}
