// Package audit holds an account's trails against the rules that auditors
// ask for: the items of the CIS AWS Foundations Benchmark on CloudTrail, its
// bucket and its alarms, the CloudTrail controls of AWS Security Hub, and
// some of trailctl's own. Read asks AWS, Evaluate judges what was read and
// asks nobody. It changes nothing, and what could not be read is never a
// pass.
package audit

import (
	"cmp"
	"slices"
	"strings"

	"trailctl/internal/awserr"
	"trailctl/trail"
)

// Result is what became of one control.
type Result string

// The results, worst first.
const (
	Fail          Result = "fail"
	Unknown       Result = "unknown" // something could not be read
	Pass          Result = "pass"
	NotApplicable Result = "not-applicable"
)

// Severity is how much a failure matters: Security Hub's word for its own
// controls.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Standard is a collection of controls.
type Standard string

// The standards.
const (
	All         Standard = "all"
	CIS         Standard = "cis"
	SecurityHub Standard = "security-hub"
)

// Account is what is judged: all trails that an account sees.
type Account struct {
	trail.Account
	Region string // where a trail would be created when there is none
	Trails []Subject
	// Partial is why trails of other regions may be missing; nil when none
	// are.
	Partial error

	lead *Subject // the trail that the account's rules propose to change; nil for a new one
}

// Evidence is one value that a judgement rests on.
type Evidence struct {
	Call  string // "cloudtrail:DescribeTrails"
	What  string // "KmsKeyId of audit"
	Value string
}

// Verdict is the result of one control and why.
type Verdict struct {
	Result   Result
	Why      string // in a few words
	Evidence []Evidence
	Fix      string // a command line; "" where there is nothing to fix
}

// Finding is one control held against one trail, or against the account.
type Finding struct {
	Control Control
	Trail   string // its name; "" for the account
	ARN     string
	Region  string // the trail's home region
	Verdict
}

// Report is everything that was found, worst first.
type Report struct {
	Account  trail.Account
	Findings []Finding
	Partial  error
}

// Count is the number of findings of a result.
func (r Report) Count(result Result) int {
	n := 0
	for _, f := range r.Findings {
		if f.Result == result {
			n++
		}
	}
	return n
}

// Options choose what is judged.
type Options struct {
	Standard Standard // "" is All
	Control  string   // one control by any of its ids; "" for all
	Trail    string   // the ARN of the one trail whose own controls are judged; "" for all
}

// Evaluate judges an account. It fails with ErrControl when no control has
// the id asked for.
func Evaluate(a Account, o Options) (Report, error) {
	controls, err := choose(o)
	if err != nil {
		return Report{}, err
	}
	a.lead = a.pick(o.Trail)
	r := Report{Account: a.Account, Partial: a.Partial}
	for _, c := range controls {
		r.Findings = append(r.Findings, c.findings(a, o.Trail)...)
	}
	slices.SortStableFunc(r.Findings, func(x, y Finding) int {
		return cmp.Or(
			cmp.Compare(rank(x.Result, Fail, Unknown, Pass, NotApplicable), rank(y.Result, Fail, Unknown, Pass, NotApplicable)),
			cmp.Compare(rank(x.Control.Severity, Critical, High, Medium, Low), rank(y.Control.Severity, Critical, High, Medium, Low)),
		)
	})
	return r, nil
}

func rank[T comparable](v T, order ...T) int { return slices.Index(order, v) }

// findings holds one control against everything it speaks of.
func (c Control) findings(a Account, only string) []Finding {
	if c.account != nil {
		v := c.account(a)
		if only != "" && len(v.about) > 0 && !slices.Contains(v.about, only) {
			v.Verdict = Verdict{Result: Pass, Why: "other trails than this one", Evidence: v.Evidence}
		}
		return []Finding{{Control: c, Verdict: v.Verdict}}
	}
	var list []Finding
	for _, s := range a.Trails {
		if only != "" && s.Trail.ARN != only {
			continue
		}
		list = append(list, Finding{Control: c, Trail: s.Trail.Name, ARN: s.Trail.ARN, Region: s.Trail.HomeRegion, Verdict: c.judge(a, s)})
	}
	switch {
	case len(list) > 0:
		return list
	case a.Partial != nil:
		return []Finding{{Control: c, Verdict: Verdict{Result: Unknown, Why: "no trail was seen, and not all could be listed"}}}
	}
	return []Finding{{Control: c, Verdict: Verdict{Result: NotApplicable, Why: "there is no trail"}}}
}

// judge holds a control against a trail whose configuration is known.
func (c Control) judge(a Account, s Subject) Verdict {
	if owner := s.Trail.Account(); owner != a.ID && owner != "" {
		return none("the trail belongs to account " + owner + ": audit it there")
	}
	if s.Err != nil {
		return unknown("the trail could not be read", s.Err)
	}
	return c.trail(a, s)
}

// accountVerdict is a verdict on the account; about are the ARNs of the
// trails that it is about, none when it is about all.
type accountVerdict struct {
	Verdict
	about []string
}

func pass(why string, e ...Evidence) Verdict {
	return Verdict{Result: Pass, Why: why, Evidence: e}
}

func fail(why, fix string, e ...Evidence) Verdict {
	return Verdict{Result: Fail, Why: why, Fix: fix, Evidence: e}
}

func none(why string, e ...Evidence) Verdict {
	return Verdict{Result: NotApplicable, Why: why, Evidence: e}
}

func unknown(why string, err error, e ...Evidence) Verdict {
	if call, ok := awserr.Lacked(err); ok {
		why += ": the AWS at the endpoint lacks " + call + " (HTTP 501)"
	} else if err != nil {
		why += ": " + awserr.Plain(err)
	}
	return Verdict{Result: Unknown, Why: why, Evidence: e}
}

// orNone is a value for people, who do not see an empty one.
func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

func list(values []string) string {
	if len(values) == 0 {
		return "(none)"
	}
	return strings.Join(values, ", ")
}
