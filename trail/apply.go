package trail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// State is how far a step has come.
type State string

// The states that an observer hears of.
const (
	Started State = "started"
	Waiting State = "waiting" // AWS does not accept it yet; it will be tried again
	Again   State = "again"   // somebody else undid a part of it; it is done again
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
	// Quiet is how long after the last write to a policy that was there before
	// others are given to write, until all policies are looked at again. At
	// least it is three times what a write took here.
	Quiet time.Duration
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
// applying again does the rest. A plan that changed something ends with
// another look at the policies and notifications that others write, too.
func Apply(ctx context.Context, clients Clients, p Plan, o Options) (Result, error) {
	r := &run{clients: clients, options: o, sleep: o.Sleep, telling: &sync.Mutex{}, steps: slices.Clone(p.Steps), fresh: map[thing]bool{}}
	if r.sleep == nil {
		r.sleep = Sleep
	}
	var todo []*Step
	for i, s := range r.steps {
		if s.Kind != Keep {
			todo = append(todo, &r.steps[i])
		}
	}
	done, err := r.do(ctx, todo)
	var failed *Step
	switch {
	case err != nil:
		failed = todo[done]
	case done > 0:
		failed, err = r.lookAgain(ctx)
	}
	result := Result{Trail: p.Trail, Trails: p.Trails, Logging: p.Logging, Deleted: p.Deletes}
	for i, s := range todo {
		switch {
		case i < done:
			result.Done = append(result.Done, *s)
		case i > done:
			result.Left = append(result.Left, *s)
		}
	}
	if err != nil {
		result.Failed = failed
		r.tell(Progress{State: Failed, Step: *failed, Err: err})
		return result, &StepError{Step: *failed, Err: err}
	}
	return result, nil
}

// do does steps until one fails, and tells how many it did.
func (r *run) do(ctx context.Context, steps []*Step) (done int, err error) {
	for i, s := range steps {
		r.step = *s
		r.tell(Progress{State: Started, Step: *s})
		if err = context.Cause(ctx); err == nil {
			err = s.do(ctx, r, s)
		}
		if err != nil {
			return i, err
		}
		r.tell(Progress{State: Done, Step: *s})
	}
	return len(steps), nil
}

// Sleep waits for d, or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil { // a length of zero would be over at the same time
		return context.Cause(ctx)
	}
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
	telling *sync.Mutex // holds while the observer hears something
	steps   []Step      // all of the plan, as they have come to be
	step    Step
	fresh   map[thing]bool // what was made or changed in this run
	redoing bool           // the step is done again
	wrote   time.Time      // when a policy was last written
	quiet   time.Duration  // how long to wait from then on
}

func (r *run) tell(p Progress) {
	r.telling.Lock()
	defer r.telling.Unlock()
	if r.options.Observe != nil {
		r.options.Observe(p)
	}
}

func (r *run) touched(t thing) { r.fresh[t] = true }
