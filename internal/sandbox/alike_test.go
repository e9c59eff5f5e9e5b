package sandbox

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// A call that fails is recorded in one way (assumption A21), whether the
// sandbox has answered it or has read its answer as it passed. Each call makes
// both records: one in front of another sandbox, one in that sandbox.
func TestFailuresAreRecordedAlike(t *testing.T) {
	_, front, behind := newUpstreamed(t, Options{})
	ctx, made, nobody := t.Context(), aws.String("made"), aws.String("nobody")
	roles, topics := front.iam(), front.sns()
	const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	create := &iam.CreateRoleInput{RoleName: made, AssumeRolePolicyDocument: aws.String(trust)}
	_, err := roles.CreateRole(ctx, create)
	need(t, err)
	attach := &iam.AttachRolePolicyInput{RoleName: made, PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}
	_, err = roles.AttachRolePolicy(ctx, attach)
	need(t, err)
	tests := []struct {
		want string
		call func() (any, error)
	}{
		{"iam.amazonaws.com GetRole NoSuchEntityException", func() (any, error) {
			return roles.GetRole(ctx, &iam.GetRoleInput{RoleName: nobody})
		}},
		{"iam.amazonaws.com CreateRole EntityAlreadyExistsException", func() (any, error) {
			return roles.CreateRole(ctx, create)
		}},
		{"iam.amazonaws.com PutRolePolicy MalformedPolicyDocumentException", func() (any, error) {
			return roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: made, PolicyName: nobody, PolicyDocument: nobody})
		}},
		{"iam.amazonaws.com DeleteRole DeleteConflictException", func() (any, error) {
			return roles.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: made})
		}},
		{"iam.amazonaws.com AttachRolePolicy InvalidInputException", func() (any, error) {
			return roles.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: made, PolicyArn: aws.String("arn:aws:iam:no:such:thing")})
		}},
		{"iam.amazonaws.com UpdateAssumeRolePolicy LimitExceededException", func() (any, error) {
			long := strings.Replace(trust, "cloudtrail", strings.Repeat("a", 2100), 1)
			return roles.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: made, PolicyDocument: &long})
		}},
		{"iam.amazonaws.com ListRoles ValidationException", func() (any, error) {
			return roles.ListRoles(ctx, &iam.ListRolesInput{MaxItems: aws.Int32(1001)})
		}},
		{"sts.amazonaws.com GetSessionToken ValidationError", func() (any, error) {
			return front.sts().GetSessionToken(ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(1)})
		}},
		{"s3.amazonaws.com GetBucketPolicy NoSuchBucket", func() (any, error) {
			return front.s3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: nobody})
		}},
		{"sns.amazonaws.com GetTopicAttributes NotFound", func() (any, error) {
			return topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:nobody")})
		}},
		{"sns.amazonaws.com CreateTopic InvalidParameter", func() (any, error) {
			return topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("no topic")})
		}},
		{"sqs.amazonaws.com GetQueueUrl AWS.SimpleQueueService.NonExistentQueue", func() (any, error) {
			return front.sqs().GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: nobody})
		}},
		{"logs.amazonaws.com DescribeLogStreams ResourceNotFoundException", func() (any, error) {
			return front.logs().DescribeLogStreams(ctx, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: nobody})
		}},
		{"kms.amazonaws.com DescribeKey NotFoundException", func() (any, error) {
			return front.kms().DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/nobody")})
		}},
		{"organizations.amazonaws.com DescribeOrganization AWSOrganizationsNotInUseException", func() (any, error) {
			return front.organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
		}},
	}
	for _, tt := range tests {
		if _, err := tt.call(); err == nil {
			t.Errorf("%s: the call went well", tt.want)
		}
		passed, answered := newest(t, front), newest(t, behind)
		if passed != tt.want || answered != tt.want {
			t.Errorf("want %s\nas it passed: %s\nas answered: %s", tt.want, passed, answered)
		}
	}
}

// newest is the newest record in the event history but LookupEvents itself:
// event source, name and error code.
func newest(t *testing.T, c caller) string {
	t.Helper()
	out, err := c.trails().LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(8)},
		func(o *cloudtrail.Options) { o.RetryMaxAttempts = 5 })
	need(t, err)
	for _, e := range out.Events {
		var r struct{ EventSource, EventName, ErrorCode string }
		need(t, json.Unmarshal([]byte(*e.CloudTrailEvent), &r))
		if r.EventName != "LookupEvents" {
			return r.EventSource + " " + r.EventName + " " + r.ErrorCode
		}
	}
	return "nothing"
}
