package organizations

import "encoding/json"

// state is what stays over a restart.
type state struct{ Organizations []*organization }

func (s *Service) encode() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(state{s.organizations})
}

// Save writes the state to its folder; without one it does nothing.
func (s *Service) Save() {
	if err := s.file.Save(s.encode); err != nil {
		s.log.Error("the state of Organizations could not be saved", "error", err)
	}
}

// Close saves the state for the last time.
func (s *Service) Close() error { return s.file.Save(s.encode) }
