package sandbox

import (
	"time"

	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/iam"
	"trailctl/internal/sandbox/kms"
	"trailctl/internal/sandbox/logs"
	"trailctl/internal/sandbox/s3"
	"trailctl/internal/sandbox/sns"
)

// The sandbox's services as they see each other.

// store is S3 as CloudTrail delivers to it.
type store struct{ *s3.Service }

// May tells whether the bucket's policy allows an action to a service.
func (s store) May(principal, action, bucket, key string, conditions map[string]string) bool {
	return s.ServiceMay(s3.ServiceRequest{
		Principal: principal, Action: action, Bucket: bucket, Key: key, Conditions: conditions,
	})
}

// Put stores an object.
func (s store) Put(o cloudtrail.Object) error {
	return s.PutEncrypted(o.Bucket, o.Key, o.Body, o.ContentType, o.ContentEncoding, o.Metadata, o.KMSKey)
}

// topics is SNS as S3 and CloudTrail publish to it.
type topics struct{ *sns.Service }

// Exists tells whether there is a topic.
func (t topics) Exists(arn string) bool { return t.Topic(arn) }

// notices is SNS as CloudTrail publishes to it, without attributes.
type notices struct{ topics }

// Publish sends a message to a topic.
func (n notices) Publish(arn, subject, message string) error {
	return n.Service.Publish(arn, subject, message, nil)
}

// roles is IAM as CloudTrail asks it.
type roles struct{ *iam.Service }

// RoleChanged is when the role or one of its policies was last changed.
func (r roles) RoleChanged(arn string) time.Time { return r.Changed(arn) }

// keys is KMS as CloudTrail asks it.
type keys struct{ *kms.Service }

// KeyChanged is when the key was made or its policy last changed.
func (k keys) KeyChanged(arn string) time.Time { return k.Changed(arn) }

// groups is CloudWatch Logs as CloudTrail writes to it.
type groups struct{ *logs.Service }

// GroupChanged is when the group was created.
func (g groups) GroupChanged(account, region, name string) time.Time {
	return g.Changed(account, region, name)
}

// PutEvents writes events to a log group.
func (g groups) PutEvents(account, region, group, stream string, events []cloudtrail.LogEvent) error {
	list := make([]logs.Event, len(events))
	for i, e := range events {
		list[i] = logs.Event{Time: e.Time, Message: e.Message}
	}
	return g.Service.PutEvents(account, region, group, stream, list)
}
