package cli

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"trailctl/internal/awsconf"
	"trailctl/logs/tail"
	"trailctl/trail"
)

// queueLook bounds how long a queue is looked at before it is followed.
const queueLook = 5 * time.Second

// doubtQueue warns of a queue that no message can reach: following it would be
// silent for ever. It is a courtesy: what may not be read is not mentioned.
func (o *logsTailOptions) doubtQueue(ctx context.Context, cfg *awsconf.Config, client *sqs.Client, address string, found trail.Trail) {
	ctx, cancel := context.WithTimeout(ctx, queueLook)
	defer cancel()
	out, err := client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &address, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNamePolicy, types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return
	}
	const how = "hint: docs/tail.md has the commands that make a queue that hears of log files"
	senders, ok := tail.Senders(out.Attributes[string(types.QueueAttributeNamePolicy)])
	if ok && len(senders) == 0 {
		o.app.warn("nothing may come: the policy of the queue %s lets neither SNS nor S3 nor EventBridge send to it", o.queue)
		o.app.note(how)
		return
	}
	queue := out.Attributes[string(types.QueueAttributeNameQueueArn)]
	if !slices.Equal(senders, []string{"sns"}) || found.TopicARN == "" || queue == "" {
		return
	}
	if subscribed, ok := isSubscribed(ctx, cfg, found.TopicARN, queue); ok && !subscribed {
		o.app.warn("nothing may come: the queue %s is not subscribed to the trail's topic %s", o.queue, found.TopicARN)
		o.app.note(how)
	}
}

// maxSubscriptionPages bounds the look at a topic's subscriptions, of which
// there are 100 a page.
const maxSubscriptionPages = 50

// isSubscribed tells whether a queue is subscribed to a topic; ok is false
// when that cannot be known.
func isSubscribed(ctx context.Context, cfg *awsconf.Config, topic, queue string) (subscribed, ok bool) {
	id, err := arn.Parse(topic)
	if err != nil {
		return false, false
	}
	in := &sns.ListSubscriptionsByTopicInput{TopicArn: &topic}
	for range maxSubscriptionPages {
		out, err := cfg.SNS(id.Region).ListSubscriptionsByTopic(ctx, in)
		if err != nil {
			return false, false
		}
		for _, s := range out.Subscriptions {
			if aws.ToString(s.Endpoint) == queue {
				return true, true
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return false, true
		}
		in.NextToken = out.NextToken
	}
	return false, false
}
