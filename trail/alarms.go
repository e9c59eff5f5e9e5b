package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"trailctl/internal/awserr"
	"trailctl/internal/topic"
)

// ErrNotInLogs says that a trail sends nothing to CloudWatch Logs.
var ErrNotInLogs = errors.New("it sends nothing to CloudWatch Logs")

// AlarmPrefix begins the names of the filters and alarms that are made here.
const AlarmPrefix = "trailctl-"

// AlarmNamespace is where these filters count.
const AlarmNamespace = "CISBenchmark"

// AlarmSpec is which alarms a trail's log group is to have, and whom they
// tell.
type AlarmSpec struct {
	Topic    string   // name or ARN
	Controls []string // ids; none for all
}

// controls are those that are meant. It fails with ErrSpec.
func (s AlarmSpec) controls() ([]AlarmControl, error) {
	all := AlarmControls()
	if len(s.Controls) == 0 {
		return all, nil
	}
	for _, id := range s.Controls {
		if !slices.ContainsFunc(all, func(c AlarmControl) bool { return c.Named(id) }) {
			return nil, refuse("there is no control %q with an alarm: they are 4.1 to 4.15, or CloudWatch.1 to CloudWatch.14", id)
		}
	}
	return slices.DeleteFunc(all, func(c AlarmControl) bool { return !slices.ContainsFunc(s.Controls, c.Named) }), nil
}

// Validate checks what can be checked without asking AWS. Its errors are of
// ErrSpec.
func (s AlarmSpec) Validate() error {
	if _, err := topic.Resolve(s.Topic, "aws", "us-east-1", "000000000000"); err != nil {
		return refuse("%s", err)
	}
	_, err := s.controls()
	return err
}

// AlarmState is what there is before alarms are made.
type AlarmState struct {
	Account Account
	Trail   Trail
	Logging bool
	Watch   Watch
	Topic   topic.Ref
	// TopicThere and Heard are the topic that was asked for.
	TopicThere bool
	Heard      AlarmTopic
}

// DescribeAlarms reads all that DiffAlarms needs to know.
func DescribeAlarms(ctx context.Context, clients Clients, t Trail, spec AlarmSpec) (AlarmState, error) {
	state := AlarmState{Account: clients.Account, Trail: t}
	if owner := t.Account(); owner != clients.Account.ID {
		return state, refuse("trail %s belongs to account %s: its alarms are made there", t.Name, owner)
	}
	if t.LogGroupARN == "" {
		return state, fmt.Errorf("trail %s: %w", t.Name, ErrNotInLogs)
	}
	region, group, err := GroupOf(t)
	if err != nil {
		return state, err
	}
	if state.Topic, err = topic.Resolve(spec.Topic, clients.Account.Partition, region, clients.Account.ID); err != nil {
		return state, refuse("%s", err)
	}
	if state.Topic.Region != region {
		return state, refuse("topic %s is in %s: an alarm tells topics of its own region, which is %s", spec.Topic, state.Topic.Region, region)
	}
	out, err := clients.CloudTrail(t.HomeRegion).GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &t.ARN})
	if err != nil {
		return state, fmt.Errorf("reading the status of trail %s: %w", t.Name, err)
	}
	state.Logging = aws.ToBool(out.IsLogging)
	if state.Watch, err = ReadWatch(ctx, clients, region, group); err != nil {
		return state, err
	}
	state.Heard = ReadAlarmTopic(ctx, clients.SNS(region), state.Topic.ARN())
	state.TopicThere = errorCode(state.Heard.Err) != "NotFound"
	return state, ctx.Err()
}

// DiffAlarms finds the steps to the alarms that were asked for. What already
// does what a control asks for is left as it is, whoever made it; filters and
// alarms of other names are never changed.
func DiffAlarms(spec AlarmSpec, state AlarmState) (Plan, error) {
	controls, err := spec.controls()
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Account: state.Account, Trail: state.Trail, Trails: []Trail{state.Trail}, Logging: state.Logging}
	// Nobody needs the topic when everything is watched already.
	if slices.ContainsFunc(controls, func(c AlarmControl) bool { return !state.Watch.Check(c).Met() }) {
		p.Steps = append(p.Steps, topicForAlarms(state))
	}
	for _, c := range controls {
		p.Steps = append(p.Steps, alarmSteps(c, state)...)
	}
	if len(p.Steps) > 0 {
		p.Steps[0].Warnings = append(p.Steps[0].Warnings, blindSpots(state)...)
	}
	return p, nil
}

