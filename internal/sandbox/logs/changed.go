package logs

import "time"

// Changed is when a log group was created; the zero time without such a group.
func (s *Service) Changed(account, region, name string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[place{account, region, name}]; g != nil {
		return g.Created
	}
	return time.Time{}
}
