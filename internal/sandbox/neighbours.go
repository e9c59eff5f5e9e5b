package sandbox

import (
	"context"

	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/iam"
	"trailctl/internal/sandbox/kms"
	"trailctl/internal/sandbox/logs"
	"trailctl/internal/sandbox/organizations"
	"trailctl/internal/sandbox/s3"
	"trailctl/internal/sandbox/sns"
)

// The sandbox's services as they see each other. They always answer.

// store is S3 as CloudTrail delivers to it.
type store struct{ *s3.Service }

// Bucket looks at a bucket.
func (s store) Bucket(_ context.Context, name string) (*cloudtrail.BucketState, error) {
	region, ok := s.BucketRegion(name)
	if !ok {
		return nil, nil
	}
	may := func(principal, action, key string, conditions map[string]string) bool {
		return s.ServiceMay(s3.ServiceRequest{
			Principal: principal, Action: action, Bucket: name, Key: key, Conditions: conditions,
		})
	}
	return &cloudtrail.BucketState{Region: region, PolicyChanged: s.PolicyChanged(name), May: may}, nil
}

// Put stores an object.
func (s store) Put(_ context.Context, o cloudtrail.Object) error {
	return s.PutEncrypted(o.Bucket, o.Key, o.Body, o.ContentType, o.ContentEncoding, o.Metadata, o.KMSKey)
}

// topics is SNS as S3 publishes to it.
type topics struct{ *sns.Service }

// Exists tells whether there is a topic.
func (t topics) Exists(arn string) bool { return t.Topic(arn) }

// notices is SNS as CloudTrail publishes to it, without attributes.
type notices struct{ sns *sns.Service }

// Topic looks at a topic.
func (n notices) Topic(_ context.Context, arn string) (*cloudtrail.TopicState, error) {
	if !n.sns.Topic(arn) {
		return nil, nil
	}
	may := func(principal, action string, conditions map[string]string) bool {
		return n.sns.May(principal, action, arn, conditions)
	}
	return &cloudtrail.TopicState{PolicyChanged: n.sns.PolicyChanged(arn), May: may}, nil
}

// Publish sends a message to a topic.
func (n notices) Publish(_ context.Context, arn, subject, message string) error {
	return n.sns.Publish(arn, subject, message, nil)
}

// roles is IAM as CloudTrail asks it.
type roles struct{ iam *iam.Service }

// Role looks at a role.
func (r roles) Role(_ context.Context, arn string) (*cloudtrail.RoleState, error) {
	if !r.iam.Role(arn) {
		return nil, nil
	}
	return &cloudtrail.RoleState{
		Changed: r.iam.Changed(arn),
		Assumable: func(principal string, conditions map[string]string) bool {
			return r.iam.Assumable(arn, principal, conditions)
		},
		May: func(action, resource string) bool { return r.iam.May(arn, action, resource) },
	}, nil
}

// keys is KMS as CloudTrail asks it.
type keys struct{ kms *kms.Service }

// Key looks at a key.
func (k keys) Key(_ context.Context, account, region, id string) (*cloudtrail.KeyState, error) {
	arn, ok := k.kms.Find(account, region, id)
	if !ok {
		return nil, nil
	}
	may := func(principal, action string, conditions map[string]string) bool {
		return k.kms.May(principal, action, arn, conditions)
	}
	return &cloudtrail.KeyState{ARN: arn, Enabled: k.kms.Enabled(arn), Changed: k.kms.Changed(arn), May: may}, nil
}

// groups is CloudWatch Logs as CloudTrail writes to it.
type groups struct{ logs *logs.Service }

// Group looks at a log group.
func (g groups) Group(_ context.Context, account, region, name string) (*cloudtrail.GroupState, error) {
	if !g.logs.Group(account, region, name) {
		return nil, nil
	}
	return &cloudtrail.GroupState{Created: g.logs.Changed(account, region, name)}, nil
}

// PutEvents writes events to a log group.
func (g groups) PutEvents(_ context.Context, account, region, group, stream string, events []cloudtrail.LogEvent) error {
	list := make([]logs.Event, len(events))
	for i, e := range events {
		list[i] = logs.Event{Time: e.Time, Message: e.Message}
	}
	return g.logs.PutEvents(account, region, group, stream, list)
}

// accounts is Organizations as CloudTrail asks it.
type accounts struct{ organizations *organizations.Service }

// Organization is the organization of an account.
func (a accounts) Organization(_ context.Context, account string) (*cloudtrail.OrganizationState, error) {
	id, management, ok := a.organizations.Organization(account)
	if !ok {
		return nil, nil
	}
	return &cloudtrail.OrganizationState{ID: id, Management: management}, nil
}

// Members lists the accounts of an account's organization.
func (a accounts) Members(_ context.Context, account string) ([]string, error) {
	return a.organizations.Members(account), nil
}

// Trusts tells whether a service has trusted access.
func (a accounts) Trusts(_ context.Context, account, principal string) (bool, error) {
	return a.organizations.Trusts(account, principal), nil
}
