package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Grant is one action that somebody must be allowed to do to one resource. It
// is either for an AWS service on behalf of certain resources of its own
// (CloudTrail writing below a prefix, for the sake of a trail), or for an
// account, or, in a role's own policy, for nobody in particular.
type Grant struct {
	Sid     string
	Service string // service principal, "cloudtrail.amazonaws.com"
	AWS     string // in place of Service: an account's root ARN
	// Both empty: a policy of a role's own, which names no principal.

	Action   string // "s3:PutObject", possibly with a * at its end
	Resource string // ARN, possibly with * in it; "" in a role's trust policy, which names none

	// SourceARNs are for whose sake the service asks: aws:SourceArn. Without
	// any, no condition of that name is set.
	SourceARNs []string
	// Equals are further context keys with the one value that the requests
	// carry, such as s3:x-amz-acl.
	Equals map[string]string
	// SourceLike are further context keys whose value is the source's ARN,
	// too, each with the pattern to write for it; the encryption context of
	// KMS is one. Without SourceARNs the value is anything that the pattern
	// matches.
	SourceLike map[string]string
}

// Statement is the grant as a statement of its own.
func (g Grant) Statement() Statement {
	s := Statement{Sid: g.Sid, Effect: "Allow", Actions: []string{g.Action}}
	switch {
	case g.Service != "":
		s.Principals = map[string][]string{"Service": {g.Service}}
	case g.AWS != "":
		s.Principals = map[string][]string{"AWS": {g.AWS}}
	}
	if g.Resource != "" {
		s.Resources = []string{g.Resource}
	}
	s.Conditions = g.conditions()
	return s
}

func (g Grant) conditions() map[string]map[string][]string {
	equals, like := map[string][]string{}, map[string][]string{}
	if len(g.SourceARNs) > 0 {
		equals[sourceARN] = g.SourceARNs
	}
	for k, v := range g.Equals {
		equals[k] = []string{v}
	}
	for k, v := range g.SourceLike {
		like[k] = []string{v}
	}
	out := map[string]map[string][]string{}
	if len(equals) > 0 {
		out["StringEquals"] = equals
	}
	if len(like) > 0 {
		out["StringLike"] = like
	}
	return out
}

const (
	sourceARN     = "aws:SourceArn"
	sourceAccount = "aws:SourceAccount"
)

// who names the principal in messages.
func (g Grant) who() string {
	switch {
	case g.Service != "":
		return g.Service
	case g.AWS != "":
		return g.AWS
	}
	return "the role"
}

// How a grant came to be in a document.
type How int

// The ways of Allow.
const (
	Present  How = iota // it stood there already, in whatever words
	Added               // a new statement
	Extended            // a statement of the same Sid now lists more
)

// Outcome says what Allow did.
type Outcome struct {
	How  How
	Sid  string   // of the statement that carries the grant
	Note []string // what somebody who reads the plan should know
}

// Allow sees to it that the document holds a grant, and changes as little as
// it can:
//
//   - A statement that grants it already, whatever its Sid, is enough. When it
//     names no source (no aws:SourceArn, no aws:SourceAccount), it is broader
//     than needed; it stays, because narrowing it could cut off someone else
//     who relies on it, and a note says so.
//   - A statement with the grant's Sid, or one that Allow made up beside it,
//     that does the same thing to just the same resource for other sources, or
//     for just the same sources to other resources, is written anew with ours
//     in its list: others keep what they had.
//   - A statement with the grant's Sid that differs in both (it would let each
//     source do it to each resource) or in any other way (other action, other
//     principal, other conditions, no source) stays: adding to it could hand
//     out more than we were asked for. Ours goes beside it under a Sid of its
//     own.
func (d *Document) Allow(g Grant) Outcome {
	for i, raw := range d.statements {
		s, ok := read(raw)
		if !ok || !g.coveredBy(s) {
			continue
		}
		out := Outcome{How: Present, Sid: s.Sid}
		if len(g.SourceARNs) > 0 && !namesSource(s) {
			out.Note = append(out.Note, fmt.Sprintf(
				"%s allows %s to %s for anyone, not only for %s (it has no %s condition); left as it is, because others may rely on it",
				nameOf(raw, i), g.Action, g.who(), g.SourceARNs[0], sourceARN))
		}
		return out
	}
	for i, raw := range d.statements {
		if s, ok := read(raw); ok && g.named(s.Sid) && g.fits(s) && g.extends(s) {
			d.replace(i, g.extend(s).JSON())
			return Outcome{How: Extended, Sid: s.Sid}
		}
	}
	return d.add(g)
}

