// Package clock says what time it is in the sandbox: real time, real time
// moved ahead, or a frozen time that only a test moves. It schedules nothing.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. The result is in UTC.
type Clock interface {
	Now() time.Time
}

// Mover is a clock that can be moved ahead.
type Mover interface {
	Clock
	// Advance moves the clock by d, which is never negative.
	Advance(d time.Duration)
}

// Real is the machine's clock. It cannot be moved.
type Real struct{}

// Now is the machine's time.
func (Real) Now() time.Time { return time.Now().UTC() }

// Offset is the machine's clock plus an offset that grows with Advance. The
// zero value shows real time.
type Offset struct {
	mu    sync.Mutex
	ahead time.Duration
}

// Now is the machine's time plus the offset.
func (o *Offset) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().UTC().Add(o.ahead)
}

// Advance moves the clock ahead by d; time then flows on from there.
func (o *Offset) Advance(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ahead += max(d, 0)
}

// Manual is a frozen clock: it shows the same time until it is moved.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual makes a clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{now: t.UTC()} }

// Now is the time that the clock stands at.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock ahead by d.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(max(d, 0))
}