// blindSpots is what the alarms will not see.
func blindSpots(state AlarmState) []string {
	var list []string
	if !state.Trail.MultiRegion {
		list = append(list, "the trail records one region only: the alarms hear nothing of the others, and the controls ask for a trail for all regions")
	}
	if !state.Logging {
		list = append(list, "the trail is not logging: no alarm will be raised until it is")
	}
	return list
}

func topicForAlarms(state AlarmState) Step {
	ref := state.Topic
	step := Step{Kind: Keep, Target: "topic " + ref.Name, Summary: "the alarms tell it"}
	unheard := "nobody is subscribed to the topic: aws sns subscribe --region " + ref.Region + " --topic-arn " + ref.ARN() + " --protocol email --notification-endpoint ADDRESS"
	switch {
	case !state.TopicThere && ref.Account == state.Account.ID:
		step.Kind, step.Summary = Create, "in "+ref.Region
		step.Warnings = append(step.Warnings, unheard)
		step.do = func(ctx context.Context, r *run, _ *Step) error {
			_, err := topic.Create(ctx, r.clients.SNS(ref.Region), ref.Name, ownerTags(state.Trail.Name))
			return err
		}
	case state.Heard.Err != nil:
		step.Warnings = append(step.Warnings, "who is subscribed to it could not be read: "+awserr.Plain(state.Heard.Err))
	case state.Heard.Subscriber == "" && state.Heard.Pending > 0:
		step.Warnings = append(step.Warnings, "no subscription of the topic is confirmed yet")
	case state.Heard.Subscriber == "":
		step.Warnings = append(step.Warnings, unheard)
	}
	return step
}

// alarmSteps are a filter and an alarm for one control.
func alarmSteps(c AlarmControl, state AlarmState) []Step {
	if w := state.Watch.Check(c); w.Met() {
		return []Step{{Kind: Keep, Target: "control " + c.CIS, Summary: "metric filter " + w.Filter + " and alarm " + w.Alarm + " watch it, and " + w.Topic + " is told"}}
	}
	filter, metric := filterStep(c, state)
	return []Step{filter, alarmStep(c, state, metric)}
}

// filterStep makes the metric filter, or keeps one that does the same.
func filterStep(c AlarmControl, state AlarmState) (Step, Metric) {
	name, metric := AlarmPrefix+c.Slug, Metric{AlarmNamespace, c.Slug}
	step := Step{Kind: Create, Target: "metric filter " + name, Summary: "of log group " + state.Watch.Group + ", for " + c.CIS}
	for _, f := range state.Watch.Filters {
		if c.Satisfies(f.Pattern) && len(f.Metrics) > 0 {
			step.Kind, step.Target, step.Summary = Keep, "metric filter "+f.Name, "has the pattern of "+c.CIS
			return step, f.Metrics[0]
		}
		if f.Name == name {
			step.Kind = Change
			step.Fields = append(step.Fields, Field{"filterPattern", f.Pattern, c.Patterns[0]})
		}
	}
	if step.Kind == Create {
		step.Fields = []Field{{"filterPattern", "", c.Patterns[0]}, {"metric", "", metric.Namespace + "/" + metric.Name}}
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		_, err := r.clients.Logs(state.Watch.Region).PutMetricFilter(ctx, &cloudwatchlogs.PutMetricFilterInput{
			LogGroupName: &state.Watch.Group, FilterName: &name, FilterPattern: &c.Patterns[0],
			MetricTransformations: []logtypes.MetricTransformation{{
				MetricNamespace: &metric.Namespace, MetricName: &metric.Name, MetricValue: aws.String("1"),
			}},
		})
		if err != nil {
			return fmt.Errorf("metric filter %s of log group %s: %w", name, state.Watch.Group, err)
		}
		return nil
	}
	return step, metric
}

