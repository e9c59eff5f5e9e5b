package cloudtrail

import "time"

// What CloudTrail asks of the services around it. An ARN that a Service hands
// over may be of any account or region. A time tells when something was last
// changed, and is zero for what does not exist.

// Bucket is the S3 that CloudTrail delivers to.
type Bucket interface {
	// BucketRegion tells where a bucket lies; false when there is none.
	BucketRegion(bucket string) (region string, ok bool)
	// May tells whether the bucket's policy allows an action to a service
	// principal. key is empty for an action on the bucket itself.
	May(principal, action, bucket, key string, conditions map[string]string) bool
	// PolicyChanged is when the bucket's policy was last put or deleted.
	PolicyChanged(bucket string) time.Time
	// Put stores an object.
	Put(o Object) error
}

// Object is a file on its way into a bucket.
type Object struct {
	Bucket, Key                  string
	Body                         []byte
	ContentType, ContentEncoding string
	Metadata                     map[string]string // lower-case names
	KMSKey                       string            // ARN of the key that encrypts it; empty leaves it to the bucket
}

// Topics is the SNS that CloudTrail notifies.
type Topics interface {
	// Topic tells whether a topic exists.
	Topic(arn string) bool
	// May tells whether the topic's policy allows an action to a service
	// principal.
	May(principal, action, arn string, conditions map[string]string) bool
	// PolicyChanged is when the topic's policy was last put.
	PolicyChanged(arn string) time.Time
	// Publish sends a message to the topic's subscribers.
	Publish(arn, subject, message string) error
}

// LogEvent is an event on its way into a log group.
type LogEvent struct {
	Time    time.Time
	Message string
}

// Groups is the CloudWatch Logs that CloudTrail writes to.
type Groups interface {
	// Group tells whether a log group exists.
	Group(account, region, name string) bool
	// GroupChanged is when the group was created.
	GroupChanged(account, region, name string) time.Time
	// PutEvents writes events to a stream of a group, which is made when it is
	// not there. The events are in the order of time.
	PutEvents(account, region, group, stream string, events []LogEvent) error
}

// Roles is the IAM whose roles CloudTrail takes on.
type Roles interface {
	// Role tells whether a role exists.
	Role(arn string) bool
	// Assumable tells whether the role's trust policy lets a service take it on.
	Assumable(arn, principal string, conditions map[string]string) bool
	// May tells whether the role's policies allow an action.
	May(arn, action, resource string) bool
	// RoleChanged is when the role or one of its policies was last changed.
	RoleChanged(arn string) time.Time
}

// Keys is the KMS that encrypts what is delivered.
type Keys interface {
	// Find is the ARN of a key by its id, its alias or the ARN of either.
	Find(account, region, id string) (arn string, ok bool)
	// Enabled tells whether a key can be used.
	Enabled(arn string) bool
	// May tells whether the key's policy allows an action to a service
	// principal.
	May(principal, action, arn string, conditions map[string]string) bool
	// KeyChanged is when the key or its policy was last changed.
	KeyChanged(arn string) time.Time
}

// Organizations tells which accounts belong together.
type Organizations interface {
	// Organization is that of an account; false when it is in none.
	Organization(account string) (id, management string, ok bool)
	// Members lists the accounts of an account's organization.
	Members(account string) []string
	// Trusts tells whether the organization has enabled a service principal.
	Trusts(account, principal string) bool
}

// Neighbours are the services around CloudTrail.
type Neighbours struct {
	Bucket        Bucket
	Topics        Topics
	Groups        Groups
	Roles         Roles
	Keys          Keys
	Organizations Organizations
}
