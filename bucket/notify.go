package bucket

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/policy"
	"trailctl/internal/topic"
)

// NotificationClient is what reading and changing notifications needs of the
// SDK's client.
type NotificationClient interface {
	GetBucketNotificationConfiguration(context.Context, *s3.GetBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error)
	PutBucketNotificationConfiguration(context.Context, *s3.PutBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.PutBucketNotificationConfigurationOutput, error)
}

// What writing notifications can fail with.
var (
	ErrDestination         = errors.New("S3 cannot send to a destination of the configuration")
	ErrNotificationContest = errors.New("somebody else keeps changing the notification configuration")
)

// ReadNotifications reads a bucket's notification configuration. account is
// who must own the bucket.
func ReadNotifications(ctx context.Context, client NotificationClient, name, account string) (Notifications, error) {
	out, err := client.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &name, ExpectedBucketOwner: &account})
	if err != nil {
		return Notifications{}, fmt.Errorf("reading the notifications of bucket %s: %w", name, classify(err))
	}
	return Notifications{types.NotificationConfiguration{
		TopicConfigurations:          out.TopicConfigurations,
		QueueConfigurations:          out.QueueConfigurations,
		LambdaFunctionConfigurations: out.LambdaFunctionConfigurations,
		EventBridgeConfiguration:     out.EventBridgeConfiguration,
	}}, nil
}

// NotifyOptions are how waiting is done and told.
type NotifyOptions struct {
	// Sleep waits, or ends early with the context's error.
	Sleep func(context.Context, time.Duration) error
	// Waiting hears that S3 does not see the destination's policy yet, what
	// it answered (a DestinationError), and when it is asked again; nil for
	// nobody.
	Waiting func(wait time.Duration, answer error)
	// SNS looks at the new destination when S3 refuses one of several; nil
	// leaves that out, and S3's refusal stands.
	SNS topic.Client
}

// notifyWaits are how long to wait for a fresh topic or topic policy to be
// seen by S3: up to a minute.
func notifyWaits() []time.Duration {
	var out []time.Duration
	for _, s := range []int{1, 2, 4, 8, 10, 15, 20} {
		out = append(out, time.Duration(s)*time.Second)
	}
	return out
}

const notifyAttempts = 5

// DestinationError is S3's refusal of a configuration: it validates all
// destinations each time, and its answer does not say which one it means.
type DestinationError struct {
	Bucket string
	Topic  string   // the new destination's ARN; "" where an entry is taken out
	Others []string // ARNs of destinations that were there before
	Err    error    // what S3 answered
}

