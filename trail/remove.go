package trail

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/bucket"
)

// Removal is what is asked when trails are to go. The bucket and its log files
// always stay.
type Removal struct {
	Trails []Trail // copies of one name, in different home regions
	// LogGroup, Topic and Role also remove these, where they were made here:
	// where they have OwnerTag with the trail's name, and no other trail uses
	// them.
	LogGroup, Topic, Role bool
}

// Remains is what there is around trails that are to go.
type Remains struct {
	Account Account
	Logging map[string]bool // by the trail's ARN
	Groups  []Remnant
	Topics  []Remnant
	Roles   []Remnant
	// Notify are the notifications of the trails' buckets, as far as they
	// matter.
	Notify []BucketNotify
}

// Remnant is a topic, a log group or a role that may go with a trail.
type Remnant struct {
	Name, ARN, Region string
	Why               string   // why it stays; "" when it can go
	Stays             string   // what is said when it could go and is not asked to
	Notes             []string // what goes with it
}

// DiffRemoval finds the steps. The trails go last: until then the same removal
// can be planned again.
func DiffRemoval(r Removal, rest Remains) Plan {
	p := Plan{Account: rest.Account, Trail: r.Trails[0], Trails: r.Trails, Deletes: true}
	several := len(r.Trails) > 1
	for _, t := range r.Trails {
		if rest.Logging[t.ARN] {
			p.Steps = append(p.Steps, stopStep("logging"+inRegion(several, t), t))
		}
	}
	for _, m := range rest.Topics {
		for _, n := range rest.Notify {
			if m.Why == "" && m.Stays == "" {
				p.Steps = append(p.Steps, unnotifySteps(n, len(rest.Notify) > 1, m)...)
			}
		}
		p.Steps = append(p.Steps, m.step("topic", several, func(ctx context.Context, c Clients) error {
			_, err := c.SNS(m.Region).DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &m.ARN})
			return err
		}))
	}
	for _, m := range rest.Groups {
		p.Steps = append(p.Steps, m.step("log group", several, func(ctx context.Context, c Clients) error {
			_, err := c.Logs(m.Region).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &m.Name})
			return err
		}))
	}
	for _, m := range rest.Roles {
		p.Steps = append(p.Steps, m.step("role", false, func(ctx context.Context, c Clients) error { return deleteRole(ctx, c.IAM(), m.Name) }))
	}
	for _, name := range r.buckets() {
		p.Steps = append(p.Steps, Step{
			Kind: Keep, Target: "bucket " + name, Summary: "stays, with all log files and its policy",
			Notes: []string{"what its policy allows for this trail stays, too: log files may still be on their way; only a new trail of the same name, account and home region can use it"},
		})
	}
	for _, t := range r.Trails {
		p.Steps = append(p.Steps, deleteStep("trail "+t.Name+inRegion(several, t), t))
	}
	return p
}

func inRegion(several bool, t Trail) string {
	if several {
		return " in " + t.HomeRegion
	}
	return ""
}

// step removes something, or says why it stays. What is gone already was
// removed by this call, when its answer was lost, or by somebody else.
func (m Remnant) step(what string, several bool, remove func(context.Context, Clients) error) Step {
	target := what + " " + m.Name
	if several {
		target += " in " + m.Region
	}
	if m.Why != "" {
		return Step{Kind: Keep, Target: target, Summary: "stays: " + m.Why}
	}
	if m.Stays != "" {
		return Step{Kind: Keep, Target: target, Summary: m.Stays}
	}
	return Step{Kind: Remove, Target: target, Summary: "is deleted", Notes: m.Notes, do: func(ctx context.Context, r *run, _ *Step) error {
		switch err := remove(ctx, r.clients); errorCode(err) {
		case "NotFound", "ResourceNotFound", "NoSuchEntity":
			return nil
		default:
			if err != nil {
				return fmt.Errorf("deleting %s: %w", target, err)
			}
			return nil
		}
	}}
}

func unnotifySteps(n BucketNotify, several bool, m Remnant) []Step {
	change, err := n.Notifications.Remove("", m.ARN)
	if err != nil || !change.Changed {
		return nil
	}
	target := "bucket notification"
	if several {
		target += " of " + n.Bucket
	}
	return []Step{{
		Kind: Remove, Target: target, Summary: fmt.Sprintf("entry %q, which names the topic; all other entries stay", change.Name),
		do: func(ctx context.Context, r *run, _ *Step) error {
			_, err := bucket.Unnotify(ctx, r.clients.S3(n.Region), n.Bucket, r.clients.Account.ID, "", m.ARN, bucket.NotifyOptions{Sleep: r.sleep})
			return err
		},
	}}
}

func deleteRole(ctx context.Context, client IAM, name string) error {
	policyName := rolePolicyName
	_, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &policyName})
	if err != nil && errorCode(err) != "NoSuchEntity" {
		return err
	}
	_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	return err
}

func deleteStep(target string, t Trail) Step {
	step := Step{Kind: Remove, Target: target, Summary: "is deleted: nothing is recorded by it any more"}
	if t.LogFileValidation {
		step.Notes = append(step.Notes, "the chain of digest files ends; what it proves can be proved as long as the files are kept")
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		_, err := r.clients.CloudTrail(t.HomeRegion).DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: &t.Name})
		if err != nil && errorCode(err) != "TrailNotFound" {
			return fmt.Errorf("deleting trail %s in %s: %w", t.Name, t.HomeRegion, err)
		}
		return nil
	}
	return step
}
