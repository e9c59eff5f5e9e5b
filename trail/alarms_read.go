package trail

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Watch is who watches a log group: its metric filters, the alarms on their
// metrics, and the topics that these alarms tell.
type Watch struct {
	Region, Group string
	Filters       []MetricFilter
	Alarms        []Alarm               // on the filters' metrics, and those with names of ours
	Topics        map[string]AlarmTopic // of these alarms, by ARN
}

// MetricFilter is a metric filter of a log group.
type MetricFilter struct {
	Name, Pattern string
	Metrics       []Metric
}

// Metric is where a filter counts.
type Metric struct{ Namespace, Name string }

// Alarm is a CloudWatch alarm on a metric.
type Alarm struct {
	Name    string
	Metric  Metric
	Enabled bool     // its actions are
	Actions []string // ARNs

	whole types.MetricAlarm // to be written back with everything it has
}

// AlarmTopic is an SNS topic as far as an alarm needs it.
type AlarmTopic struct {
	Subscriber string // the ARN of a confirmed subscription; "" for none
	Pending    int    // subscriptions that nobody has confirmed yet
	Err        error  // why they could not be read
}

// mostPages bounds what is read of lists that somebody else may fill.
const mostPages = 100

// ReadWatch reads who watches a log group. The alarms of the region are read
// once, whatever their number; the topics are asked for their subscriptions.
// It fails with ErrGone when there is no such group.
func ReadWatch(ctx context.Context, clients Clients, region, group string) (Watch, error) {
	w := Watch{Region: region, Group: group, Topics: map[string]AlarmTopic{}}
	var err error
	if w.Filters, err = readFilters(ctx, clients.Logs(region), group); err != nil {
		return w, err
	}
	metrics := map[Metric]bool{}
	for _, f := range w.Filters {
		for _, m := range f.Metrics {
			metrics[m] = true
		}
	}
	if w.Alarms, err = readAlarms(ctx, clients.CloudWatch(region), region, metrics); err != nil {
		return w, err
	}
	for _, a := range w.Alarms {
		for _, action := range a.Actions {
			at, ok := topicRegion(action)
			if _, known := w.Topics[action]; !ok || known {
				continue
			}
			w.Topics[action] = ReadAlarmTopic(ctx, clients.SNS(at), action)
		}
	}
	return w, ctx.Err()
}

func readFilters(ctx context.Context, client Logs, group string) ([]MetricFilter, error) {
	var list []MetricFilter
	in := &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &group}
	for range mostPages {
		out, err := client.DescribeMetricFilters(ctx, in)
		if errorCode(err) == "ResourceNotFound" {
			return nil, fmt.Errorf("log group %s: %w", group, ErrGone)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the metric filters of log group %s: %w", group, err)
		}
		for _, f := range out.MetricFilters {
			one := MetricFilter{Name: aws.ToString(f.FilterName), Pattern: aws.ToString(f.FilterPattern)}
			for _, t := range f.MetricTransformations {
				one.Metrics = append(one.Metrics, Metric{aws.ToString(t.MetricNamespace), aws.ToString(t.MetricName)})
			}
			list = append(list, one)
		}
		if aws.ToString(out.NextToken) == "" {
			return list, nil
		}
		in.NextToken = out.NextToken
	}
	return nil, fmt.Errorf("reading the metric filters of log group %s: more than %d pages", group, mostPages)
}

func readAlarms(ctx context.Context, client CloudWatch, region string, metrics map[Metric]bool) ([]Alarm, error) {
	var list []Alarm
	in := &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}}
	for range mostPages {
		out, err := client.DescribeAlarms(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("reading the alarms of %s: %w", region, err)
		}
		for _, a := range out.MetricAlarms {
			m := Metric{aws.ToString(a.Namespace), aws.ToString(a.MetricName)}
			one := Alarm{Name: aws.ToString(a.AlarmName), Metric: m, Enabled: aws.ToBool(a.ActionsEnabled), Actions: a.AlarmActions, whole: a}
			if metrics[m] && len(a.Dimensions) == 0 || strings.HasPrefix(one.Name, AlarmPrefix) {
				list = append(list, one)
			}
		}
		if aws.ToString(out.NextToken) == "" {
			return list, nil
		}
		in.NextToken = out.NextToken
	}
	return nil, fmt.Errorf("reading the alarms of %s: more than %d pages", region, mostPages)
}

