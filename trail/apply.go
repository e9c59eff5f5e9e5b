package trail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// State is how far a step has come.
type State string

// The states that an observer hears of.
const (
	Started State = "started"
	Waiting State = "waiting" // AWS does not accept it yet; it will be tried again
	Done    State = "done"
	Failed  State = "failed"
)

// Progress tells an observer about one step that changes something.
type Progress struct {
	State State
	Step  Step
	Wait  time.Duration // Waiting: how long until the next attempt
	Err   error         // Waiting: what AWS answered; Failed: why
}

// Options are how a plan is applied.
type Options struct {
	// Observe hears of each step before and after it; nil for nobody.
	Observe func(Progress)
	// Sleep waits, or ends early with the context's error; nil for Sleep.
	Sleep func(context.Context, time.Duration) error
}

// Result is what became of a plan. Done holds the changes that were made, as
// they were made; what somebody else had done meanwhile is seen in them.
type Result struct {
	Trail   Trail
	Logging bool
	Done    []Step
	Failed  *Step  // nil when all went well
	Left    []Step // changes that were not tried
}

// StepError is why a plan came to a halt.
type StepError struct {
	Step Step
	Err  error
}

func (e *StepError) Error() string { return e.Err.Error() }

func (e *StepError) Unwrap() error { return e.Err }

// Apply does the steps of a plan in their order and stops at the first that
// fails, with a *StepError. What was done stays; describing, planning and
// applying again does the rest.
func Apply(ctx context.Context, clients Clients, p Plan, o Options) (Result, error) {
	r := &run{clients: clients, options: o, sleep: o.Sleep}
	if r.sleep == nil {
		r.sleep = Sleep
	}
	result := Result{Trail: p.Trail, Logging: p.Logging}
	var steps []Step
	for _, s := range p.Steps {
		r.denies = append(r.denies, s.denies...)
		if s.Kind != Keep {
			steps = append(steps, s)
		}
	}
	for i, s := range steps {
		r.step = s
		r.tell(Progress{State: Started, Step: s})
		err := context.Cause(ctx)
		if err == nil {
			err = s.do(ctx, r, &s)
		}
		if err != nil {
			result.Failed, result.Left = &s, steps[i+1:]
			r.tell(Progress{State: Failed, Step: s, Err: err})
			return result, &StepError{Step: s, Err: err}
		}
		result.Done = append(result.Done, s)
		r.tell(Progress{State: Done, Step: s})
	}
	return result, nil
}

// Sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// run is one Apply on its way.
type run struct {
	clients Clients
	options Options
	sleep   func(context.Context, time.Duration) error
	step    Step
	fresh   bool     // a bucket or a policy was changed in this run
	denies  []string // Deny statements of the bucket's policy
}

func (r *run) tell(p Progress) {
	if r.options.Observe != nil {
		r.options.Observe(p)
	}
}

// waits are how long to wait between attempts. CloudTrail looks at a bucket
// or a policy as it was some seconds ago, up to about a minute. Its answer is
// waited out when this run made the change, and for a shorter time otherwise:
// an earlier run may have made it just now.
func (r *run) waits() []time.Duration {
	seconds := []int{1, 2, 4, 5}
	if r.fresh {
		seconds = []int{1, 2, 4, 8, 10, 15, 20}
	}
	var waits []time.Duration
	for _, n := range seconds {
		waits = append(waits, time.Duration(n)*time.Second)
	}
	return waits
}

// notYet tells CloudTrail's answers to things that are too fresh.
func notYet(err error) bool {
	return slices.Contains([]string{"InsufficientS3BucketPolicy", "S3BucketDoesNotExist", "Conflict"}, errorCode(err))
}

// untilAccepted calls until CloudTrail accepts what was just made.
func (r *run) untilAccepted(ctx context.Context, bucketName string, call func() error) error {
	waits := r.waits()
	var waited time.Duration
	for i := 0; ; i++ {
		err := call()
		if err == nil || !notYet(err) {
			return err
		}
		if i == len(waits) {
			err = fmt.Errorf("%w (still refused after %s)", err, waited)
			if len(r.denies) > 0 && errorCode(err) == "InsufficientS3BucketPolicy" {
				err = fmt.Errorf("%w; the policy of %s denies something in %s", err, bucketName, strings.Join(r.denies, ", "))
			}
			return err
		}
		r.tell(Progress{State: Waiting, Step: r.step, Wait: waits[i], Err: err})
		if err := r.sleep(ctx, waits[i]); err != nil {
			return err
		}
		waited += waits[i]
	}
}
