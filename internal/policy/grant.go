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

// Grant is what one AWS service must be allowed to do to one resource, on
// behalf of certain resources of its own: CloudTrail to write below a prefix,
// for the sake of a trail.
type Grant struct {
	Sid        string
	Service    string   // service principal, "cloudtrail.amazonaws.com"
	Action     string   // "s3:PutObject"
	Resource   string   // ARN, possibly with a * at its end
	SourceARNs []string // aws:SourceArn: for whose sake; at least one
	// Equals are further context keys with the one value that the service's
	// requests carry, such as s3:x-amz-acl.
	Equals map[string]string
}

// Statement is the grant as a statement of its own.
func (g Grant) Statement() Statement {
	equals := map[string][]string{sourceARN: g.SourceARNs}
	for k, v := range g.Equals {
		equals[k] = []string{v}
	}
	return Statement{
		Sid:        g.Sid,
		Effect:     "Allow",
		Principals: map[string][]string{"Service": {g.Service}},
		Actions:    []string{g.Action},
		Resources:  []string{g.Resource},
		Conditions: map[string]map[string][]string{"StringEquals": equals},
	}
}

const (
	sourceARN     = "aws:SourceArn"
	sourceAccount = "aws:SourceAccount"
)

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
//   - A statement with the grant's Sid that does the same thing for other
//     sources or other resources gets ours added to its lists: others keep
//     what they had.
//   - A statement with the grant's Sid that differs in any other way (other
//     action, other principal, other conditions, no source) is somebody
//     else's. Adding our resource to it could hand out more than we were asked
//     for, so it stays, and ours goes beside it under a Sid of its own.
func (d *Document) Allow(g Grant) Outcome {
	for i, raw := range d.statements {
		s, ok := read(raw)
		if !ok || !g.coveredBy(s) {
			continue
		}
		out := Outcome{How: Present, Sid: s.Sid}
		if !namesSource(s) {
			out.Note = append(out.Note, fmt.Sprintf(
				"%s allows %s to %s for anyone, not only for this trail (it has no %s condition); left as it is, because others may rely on it",
				nameOf(raw, i), g.Action, g.Service, sourceARN))
		}
		return out
	}
	own := g.ownSid()
	for i, raw := range d.statements {
		if name := sid(raw); name != g.Sid && name != own {
			continue
		}
		if s, ok := read(raw); ok && g.fits(s) {
			d.replace(i, g.extend(s).JSON())
			return Outcome{How: Extended, Sid: s.Sid}
		}
	}
	return d.add(g, d.free(g.Sid, own))
}

// free is the first of the Sids wanted that nobody has; if they are all
// taken, the last one with a number.
func (d *Document) free(wanted ...string) string {
	for _, s := range wanted {
		if _, taken := d.Lookup(s); !taken {
			return s
		}
	}
	for n := 2; ; n++ {
		s := fmt.Sprintf("%s%d", wanted[len(wanted)-1], n)
		if _, taken := d.Lookup(s); !taken {
			return s
		}
	}
}

func (d *Document) add(g Grant, sid string) Outcome {
	out := Outcome{How: Added, Sid: sid}
	if sid != g.Sid {
		out.Note = append(out.Note, fmt.Sprintf(
			"a statement %s stands there already and says something else; it stays, and the new one is named %s", g.Sid, sid))
	}
	s := g.Statement()
	s.Sid = sid
	d.append(s.JSON())
	return out
}

// ownSid is where a grant goes when its Sid is taken: the same for the same
// grant, so that a second run finds it. Only letters and digits are allowed in
// a Sid everywhere.
func (g Grant) ownSid() string {
	sum := sha256.Sum256([]byte(g.Service + "\n" + g.Action + "\n" + g.Resource + "\n" + strings.Join(g.SourceARNs, "\n")))
	return g.Sid + hex.EncodeToString(sum[:4])
}

