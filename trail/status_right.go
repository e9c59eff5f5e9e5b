package trail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/internal/topic"
)

// CloudTrail keeps the error of the last attempt in a status until it delivers
// again, which in a quiet region may take long. Until then nothing but a look
// at bucket, topic and role tells whether there is still something to do.

// righted says of the things that a trail delivers to that nothing is wrong
// with them any more, and what else may be; "" where that is not known.
type righted struct{ bucket, topic, group string }

// target is a thing that a trail delivers to, and how to see whether it is
// right.
type target struct {
	failed func(Status) bool
	repair func(Trail) (Spec, bool) // what the command asks for that would repair it
	steps  []string                 // how the targets of its steps begin
	right  func(*righted, string)
}

func targets() []target {
	return []target{
		{
			func(s Status) bool { return s.DeliveryError != "" || s.DigestError != "" },
			func(t Trail) (Spec, bool) { return Spec{Bucket: t.Bucket}, true },
			[]string{"bucket "},
			func(r *righted, text string) { r.bucket = "the bucket and its policy are " + text },
		},
		{
			func(s Status) bool { return s.NotificationError != "" },
			func(t Trail) (Spec, bool) {
				ref, err := topic.ParseARN(t.TopicARN)
				return Spec{Topic: &t.TopicARN}, err == nil && ref.Account == t.Account()
			},
			[]string{"topic ", "topic policy "},
			func(r *righted, text string) { r.topic = "the topic and its policy are " + text },
		},
		{
			func(s Status) bool { return s.LogGroupError != "" },
			func(t Trail) (Spec, bool) {
				group := strings.TrimSuffix(t.LogGroupARN, ":*")
				return Spec{LogGroup: &group, LogRole: t.LogRoleARN}, t.LogRoleARN != ""
			},
			[]string{"log group ", "role ", "role policy ", "trust policy "},
			func(r *righted, text string) { r.group = "the log group and its role are " + text },
		},
	}
}

// recheckPatience is how long Recheck may take: a status is not kept waiting.
const recheckPatience = 20 * time.Second

// Recheck looks at what the errors of a status come from, and has Problems say
// so where it is right by now. It changes nothing in the account, asks nobody
// where there are no errors, and leaves the status as it is where it cannot
// find out.
func Recheck(ctx context.Context, clients Clients, e *Everywhere) {
	ctx, cancel := context.WithTimeout(ctx, recheckPatience)
	defer cancel()
	for _, t := range e.Trails() {
		if t.Account() != clients.Account.ID {
			continue // an organization's trail: only its owner can look
		}
		r := righted{}
		for _, g := range targets() {
			if !slices.ContainsFunc(e.Regions, func(s RegionStatus) bool { return s.Trail.ARN == t.ARN && g.failed(s.Status) }) {
				continue
			}
			if text, ok := g.check(ctx, clients, t); ok {
				g.right(&r, text)
			}
		}
		for i := range e.Regions {
			if e.Regions[i].Trail.ARN == t.ARN {
				e.Regions[i].right = r
			}
		}
		if e.Trail.ARN == t.ARN {
			e.Status.right = r
		}
	}
}

// check plans the repair: it is right when there is nothing to repair.
func (g target) check(ctx context.Context, clients Clients, t Trail) (text string, right bool) {
	spec, ok := g.repair(t)
	if !ok {
		return "", false
	}
	spec.Name, spec.Region, spec.Update = t.Name, t.HomeRegion, true
	cur, err := Describe(ctx, clients, spec)
	if err != nil {
		return "", false
	}
	p, err := Diff(spec, cur)
	if err != nil {
		return "", false
	}
	var doubts []string
	for _, s := range p.Steps {
		if !slices.ContainsFunc(g.steps, func(prefix string) bool { return strings.HasPrefix(s.Target, prefix) }) {
			continue
		}
		if s.Kind != Keep || strings.HasPrefix(s.Target, "role ") && len(s.Warnings) > 0 {
			return "", false
		}
		right = true
		doubts = append(doubts, s.denies...)
	}
	look := "at Deny statements and KMS keys"
	if len(doubts) > 0 {
		look = fmt.Sprintf("at the Deny statements (%s), and at KMS keys", strings.Join(doubts, ", "))
	}
	return "right by now, and this clears with the next delivery in each region; if it does not, look " + look, right
}

// soften says of a problem that it has been repaired, where that is so.
func (p Problem) soften(right, again string) Problem {
	if right == "" || !strings.HasPrefix(p.Do, again) {
		return p
	}
	p.Do = "wait: " + right
	if p.Why != "" {
		p.Why = "at the last attempt: " + p.Why
	}
	return p
}
