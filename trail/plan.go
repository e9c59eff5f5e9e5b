package trail

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/internal/policy"
)

// ErrBuckets says that trails of one name deliver to different buckets.
var ErrBuckets = errors.New("the trails of that name deliver to different buckets")

// Kind says what a step does to its target.
type Kind string

// The kinds of step.
const (
	Create Kind = "create" // it was not there
	Change Kind = "change" // it was, and was different
	Remove Kind = "remove" // it was, and will be no more
	Keep   Kind = "keep"   // it is as it should be, or is left alone
)

// Step is one thing that a plan does, or says that it leaves alone.
type Step struct {
	Kind    Kind
	Target  string // "bucket logs", "trail audit"
	Summary string // what is done to it, in a few words

	// Before and After are the whole text of a policy or of selectors, as
	// JSON. Both are empty where no such thing is concerned; Before is empty
	// for a new one.
	Before, After string
	// Fields are the settings that differ, in the names of AWS's API.
	Fields []Field

	Notes    []string // what is good to know
	Warnings []string // what may be wrong and is not changed, or is lost

	do func(context.Context, *run, *Step) error // nil for Keep

	// again is for a document that others write, too: it does the step, or
	// what is kept, once more, and tells whether something was missing. nil
	// for everything else, and for what must not be changed.
	again  func(context.Context, *run, *Step) (seen, error)
	thing  thing    // whose policy it is; "" for no policy
	stands string   // that policy, as it was last seen
	denies []string // Deny statements of that policy, and where they stand
}

// Field is a setting before and after; Before is empty for a new thing.
type Field struct {
	Name, Before, After string
}

// Texts are Before and After with a line for each value, to compare.
func (s Step) Texts() (before, after string) { return lines(s.Before), lines(s.After) }

func lines(text string) string {
	var b bytes.Buffer
	if strings.Contains(text, `"Statement"`) || json.Indent(&b, []byte(text), "", "  ") != nil {
		return policy.Indented(text)
	}
	return strings.TrimSpace(b.String()) + "\n"
}

// Plan is the way from what there is to what was asked for.
type Plan struct {
	Trail   Trail   // as it will be; the first of several
	Trails  []Trail // all of them, one for each home region
	Account Account
	Logging bool // as it will be; of several, whether all are
	Deletes bool // the trails will be no more
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
	if err := possible(spec, cur); err != nil {
		return Plan{}, err
	}
	d := differ{spec: spec, cur: cur}
	for _, h := range cur.Homes {
		t, err := d.wanted(h)
		if err != nil {
			return Plan{}, err
		}
		d.trails = append(d.trails, t)
	}
	if err := d.insightsFit(); err != nil {
		return Plan{}, err
	}
	p := Plan{Account: cur.Account, Trail: d.trails[0], Trails: d.trails, Logging: true}
	for _, part := range []func() ([]Step, error){
		d.bucketSteps, d.topicSteps, d.groupSteps, d.roleSteps, d.keySteps, d.organizationSteps,
		d.trailSteps, d.tagSteps, d.selectorSteps, d.insightSteps, d.notifySteps,
	} {
		steps, err := part()
		if err != nil {
			return Plan{}, err
		}
		p.Steps = append(p.Steps, steps...)
	}
	p.Trail = d.trails[0] // selectors and insights are known by now
	for i, h := range cur.Homes {
		s := d.loggingStep(h, d.trails[i])
		p.Logging = p.Logging && (h.Logging || s.Kind != Keep)
		p.Steps = append(p.Steps, s)
	}
	return p, nil
}

// possible refuses what cannot be had with the trails that there are.
func possible(spec Spec, cur Current) error {
	for _, h := range cur.Homes {
		if spec.Update && h.Trail == nil {
			return fmt.Errorf("%w: %q in %s", ErrNotFound, spec.Name, h.Region)
		}
		if spec.Update && spec.Bucket == "" && h.Trail.Bucket != cur.Bucket.Name {
			return fmt.Errorf("%w: %s in %s, %s in %s", ErrBuckets, cur.Bucket.Name, cur.Homes[0].Region, h.Trail.Bucket, h.Region)
		}
		_, account, _, err := groupOf(spec)
		if err != nil || account != "" && account != cur.Account.ID {
			return fmt.Errorf("log group %s: %w", *spec.LogGroup, ErrGroupForeign)
		}
	}
	return nil
}

// differ is one Diff on its way.
type differ struct {
	spec   Spec
	cur    Current
	trails []Trail // as they will be, one for each home
}

// in says which of several trails is meant.
func (d differ) in(region string) string {
	if !d.spec.several() {
		return ""
	}
	return " in " + region
}

// arns are the ARNs of the trails for which a condition holds.
func (d differ) arns(which func(Trail) bool) []string {
	var list []string
	for _, t := range d.trails {
		if which(t) {
			list = append(list, t.ARN)
		}
	}
	return list
}

