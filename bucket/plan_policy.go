package bucket

import (
	"context"
	"fmt"
	"strings"

	"trailctl/internal/policy"
)

// PlanPolicy plans that a bucket of the account lets CloudTrail deliver; all
// of the list name that bucket. Every other statement stays.
func PlanPolicy(ctx context.Context, clients Clients, name string, list []TrailAccess) (Plan, error) {
	p := Plan{Bucket: name, Account: clients.Account}
	place, err := clients.own(ctx, name)
	if err != nil {
		return p, err
	}
	p.Region = place.Region
	before, err := Policy(ctx, clients.S3(place.Region), name, clients.Account)
	if err != nil {
		return p, err
	}
	change, err := policy.Merge(before, grantsOf(list))
	if err == nil {
		err = change.Within(MaxPolicy)
	}
	if err != nil {
		return p, fmt.Errorf("the policy of bucket %s: %w", name, err)
	}
	s := policyStep("policy of bucket "+name, "CloudTrail deliver", change)
	s.do = func(ctx context.Context, r *run, s *Step) error {
		done, err := policyStore(r.clients.S3(place.Region), name, r.clients.Account).Allow(ctx, grantsOf(list), r.options.Sleep)
		if err == nil {
			s.Before, s.After, s.Notes = done.Before, done.After, append(done.Notes, deniesNote(done.Denies)...)
		}
		return err
	}
	s.Notes = append(s.Notes, deniesNote(change.Denies)...)
	p.Steps = []Step{s}
	return p, nil
}

func grantsOf(list []TrailAccess) []policy.Grant {
	var grants []policy.Grant
	for _, a := range list {
		grants = append(grants, a.Grants()...)
	}
	return grants
}

// policyStep is a policy's step without what it does. what completes "lets".
func policyStep(target, what string, c policy.Change) Step {
	s := Step{Kind: StepKeep, Target: target, Summary: "lets " + what, Notes: c.Notes}
	if !c.Changed {
		return s
	}
	s.Kind, s.Summary = StepChange, "let "+what+"; all other statements stay"
	if c.Before == "" {
		s.Kind, s.Summary = StepCreate, "let "+what
	}
	s.Before, s.After = c.Before, c.After
	return s
}

func deniesNote(denies []string) []string {
	if len(denies) == 0 {
		return nil
	}
	return []string{"it denies something in " + strings.Join(denies, ", ") + "; a Deny wins over what is allowed"}
}
