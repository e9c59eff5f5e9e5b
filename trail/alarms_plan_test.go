package trail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

// alarmAWS is the part of AWS that alarms need, with lists in pages of two.
type alarmAWS struct {
	filters     []logtypes.MetricFilter
	alarms      []cwtypes.MetricAlarm
	topics      map[string][]string // subscriptions by topic
	puts        int
	failPutting string // the filter or alarm whose writing fails
}

func (f *alarmAWS) clients() Clients {
	return Clients{
		Account:    Account{ID: "111122223333", Partition: "aws"},
		CloudTrail: func(string) CloudTrail { return alarmTrails{} },
		Logs:       func(string) Logs { return alarmLogs{f: f} },
		CloudWatch: func(string) CloudWatch { return alarmWatch{f} },
		SNS:        func(string) SNS { return alarmTopics{f: f} },
	}
}

type alarmTrails struct{ CloudTrail }

func (alarmTrails) GetTrailStatus(context.Context, *cloudtrail.GetTrailStatusInput, ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	return &cloudtrail.GetTrailStatusOutput{IsLogging: aws.Bool(true)}, nil
}

func page[T any](list []T, token *string) ([]T, *string) {
	from := len(aws.ToString(token))
	to := min(from+2, len(list))
	if to == len(list) {
		return list[from:to], nil
	}
	return list[from:to], aws.String(strings.Repeat("x", to))
}

type alarmLogs struct {
	Logs
	f *alarmAWS
}

func (l alarmLogs) DescribeMetricFilters(_ context.Context, in *cloudwatchlogs.DescribeMetricFiltersInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.DescribeMetricFiltersOutput, error) {
	if aws.ToString(in.LogGroupName) != "events" {
		return nil, &smithy.GenericAPIError{Code: "ResourceNotFoundException"}
	}
	list, next := page(l.f.filters, in.NextToken)
	return &cloudwatchlogs.DescribeMetricFiltersOutput{MetricFilters: list, NextToken: next}, nil
}

func (l alarmLogs) PutMetricFilter(_ context.Context, in *cloudwatchlogs.PutMetricFilterInput, _ ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.PutMetricFilterOutput, error) {
	if *in.FilterName == l.f.failPutting {
		return nil, errors.New("refused")
	}
	l.f.puts++
	l.f.filters = slices.DeleteFunc(l.f.filters, func(o logtypes.MetricFilter) bool { return *o.FilterName == *in.FilterName })
	l.f.filters = append(l.f.filters, logtypes.MetricFilter{FilterName: in.FilterName, FilterPattern: in.FilterPattern, MetricTransformations: in.MetricTransformations})
	return nil, nil
}

type alarmWatch struct{ f *alarmAWS }

func (w alarmWatch) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	list, next := page(w.f.alarms, in.NextToken)
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: list, NextToken: next}, nil
}

func (w alarmWatch) PutMetricAlarm(_ context.Context, in *cloudwatch.PutMetricAlarmInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricAlarmOutput, error) {
	if *in.AlarmName == w.f.failPutting {
		return nil, errors.New("refused")
	}
	w.f.puts++
	w.f.alarms = slices.DeleteFunc(w.f.alarms, func(o cwtypes.MetricAlarm) bool { return *o.AlarmName == *in.AlarmName })
	w.f.alarms = append(w.f.alarms, cwtypes.MetricAlarm{
		AlarmName: in.AlarmName, Namespace: in.Namespace, MetricName: in.MetricName, ActionsEnabled: in.ActionsEnabled,
		AlarmActions: in.AlarmActions, OKActions: in.OKActions, Threshold: in.Threshold, Statistic: in.Statistic, Period: in.Period,
	})
	return nil, nil
}

type alarmTopics struct {
	SNS
	f *alarmAWS
}

func (s alarmTopics) CreateTopic(_ context.Context, in *sns.CreateTopicInput, _ ...func(*sns.Options)) (*sns.CreateTopicOutput, error) {
	s.f.puts++
	arn := "arn:aws:sns:us-east-1:111122223333:" + *in.Name
	s.f.topics[arn] = nil
	return &sns.CreateTopicOutput{TopicArn: &arn}, nil
}

