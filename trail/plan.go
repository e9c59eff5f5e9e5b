package trail

import (
	"context"

	"trailctl/internal/policy"
)

// Kind says what a step does to its target.
type Kind string

// The kinds of step.
const (
	Create Kind = "create" // it was not there
	Change Kind = "change" // it was, and was different
	Keep   Kind = "keep"   // it is as it should be, or is left alone
)

// Step is one thing that a plan does, or says that it leaves alone.
type Step struct {
	Kind    Kind
	Target  string // "bucket logs", "trail audit"
	Summary string // what is done to it, in a few words

	// Before and After are the whole text of a policy, as JSON. Both are
	// empty where no policy is concerned; Before is empty for a new one.
	Before, After string
	// Fields are the settings that differ, in the names of AWS's API.
	Fields []Field

	Notes    []string // what is good to know
	Warnings []string // what may be wrong, and is not changed

	do     func(context.Context, *run, *Step) error // nil for Keep
	denies []string                                 // Deny statements of a bucket's policy
}

// Field is a setting before and after; Before is empty for a new thing.
type Field struct {
	Name, Before, After string
}

// PolicyTexts are Before and After with a line for each value, to compare.
func (s Step) PolicyTexts() (before, after string) {
	return policy.Indented(s.Before), policy.Indented(s.After)
}

// Plan is the way from what there is to what was asked for.
type Plan struct {
	Trail   Trail // as it will be
	Account Account
	Logging bool // as it will be
	Steps   []Step
}

// Empty tells whether there is nothing to do.
func (p Plan) Empty() bool {
	for _, s := range p.Steps {
		if s.Kind != Keep {
			return false
		}
	}
	return true
}

// Diff finds the steps from what there is to what was asked for. It asks
// nobody; it fails where what was asked for cannot be had.
func Diff(spec Spec, cur Current) (Plan, error) {
	p := Plan{Account: cur.Account, Trail: wanted(spec, cur)}
	buckets, err := bucketSteps(spec, cur, p.Trail)
	if err != nil {
		return Plan{}, err
	}
	logging := loggingStep(spec, cur, p.Trail)
	p.Logging = cur.Logging || logging.Kind != Keep
	p.Steps = append(buckets, trailStep(cur, p.Trail), logging)
	return p, nil
}

// wanted is the trail as it will be: what was asked for, over what it has,
// over what a new one gets.
func wanted(spec Spec, cur Current) Trail {
	t := Trail{
		Name: spec.Name, HomeRegion: spec.Region,
		ARN:         ARN(cur.Account.Partition, spec.Region, cur.Account.ID, spec.Name),
		MultiRegion: true, GlobalServiceEvents: true, LogFileValidation: true,
	}
	if cur.Trail != nil {
		t = *cur.Trail
	}
	t.Bucket = cur.Bucket.Name
	if spec.Prefix != nil {
		t.Prefix = *spec.Prefix
	}
	for _, choice := range []struct {
		asked *bool
		value *bool
	}{
		{spec.AllRegions, &t.MultiRegion},
		{spec.GlobalServiceEvents, &t.GlobalServiceEvents},
		{spec.LogFileValidation, &t.LogFileValidation},
	} {
		if choice.asked != nil {
			*choice.value = *choice.asked
		}
	}
	// AWS refuses a trail for all regions without them.
	t.GlobalServiceEvents = t.GlobalServiceEvents || t.MultiRegion
	return t
}
