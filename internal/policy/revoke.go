package policy

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Revoke takes a grant back that Allow put in, and tells whether that changed
// anything. Only statements with the grant's Sid (or the one that Allow made
// up beside it) that say the same thing are touched, and of their lists only
// the very sources and the resource of the grant: a statement goes when none
// of others is left in it. A statement that lists both others' sources and
// others' resources stays whole, since nothing tells which of them belong
// together; the notes say so.
func (d *Document) Revoke(g Grant) (changed bool, notes []string) {
	var kept []int
	for i, raw := range d.statements {
		s, ok := read(raw)
		if !ok || !g.named(s.Sid) || !g.fits(s) || !g.isListedIn(s) {
			kept = append(kept, i)
			continue
		}
		rest, gone, can := g.without(s)
		switch {
		case !can:
			kept = append(kept, i)
			notes = append(notes, fmt.Sprintf(
				"%s stays as it is: it also lists other resources for other sources, and nothing tells which belong together", nameOf(raw, i)))
		case gone:
			changed = true
		default:
			d.replace(i, rest.JSON())
			kept = append(kept, i)
			changed = true
		}
	}
	if len(kept) < len(d.statements) {
		statements := d.statements
		d.statements, d.source = nil, nil
		for _, i := range kept {
			d.statements = append(d.statements, statements[i])
		}
	}
	return changed, notes
}

// madeUp is what ownSid and free put behind a Sid.
var madeUp = regexp.MustCompile(`^(?:[0-9a-f]{8}[0-9]*)?$`)

// named tells whether Allow may have given a statement its Sid.
func (g Grant) named(sid string) bool {
	rest, ok := strings.CutPrefix(sid, g.Sid)
	return ok && madeUp.MatchString(rest)
}

// isListedIn tells whether a statement that fits names the grant's resource
// and at least one of its sources in so many words.
func (g Grant) isListedIn(s Statement) bool {
	if g.Resource != "" && !slices.Contains(s.Resources, g.Resource) {
		return false
	}
	return len(g.SourceARNs) == 0 || slices.ContainsFunc(sources(s), func(arn string) bool {
		return slices.Contains(g.SourceARNs, arn)
	})
}

// without is a statement without the grant: gone when nothing is left, can
// false when the two cannot be told apart.
func (g Grant) without(s Statement) (rest Statement, gone, can bool) {
	otherResources := minus(s.Resources, []string{g.Resource})
	otherSources := minus(sources(s), g.SourceARNs)
	switch {
	case len(otherResources) == 0 && len(otherSources) == 0:
		return s, true, true
	case len(otherSources) == 0:
		s.Resources = otherResources
		return s, false, true
	case len(otherResources) == 0:
		return withSources(s, otherSources), false, true
	}
	return s, false, false
}

// sources are the values of a fitting statement's one aws:SourceArn condition.
func sources(s Statement) []string {
	for _, keys := range s.Conditions {
		for key, values := range keys {
			if strings.EqualFold(key, sourceARN) {
				return values
			}
		}
	}
	return nil
}

func withSources(s Statement, arns []string) Statement {
	changed := map[string]map[string][]string{}
	for operator, keys := range s.Conditions {
		keys = maps.Clone(keys)
		for key := range keys {
			if strings.EqualFold(key, sourceARN) {
				keys[key] = arns
			}
		}
		changed[operator] = keys
	}
	s.Conditions = changed
	return s
}

func minus(list, without []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(without, s) {
			out = append(out, s)
		}
	}
	return out
}

// Empty tells whether a document holds no statement.
func (d *Document) Empty() bool { return len(d.statements) == 0 }
