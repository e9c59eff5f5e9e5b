package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"trailctl/internal/policy"
	"trailctl/internal/topic"
)

// resolveTopic is the topic of a trail at home in region; empty for none. What
// Validate has let through can be resolved.
func resolveTopic(a Account, nameOrARN, region string) topic.Ref {
	if nameOrARN == "" {
		return topic.Ref{}
	}
	ref, _ := topic.Resolve(nameOrARN, a.Partition, region, a.ID)
	return ref
}

func (d differ) topicARN(region string) string {
	if ref := resolveTopic(d.cur.Account, *d.spec.Topic, region); ref.Name != "" {
		return ref.ARN()
	}
	return ""
}

// topicRefs are the topics that a spec speaks of, each once: those for
// CloudTrail's messages and the one for S3's.
func topicRefs(spec Spec, cur Current) []topic.Ref {
	seen := map[topic.Ref]bool{}
	if spec.Topic != nil && *spec.Topic != "" {
		for _, region := range spec.homes() {
			seen[resolveTopic(cur.Account, *spec.Topic, region)] = true
		}
	}
	if ref, ok := notifyTopic(spec, cur); ok {
		seen[ref] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b topic.Ref) int {
		return slices.Index(spec.homes(), a.Region) - slices.Index(spec.homes(), b.Region)
	})
}

// describeTopics reads them. A topic of another account that may not be
// looked at is left out.
func describeTopics(ctx context.Context, clients Clients, spec Spec, cur Current) (map[string]topic.State, error) {
	states := map[string]topic.State{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, ref := range topicRefs(spec, cur) {
		g.Go(func() error {
			s, err := topic.Read(ctx, clients.SNS(ref.Region), ref.ARN())
			if errors.Is(err, topic.ErrDenied) && ref.Account != clients.Account.ID {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			states[ref.ARN()] = s
			return err
		})
	}
	return states, g.Wait()
}

// topicSteps are a step for each topic that is missing, and one for each
// policy.
func (d differ) topicSteps() ([]Step, error) {
	var steps, policies []Step
	for _, ref := range topicRefs(d.spec, d.cur) {
		grants := d.topicGrants(ref)
		s, known := d.cur.Topics[ref.ARN()]
		switch {
		case !known, ref.Account != d.cur.Account.ID:
			steps = append(steps, d.foreignTopic(ref, s, grants))
			continue
		case !s.Exists:
			steps = append(steps, d.newTopic(ref))
			s.Policy = topic.DefaultPolicy(ref.ARN())
		default:
			steps = append(steps, d.existingTopic(ref, s))
		}
		p, err := d.topicPolicy(ref, s, grants)
		if err != nil {
			return nil, err
		}
		policies = append(policies, p)
	}
	return append(steps, policies...), nil
}

// topicGrants are what is published to a topic: by CloudTrail for the trails
// that use it, by S3 when it is asked to.
func (d differ) topicGrants(ref topic.Ref) []policy.Grant {
	var grants []policy.Grant
	if trails := d.arns(func(t Trail) bool { return d.spec.Topic != nil && t.TopicARN == ref.ARN() }); len(trails) > 0 {
		grants = append(grants, topic.TrailGrant(ref.ARN(), trails...))
	}
	if n, ok := notifyTopic(d.spec, d.cur); ok && n == ref {
		grants = append(grants, topic.BucketGrant(ref.ARN(), d.bucketARN(), d.cur.Account.ID))
	}
	return grants
}

func (d differ) bucketARN() string {
	return "arn:" + d.cur.Account.Partition + ":s3:::" + d.cur.Bucket.Name
}

// foreignTopic is for a topic whose policy only its owner can change.
func (d differ) foreignTopic(ref topic.Ref, s topic.State, grants []policy.Grant) Step {
	step := Step{Kind: Keep, Target: "topic " + ref.Name + d.in(ref.Region), Summary: "belongs to account " + ref.Account + " and is left alone"}
	if c, err := policy.Merge(s.Policy, grants); err != nil || c.Changed {
		step.Notes = append(step.Notes, "it gets messages once its policy holds "+statements(grants))
	}
	return step
}

func (d differ) newTopic(ref topic.Ref) Step {
	return Step{
		Kind: Create, Target: "topic " + ref.Name + d.in(ref.Region), Summary: "in " + ref.Region,
		Fields: []Field{{Name: "Tag " + OwnerTag, After: d.spec.Name}},
		do: func(ctx context.Context, r *run, _ *Step) error {
			r.touched(aTopic)
			_, err := topic.Create(ctx, r.clients.SNS(ref.Region), ref.Name, ownerTags(d.spec.Name))
			return err
		},
	}
}

func (d differ) existingTopic(ref topic.Ref, s topic.State) Step {
	step := Step{Kind: Keep, Target: "topic " + ref.Name + d.in(ref.Region), Summary: "is there, in " + ref.Region}
	if s.KMSKey != "" {
		step.Warnings = append(step.Warnings, fmt.Sprintf("it is encrypted with KMS key %s, whose policy must let the sender use the key; the key is not checked", s.KMSKey))
	}
	return step
}

func (d differ) topicPolicy(ref topic.Ref, s topic.State, grants []policy.Grant) (Step, error) {
	change, err := topic.Merge(ref.ARN(), s.Policy, grants...)
	if err != nil {
		return Step{}, err
	}
	what := "CloudTrail publish"
	switch {
	case len(grants) > 1:
		what = "CloudTrail and S3 publish"
	case grants[0].Service == "s3.amazonaws.com":
		what = "S3 publish"
	}
	return policyStep(aTopic, "topic policy of "+ref.Name+d.in(ref.Region), what, change, grants, func(ctx context.Context, r *run) (policy.Change, error) {
		var done policy.Change
		err := r.until(ctx, func() (err error) {
			done, err = topic.Allow(ctx, r.clients.SNS(ref.Region), ref.ARN(), grants, r.sleep)
			return err
		})
		r.touched(aTopic)
		return done, err
	}), nil
}
