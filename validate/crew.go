package validate

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// crew is the workers that check log files, fixed in number or as many as it
// pays to have.
type crew struct {
	jobs chan logJob
	do   func(logJob) error // what it returns tells whether the server is slowed down

	mu         sync.Mutex
	want, have int
	idle       sync.WaitGroup

	done      atomic.Int64 // work, see effort
	throttled atomic.Bool
}

func newCrew(do func(logJob) error) *crew {
	return &crew{jobs: make(chan logJob, firstWorkers), do: do}
}

// effort is what a log file counts in bytes of its content: small ones are
// judged by their number, large ones by their size.
func effort(bytes int64) int64 { return 256<<10 + bytes }

// hire changes how many workers there are. Those that are too many leave after
// their log file.
func (c *crew) hire(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.want = n; c.have < c.want; c.have++ {
		c.idle.Go(c.work)
	}
}

func (c *crew) work() {
	for j := range c.jobs {
		if throttling(c.do(j)) {
			c.throttled.Store(true)
		}
		if c.leaves() {
			return
		}
	}
}

func (c *crew) leaves() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.have <= c.want {
		return false
	}
	c.have--
	return true
}

// adapt hires as many workers as it pays to have, until ctx ends.
func (c *crew) adapt(ctx context.Context) {
	p := pace{workers: firstWorkers}
	tick := time.NewTicker(paceInterval)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			rate := float64(c.done.Swap(0)) / now.Sub(last).Seconds()
			last = now
			c.hire(p.next(rate, len(c.jobs) == cap(c.jobs), c.throttled.Swap(false)))
		}
	}
}

const (
	// firstWorkers suits S3, where waiting takes the time.
	firstWorkers = 64
	mostWorkers  = 256
	leastWorkers = 4
	// copyWorkers read a copy ahead, so that the processors never wait for
	// its disk.
	copyWorkers  = 32
	paceInterval = 250 * time.Millisecond
	// After an attempt to go faster that was none, or a server that had
	// enough, the number of workers stays for so many intervals.
	pausePlain, pauseThrottled = 20, 40
)

// pace finds how many workers are of use: more as long as the work done in an
// interval grows with them, half when the server has enough.
type pace struct {
	workers, before int     // before: the number that the last step started from; 0 for no step
	rate            float64 // what before brought
	pause           int
}

// next tells how many workers there are to be, after an interval at a rate.
// busy says that work was waiting for workers.
func (p *pace) next(rate float64, busy, throttled bool) int {
	switch {
	case throttled:
		p.workers, p.before, p.pause = max(leastWorkers, p.workers/2), 0, pauseThrottled
	case p.pause > 0:
		p.pause--
	case !busy:
		p.before = 0 // nothing can be said of it
	case p.before > 0 && rate < 1.1*p.rate:
		p.workers, p.before, p.pause = p.before, 0, pausePlain
	case p.workers < mostWorkers:
		p.before, p.rate = p.workers, rate
		p.workers = min(mostWorkers, p.workers*2)
	default:
		p.before = 0
	}
	return p.workers
}

// throttling tells whether an error says that the server has had enough.
func throttling(err error) bool {
	var api apiError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "SlowDown", "ServiceUnavailable", "Throttling", "ThrottlingException", "ThrottledException",
			"RequestLimitExceeded", "RequestThrottled", "TooManyRequestsException", "BandwidthLimitExceeded":
			return true
		}
	}
	var answer *smithyhttp.ResponseError
	return errors.As(err, &answer) && (answer.HTTPStatusCode() == http.StatusServiceUnavailable || answer.HTTPStatusCode() == http.StatusTooManyRequests)
}
