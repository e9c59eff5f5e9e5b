package validate

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/aws/smithy-go"
)

func TestPace(t *testing.T) {
	t.Parallel()
	type interval struct {
		rate            float64
		busy, throttled bool
		want            int
	}
	for _, c := range []struct {
		name string
		list []interval
	}{
		{"more as long as it pays", []interval{{100, true, false, 128}, {180, true, false, 256}, {300, true, false, 256}, {300, true, false, 256}}},
		{"back when it did not", []interval{{100, true, false, 128}, {105, true, false, 64}, {100, true, false, 64}}},
		{"not for want of work", []interval{{100, false, false, 64}, {10, false, false, 64}}},
		{"nothing is learned without work", []interval{{100, true, false, 128}, {10, false, false, 128}, {100, true, false, 256}}},
		{"half when the server has enough", []interval{{100, true, false, 128}, {200, true, true, 64}, {100, true, true, 32}, {100, true, false, 32}}},
		{"some are left", []interval{{1, true, true, 32}, {1, true, true, 16}, {1, true, true, 8}, {1, true, true, 4}, {1, true, true, 4}}},
	} {
		p := pace{workers: firstWorkers}
		for i, n := range c.list {
			if got := p.next(n.rate, n.busy, n.throttled); got != n.want {
				t.Errorf("%s: %d after interval %d, want %d", c.name, got, i, n.want)
			}
		}
	}
	p := pace{workers: firstWorkers}
	p.next(100, true, true)
	for i := range pauseThrottled {
		if got := p.next(100, true, false); got != firstWorkers/2 {
			t.Fatalf("%d in the pause after %d intervals", got, i)
		}
	}
	if got := p.next(100, true, false); got != firstWorkers {
		t.Errorf("%d after the pause", got)
	}
}

func TestCrewChanges(t *testing.T) {
	t.Parallel()
	var done atomic.Int64
	c := newCrew(func(logJob) error { done.Add(1); return nil })
	for i := range 3000 {
		switch i {
		case 0:
			c.hire(5)
		case 1000:
			c.hire(200)
		case 2000:
			c.hire(3)
		}
		c.jobs <- logJob{}
	}
	close(c.jobs)
	c.idle.Wait()
	if done.Load() != 3000 || c.have > 200 {
		t.Errorf("%d done, %d workers", done.Load(), c.have)
	}
}

func TestThrottling(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errTruncated, false},
		{fmt.Errorf("reading: %w", &smithy.GenericAPIError{Code: "SlowDown"}), true},
		{&smithy.GenericAPIError{Code: "AccessDenied"}, false},
		{errors.New("SlowDown"), false},
	} {
		if throttling(c.err) != c.want {
			t.Errorf("%v: %v", c.err, !c.want)
		}
	}
}
