package sandbox

import (
	"sync"
	"time"

	"trailctl/internal/sandbox/clock"
)

// timeline is the sandbox's time. While the clock is moved ahead and while
// history is seeded it stands at each moment on the way in turn, so that what
// happens there happens at its own time.
type timeline struct {
	base clock.Clock

	mu     sync.Mutex
	moment time.Time // zero: the clock's time counts
}

func (t *timeline) now() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.moment.IsZero() {
		return t.moment
	}
	return t.base.Now()
}

// stand stops time at a moment; the zero time lets it go on.
func (t *timeline) stand(at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moment = at
}
