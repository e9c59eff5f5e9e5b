package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/bucket"
	"trailctl/internal/topic"
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
	// Notify are the bucket's notifications, nil when they do not matter.
	Notify       *bucket.Notifications
	BucketRegion string
}

// Remnant is a topic, a log group or a role that may go with a trail.
type Remnant struct {
	Name, ARN, Region string
	Why               string   // why it stays; "" when it can go
	Notes             []string // what goes with it
}

// FindCopies finds all trails of a name, whatever their home regions.
func FindCopies(ctx context.Context, clients Clients, region, name string) ([]Trail, error) {
	list, err := List(ctx, func(r string) Lister { return clients.CloudTrail(r) }, region)
	if err != nil {
		return nil, err
	}
	if list.Partial != nil {
		return nil, list.Partial
	}
	var found []Trail
	for _, l := range list.List {
		switch {
		case l.Name != name || l.Account() != clients.Account.ID:
		case l.Err != nil:
			return nil, fmt.Errorf("trail %s in %s: %w", name, l.HomeRegion, l.Err)
		default:
			found = append(found, l.Trail)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%w: %q", ErrNotFound, name)
	}
	return found, nil
}

// DescribeRemoval reads what DiffRemoval needs to know. It changes nothing.
func DescribeRemoval(ctx context.Context, clients Clients, r Removal) (Remains, error) {
	rest := Remains{Account: clients.Account, Logging: map[string]bool{}}
	for _, t := range r.Trails {
		s, err := ReadStatus(ctx, clients.CloudTrail(t.HomeRegion), t)
		if err != nil {
			return rest, err
		}
		rest.Logging[t.ARN] = s.Logging
	}
	if !r.LogGroup && !r.Topic && !r.Role {
		return rest, nil
	}
	list, err := List(ctx, func(region string) Lister { return clients.CloudTrail(region) }, r.Trails[0].HomeRegion)
	if err != nil {
		return rest, err
	}
	f := finder{clients: clients, name: r.Trails[0].Name, others: list}
	f.others.List = slices.DeleteFunc(slices.Clone(list.List), func(l Listed) bool {
		return slices.ContainsFunc(r.Trails, func(t Trail) bool { return t.ARN == l.ARN })
	})
	if r.LogGroup {
		if rest.Groups, err = f.each(ctx, r.Trails, func(t Trail) string { return strings.TrimSuffix(t.LogGroupARN, ":*") }, f.group); err != nil {
			return rest, err
		}
	}
	if r.Topic {
		if rest.Topics, err = f.each(ctx, r.Trails, func(t Trail) string { return t.TopicARN }, f.topic); err != nil {
			return rest, err
		}
		if err := f.notifications(ctx, r.Trails[0].Bucket, &rest); err != nil {
			return rest, err
		}
	}
	if r.Role {
		rest.Roles, err = f.each(ctx, r.Trails, func(t Trail) string { return t.LogRoleARN }, f.role)
	}
	return rest, err
}

// finder looks at what may go with trails of one name.
type finder struct {
	clients Clients
	name    string
	others  Trails // that stay
}

// each looks at every ARN that the trails name, once.
func (f finder) each(ctx context.Context, trails []Trail, arnOf func(Trail) string, look func(context.Context, string) (Remnant, error)) ([]Remnant, error) {
	regions := map[string]string{}
	for _, t := range trails {
		if a := arnOf(t); a != "" && regions[a] == "" {
			regions[a] = t.HomeRegion
		}
	}
	var list []Remnant
	for _, a := range slices.Sorted(maps.Keys(regions)) {
		m, err := look(ctx, a)
		if err != nil {
			return nil, err
		}
		m.ARN = a
		if m.Region == "" {
			m.Region = regions[a]
		}
		if user := f.user(a, arnOf); user != "" && m.Why == "" {
			m.Why = user
		}
		if f.others.Partial != nil && m.Why == "" {
			m.Why = "not all trails could be listed, and another one may use it"
		}
		list = append(list, m)
	}
	return list, nil
}

// user says which other trail uses something, or may do so.
func (f finder) user(arn string, arnOf func(Trail) string) string {
	for _, l := range f.others.List {
		switch {
		case l.Err != nil && l.Bucket == "":
			return "trail " + l.ARN + " could not be read, and may use it"
		case arnOf(l.Trail) == arn:
			return "trail " + l.ARN + " uses it"
		}
	}
	return ""
}

// made is why something stays that was not made for this trail.
func (f finder) made(tags map[string]string) string {
	if tags[OwnerTag] == f.name {
		return ""
	}
	return "it was not made by trailctl for this trail: it has no tag " + OwnerTag + "=" + f.name
}

func (f finder) group(ctx context.Context, arn string) (Remnant, error) {
	name, region, _, err := splitGroup(arn)
	if err != nil {
		return Remnant{Name: arn, Why: err.Error()}, nil
	}
	m := Remnant{Name: name, Region: region, Notes: []string{"the events in it go with it"}}
	out, err := f.clients.Logs(region).ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
	switch {
	case errorCode(err) == "ResourceNotFound":
		m.Why = goneAlready
		return m, nil
	case err != nil:
		return m, fmt.Errorf("reading the tags of log group %s: %w", name, err)
	}
	m.Why = f.made(out.Tags)
	return m, nil
}

const goneAlready = "it is gone already"

func (f finder) topic(ctx context.Context, arn string) (Remnant, error) {
	ref, err := topic.ParseARN(arn)
	if err != nil {
		return Remnant{Name: arn, Why: err.Error()}, nil
	}
	m := Remnant{Name: ref.Name, Region: ref.Region}
	if ref.Account != f.clients.Account.ID {
		m.Why = "it belongs to account " + ref.Account
		return m, nil
	}
	client := f.clients.SNS(ref.Region)
	s, err := topic.Read(ctx, client, arn)
	switch {
	case err != nil:
		return m, err
	case !s.Exists:
		m.Why = goneAlready
		return m, nil
	case s.TagsErr != nil && !errors.Is(s.TagsErr, topic.ErrDenied):
		return m, s.TagsErr
	case s.TagsErr != nil:
		m.Why = fmt.Sprintf("its tags could not be read: %v", s.TagsErr)
		return m, nil
	}
	m.Why = f.made(s.Tags)
	out, err := client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &arn})
	if err != nil {
		return m, fmt.Errorf("reading the subscriptions of topic %s: %w", ref.Name, err)
	}
	if n := len(out.Subscriptions); n > 0 {
		m.Notes = append(m.Notes, fmt.Sprintf("its %d subscriptions go with it", n))
	}
	return m, nil
}