func (s alarmTopics) ListSubscriptionsByTopic(_ context.Context, in *sns.ListSubscriptionsByTopicInput, _ ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error) {
	subs, ok := s.f.topics[*in.TopicArn]
	if !ok {
		return nil, &smithy.GenericAPIError{Code: "NotFound"}
	}
	list, next := page(subs, in.NextToken)
	out := &sns.ListSubscriptionsByTopicOutput{NextToken: next}
	for _, a := range list {
		out.Subscriptions = append(out.Subscriptions, snstypes.Subscription{SubscriptionArn: &a})
	}
	return out, nil
}

var watchedTrail = Trail{
	Name: "main", ARN: ARN("aws", "us-east-1", "111122223333", "main"), HomeRegion: "us-east-1", MultiRegion: true,
	LogGroupARN: "arn:aws:logs:us-east-1:111122223333:log-group:events:*",
}

func planAlarms(t *testing.T, f *alarmAWS, spec AlarmSpec) Plan {
	t.Helper()
	state, err := DescribeAlarms(t.Context(), f.clients(), watchedTrail, spec)
	if err != nil {
		t.Fatal(err)
	}
	p, err := DiffAlarms(spec, state)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func changes(p Plan) []string {
	var list []string
	for _, s := range p.Steps {
		if s.Kind != Keep {
			list = append(list, string(s.Kind)+" "+s.Target)
		}
	}
	return list
}

func TestAlarmsTwiceAndAfterFailure(t *testing.T) {
	f := &alarmAWS{topics: map[string][]string{}, failPutting: "trailctl-vpc-changes"}
	spec := AlarmSpec{Topic: "alarms"}
	p := planAlarms(t, f, spec)
	if n := len(changes(p)); n != 31 {
		t.Fatalf("%d changes, want a topic and 15 filters and alarms", n)
	}
	if _, err := Apply(t.Context(), f.clients(), p, Options{}); err == nil {
		t.Fatal("the refused filter is no error")
	}
	f.failPutting = ""
	p = planAlarms(t, f, spec)
	if got := changes(p); len(got) != 4 {
		t.Fatalf("after the failure: %v", got)
	}
	if _, err := Apply(t.Context(), f.clients(), p, Options{}); err != nil {
		t.Fatal(err)
	}
	p = planAlarms(t, f, spec)
	if !p.Empty() {
		t.Errorf("a second time: %v", changes(p))
	}
	if !strings.Contains(strings.Join(p.Steps[0].Warnings, "\n"), "nobody is subscribed") {
		t.Errorf("nobody hears the alarms, and the warnings are %q", p.Steps[0].Warnings)
	}
	f.topics["arn:aws:sns:us-east-1:111122223333:alarms"] = []string{"PendingConfirmation", "PendingConfirmation", "arn:aws:sns:us-east-1:111122223333:alarms:1"}
	p = planAlarms(t, f, spec)
	if !p.Empty() || len(p.Steps) != 15 {
		t.Errorf("with a subscriber: %d steps, changes %v", len(p.Steps), changes(p))
	}
	w, err := ReadWatch(t.Context(), f.clients(), "us-east-1", "events")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range AlarmControls() {
		if got := w.Check(c); !got.Met() {
			t.Errorf("%s: %s", c.CIS, got.Broken)
		}
	}
}

func TestAlarmsLeaveForeignOnesAlone(t *testing.T) {
	const topicARN, other = "arn:aws:sns:us-east-1:111122223333:alarms", "arn:aws:sns:us-east-1:111122223333:other"
	filter := func(name, pattern, metric string) logtypes.MetricFilter {
		return logtypes.MetricFilter{FilterName: &name, FilterPattern: &pattern, MetricTransformations: []logtypes.MetricTransformation{{MetricNamespace: aws.String("Mine"), MetricName: &metric}}}
	}
	alarm := func(name, metric string, on bool, actions ...string) cwtypes.MetricAlarm {
		return cwtypes.MetricAlarm{AlarmName: &name, Namespace: aws.String("Mine"), MetricName: &metric, ActionsEnabled: &on, AlarmActions: actions, OKActions: []string{"ok"}, Threshold: aws.Float64(7)}
	}
	root := ` { ($.userIdentity.type = Root) && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") } `
	tests := map[string]struct {
		filters []logtypes.MetricFilter
		alarms  []cwtypes.MetricAlarm
		want    []string
	}{
		"nothing":              {nil, nil, []string{"create metric filter trailctl-root-usage", "create alarm trailctl-root-usage"}},
		"all of it, foreign":   {[]logtypes.MetricFilter{filter("x", root, "m")}, []cwtypes.MetricAlarm{alarm("a", "m", true, other)}, nil},
		"the filter":           {[]logtypes.MetricFilter{filter("x", root, "m")}, nil, []string{"create alarm trailctl-root-usage"}},
		"an alarm that is off": {[]logtypes.MetricFilter{filter("x", root, "m")}, []cwtypes.MetricAlarm{alarm("a", "m", false, other)}, []string{"create alarm trailctl-root-usage"}},
		"an alarm on another":  {[]logtypes.MetricFilter{filter("x", root, "m")}, []cwtypes.MetricAlarm{alarm("a", "n", true, other)}, []string{"create alarm trailctl-root-usage"}},
		"another pattern":      {[]logtypes.MetricFilter{filter("x", "{ $.eventName = Other }", "m")}, nil, []string{"create metric filter trailctl-root-usage", "create alarm trailctl-root-usage"}},
		"ours, broken": {[]logtypes.MetricFilter{filter("trailctl-root-usage", "{ $.a = b }", "m")}, []cwtypes.MetricAlarm{alarm("trailctl-root-usage", "m", false, "arn:aws:sns:us-east-1:111122223333:third")},
			[]string{"change metric filter trailctl-root-usage", "change alarm trailctl-root-usage"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &alarmAWS{filters: tt.filters, alarms: tt.alarms, topics: map[string][]string{topicARN: {topicARN + ":1"}, other: {other + ":1"}}}
			spec := AlarmSpec{Topic: topicARN, Controls: []string{"CloudWatch.1"}}
			p := planAlarms(t, f, spec)
			if got := changes(p); !slices.Equal(got, tt.want) {
				t.Fatalf("%v, want %v", got, tt.want)
			}
			foreign := slices.Clone(tt.alarms)
			if _, err := Apply(t.Context(), f.clients(), p, Options{}); err != nil {
				t.Fatal(err)
			}
			for _, a := range foreign {
				i := slices.IndexFunc(f.alarms, func(o cwtypes.MetricAlarm) bool { return *o.AlarmName == *a.AlarmName })
				if i < 0 || *f.alarms[i].Threshold != 7 || !slices.Equal(f.alarms[i].OKActions, a.OKActions) {
					t.Errorf("alarm %s has lost something", *a.AlarmName)
				}
				for _, action := range a.AlarmActions {
					if i >= 0 && !slices.Contains(f.alarms[i].AlarmActions, action) {
						t.Errorf("alarm %s no longer tells %s", *a.AlarmName, action)
					}
				}
			}
			if p := planAlarms(t, f, spec); !p.Empty() {
				t.Errorf("a second time: %v", changes(p))
			}
		})
	}
}

func TestAlarmsRefuse(t *testing.T) {
	for name, spec := range map[string]AlarmSpec{
		"topic name":    {Topic: "no/name"},
		"no topic":      {},
		"control":       {Topic: "alarms", Controls: []string{"4.16"}},
		"empty control": {Topic: "alarms", Controls: []string{""}},
	} {
		if err := spec.Validate(); !errors.Is(err, ErrSpec) {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := &alarmAWS{topics: map[string][]string{}}
	if _, err := DescribeAlarms(t.Context(), f.clients(), watchedTrail, AlarmSpec{Topic: "arn:aws:sns:eu-west-1:111122223333:alarms"}); !errors.Is(err, ErrSpec) {
		t.Errorf("a topic of another region: %v", err)
	}
	foreign := watchedTrail
	foreign.ARN = ARN("aws", "us-east-1", "999999999999", "main")
	if _, err := DescribeAlarms(t.Context(), f.clients(), foreign, AlarmSpec{Topic: "alarms"}); !errors.Is(err, ErrSpec) {
		t.Errorf("another account's trail: %v", err)
	}
	without := watchedTrail
	without.LogGroupARN = ""
	if _, err := DescribeAlarms(t.Context(), f.clients(), without, AlarmSpec{Topic: "alarms"}); !errors.Is(err, ErrNotInLogs) {
		t.Errorf("a trail without a log group: %v", err)
	}
}
