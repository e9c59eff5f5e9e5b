package trail

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// endlessTopic has a further page of subscriptions that nobody confirmed,
// whatever page is asked for.
type endlessTopic struct{ SNS }

func (endlessTopic) ListSubscriptionsByTopic(context.Context, *sns.ListSubscriptionsByTopicInput, ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	return &sns.ListSubscriptionsByTopicOutput{
		Subscriptions: []types.Subscription{{SubscriptionArn: aws.String("PendingConfirmation")}}, NextToken: aws.String("more"),
	}, nil
}

// A list that was not read to its end says nothing about who is missing.
func TestSubscribersBeyondTheLastPageAreNotKnown(t *testing.T) {
	const arn = "arn:aws:sns:us-east-1:111122223333:alarms"
	heard := ReadAlarmTopic(t.Context(), endlessTopic{}, arn)
	if heard.Err == nil || !strings.Contains(heard.Err.Error(), arn) {
		t.Fatalf("%+v", heard)
	}
	w := Watch{
		Filters: []MetricFilter{{Name: "f", Pattern: AlarmControls()[0].Patterns[0], Metrics: []Metric{{"n", "m"}}}},
		Alarms:  []Alarm{{Name: "a", Metric: Metric{"n", "m"}, Enabled: true, Actions: []string{arn}}},
		Topics:  map[string]AlarmTopic{arn: heard},
	}
	if got := w.Check(AlarmControls()[0]); got.Met() || got.Broken != "" || !errors.Is(got.Err, heard.Err) {
		t.Errorf("it is judged although it is not known: %+v", got)
	}
}