// notifications reads those of the trail's bucket: an entry that names a
// topic which is gone makes S3 refuse every later change.
func (f finder) notifications(ctx context.Context, name string, rest *Remains) error {
	if !slices.ContainsFunc(rest.Topics, func(m Remnant) bool { return m.Why == "" }) {
		return nil
	}
	any := f.clients.S3(rest.Topics[0].Region)
	place, err := bucket.Locate(ctx, func(region string) bucket.Locator {
		if region == "" {
			return any
		}
		return f.clients.S3(region)
	}, name, f.clients.Account.ID)
	if err != nil || place.Owner != bucket.Account {
		return err
	}
	n, err := bucket.ReadNotifications(ctx, f.clients.S3(place.Region), name, f.clients.Account.ID)
	if errors.Is(err, bucket.ErrDenied) {
		return nil
	}
	if err != nil {
		return err
	}
	rest.Notify, rest.BucketRegion = &n, place.Region
	for i, m := range rest.Topics {
		for _, e := range n.Entries() {
			if e.Destination == m.ARN && e.ID != bucket.DefaultNotificationName(m.ARN) && m.Why == "" {
				rest.Topics[i].Why = "bucket " + name + " notifies it: " + e.String()
			}
		}
	}
	return nil
}

func (f finder) role(ctx context.Context, arn string) (Remnant, error) {
	name, _, err := splitRole(arn)
	if err != nil {
		return Remnant{Name: arn, Why: err.Error()}, nil
	}
	m := Remnant{Name: name}
	client := f.clients.IAM()
	out, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: &name})
	switch {
	case errorCode(err) == "NoSuchEntity":
		m.Why = goneAlready
		return m, nil
	case err != nil:
		return m, fmt.Errorf("reading the tags of role %s: %w", name, err)
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[*t.Key] = *t.Value
	}
	if m.Why = f.made(tags); m.Why != "" {
		return m, nil
	}
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &name})
	if err != nil {
		return m, fmt.Errorf("reading the policies of role %s: %w", name, err)
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &name})
	if err != nil {
		return m, fmt.Errorf("reading the policies of role %s: %w", name, err)
	}
	foreign := slices.DeleteFunc(inline.PolicyNames, func(n string) bool { return n == rolePolicyName })
	if len(foreign) > 0 || len(attached.AttachedPolicies) > 0 {
		m.Why = "somebody gave it other policies"
	}
	return m, nil
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
		if n := rest.Notify; n != nil && m.Why == "" {
			p.Steps = append(p.Steps, unnotifySteps(*n, r.Trails[0].Bucket, rest, m)...)
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
	p.Steps = append(p.Steps, Step{
		Kind: Keep, Target: "bucket " + r.Trails[0].Bucket, Summary: "stays, with all log files and its policy",
		Notes: []string{"what its policy allows for this trail stays, too: log files may still be on their way, and nobody else can use it"},
	})
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

func unnotifySteps(n bucket.Notifications, name string, rest Remains, m Remnant) []Step {
	change, err := n.Remove("", m.ARN)
	if err != nil || !change.Changed {
		return nil
	}
	return []Step{{
		Kind: Remove, Target: "bucket notification", Summary: fmt.Sprintf("entry %q, which names the topic; all other entries stay", change.Name),
		do: func(ctx context.Context, r *run, _ *Step) error {
			_, err := bucket.Unnotify(ctx, r.clients.S3(rest.BucketRegion), name, rest.Account.ID, "", m.ARN, bucket.NotifyOptions{Sleep: r.sleep})
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
