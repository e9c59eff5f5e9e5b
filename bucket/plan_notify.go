package bucket

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"trailctl/internal/policy"
	"trailctl/internal/topic"
)

// What planning a notification refuses.
var (
	ErrTopicRegion = errors.New("S3 notifies topics of the bucket's own region only")
)

// NotifySpec is what is asked of a bucket's notifications.
type NotifySpec struct {
	Bucket       string
	Topic        string // name or ARN; a name is of the bucket's region
	Notification        // its TopicARN follows from Topic
}

// PlanNotify plans that S3 tells a topic about a bucket's objects: the topic,
// if the account does not have it yet; its policy, which must let S3 publish
// for this bucket; and the entry of the notification configuration.
func PlanNotify(ctx context.Context, clients Clients, spec NotifySpec) (Plan, error) {
	p := Plan{Bucket: spec.Bucket, Account: clients.Account}
	place, err := clients.own(ctx, spec.Bucket)
	if err != nil {
		return p, err
	}
	p.Region = place.Region
	ref, err := clients.topic(spec.Topic, place.Region)
	if err != nil {
		return p, err
	}
	n := spec.Notification
	n.TopicARN = ref.ARN()
	n = n.complete()
	if err := n.Validate(); err != nil {
		return p, err
	}
	if p.Steps, err = topicSteps(ctx, clients, ref, spec.Bucket); err != nil {
		return p, err
	}
	step, err := putStep(ctx, clients, spec.Bucket, place.Region, n)
	p.Steps = append(p.Steps, step)
	return p, err
}

// topic is the topic that is meant; it must lie in the bucket's region.
func (c Clients) topic(nameOrARN, region string) (topic.Ref, error) {
	ref, err := topic.Resolve(nameOrARN, c.Partition, region, c.Account)
	switch {
	case err != nil:
		return ref, fmt.Errorf("%w: %w", ErrNotification, err)
	case ref.Region != region:
		return ref, fmt.Errorf("%w: topic %s is in %s, the bucket in %s", ErrTopicRegion, ref.Name, ref.Region, region)
	}
	return ref, nil
}

// topicSteps are the steps for a topic and its policy.
func topicSteps(ctx context.Context, clients Clients, ref topic.Ref, bucketName string) ([]Step, error) {
	arn := ref.ARN()
	grant := topic.BucketGrant(arn, ARN(clients.Partition, bucketName), clients.Account)
	if ref.Account != clients.Account {
		return []Step{foreignTopic(arn, grant)}, nil
	}
	state, err := topic.Read(ctx, clients.SNS(ref.Region), arn)
	if err != nil {
		return nil, err
	}
	var steps []Step
	if !state.Exists {
		state.Policy = topic.DefaultPolicy(arn)
		steps = append(steps, newTopic(ref))
	}
	change, err := topic.Merge(arn, state.Policy, grant)
	if err != nil {
		return nil, err
	}
	s := policyStep("policy of topic "+ref.Name, "S3 publish for bucket "+bucketName, change)
	s.do = func(ctx context.Context, r *run, s *Step) error {
		done, err := topic.Allow(ctx, r.clients.SNS(ref.Region), arn, []policy.Grant{grant}, r.options.Sleep)
		if err == nil {
			s.Before, s.After, s.Notes = done.Before, done.After, append(done.Notes, deniesNote(done.Denies)...)
		}
		return err
	}
	s.Notes = append(s.Notes, deniesNote(change.Denies)...)
	s.Warnings = encryptionWarning(state.KMSKey)
	return append(steps, s), nil
}

// newTopic makes a topic without an owner's tag: it is made for no trail, so
// that deleting one must never take it along.
func newTopic(ref topic.Ref) Step {
	return Step{
		Kind: StepCreate, Target: "topic " + ref.Name, Summary: "in " + ref.Region,
		do: func(ctx context.Context, r *run, _ *Step) error {
			_, err := topic.Create(ctx, r.clients.SNS(ref.Region), ref.Name, nil)
			return err
		},
	}
}

func foreignTopic(arn string, grant policy.Grant) Step {
	c, _ := policy.Merge("", []policy.Grant{grant}) // an empty policy takes any grant
	return Step{
		Kind: StepKeep, Target: "topic " + arn, Summary: "belongs to another account; its policy is left alone",
		Notes: []string{"S3 publishes there once the policy holds " + c.After},
	}
}

// encryptionWarning says what the key of a topic must allow: an AWS managed
// key lets no other service in, and its policy cannot be changed (SNS
// developer guide, "Encrypting messages").
func encryptionWarning(key string) []string {
	switch {
	case key == "":
		return nil
	case strings.Contains(key, "alias/aws/"):
		return []string{"the topic is encrypted with an AWS managed key, with which S3 cannot publish; give it a key of your own"}
	}
	return []string{"the topic is encrypted: the policy of key " + key + " must allow s3.amazonaws.com kms:GenerateDataKey* and kms:Decrypt"}
}

func putStep(ctx context.Context, clients Clients, name, region string, n Notification) (Step, error) {
	client := clients.S3(region)
	before, err := ReadNotifications(ctx, client, name, clients.Account)
	if err != nil {
		return Step{}, err
	}
	change, err := before.Put(n)
	if err != nil {
		return Step{}, fmt.Errorf("bucket %s: %w", name, err)
	}
	s := notificationStep(change)
	s.do = func(ctx context.Context, r *run, s *Step) error {
		done, err := Notify(ctx, r.clients.S3(region), name, r.clients.Account, n, NotifyOptions{Sleep: r.options.Sleep, Waiting: r.waiting, SNS: r.clients.SNS(region)})
		if err == nil {
			made := notificationStep(done)
			s.Summary, s.Fields, s.Notes = made.Summary, made.Fields, made.Notes
		}
		return err
	}
	return s, nil
}

