package topic

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/internal/policy"
)

// The Sids of our statements. CloudTrail's is that of its documentation
// ("Amazon SNS topic policy for CloudTrail"), which the console writes, too.
const (
	TrailSid  = "AWSCloudTrailSNSPolicy20131101"
	BucketSid = "S3EventNotifications"
)

const publish = "SNS:Publish"

// MaxPolicy is how large a topic's policy may be, in bytes (SNS quotas:
// 30 KB).
const MaxPolicy = 30 * 1024

// TrailGrant lets CloudTrail publish for the sake of trails, named by ARN.
func TrailGrant(topicARN string, trails ...string) policy.Grant {
	return policy.Grant{
		Sid: TrailSid, Service: "cloudtrail.amazonaws.com", Action: publish,
		Resource: topicARN, SourceARNs: trails,
	}
}

// BucketGrant lets S3 publish the events of one bucket, and only while that
// account owns it: a bucket's ARN does not say whose it is.
func BucketGrant(topicARN, bucketARN, account string) policy.Grant {
	return policy.Grant{
		Sid: BucketSid, Service: "s3.amazonaws.com", Action: publish,
		Resource: topicARN, SourceARNs: []string{bucketARN},
		Equals: map[string]string{"aws:SourceAccount": account},
	}
}

// Merge puts grants into a topic's policy text, leaving everything else as it
// is.
func Merge(topicARN, before string, grants ...policy.Grant) (policy.Change, error) {
	c, err := policy.Merge(before, grants)
	if err == nil {
		err = c.Within(MaxPolicy)
	}
	if err != nil {
		return policy.Change{}, fmt.Errorf("the policy of topic %s: %w", topicARN, err)
	}
	return c, nil
}

// Allow writes grants into a topic's policy: merged into what stands there at
// that moment and read back after, as policy.Store does it, with the one gap
// that it speaks of. The statement that AWS puts into every new topic stays,
// and so does everyone else's that the read shows.
func Allow(ctx context.Context, client Client, topicARN string, grants []policy.Grant, sleep policy.Sleep) (policy.Change, error) {
	return store(client, topicARN).Allow(ctx, grants, sleep)
}

// Revoke takes grants back in the same way. A policy that is left without any
// statement is replaced by the one that SNS gives a new topic, since a topic
// cannot be without.
func Revoke(ctx context.Context, client Client, topicARN string, grants []policy.Grant, sleep policy.Sleep) (policy.Change, error) {
	return store(client, topicARN).Revoke(ctx, grants, sleep)
}

func store(client Client, arn string) policy.Store {
	return policy.Store{
		Name: "the policy of topic " + arn,
		Max:  MaxPolicy,
		Read: func(ctx context.Context) (string, error) {
			out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
			if err != nil {
				return "", fmt.Errorf("reading the policy of topic %s: %w", arn, classify(err))
			}
			return out.Attributes["Policy"], nil
		},
		Write: func(ctx context.Context, text string) error {
			if text == "" {
				text = DefaultPolicy(arn)
			}
			_, err := client.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
				TopicArn: &arn, AttributeName: aws.String("Policy"), AttributeValue: &text,
			})
			if err != nil {
				return fmt.Errorf("writing the policy of topic %s: %w", arn, classify(err))
			}
			return nil
		},
	}
}

// DefaultPolicy is the policy that SNS gives a new topic: its account may use
// it (SNS developer guide, "Default access policy"). It is what Allow on a
// topic that does not exist yet is planned against.
func DefaultPolicy(arn string) string {
	ref, err := ParseARN(arn)
	if err != nil {
		return ""
	}
	s := policy.Statement{
		Sid: "__default_statement_ID", Effect: "Allow",
		Principals: map[string][]string{"AWS": {"*"}},
		Actions: []string{
			"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
			"SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
		},
		Resources:  []string{arn},
		Conditions: map[string]map[string][]string{"StringEquals": {"AWS:SourceOwner": {ref.Account}}},
	}
	return `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[` + string(s.JSON()) + `]}`
}