func (e *DestinationError) Error() string {
	text := fmt.Sprintf("writing the notifications of bucket %s: %v", e.Bucket, ErrDestination)
	if len(e.Others) > 0 {
		text += "; it may mean one that was there before and is gone, or no longer lets S3 in: " + strings.Join(e.Others, ", ")
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

// Unwrap gives ErrDestination and S3's answer.
func (e *DestinationError) Unwrap() []error { return []error{ErrDestination, e.Err} }

// freshWaits is how many of the waits a topic policy made a moment ago needs
// before its topic counts as seen by S3: a quarter of a minute.
const freshWaits = 4

// blamesOthers tells whether only a destination that was there before can be
// the cause, after some waits: always where an entry is taken out; otherwise
// when the new topic is the account's own, not encrypted (a key's policy is
// not looked at), and its policy lets S3 publish and denies nothing.
func (e *DestinationError) blamesOthers(ctx context.Context, account string, waits int, client topic.Client) bool {
	switch {
	case len(e.Others) == 0:
		return false
	case e.Topic == "":
		return true
	case waits < freshWaits || client == nil:
		return false
	}
	ref, err := topic.ParseARN(e.Topic)
	if err != nil || ref.Account != account {
		return false
	}
	s, err := topic.Read(ctx, client, e.Topic)
	if err != nil || !s.Exists || s.KMSKey != "" {
		return false
	}
	c, err := topic.Merge(e.Topic, s.Policy, topic.BucketGrant(e.Topic, ARN(ref.Partition, e.Bucket), account))
	return err == nil && !c.Changed && len(c.Denies) == 0
}

// Notify puts a notification into a bucket's configuration. S3 takes whole
// configurations only and has no lock for them: it is read right before each
// write, merged, and read back after; when another writer's version has taken
// the place of ours, the notification is merged into that one, after a short
// wait. An entry that somebody writes within the one round trip between our
// read and our write is lost; nothing of S3's would tell.
//
// S3 sends a test message to every destination first. A topic policy made a
// moment ago is refused for some seconds, which is waited out; then the error
// is a DestinationError. S3 also refuses because of any destination that was
// there before and is gone by now. When there are others, and the new topic is
// seen to let S3 in (see blamesOthers), they are left as they are: after a
// quarter of a minute the configuration is written without validation, and a
// note names them.
func Notify(ctx context.Context, client NotificationClient, name, account string, w Notification, o NotifyOptions) (NotificationChange, error) {
	if err := w.Validate(); err != nil {
		return NotificationChange{}, err
	}
	return changeNotifications(ctx, client, name, account, func(n Notifications) (NotificationChange, error) { return n.Put(w) }, o)
}

// Unnotify takes an entry out in the same way, and at once without validation
// when S3 refuses: all destinations are then others. See Notifications.Remove.
func Unnotify(ctx context.Context, client NotificationClient, bucketName, account, name, topicARN string, o NotifyOptions) (NotificationChange, error) {
	return changeNotifications(ctx, client, bucketName, account,
		func(n Notifications) (NotificationChange, error) { return n.Remove(name, topicARN) }, o)
}

type notificationEdit func(Notifications) (NotificationChange, error)

func changeNotifications(ctx context.Context, client NotificationClient, name, account string, edit notificationEdit, o NotifyOptions) (NotificationChange, error) {
	var first *NotificationChange
	waits, unvalidated := notifyWaits(), []string(nil)
	for attempt := 0; attempt < notifyAttempts; {
		change, err := readAndEdit(ctx, client, name, account, edit) // nothing slow may come between this and the write
		if err != nil {
			return NotificationChange{}, err
		}
		if first == nil {
			first = &change
		}
		if !change.Changed {
			change.Before, change.Old, change.Changed = first.Before, first.Old, first.Changed
			return change, nil
		}
		err = putNotifications(ctx, client, name, account, change, unvalidated != nil)
		var refused *DestinationError
		if errors.As(err, &refused) && unvalidated == nil && refused.blamesOthers(ctx, account, len(notifyWaits())-len(waits), o.SNS) {
			unvalidated = refused.Others
			continue // and read again: time has passed
		}
		if refused != nil && len(waits) > 0 {
			if o.Waiting != nil {
				o.Waiting(waits[0], err)
			}
			if err := o.Sleep(ctx, waits[0]); err != nil {
				return NotificationChange{}, err
			}
			waits = waits[1:]
			continue
		}
		if err != nil {
			return NotificationChange{}, err
		}
		done, err := notificationsReadBack(ctx, client, name, account, edit, change, o)
		if err != nil {
			return NotificationChange{}, err
		}
		if done {
			change.Before, change.Old = first.Before, first.Old
			change.Notes = append(change.Notes, unvalidatedNote(unvalidated)...)
			return change, nil
		}
		if attempt++; attempt == notifyAttempts {
			break
		}
		if err := o.Sleep(ctx, policy.Jitter(attempt-1)); err != nil {
			return NotificationChange{}, err
		}
	}
	return NotificationChange{}, fmt.Errorf("bucket %s: %w: it was written %d times, and each time something else stood there afterwards",
		name, ErrNotificationContest, notifyAttempts)
}

func putNotifications(ctx context.Context, client NotificationClient, name, account string, change NotificationChange, unvalidated bool) error {
	in := &s3.PutBucketNotificationConfigurationInput{
		Bucket: &name, ExpectedBucketOwner: &account, NotificationConfiguration: &change.After.NotificationConfiguration,
	}
	if unvalidated {
		in.SkipDestinationValidation = &unvalidated
	}
	if _, err := client.PutBucketNotificationConfiguration(ctx, in); err != nil {
		return writeError(name, change, err)
	}
	return nil
}

func unvalidatedNote(others []string) []string {
	if len(others) == 0 {
		return nil
	}
	return []string{"S3 could not validate a destination that was there before, so this was written without validation; look whether each exists and lets S3 in: " +
		strings.Join(others, ", ")}
}

func readAndEdit(ctx context.Context, client NotificationClient, name, account string, edit notificationEdit) (NotificationChange, error) {
	n, err := ReadNotifications(ctx, client, name, account)
	if err != nil {
		return NotificationChange{}, err
	}
	change, err := edit(n)
	if err != nil {
		return NotificationChange{}, fmt.Errorf("bucket %s: %w", name, err)
	}
	return change, nil
}

// notificationsReadBack tells whether what was written stands there. S3 may
// go on showing the old configuration for a moment.
func notificationsReadBack(ctx context.Context, client NotificationClient, name, account string, edit notificationEdit, written NotificationChange, o NotifyOptions) (bool, error) {
	const attempts, wait = 6, 200 * time.Millisecond // doubles with each attempt
	for i := range attempts {
		if i > 0 {
			if err := o.Sleep(ctx, wait<<(i-1)); err != nil {
				return false, err
			}
		}
		now, err := readAndEdit(ctx, client, name, account, edit)
		switch {
		case err != nil:
			return false, err
		case !now.Changed:
			return true, nil
		case now.Before.Text() != written.Before.Text():
			return false, nil // a third version: someone else's
		}
	}
	return false, nil
}

// refusesDestination tells S3's answer to a destination that it may not send
// to; it has no code of its own.
func refusesDestination(err error) bool {
	var api smithy.APIError
	return codeIs(err, "InvalidArgument") && errors.As(err, &api) &&
		strings.Contains(api.ErrorMessage(), "Unable to validate the following destination configurations")
}

// writeError tells S3's refusal of a destination from other errors.
func writeError(name string, c NotificationChange, err error) error {
	if !refusesDestination(err) {
		return fmt.Errorf("writing the notifications of bucket %s: %w", name, classify(err))
	}
	e := &DestinationError{Bucket: name, Err: err}
	if c.New != nil {
		e.Topic = c.New.Destination
	}
	for _, entry := range c.After.Entries() {
		if d := entry.Destination; d != e.Topic && !slices.Contains(e.Others, d) {
			e.Others = append(e.Others, d)
		}
	}
	return e
}
