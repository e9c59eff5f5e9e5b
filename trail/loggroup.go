package trail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"golang.org/x/sync/errgroup"
)

// What Diff refuses about a log group.
var (
	ErrGroupMissing = errors.New("there is no such log group in the trail's region")
	ErrGroupForeign = errors.New("the log group must be of the trail's own account")
	ErrNoLogGroup   = errors.New("the trail delivers to no log group")
)

// GroupState is what is known of a log group.
type GroupState struct {
	Name      string
	Exists    bool
	Retention int32 // days; 0 for ever
}

// groupOf takes the log group of a spec apart; all empty when it names none.
func groupOf(spec Spec) (name, account, region string, err error) {
	if spec.LogGroup == nil || *spec.LogGroup == "" {
		return "", "", "", nil
	}
	name, region, account, err = splitGroup(*spec.LogGroup)
	return name, account, region, err
}

// groupName is the log group that is spoken of for one home: the one that is
// asked for, or the one that the trail has, when its retention is.
func groupName(spec Spec, h Home) string {
	if name, _, _, err := groupOf(spec); spec.LogGroup != nil {
		if err != nil {
			return ""
		}
		return name
	}
	if (spec.Retention == nil && spec.LogRole == "") || h.Trail == nil || h.Trail.LogGroupARN == "" {
		return ""
	}
	name, _, _, err := splitGroup(h.Trail.LogGroupARN)
	if err != nil {
		return ""
	}
	return name
}

// groupARN is the ARN of the log group that is asked for, without :*.
func (d differ) groupARN(region string) string {
	name, _, _, _ := groupOf(d.spec)
	return logGroupARN(d.cur.Account, region, name)
}

func logGroupARN(a Account, region, name string) string {
	return fmt.Sprintf("arn:%s:logs:%s:%s:log-group:%s", a.Partition, region, a.ID, name)
}

func describeGroups(ctx context.Context, clients Clients, spec Spec, homes []Home) (map[string]GroupState, error) {
	groups := map[string]GroupState{}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, h := range homes {
		name := groupName(spec, h)
		if name == "" {
			continue
		}
		g.Go(func() error {
			s, err := readGroup(ctx, clients.Logs(h.Region), name)
			mu.Lock()
			defer mu.Unlock()
			groups[h.Region] = s
			return err
		})
	}
	return groups, g.Wait()
}

// readGroup finds a group among those that begin with its name. They come in
// the order of their names, so that it is the first if it is there.
func readGroup(ctx context.Context, client Logs, name string) (GroupState, error) {
	s := GroupState{Name: name}
	out, err := client.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return s, fmt.Errorf("reading log group %s: %w", name, err)
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) == name {
			s.Exists, s.Retention = true, aws.ToInt32(g.RetentionInDays)
		}
	}
	return s, nil
}

// groupSteps are a step for each log group and its retention.
func (d differ) groupSteps() ([]Step, error) {
	var steps []Step
	for _, h := range d.cur.Homes {
		s, asked := d.cur.Groups[h.Region]
		if !asked {
			continue
		}
		switch {
		case !s.Exists && !d.spec.CreateLogGroup:
			return nil, fmt.Errorf("log group %s in %s: %w", s.Name, h.Region, ErrGroupMissing)
		case !s.Exists:
			steps = append(steps, d.newGroup(h.Region, s.Name))
		default:
			steps = append(steps, Step{Kind: Keep, Target: "log group " + s.Name + d.in(h.Region), Summary: "is there, in " + h.Region})
		}
		if d.spec.Retention != nil {
			steps = append(steps, d.retentionStep(h.Region, s, *d.spec.Retention))
		}
	}
	return steps, nil
}

func (d differ) newGroup(region, name string) Step {
	step := Step{
		Kind: Create, Target: "log group " + name + d.in(region), Summary: "in " + region,
		Fields: []Field{{Name: "Tag " + OwnerTag, After: d.spec.Name}},
		do: func(ctx context.Context, r *run, _ *Step) error {
			r.touched(aGroup)
			_, err := r.clients.Logs(region).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{
				LogGroupName: &name, Tags: ownerTags(d.spec.Name),
			})
			// It was not there when the plan was made: what is there now is
			// this call's own work, or somebody else's group, which will do.
			if err != nil && errorCode(err) != "ResourceAlreadyExists" {
				return fmt.Errorf("creating log group %s in %s: %w", name, region, err)
			}
			return nil
		},
	}
	if d.spec.Retention == nil {
		step.Notes = append(step.Notes, "it keeps events for ever, and that costs: --retention DAYS ends it")
	}
	return step
}

func (d differ) retentionStep(region string, s GroupState, days int32) Step {
	step := Step{Kind: Keep, Target: "retention of " + s.Name + d.in(region), Summary: "is " + daysText(days)}
	if s.Retention == days {
		return step
	}
	step.Kind, step.Summary = Change, daysText(days)
	step.Fields = []Field{{Name: "retentionInDays", Before: daysText(s.Retention), After: daysText(days)}}
	if s.Exists && days > 0 && (s.Retention == 0 || s.Retention > days) {
		step.Notes = append(step.Notes, "events that are older are deleted")
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		return r.until(ctx, func() error { return keepFor(ctx, r.clients.Logs(region), s.Name, days) })
	}
	return step
}

func daysText(days int32) string {
	switch days {
	case 0:
		return "for ever"
	case 1:
		return "1 day"
	}
	return fmt.Sprintf("%d days", days)
}

func keepFor(ctx context.Context, client Logs, name string, days int32) (err error) {
	if days == 0 {
		_, err = client.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: &name})
	} else {
		_, err = client.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &name, RetentionInDays: &days})
	}
	if err != nil {
		return fmt.Errorf("setting the retention of log group %s: %w", name, err)
	}
	return nil
}

// streams are the log streams that CloudTrail writes for a trail, as the end
// of an ARN. They are named ACCOUNT_CloudTrail_REGION, where REGION is the
// trail's own home region also for what happened elsewhere, and get a number
// when there are several (CloudTrail user guide, "CloudWatch log group and log
// stream naming for CloudTrail"). Those for the member accounts of an
// organization begin with the organization's id.
func streams(t Trail, account, org string) []string {
	list := []string{account + "_CloudTrail_" + t.HomeRegion + "*"}
	if t.Organization && org != "" {
		list = append(list, org+"_*")
	}
	return list
}

// logStreamARNs are the streams of a wanted trail.
func (d differ) logStreamARNs(t Trail) []string {
	org := ""
	if d.cur.Organization != nil {
		org = d.cur.Organization.ID
	}
	group := strings.TrimSuffix(t.LogGroupARN, ":*")
	var list []string
	for _, s := range streams(t, d.cur.Account.ID, org) {
		list = append(list, group+":log-stream:"+s)
	}
	return list
}
