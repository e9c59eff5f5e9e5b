package bucket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
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
	// it answered, and when it is asked again; nil for nobody.
	Waiting func(wait time.Duration, answer error)
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

// Notify puts a notification into a bucket's configuration. S3 takes whole
// configurations only and has no lock for them: it is read right before each
// write, merged, and read back after; when another writer's version has taken
// the place of ours, the notification is merged into that one. An entry that
// somebody writes within the one round trip between our read and our write
// cannot be seen by us; nothing of S3's would tell.
//
// S3 sends a test message to every destination first. A topic policy made a
// moment ago is refused for some seconds, which is waited out; then the error
// is ErrDestination.
func Notify(ctx context.Context, client NotificationClient, name, account string, w Notification, o NotifyOptions) (NotificationChange, error) {
	if err := w.Validate(); err != nil {
		return NotificationChange{}, err
	}
	return changeNotifications(ctx, client, name, account, func(n Notifications) (NotificationChange, error) { return n.Put(w) }, o)
}

// Unnotify takes an entry out in the same way. See Notifications.Remove.
func Unnotify(ctx context.Context, client NotificationClient, bucketName, account, name, topicARN string, o NotifyOptions) (NotificationChange, error) {
	return changeNotifications(ctx, client, bucketName, account,
		func(n Notifications) (NotificationChange, error) { return n.Remove(name, topicARN) }, o)
}

type notificationEdit func(Notifications) (NotificationChange, error)

func changeNotifications(ctx context.Context, client NotificationClient, name, account string, edit notificationEdit, o NotifyOptions) (NotificationChange, error) {
	var first *NotificationChange
	waits := notifyWaits()
	for attempt := 0; attempt < notifyAttempts; {
		change, err := readAndEdit(ctx, client, name, account, edit)
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
		_, err = client.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
			Bucket: &name, ExpectedBucketOwner: &account, NotificationConfiguration: &change.After.NotificationConfiguration,
		})
		if refusesDestination(err) && len(waits) > 0 {
			if o.Waiting != nil {
				o.Waiting(waits[0], err)
			}
			if err := o.Sleep(ctx, waits[0]); err != nil {
				return NotificationChange{}, err
			}
			waits = waits[1:]
			continue // and read again: time has passed
		}
		if err != nil {
			return NotificationChange{}, writeError(name, change, err)
		}
		attempt++
		done, err := notificationsReadBack(ctx, client, name, account, edit, change, o)
		if err != nil {
			return NotificationChange{}, err
		}
		if done {
			change.Before, change.Old = first.Before, first.Old
			return change, nil
		}
	}
	return NotificationChange{}, fmt.Errorf("bucket %s: %w: it was written %d times, and each time something else stood there afterwards",
		name, ErrNotificationContest, notifyAttempts)
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

func writeError(name string, c NotificationChange, err error) error {
	if !refusesDestination(err) {
		return fmt.Errorf("writing the notifications of bucket %s: %w", name, classify(err))
	}
	// S3 checks all destinations and does not say which one it means.
	var others []string
	for _, e := range c.After.Entries() {
		if c.New == nil || e.ID != c.New.ID {
			others = append(others, e.Destination)
		}
	}
	also := ""
	if len(others) > 0 {
		also = "; it may also mean a destination that was there before: " + strings.Join(others, ", ")
	}
	return fmt.Errorf("writing the notifications of bucket %s: %w%s: %w", name, ErrDestination, also, err)
}