// free is the first Sid for a grant that nobody has. Statements without a Sid
// may stand beside each other.
func (d *Document) free(g Grant) string {
	if _, taken := d.Lookup(g.Sid); !taken || g.Sid == "" {
		return g.Sid
	}
	own := g.ownSid()
	s := own
	for n := 2; ; n++ {
		if _, taken := d.Lookup(s); !taken {
			return s
		}
		s = fmt.Sprintf("%s%d", own, n)
	}
}

func (d *Document) add(g Grant) Outcome {
	s := g.Statement()
	s.Sid = d.free(g)
	out := Outcome{How: Added, Sid: s.Sid}
	if raw, taken := d.Lookup(g.Sid); taken && s.Sid != g.Sid {
		says := "says something else"
		if other, ok := read(raw); ok && g.fits(other) {
			says = "is for other sources and other resources"
		}
		out.Note = append(out.Note, fmt.Sprintf(
			"a statement %s stands there already and %s; it stays, and the new one is named %s", g.Sid, says, s.Sid))
	}
	d.append(s.JSON())
	return out
}

// ownSid is where a grant goes when its Sid is taken: the same for the same
// grant, so that a second run finds it. Only letters and digits are allowed in
// a Sid everywhere.
func (g Grant) ownSid() string {
	who := g.Service
	if who == "" {
		who = g.AWS
	}
	sum := sha256.Sum256([]byte(who + "\n" + g.Action + "\n" + g.Resource + "\n" + strings.Join(g.SourceARNs, "\n")))
	return g.Sid + hex.EncodeToString(sum[:4])
}

// fits tells whether a statement differs from the grant in its lists of
// sources and resources only.
func (g Grant) fits(s Statement) bool {
	return s.Effect == "Allow" && g.isPrincipalOf(s) &&
		len(s.Actions) == 1 && strings.EqualFold(s.Actions[0], g.Action) &&
		(g.Resource == "") == (len(s.Resources) == 0) &&
		g.fitsConditions(s.Conditions)
}

// isPrincipalOf tells whether the grant's principal is the statement's only
// one.
func (g Grant) isPrincipalOf(s Statement) bool {
	switch {
	case g.Service != "":
		return len(s.Principals) == 1 && slices.Equal(s.Principals["Service"], []string{g.Service})
	case g.AWS != "":
		list := s.Principals["AWS"]
		return len(s.Principals) == 1 && len(list) == 1 && principal(list[0]) == principal(g.AWS)
	}
	return len(s.Principals) == 0
}

// fitsConditions tells whether the conditions are the grant's own, but for
// the list of sources, which must be there exactly when the grant has one.
func (g Grant) fitsConditions(conditions map[string]map[string][]string) bool {
	bound := false
	for operator, keys := range conditions {
		for key, values := range keys {
			switch {
			case strings.EqualFold(key, sourceARN):
				if bound || !slices.Contains([]string{"StringEquals", "StringLike", "ArnLike", "ArnEquals"}, operator) {
					return false
				}
				bound = true
			case operator == "StringEquals" && holds(g.Equals, key, values):
			case operator == "StringLike" && holds(g.SourceLike, key, values):
			default:
				return false
			}
		}
	}
	return bound == (len(g.SourceARNs) > 0)
}

// holds tells whether the one value of a key is the one in the map.
func holds(m map[string]string, key string, values []string) bool {
	v, ok := valueOf(m, key)
	return ok && slices.Equal(values, []string{v})
}

// valueOf looks a condition key up; their case does not matter.
func valueOf(m map[string]string, key string) (string, bool) {
	for k, v := range m {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// extends tells whether adding the grant to a statement that fits allows the
// grant and nothing else: a statement is for each of its sources on each of
// its resources, so that one of the two lists must be just the grant's.
func (g Grant) extends(s Statement) bool {
	return sameSet(s.Resources, g.Statement().Resources) || sameSet(sources(s), g.SourceARNs)
}

func sameSet(a, b []string) bool { return len(minus(a, b)) == 0 && len(minus(b, a)) == 0 }

// extend adds the grant's sources and resource to a statement that fits.
func (g Grant) extend(s Statement) Statement {
	if g.Resource != "" && !slices.ContainsFunc(s.Resources, func(p string) bool { return covers(p, g.Resource) }) {
		s.Resources = union(s.Resources, g.Resource)
	}
	changed := map[string]map[string][]string{}
	for operator, keys := range s.Conditions {
		keys = maps.Clone(keys)
		for key, values := range keys {
			if strings.EqualFold(key, sourceARN) {
				for _, arn := range g.SourceARNs {
					if !compare(operator, values, arn) {
						values = union(values, arn)
					}
				}
				keys[key] = values
			}
		}
		changed[operator] = keys
	}
	s.Conditions = changed
	return s
}

// nameOf names a statement in messages: by its Sid, or by its position.
func nameOf(raw json.RawMessage, i int) string {
	if s := sid(raw); s != "" {
		return "statement " + s
	}
	return fmt.Sprintf("statement %d", i+1)
}