// coveredBy tells whether a statement allows all of the grant. Conditions
// that are not understood count as not met.
func (g Grant) coveredBy(s Statement) bool {
	if s.Effect != "Allow" || !slices.Contains(s.Principals["Service"], g.Service) {
		return false
	}
	if !slices.ContainsFunc(s.Actions, func(p string) bool {
		return matches(strings.ToLower(p), strings.ToLower(g.Action))
	}) {
		return false
	}
	if !slices.ContainsFunc(s.Resources, func(p string) bool { return covers(p, g.Resource) }) {
		return false
	}
	for _, arn := range g.SourceARNs {
		if !g.meets(s.Conditions, arn) {
			return false
		}
	}
	return true
}

// meets tells whether the service's request for one source meets conditions.
func (g Grant) meets(conditions map[string]map[string][]string, source string) bool {
	for operator, keys := range conditions {
		for key, patterns := range keys {
			value, known := g.value(key, source)
			if !known || !compare(operator, patterns, value) {
				return false
			}
		}
	}
	return true
}

// value is what the service's request carries for a context key.
func (g Grant) value(key, source string) (string, bool) {
	switch {
	case strings.EqualFold(key, sourceARN):
		return source, true
	case strings.EqualFold(key, sourceAccount):
		parts := strings.Split(source, ":")
		if len(parts) < 6 {
			return "", false
		}
		return parts[4], true
	}
	for k, v := range g.Equals {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// compare knows the operators that such policies use; any other one is not
// met.
func compare(operator string, patterns []string, value string) bool {
	switch operator {
	case "StringEquals":
		return slices.Contains(patterns, value)
	case "StringLike":
		return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, value) })
	case "ArnLike", "ArnEquals":
		return slices.ContainsFunc(patterns, func(p string) bool { return matchesARN(p, value) })
	}
	return false
}

// matchesARN compares the six parts of an ARN one by one: under the ARN
// operators a * does not reach across a colon (IAM user guide, "Amazon
// Resource Name (ARN) condition operators").
func matchesARN(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	return slices.EqualFunc(p, a, matches)
}

// namesSource tells whether a statement is bound to a source.
func namesSource(s Statement) bool {
	for _, keys := range s.Conditions {
		for key := range keys {
			if strings.EqualFold(key, sourceARN) || strings.EqualFold(key, sourceAccount) {
				return true
			}
		}
	}
	return false
}

// fits tells whether a statement differs from the grant in its lists of
// sources and resources only.
func (g Grant) fits(s Statement) bool {
	if s.Effect != "Allow" || len(s.Principals) != 1 ||
		!slices.Equal(s.Principals["Service"], []string{g.Service}) ||
		len(s.Actions) != 1 || !strings.EqualFold(s.Actions[0], g.Action) {
		return false
	}
	bound := false
	for operator, keys := range s.Conditions {
		for key, values := range keys {
			switch {
			case strings.EqualFold(key, sourceARN):
				if bound || !slices.Contains([]string{"StringEquals", "StringLike", "ArnLike", "ArnEquals"}, operator) {
					return false
				}
				bound = true
			case operator != "StringEquals" || !g.asks(key, values):
				return false
			}
		}
	}
	return bound
}

func (g Grant) asks(key string, values []string) bool {
	for k, v := range g.Equals {
		if strings.EqualFold(k, key) {
			return slices.Equal(values, []string{v})
		}
	}
	return false
}

// extend adds the grant's sources and resource to a statement that fits.
func (g Grant) extend(s Statement) Statement {
	if !slices.ContainsFunc(s.Resources, func(p string) bool { return covers(p, g.Resource) }) {
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

// covers tells whether everything that the pattern narrow matches is matched
// by wide, too. narrow ends in * at most.
func covers(wide, narrow string) bool {
	stem, open := strings.CutSuffix(narrow, "*")
	if !open {
		return matches(wide, narrow)
	}
	// Something that no literal text and no number of ? would match by chance.
	return matches(wide, stem+strings.Repeat("\x00", len(wide)+1))
}

// matches is the wildcard match of IAM: * for any text, ? for one character.
func matches(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// nameOf names a statement in messages: by its Sid, or by its position.
func nameOf(raw json.RawMessage, i int) string {
	if s := sid(raw); s != "" {
		return "statement " + s
	}
	return fmt.Sprintf("statement %d", i+1)
}