// alarmStep makes the alarm on a metric, or adds to ours what it lacks.
func alarmStep(c AlarmControl, state AlarmState, metric Metric) Step {
	name, topicARN := AlarmPrefix+c.Slug, state.Topic.ARN()
	step := Step{Kind: Create, Target: "alarm " + name, Summary: "tells " + topicARN + " of " + c.CIS}
	for _, a := range state.Watch.Alarms {
		if a.Metric == metric && a.Enabled && slices.Contains(a.Actions, topicARN) {
			step.Kind, step.Target = Keep, "alarm "+a.Name
			return step
		}
	}
	in := newAlarm(c, name, metric, topicARN)
	if i := slices.IndexFunc(state.Watch.Alarms, func(a Alarm) bool { return a.Name == name }); i >= 0 {
		step.Kind = Change
		in, step.Fields = changedAlarm(state.Watch.Alarms[i], metric, topicARN)
	} else {
		step.Fields = []Field{
			{"metric", "", metric.Namespace + "/" + metric.Name}, {"threshold", "", "1 or more within 5 minutes"}, {"alarmActions", "", topicARN},
		}
		in.Tags = []types.Tag{{Key: aws.String(OwnerTag), Value: aws.String(state.Trail.Name)}}
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		if _, err := r.clients.CloudWatch(state.Watch.Region).PutMetricAlarm(ctx, in); err != nil {
			return fmt.Errorf("alarm %s: %w", name, err)
		}
		return nil
	}
	return step
}

// newAlarm is the alarm that the benchmark gives as an example: one event
// within five minutes is enough.
func newAlarm(c AlarmControl, name string, metric Metric, topicARN string) *cloudwatch.PutMetricAlarmInput {
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, AlarmDescription: aws.String("CIS AWS Foundations Benchmark " + c.CIS + ": " + c.Title),
		Namespace: &metric.Namespace, MetricName: &metric.Name, Statistic: types.StatisticSum,
		Period: aws.Int32(300), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1),
		ComparisonOperator: types.ComparisonOperatorGreaterThanOrEqualToThreshold,
		TreatMissingData:   aws.String("notBreaching"), ActionsEnabled: aws.Bool(true), AlarmActions: []string{topicARN},
	}
}

// changedAlarm is an alarm of ours as it is, on the right metric, switched on,
// and telling the topic, too. PutMetricAlarm replaces the whole alarm but its
// tags.
func changedAlarm(a Alarm, metric Metric, topicARN string) (*cloudwatch.PutMetricAlarmInput, []Field) {
	w := a.whole
	actions := a.Actions
	var fields []Field
	if a.Metric != metric {
		fields = append(fields, Field{"metric", a.Metric.Namespace + "/" + a.Metric.Name, metric.Namespace + "/" + metric.Name})
	}
	if !a.Enabled {
		fields = append(fields, Field{"actionsEnabled", "false", "true"})
	}
	if !slices.Contains(actions, topicARN) {
		actions = append(slices.Clone(actions), topicARN)
		fields = append(fields, Field{"alarmActions", strings.Join(a.Actions, ", "), strings.Join(actions, ", ")})
	}
	return &cloudwatch.PutMetricAlarmInput{
		AlarmName: w.AlarmName, AlarmDescription: w.AlarmDescription, Namespace: &metric.Namespace, MetricName: &metric.Name,
		Statistic: w.Statistic, ExtendedStatistic: w.ExtendedStatistic, Period: w.Period, Unit: w.Unit,
		EvaluationPeriods: w.EvaluationPeriods, DatapointsToAlarm: w.DatapointsToAlarm, Threshold: w.Threshold,
		ComparisonOperator: w.ComparisonOperator, TreatMissingData: w.TreatMissingData,
		EvaluateLowSampleCountPercentile: w.EvaluateLowSampleCountPercentile,
		ActionsEnabled:                   aws.Bool(true), AlarmActions: actions,
		OKActions: w.OKActions, InsufficientDataActions: w.InsufficientDataActions,
	}, fields
}
