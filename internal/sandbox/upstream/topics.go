package upstream

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/iampolicy"
)

// topics is the upstream's SNS.
type topics struct{ *clients }

// inARN are the clients for what an ARN names.
func (c *clients) inARN(arn string) (at *set, account string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return c.in("", ""), c.Account
	}
	return c.in(parts[4], parts[3]), parts[4]
}

// Topic looks at a topic. When its policy was put is not known.
func (t topics) Topic(ctx context.Context, arn string) (*cloudtrail.TopicState, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	at, account := t.inARN(arn)
	out, err := at.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if err = t.refusal(err); isRefusal(err, "NotFound", "NotFoundException") {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	policy := t.parse(out.Attributes["Policy"], "topic "+arn, iampolicy.Parse)
	may := func(principal, action string, conditions map[string]string) bool {
		return policy.AllowsService(iampolicy.ServiceRequest{
			Principal: principal, Action: action, Resource: arn, Account: account, Time: t.Now(), Conditions: conditions,
		})
	}
	return &cloudtrail.TopicState{May: may}, nil
}

// Publish sends a message to a topic, once.
func (t topics) Publish(ctx context.Context, arn, subject, message string) error {
	ctx, cancel := question(ctx)
	defer cancel()
	in := &sns.PublishInput{TopicArn: &arn, Message: &message}
	if subject != "" {
		in.Subject = aws.String(subject)
	}
	at, _ := t.inARN(arn)
	_, err := at.sns.Publish(ctx, in, func(o *sns.Options) { o.Retryer = newOnce() })
	return t.refusal(err)
}
