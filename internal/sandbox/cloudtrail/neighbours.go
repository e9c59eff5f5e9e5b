package cloudtrail

import (
	"context"
	"time"
)

// What CloudTrail asks of the services around it. An ARN that a Service hands
// over may be of any account or region. What does not exist is answered with
// nil or false. An error means that the question stays open: "could not ask" is
// never "no". A *call.Error is the neighbour's own refusal; any other error says
// that no answer came. Each question ends with its context, and by itself when
// no answer comes for some seconds.
//
// The functions in an answer ask nobody any more; they may be called later.

// Bucket is the S3 that CloudTrail delivers to.
type Bucket interface {
	// Bucket is a bucket by its name; nil when there is none.
	Bucket(ctx context.Context, name string) (*BucketState, error)
	// Put stores an object.
	Put(ctx context.Context, o Object) error
}

// BucketState is what CloudTrail knows of a bucket.
type BucketState struct {
	Region string
	// PolicyChanged is when the policy was last put or deleted; zero when that
	// is not known.
	PolicyChanged time.Time
	// May tells whether the policy allows an action to a service principal. key
	// is empty for an action on the bucket itself.
	May func(principal, action, key string, conditions map[string]string) bool
}

// Object is a file on its way into a bucket.
type Object struct {
	Bucket, Region, Key          string // Region is the bucket's
	Account                      string // of the trail
	Body                         []byte
	ContentType, ContentEncoding string
	Metadata                     map[string]string // lower-case names
	KMSKey                       string            // ARN of the key that encrypts it; empty leaves it to the bucket
}

// Topics is the SNS that CloudTrail notifies.
type Topics interface {
	// Topic is a topic by its ARN; nil when there is none.
	Topic(ctx context.Context, arn string) (*TopicState, error)
	// Publish sends a message to the topic's subscribers.
	Publish(ctx context.Context, arn, subject, message string) error
}

// TopicState is what CloudTrail knows of a topic.
type TopicState struct {
	PolicyChanged time.Time // zero when that is not known
	// May tells whether the policy allows an action to a service principal.
	May func(principal, action string, conditions map[string]string) bool
}

// LogEvent is an event on its way into a log group.
type LogEvent struct {
	Time    time.Time
	Message string
}

// Groups is the CloudWatch Logs that CloudTrail writes to.
type Groups interface {
	// Group is a log group; nil when there is none.
	Group(ctx context.Context, account, region, name string) (*GroupState, error)
	// PutEvents writes events to a stream of a group, which is made when it is
	// not there. The events are in the order of time, and within the limits of
	// one PutLogEvents.
	PutEvents(ctx context.Context, account, region, group, stream string, events []LogEvent) error
}

// GroupState is what CloudTrail knows of a log group.
type GroupState struct {
	Created time.Time // zero when that is not known
}

// Roles is the IAM whose roles CloudTrail takes on.
type Roles interface {
	// Role is a role by its ARN; nil when there is none.
	Role(ctx context.Context, arn string) (*RoleState, error)
}

// RoleState is what CloudTrail knows of a role.
type RoleState struct {
	Changed time.Time // the role or one of its policies; zero when that is not known
	// Assumable tells whether the trust policy lets a service take the role on.
	Assumable func(principal string, conditions map[string]string) bool
	// May tells whether the role's policies allow an action.
	May func(action, resource string) bool
}

// Keys is the KMS that encrypts what is delivered.
type Keys interface {
	// Key is a key by its id, its alias or the ARN of either; nil when there is
	// none.
	Key(ctx context.Context, account, region, id string) (*KeyState, error)
}

// KeyState is what CloudTrail knows of a key.
type KeyState struct {
	ARN     string
	Enabled bool
	Changed time.Time // the key or its policy; zero when that is not known
	// May tells whether the key's policy allows an action to a service principal.
	May func(principal, action string, conditions map[string]string) bool
}

// Organizations tells which accounts belong together.
type Organizations interface {
	// Organization is that of an account; nil when it is in none.
	Organization(ctx context.Context, account string) (*OrganizationState, error)
	// Members lists the accounts of the organization that an account manages;
	// none when it manages none. It is asked often, and may answer what it was
	// told a moment ago.
	Members(ctx context.Context, account string) ([]string, error)
	// Trusts tells whether the organization that an account manages has enabled
	// a service principal.
	Trusts(ctx context.Context, account, principal string) (bool, error)
}

// OrganizationState is what CloudTrail knows of an organization.
type OrganizationState struct{ ID, Management string }

// Neighbours are the services around CloudTrail.
type Neighbours struct {
	Bucket        Bucket
	Topics        Topics
	Groups        Groups
	Roles         Roles
	Keys          Keys
	Organizations Organizations
}
