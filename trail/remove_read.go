package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/internal/topic"
)

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
	list, err := List(ctx, func(region string) Lister { return clients.CloudTrail(region) }, r.Trails[0].HomeRegion)
	if err != nil && (r.LogGroup || r.Topic || r.Role || ctx.Err() != nil) {
		return rest, err
	}
	if err != nil {
		list = Trails{Partial: err}
	}
	f := finder{clients: clients, name: r.Trails[0].Name, buckets: r.buckets(), others: list}
	f.others.List = slices.DeleteFunc(slices.Clone(list.List), func(l Listed) bool {
		return slices.ContainsFunc(r.Trails, func(t Trail) bool { return t.ARN == l.ARN })
	})
	err = f.around(ctx, r, &rest)
	return rest, err
}

// finder looks at what may go with trails of one name.
type finder struct {
	clients Clients
	name    string
	buckets []string
	others  Trails // that stay
}

// each looks at every ARN of a kind. regions are where they are, unless they
// say it themselves.
func (f finder) each(ctx context.Context, regions map[string]string, arnOf func(Trail) string, look look) ([]Remnant, error) {
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
		m.Why = otherAccount + ref.Account
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
	if m.Why = f.made(s.Tags); m.Why == "" {
		m.Why = f.topicOthers(arn, s.Policy)
	}
	out, err := client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &arn})
	if err != nil {
		return m, fmt.Errorf("reading the subscriptions of topic %s: %w", ref.Name, err)
	}
	if n := len(out.Subscriptions); n > 0 {
		more := ""
		if aws.ToString(out.NextToken) != "" {
			more = " and more"
		}
		m.Notes = append(m.Notes, fmt.Sprintf("its %d%s subscriptions go with it", n, more))
	}
	return m, nil
}

func (f finder) role(ctx context.Context, arn string) (Remnant, error) {
	name, _, err := splitRole(arn)
	if err != nil {
		return Remnant{Name: arn, Why: err.Error()}, nil
	}
	m := Remnant{Name: name}
	client := f.clients.IAM()
	role, err := readRole(ctx, client, name)
	switch {
	case err != nil:
		return m, err
	case role == nil:
		m.Why = goneAlready
		return m, nil
	}
	owner, err := ownerOf(ctx, client, name, role)
	if err != nil {
		return m, err
	}
	if m.Why = f.made(map[string]string{OwnerTag: owner}); m.Why != "" {
		return m, nil
	}
	m.Why, err = f.roleOthers(ctx, client, name, unescaped(role.AssumeRolePolicyDocument))
	return m, err
}