// wanted is the trail as it will be: what was asked for, over what it has,
// over what a new one gets.
func (d differ) wanted(h Home) (Trail, error) {
	spec, account := d.spec, d.cur.Account
	t := Trail{
		Name: spec.Name, HomeRegion: h.Region,
		ARN:         ARN(account.Partition, h.Region, account.ID, spec.Name),
		MultiRegion: !spec.several(), GlobalServiceEvents: true, LogFileValidation: true,
	}
	if h.Trail != nil {
		t = *h.Trail
	}
	t.Bucket = d.cur.Bucket.Name
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
		{spec.Organization, &t.Organization},
	} {
		if choice.asked != nil {
			*choice.value = *choice.asked
		}
	}
	if spec.several() {
		t.MultiRegion = false
		switch global := h.Region == spec.globalHome(); {
		case !global && (!spec.Update || spec.GlobalServiceEvents != nil):
			t.GlobalServiceEvents = false
		case global && !spec.Update && spec.GlobalServiceEvents == nil:
			t.GlobalServiceEvents = true
		}
	}
	// AWS refuses a trail for all regions without them.
	t.GlobalServiceEvents = t.GlobalServiceEvents || t.MultiRegion
	return t, d.connect(&t)
}

// connect puts topic, log group, role and key into a wanted trail.
func (d differ) connect(t *Trail) error {
	if d.spec.Topic != nil {
		t.TopicARN = d.topicARN(t.HomeRegion)
	}
	switch group := d.spec.LogGroup; {
	case group != nil && *group == "":
		t.LogGroupARN, t.LogRoleARN = "", ""
	case group != nil:
		t.LogGroupARN = d.groupARN(t.HomeRegion) + ":*"
	}
	if t.LogGroupARN == "" && (d.spec.LogRole != "" || d.spec.Retention != nil) {
		return fmt.Errorf("trail %s in %s: %w", t.Name, t.HomeRegion, ErrNoLogGroup)
	}
	if d.cur.Role != nil {
		t.LogRoleARN = d.cur.Role.ARN
	}
	if d.spec.KMSKey != nil {
		t.KMSKey = ""
		if d.cur.Key != nil {
			t.KMSKey = d.cur.Key.ARN
		}
	}
	return nil
}

// opens says who may do what once a policy step is done, a line for each
// service: it is what makes a thing reachable from outside the account.
func opens(grants []policy.Grant) []string {
	var services, lines []string
	for _, g := range grants {
		if g.Service != "" && !slices.Contains(services, g.Service) {
			services = append(services, g.Service)
		}
	}
	for _, service := range services {
		var actions, sources []string
		for _, g := range grants {
			if g.Service == service {
				actions = union(actions, g.Action)
				sources = union(sources, g.SourceARNs...)
			}
		}
		text := "opens it to " + service + " for " + strings.Join(actions, ", ")
		if len(sources) > 0 {
			text += ", on behalf of " + strings.Join(sources, ", ")
		}
		lines = append(lines, text)
	}
	return lines
}

func union(a []string, b ...string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// policyStep is a step for a policy that grants are merged into. write does
// it; it merges again into what stands there by then.
func policyStep(of thing, target, service string, change policy.Change, grants []policy.Grant, write func(context.Context, *run) (policy.Change, error)) Step {
	step := Step{Kind: Keep, Target: target, Summary: "lets " + service, Notes: change.Notes, thing: of, stands: change.After}
	for _, name := range deniesOf(change.Before, grants) {
		step.denies = append(step.denies, name+" of the "+target)
	}
	step.again = func(ctx context.Context, r *run, s *Step) (seen, error) {
		done, err := write(ctx, r)
		if err == nil && done.Changed && s.Kind != Keep {
			s.After = done.After
		}
		return seen{done.Changed, done.After}, err
	}
	if !change.Changed {
		return step
	}
	step.Kind, step.Summary = Change, "let "+service+"; all other statements stay"
	if change.Before == "" {
		step.Kind, step.Summary = Create, "let "+service
	}
	step.Before, step.After = change.Before, change.After
	opened := opens(grants)
	step.Notes = append(step.Notes, opened...)
	step.do = func(ctx context.Context, r *run, s *Step) error {
		began, old := time.Now(), !r.fresh[of]
		done, err := write(ctx, r)
		if err != nil {
			return err
		}
		r.wrote, r.quiet = time.Now(), max(r.quiet, 3*time.Since(began))
		if old {
			r.quiet = max(r.quiet, r.options.Quiet)
		}
		s.Before, s.After, s.stands = done.Before, done.After, done.After
		s.Notes = append(done.Notes, opened...)
		return nil
	}
	return step
}
