package trail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trailctl/bucket"
	"trailctl/internal/topic"
)

// What Diff refuses about notifications.
var (
	ErrNotifyNoTopic = errors.New("S3 has no topic to notify: the trail has none and none is named")
	ErrNotifyForeign = errors.New("the notifications of another account's bucket are its owner's to set")
)

// Notify is what S3 is asked to announce about the trail's bucket.
type Notify struct {
	Topic          string   // name or ARN; "" is the trail's own topic, in the bucket's region
	Name           string   // "" is bucket.DefaultNotificationName
	Events         []string // none is every new object
	Prefix, Suffix string   // of the keys; "" for any
}

// NotifyState is what the bucket announces already.
type NotifyState struct {
	bucket.Notifications
}

// notifyTopic is the topic that S3 is to notify, and whether there is one.
func notifyTopic(spec Spec, cur Current) (topic.Ref, bool) {
	if spec.Notify == nil {
		return topic.Ref{}, false
	}
	region := cur.Bucket.Region
	if region == "" {
		region = spec.Region
	}
	named := spec.Notify.Topic
	if named == "" && spec.Topic != nil {
		named = *spec.Topic
	}
	if named == "" && spec.Topic == nil {
		for _, h := range cur.Homes {
			if named == "" && h.Trail != nil {
				named = h.Trail.TopicARN
			}
		}
	}
	ref := resolveTopic(cur.Account, named, region)
	return ref, ref.Name != ""
}

func describeNotify(ctx context.Context, clients Clients, spec Spec, cur Current) (*NotifyState, error) {
	b := cur.Bucket
	switch {
	case spec.Notify == nil && letsTopicGo(spec, cur):
		return describeLetGo(ctx, clients, spec.Region, b.Name), nil
	case spec.Notify == nil || b.Owner == bucket.Other:
		return nil, nil
	}
	s := &NotifyState{}
	if b.Owner == bucket.Nobody {
		return s, nil
	}
	var err error
	s.Notifications, err = bucket.ReadNotifications(ctx, clients.S3(b.Region), b.Name, clients.Account.ID)
	return s, err
}

// notifySteps are the one step for the bucket's notifications. S3 takes only
// the whole configuration; all that others put into it stays.
func (d differ) notifySteps() ([]Step, error) {
	n, b := d.spec.Notify, d.cur.Bucket
	if n == nil {
		return nil, nil
	}
	if d.cur.Notify == nil {
		return nil, fmt.Errorf("bucket %s: %w", b.Name, ErrNotifyForeign)
	}
	ref, ok := notifyTopic(d.spec, d.cur)
	if !ok {
		return nil, ErrNotifyNoTopic
	}
	region := b.Region
	if region == "" {
		region = d.spec.Region
	}
	if ref.Region != region {
		return nil, refuse("topic %s is in %s, and S3 notifies topics of the bucket's own region only, which is %s", ref.Name, ref.Region, region)
	}
	want := bucket.Notification{Name: n.Name, TopicARN: ref.ARN(), Events: n.Events, Prefix: n.Prefix, Suffix: n.Suffix}
	if err := want.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSpec, err)
	}
	change, err := d.cur.Notify.Put(want)
	if err != nil {
		return nil, fmt.Errorf("the notifications of bucket %s: %w", b.Name, err)
	}
	step := Step{Kind: Keep, Target: "bucket notification", Summary: fmt.Sprintf("entry %q is there", change.Name), Notes: change.Notes}
	write := func(ctx context.Context, r *run, s *Step) (changed bool, err error) {
		o := bucket.NotifyOptions{Sleep: r.sleep, SNS: r.clients.SNS(region), Waiting: func(wait time.Duration, answer error) {
			r.tell(Progress{State: Waiting, Step: r.step, Wait: wait, Err: answer})
		}}
		err = r.until(ctx, func() error {
			done, err := bucket.Notify(ctx, r.clients.S3(region), b.Name, d.cur.Account.ID, want, o)
			if changed = done.Changed; changed {
				s.Notes = done.Notes
			}
			return err
		})
		return changed, err
	}
	step.again = func(ctx context.Context, r *run, s *Step) (seen, error) {
		redone, err := write(ctx, r, s)
		return seen{redone: redone}, err
	}
	if !change.Changed {
		return []Step{step}, nil
	}
	step.Kind, step.Summary = Create, fmt.Sprintf("S3 tells topic %s of objects; all other entries stay", ref.Name)
	if change.Old != nil {
		step.Kind = Change
	}
	for _, f := range change.Fields() {
		step.Fields = append(step.Fields, Field(f))
	}
	step.do = func(ctx context.Context, r *run, s *Step) error {
		_, err := write(ctx, r, s)
		return err
	}
	return []Step{step}, nil
}
