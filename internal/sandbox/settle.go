package sandbox

import (
	"context"
	"time"
)

// settlePatience is how long the answer of a call waits for the delivery of
// what the call has ended. An upstream may be slow, and other deliveries before
// it.
const settlePatience = 3 * time.Second

// settle delivers what a changing call has ended, although the caller may be
// gone already, and saves the state. What takes longer goes on by itself.
func (s *Sandbox) settle(ended bool) {
	if !ended {
		s.trails.Save()
		return
	}
	done := make(chan struct{})
	s.settling.Go(func() {
		defer close(done)
		s.delivering.Lock()
		defer s.delivering.Unlock()
		if err := s.trails.Settle(context.Background(), s.Now()); err != nil {
			s.log.Error("the last files could not be delivered", "error", err)
		}
		s.trails.Save()
	})
	select {
	case <-done:
	case <-time.After(settlePatience):
	}
}
