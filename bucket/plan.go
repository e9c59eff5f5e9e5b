package bucket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trailctl/internal/topic"
)

// Client is what looking after a bucket needs of the SDK's S3 client.
type Client interface {
	Locator
	PolicyClient
	SettingsReader
	SettingsWriter
	ProtectionReader
	NotificationClient
}

// Topics is what a bucket's notifications need of the SDK's SNS client.
type Topics = topic.Client

// Clients are the ways to AWS. The functions give a client for a region; ""
// is any.
type Clients struct {
	Account   string // whose buckets these are: twelve digits
	Partition string // "aws", "aws-cn", "aws-us-gov", ...
	Region    string // where new buckets go, and where topics are looked for by name
	S3        func(region string) Client
	SNS       func(region string) Topics
}

// ARN is a bucket's ARN.
func ARN(partition, name string) string { return "arn:" + partition + ":s3:::" + name }

// What planning refuses.
var (
	ErrForeign = errors.New("the bucket belongs to another account, or the credentials may not look at it")
	ErrMissing = errors.New("the bucket does not exist")
)

// StepKind says what a step does to its target.
type StepKind string

// The kinds of step.
const (
	StepCreate StepKind = "create" // it was not there
	StepChange StepKind = "change" // it was, and was different
	StepRemove StepKind = "remove" // it was, and will be no more
	StepKeep   StepKind = "keep"   // it is as it should be, or is left alone
)

// Step is one thing that a plan does, or says that it leaves alone.
type Step struct {
	Kind     StepKind
	Target   string  // "bucket logs"
	Summary  string  // what is done to it, in a few words
	Before   string  // the whole text of a policy, as JSON; "" where there is none
	After    string  // likewise
	Fields   []Field // the settings that differ
	Notes    []string
	Warnings []string // what may be wrong, and is not changed

	do func(context.Context, *run, *Step) error // nil for Keep
}

// Plan is the way from what there is to what was asked for.
type Plan struct {
	Bucket, Region, Account string
	Steps                   []Step
}

// Empty tells whether there is nothing to do.
func (p Plan) Empty() bool {
	for _, s := range p.Steps {
		if s.Kind != StepKeep {
			return false
		}
	}
	return true
}

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
	Observe func(Progress) // nil for nobody
	// Sleep waits, or ends early with the context's error; nil for Sleep.
	Sleep func(context.Context, time.Duration) error
}

// Result is what became of a plan. Done holds the changes as they were made;
// what somebody else had done meanwhile is seen in them.
type Result struct {
	Done   []Step
	Failed *Step  // nil when all went well
	Left   []Step // changes that were not tried
}

// run is one Apply on its way.
type run struct {
	clients Clients
	options Options
	step    Step
}

func (r *run) tell(p Progress) {
	if r.options.Observe != nil {
		r.options.Observe(p)
	}
}

// waiting is for whoever waits within a step.
func (r *run) waiting(wait time.Duration, answer error) {
	r.tell(Progress{State: Waiting, Step: r.step, Wait: wait, Err: answer})
}

// Apply does the steps of a plan in their order and stops at the first that
// fails. What was done stays; planning and applying again does the rest.
func Apply(ctx context.Context, clients Clients, p Plan, o Options) (Result, error) {
	if o.Sleep == nil {
		o.Sleep = Sleep
	}
	r := &run{clients: clients, options: o}
	var steps []Step
	for _, s := range p.Steps {
		if s.Kind != StepKeep {
			steps = append(steps, s)
		}
	}
	var result Result
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
			return result, err
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

// locate finds a bucket.
func (c Clients) locate(ctx context.Context, name string) (Place, error) {
	return Locate(ctx, func(region string) Locator { return c.S3(region) }, name, c.Account)
}

// own finds a bucket that must be the account's own.
func (c Clients) own(ctx context.Context, name string) (Place, error) {
	p, err := c.locate(ctx, name)
	switch {
	case err != nil:
		return p, err
	case p.Owner == Nobody:
		return p, fmt.Errorf("bucket %s: %w", name, ErrMissing)
	case p.Owner == Other:
		return p, fmt.Errorf("bucket %s: %w", name, ErrForeign)
	}
	return p, nil
}
