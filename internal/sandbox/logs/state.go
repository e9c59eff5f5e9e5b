package logs

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// state is what stays over a restart besides the events.
type state struct{ Groups []*group }

func (s *Service) restore(saved state) error {
	for _, g := range saved.Groups {
		if g.Streams == nil {
			g.Streams = map[string]time.Time{}
		}
		s.groups[g.place()] = g
	}
	if s.dir == "" {
		return nil
	}
	return errors.Join(s.readEvents(), s.removeOrphans())
}

func (s *Service) encode() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*group
	for _, g := range s.groups {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b *group) int { return strings.Compare(a.arn(), b.arn()) })
	return json.Marshal(state{list})
}

// Save writes the groups to their folder; without one it does nothing. Events
// are written when they come.
func (s *Service) Save() {
	if err := s.file.Save(s.encode); err != nil {
		s.log.Error("the state of CloudWatch Logs could not be saved", "error", err)
	}
}

// Close ends the Live Tail sessions and saves the state for the last time.
func (s *Service) Close() error {
	s.closed.Do(func() { close(s.closing) })
	return s.file.Save(s.encode)
}
