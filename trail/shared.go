package trail

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/internal/policy"
)

// Policies and notifications are documents that several write and that AWS
// keeps no lock for: a writer that read before our write and writes after it
// takes our part away, and neither of the two hears of it. That our part stood
// there right after our write proves nothing for later. So a plan that changed
// something looks at all of them once more at its end, and goes on looking
// while others write.

// lookRounds is how often a document is looked at again after the first look.
const lookRounds = 3

// redoneNote is what is said of a step that was done again.
const redoneNote = "somebody else changed it meanwhile; what was lost is written again"

// seen is what a look at a document found.
type seen struct {
	redone bool   // something was missing, and was written again
	text   string // the policy that stands there; "" when it is none
}

// lookAgain sees to it that every document still holds what is wanted, until
// a look finds nothing to do and nobody else at work. The step that it fails
// with is where it ended.
func (r *run) lookAgain(ctx context.Context) (*Step, error) {
	var shared []*Step
	for i := range r.steps {
		if r.steps[i].again != nil {
			shared = append(shared, &r.steps[i])
		}
	}
	if len(shared) == 0 {
		return nil, nil
	}
	// Whoever read before our write has written by then, unless its machine
	// stood still: there is no lock that could tell.
	if pause := r.quiet - time.Since(r.wrote); pause > 0 {
		if err := r.sleep(ctx, pause); err != nil {
			return shared[0], err
		}
	}
	for round := 0; ; round++ {
		redone, moved, err := r.look(ctx, shared)
		switch {
		case err != nil:
			return redone, err
		case redone == nil && (!moved || round == lookRounds):
			return nil, nil
		case round == lookRounds:
			return redone, fmt.Errorf("%s: %w: it was written again %d times, and each time something was missing afterwards",
				redone.Target, policy.ErrContest, lookRounds+1)
		}
		// The others look again, too: not all at the same time.
		if err := r.sleep(ctx, spread(time.Second<<round)); err != nil {
			return shared[0], err
		}
	}
}

// look reads all documents at once. It gives a step that had to be done again,
// or that failed, and whether others have written since the last look.
func (r *run) look(ctx context.Context, shared []*Step) (step *Step, moved bool, err error) {
	found := make([]seen, len(shared))
	errs := make([]error, len(shared))
	var g errgroup.Group
	g.SetLimit(readers)
	for i, s := range shared {
		g.Go(func() error {
			found[i], errs[i] = r.redo(ctx, s)
			return nil
		})
	}
	g.Wait()
	for i, s := range shared {
		if errs[i] != nil {
			return s, false, errs[i]
		}
		if found[i].redone {
			step = s
		}
		moved = moved || !sameText(s.stands, found[i].text)
		s.stands = found[i].text
	}
	return step, moved, nil
}

// sameText tells whether two policies mean the same.
func sameText(a, b string) bool {
	if a == b {
		return true
	}
	one, err := policy.Parse(a)
	if err != nil {
		return false
	}
	other, err := policy.Parse(b)
	return err == nil && policy.Same(one, other)
}

// spread is a time between half and one and a half of d.
func spread(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// redo writes a document again if it lacks something. Several steps may be
// redone at once.
func (r *run) redo(ctx context.Context, s *Step) (seen, error) {
	part := *r
	part.step, part.fresh, part.redoing = *s, map[thing]bool{}, true
	found, err := s.again(ctx, &part, s)
	if err != nil || !found.redone {
		return found, err
	}
	told := *s
	told.Notes = []string{redoneNote}
	r.tell(Progress{State: Again, Step: told})
	if !slices.Contains(s.Notes, redoneNote) {
		s.Notes = append(slices.Clone(s.Notes), redoneNote)
	}
	return found, nil
}

// heal is for a refusal of CloudTrail's that a document explains which lacks
// something by now: it is written again before the call is.
func (r *run) heal(ctx context.Context, refusal error) error {
	l, ok := lagOf(errorCode(refusal))
	if !ok || !l.early || r.redoing {
		return nil
	}
	for i := range r.steps {
		s := &r.steps[i]
		if s.again == nil || !slices.Contains(l.things, s.thing) {
			continue
		}
		found, err := r.redo(ctx, s)
		if err != nil {
			return err
		}
		if found.redone {
			r.touched(s.thing)
		}
	}
	return nil
}

// withDenies adds to a refusal for want of permission the statements that may
// be the reason.
func (r *run) withDenies(err error) error {
	code := errorCode(err)
	l, ok := lagOf(code)
	if !ok || !strings.HasPrefix(code, "Insufficient") {
		return err
	}
	var denies []string
	for _, s := range r.steps {
		if slices.Contains(l.things, s.thing) {
			denies = union(denies, s.denies...)
		}
	}
	if len(denies) == 0 {
		return err
	}
	return fmt.Errorf("%w; something is denied in %s", err, strings.Join(denies, ", "))
}

// deniesOf names the Deny statements of a policy that can concern what is
// granted; whom and when they deny is not looked into.
func deniesOf(text string, grants []policy.Grant) []string {
	doc, err := policy.Parse(text)
	if err != nil {
		return nil
	}
	var list []string
	names := doc.DenySids()
	for _, raw := range doc.Statements() {
		var s struct {
			Effect            string
			Action, NotAction any
		}
		if len(names) == 0 || json.Unmarshal(raw, &s) != nil || !strings.EqualFold(s.Effect, "Deny") {
			continue
		}
		name := names[0]
		names = names[1:]
		if slices.ContainsFunc(grants, func(g policy.Grant) bool { return concerns(s.Action, s.NotAction, g.Action) }) {
			list = append(list, name)
		}
	}
	return list
}

// concerns tells whether a statement's Action or NotAction takes in something
// of an action, which may end in a *.
func concerns(action, notAction any, granted string) bool {
	some := func(patterns []string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			return alike(p, strings.TrimSuffix(granted, "*")) || alike(granted, p)
		})
	}
	switch {
	case action != nil:
		return some(words(action))
	case notAction != nil:
		return !some(words(notAction))
	}
	return true
}

// alike matches as IAM does: * is any text, ? one character, and capitals do
// not matter. No action holds a slash, at which path.Match would end a *.
func alike(pattern, action string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(action))
	return ok || err != nil
}

// words is a value that may stand alone or in a list.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, one := range v {
			list = append(list, words(one)...)
		}
		return list
	}
	return nil
}
