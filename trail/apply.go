package trail

import (
	"context"
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
	Trail   Trail   // the first of several
	Trails  []Trail // all of them
	Logging bool
	Deleted bool // they are no more
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
	r := &run{clients: clients, options: o, sleep: o.Sleep, fresh: map[thing]bool{}}
	if r.sleep == nil {
		r.sleep = Sleep
	}
	result := Result{Trail: p.Trail, Trails: p.Trails, Logging: p.Logging, Deleted: p.Deletes}
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
	fresh   map[thing]bool // what was made or changed in this run
	denies  []string       // Deny statements of the policies around the trail
}

func (r *run) tell(p Progress) {
	if r.options.Observe != nil {
		r.options.Observe(p)
	}
}

func (r *run) touched(t thing) { r.fresh[t] = true }
