package trail

import (
	"time"

	"trailctl/bucket"
)

// Whole is a trail with everything around it, as it is: what "trail show"
// prints, what an audit looks at, and what an export recreates. A part is nil
// when the trail has none, or when it could not be read; Unread says which.
type Whole struct {
	Trail     Trail
	Account   Account
	Logging   bool
	Tags      map[string]string
	Selectors *Selectors
	Insights  *Insights

	Bucket *BucketPart
	Topic  *TopicPart
	Group  *GroupPart
	Role   *RolePart
	Key    *KeyPart

	// Unread are the parts that could not be read or are gone (ErrGone), by
	// name: "logging", "tags", "selectors", "insights", "bucket", "bucket
	// policy", "bucket " and the name of a setting, "notifications", "topic",
	// "log group", "role", "key". Of the last four and the bucket a part may
	// have been read and be there.
	Unread map[string]error
}

// BucketPart is the bucket that receives the log files.
type BucketPart struct {
	Name string
	bucket.Place
	Settings      bucket.Settings
	Policy        string // JSON; "" for none
	Notifications *bucket.Notifications
}

// TopicPart is the topic that CloudTrail publishes to.
type TopicPart struct {
	ARN, Name string
	Policy    string // JSON
	// Attributes are all that SNS says of it (SNS API reference,
	// GetTopicAttributes), also the policy.
	Attributes map[string]string
	Tags       map[string]string
}

// GroupPart is the log group that receives events.
type GroupPart struct {
	ARN       string // without :* at its end
	Name      string
	Retention int32 // days; 0 for ever
	KMSKey    string
	Class     string // "STANDARD", ...; "" when it was not said
	// Filters is the number of metric filters, and Masked tells that it has a
	// policy that masks data.
	Filters int32
	Masked  bool
	// Protected tells that it cannot be deleted as long as that is so.
	Protected bool
	Tags      map[string]string
}

// RolePart is the role with which CloudTrail writes to the log group.
type RolePart struct {
	ARN, Name, Path string
	Description     string
	Boundary        string            // the ARN of its permissions boundary; "" for none
	MaxSession      int32             // seconds; 0 when it was not said
	Trust           string            // JSON
	Inline          map[string]string // policies by name, JSON
	Attached        []string          // ARNs of managed policies
	Tags            map[string]string
	Created         time.Time
}

// KeyPart is the KMS key that encrypts the log files.
type KeyPart struct {
	ARN      string
	State    string // "Enabled", ...
	Manager  string // "CUSTOMER" or "AWS"
	Rotation *bool  // nil: not known
	Policy   string // JSON
}