// notificationStep is the step of a change without what it does.
func notificationStep(c NotificationChange) Step {
	s := Step{Kind: StepKeep, Target: "notification " + c.Name, Notes: c.Notes, Fields: c.Fields()}
	switch {
	case !c.Changed && c.New == nil:
		s.Summary = "is not there"
	case !c.Changed:
		s.Summary = "is there"
	case c.New == nil:
		s.Kind, s.Summary = StepRemove, "no more "+strings.Join(c.Old.Events, ", ")+" to "+c.Old.Destination
	case c.Old == nil:
		s.Kind, s.Summary = StepCreate, strings.Join(c.New.Events, ", ")+" to "+c.New.Destination
	default:
		s.Kind, s.Summary = StepChange, "change this entry in place"
	}
	others := len(c.Before.Entries())
	if c.Old != nil {
		others--
	}
	if c.Changed && others > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d other %s as %s", others, plural(others, "entry stays", "entries stay"), plural(others, "it is", "they are")))
	}
	if c.Changed && c.Before.EventBridge() {
		s.Notes = append(s.Notes, "events go on to EventBridge, too")
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// PlanUnnotify plans that an entry goes: that of spec.Name, or the topic's
// default one. The topic's policy then no longer needs to let S3 publish for
// this bucket: the statement that PlanNotify put in loses this bucket, unless
// another entry still notifies the topic. The topic stays.
func PlanUnnotify(ctx context.Context, clients Clients, spec NotifySpec) (Plan, error) {
	p := Plan{Bucket: spec.Bucket, Account: clients.Account}
	place, err := clients.own(ctx, spec.Bucket)
	if err != nil {
		return p, err
	}
	p.Region = place.Region
	arn := ""
	if spec.Topic != "" {
		ref, err := clients.topic(spec.Topic, place.Region)
		if err != nil {
			return p, err
		}
		arn = ref.ARN()
	}
	before, err := ReadNotifications(ctx, clients.S3(place.Region), spec.Bucket, clients.Account)
	if err != nil {
		return p, err
	}
	change, err := before.Remove(spec.Name, arn)
	if err != nil {
		return p, fmt.Errorf("bucket %s: %w", spec.Bucket, err)
	}
	p.Steps = []Step{takeStep(change, spec, arn, place.Region)}
	if arn == "" && change.Old != nil {
		arn = change.Old.Destination
	}
	more, err := revokeSteps(ctx, clients, spec.Bucket, arn, change.After)
	p.Steps = append(p.Steps, more...)
	return p, err
}

func takeStep(c NotificationChange, spec NotifySpec, arn, region string) Step {
	s := notificationStep(c)
	s.do = func(ctx context.Context, r *run, s *Step) error {
		done, err := Unnotify(ctx, r.clients.S3(region), spec.Bucket, r.clients.Account, spec.Name, arn,
			NotifyOptions{Sleep: r.options.Sleep, Waiting: r.waiting})
		if err == nil {
			made := notificationStep(done)
			s.Summary, s.Fields, s.Notes = made.Summary, made.Fields, made.Notes
		}
		return err
	}
	return s
}

// revokeSteps take this bucket out of the topic's policy, when nothing of the
// bucket goes there any more.
func revokeSteps(ctx context.Context, clients Clients, bucketName, arn string, after Notifications) ([]Step, error) {
	ref, err := topic.ParseARN(arn)
	if err != nil || ref.Account != clients.Account {
		return nil, nil // not ours to change
	}
	for _, e := range after.Entries() {
		if e.Destination == arn {
			return []Step{{
				Kind: StepKeep, Target: "policy of topic " + ref.Name, Summary: "stays",
				Notes: []string{fmt.Sprintf("%s still needs it", e)},
			}}, nil
		}
	}
	state, err := topic.Read(ctx, clients.SNS(ref.Region), arn)
	switch {
	case errors.Is(err, topic.ErrDenied):
		return []Step{{Kind: StepKeep, Target: "policy of topic " + ref.Name, Summary: "stays: it may not be read", Notes: []string{err.Error()}}}, nil
	case err != nil || !state.Exists:
		return nil, err
	}
	grant := topic.BucketGrant(arn, ARN(clients.Partition, bucketName), clients.Account)
	change, err := policy.Without(state.Policy, []policy.Grant{grant})
	if err != nil {
		return nil, fmt.Errorf("the policy of topic %s: %w", arn, err)
	}
	if change.After == "" {
		change.After = topic.DefaultPolicy(arn)
	}
	s := Step{Kind: StepKeep, Target: "policy of topic " + ref.Name, Summary: "holds nothing for this bucket that trailctl put there", Notes: change.Notes}
	if !change.Changed {
		return []Step{s}, nil
	}
	s.Kind, s.Summary = StepChange, "S3 may no longer publish for bucket "+bucketName+"; all other statements stay"
	s.Before, s.After = change.Before, change.After
	s.do = func(ctx context.Context, r *run, s *Step) error {
		done, err := topic.Revoke(ctx, r.clients.SNS(ref.Region), arn, []policy.Grant{grant}, r.options.Sleep)
		if err == nil {
			s.Before, s.After, s.Notes = done.Before, done.After, done.Notes
		}
		return err
	}
	return []Step{s}, nil
}