// topicRegion tells an SNS topic from other targets of an alarm.
func topicRegion(action string) (string, bool) {
	a, err := arn.Parse(action)
	return a.Region, err == nil && a.Service == "sns"
}

// ReadAlarmTopic asks who hears of an alarm. A subscription counts once it is
// confirmed: until then its ARN is "PendingConfirmation" (SNS API reference,
// ListSubscriptionsByTopic).
func ReadAlarmTopic(ctx context.Context, client SNS, topicARN string) AlarmTopic {
	var t AlarmTopic
	in := &sns.ListSubscriptionsByTopicInput{TopicArn: &topicARN}
	for range mostPages {
		out, err := client.ListSubscriptionsByTopic(ctx, in)
		if err != nil {
			t.Err = fmt.Errorf("reading the subscriptions of %s: %w", topicARN, err)
			return t
		}
		for _, s := range out.Subscriptions {
			if strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") {
				t.Subscriber = aws.ToString(s.SubscriptionArn)
				return t
			}
			t.Pending++
		}
		if aws.ToString(out.NextToken) == "" {
			return t
		}
		in.NextToken = out.NextToken
	}
	t.Err = fmt.Errorf("reading the subscriptions of %s: more than %d pages", topicARN, mostPages)
	return t
}

// Watched is how far a control is met: each field is empty where the chain
// from filter to subscriber breaks before it.
type Watched struct {
	Filter, Alarm, Topic, Subscriber string

	Broken string // what is missing, in words; "" when nothing is
	// Unheard is true when a confirmed subscription is all that is missing.
	Unheard bool
	Err     error // why the end of the chain is not known
}

// Met tells whether somebody hears of it.
func (w Watched) Met() bool { return w.Broken == "" && w.Err == nil }

// Check follows a control from its metric filter over metric, alarm and topic
// to a subscriber, and reports the way that gets furthest.
func (w Watch) Check(c AlarmControl) Watched {
	best := Watched{Broken: "no metric filter has the pattern for it"}
	rank := 0
	consider := func(r int, found Watched) {
		if r > rank {
			rank, best = r, found
		}
	}
	for _, f := range w.Filters {
		if !c.Satisfies(f.Pattern) {
			continue
		}
		found := Watched{Filter: f.Name, Broken: "metric filter " + f.Name + " has no alarm on its metric"}
		consider(1, found)
		for _, a := range w.Alarms {
			if !slices.Contains(f.Metrics, a.Metric) {
				continue
			}
			found := found
			found.Alarm = a.Name
			found.Broken = "alarm " + a.Name + " tells no SNS topic"
			if !a.Enabled {
				found.Broken = "the actions of alarm " + a.Name + " are switched off"
			}
			consider(2, found)
			if a.Enabled {
				w.follow(a, found, consider)
			}
		}
	}
	return best
}

func (w Watch) follow(a Alarm, found Watched, consider func(int, Watched)) {
	for _, action := range a.Actions {
		t, ok := w.Topics[action]
		if !ok {
			continue
		}
		found := found
		found.Topic = action
		switch {
		case errorCode(t.Err) == "NotFound":
			found.Broken = "topic " + action + " of alarm " + a.Name + " does not exist"
			consider(3, found)
		case t.Err != nil:
			found.Broken, found.Err = "", t.Err
			consider(4, found)
		case t.Subscriber == "" && t.Pending > 0:
			found.Unheard = true
			found.Broken = fmt.Sprintf("topic %s has no confirmed subscription, %d wait for confirmation", action, t.Pending)
			consider(3, found)
		case t.Subscriber == "":
			found.Unheard = true
			found.Broken = "nobody is subscribed to topic " + action
			consider(3, found)
		default:
			found.Broken, found.Subscriber = "", t.Subscriber
			consider(5, found)
		}
	}
}

// GroupOf is the region and name of the log group that a trail sends to, from
// its ARN.
func GroupOf(t Trail) (region, name string, err error) {
	a, err := arn.Parse(t.LogGroupARN)
	rest, ok := strings.CutPrefix(a.Resource, "log-group:")
	if err != nil || !ok {
		return "", "", fmt.Errorf("trail %s: %q is not the ARN of a log group", t.Name, t.LogGroupARN)
	}
	return a.Region, strings.TrimSuffix(rest, ":*"), nil
}
