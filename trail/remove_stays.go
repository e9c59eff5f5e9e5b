package trail

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
	"trailctl/internal/awserr"
)

// staysPatience is how long it may take to look at what nobody asked to
// remove.
const staysPatience = 15 * time.Second

// look looks at one thing by its ARN.
type look func(context.Context, string) (Remnant, error)

// with is a look at things of one kind. It fails only for what is to go: where
// that is not asked, and with traces that one may not follow, the trail goes
// all the same.
func (t traces) with(l look, asked bool, named map[string]string) look {
	return func(ctx context.Context, arn string) (Remnant, error) {
		within := ctx
		if !asked {
			short, cancel := context.WithTimeout(ctx, staysPatience)
			defer cancel()
			within = short
		}
		m, err := l(within, arn)
		if err == nil {
			return m, nil
		}
		if _, is := named[arn]; is && asked {
			return m, err
		}
		m.Name, m.Why = cmp.Or(m.Name, arn), unseen+awserr.Plain(err)
		return m, t.serious(ctx, err, asked)
	}
}

const (
	unseen       = "it could not be looked at: "
	otherAccount = "it belongs to account "
)

// stay says of what could go that it is not asked to, and how it is. What is
// gone is not spoken of.
func stay(list []Remnant, summary string) []Remnant {
	list = slices.DeleteFunc(list, func(m Remnant) bool { return m.Why == goneAlready })
	for i := range list {
		list[i].Stays = summary
	}
	return list
}

// traces leads to what was made for the trail and was taken from it later. It
// has nothing for what it may not look at.
type traces struct {
	finder
	r Removal
}

// roleARNs are the roles that the trails name, and the one that is made by
// default; by the region where they are used.
func (t traces) roleARNs() map[string]string {
	list := named(t.r.Trails, roleARN)
	a, name := t.clients.Account, DefaultRole(t.name)
	for known := range list {
		if n, _, err := splitRole(known); err == nil && n == name {
			return list
		}
	}
	list["arn:"+a.Partition+":iam::"+a.ID+":role/"+name] = t.r.Trails[0].HomeRegion
	return list
}

// groupARNs are the log groups that the trails name, and those in the policy
// of the role that was made for them.
func (t traces) groupARNs(ctx context.Context, roles []Remnant) (map[string]string, error) {
	list := named(t.r.Trails, groupARN)
	name := DefaultRole(t.name)
	if !slices.ContainsFunc(roles, func(m Remnant) bool { return m.Name == name && !t.foreign(m) }) {
		return list, nil
	}
	text, err := readRolePolicy(ctx, t.clients.IAM(), name, rolePolicyName)
	if err != nil {
		return list, t.serious(ctx, err, t.r.LogGroup)
	}
	pattern := regexp.MustCompile(`(arn:[a-z-]+:logs:[a-z0-9-]+:` + regexp.QuoteMeta(t.clients.Account.ID) + `:log-group:[^"*?:]+):log-stream:`)
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		if _, region, _, err := splitGroup(match[1]); err == nil {
			list[match[1]] = region
		}
	}
	return list, nil
}

// topicARNs are the topics that the trails name, and those that their buckets
// notify.
func (t traces) topicARNs(ctx context.Context) (map[string]string, error) {
	list := named(t.r.Trails, topicARN)
	for _, name := range t.buckets {
		place, err := t.locate(ctx, name, t.r.Trails[0].HomeRegion)
		var n bucket.Notifications
		if err == nil && place.Owner == bucket.Account {
			n, err = bucket.ReadNotifications(ctx, t.clients.S3(place.Region), name, t.clients.Account.ID)
		}
		if err != nil {
			if err := t.serious(ctx, err, t.r.Topic); err != nil {
				return list, err
			}
			continue
		}
		for _, e := range n.Entries() {
			if e.Kind == "topic" && list[e.Destination] == "" {
				list[e.Destination] = place.Region
			}
		}
	}
	return list, nil
}

// serious is the error of following a trace when it matters: that one may not
// look does not.
func (t traces) serious(ctx context.Context, err error, asked bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !asked || errors.Is(err, bucket.ErrDenied) || strings.HasPrefix(errorCode(err), "AccessDenied") {
		return nil
	}
	return err
}

// foreign tells what is not known to be the trail's own: what a trace leads to
// and was not made for it is none of its business.
func (f finder) foreign(m Remnant) bool {
	return m.Why == f.made(nil) || m.Why == goneAlready || strings.HasPrefix(m.Why, otherAccount) || strings.HasPrefix(m.Why, unseen)
}

// named are the ARNs that trails name, each once, and the home regions.
func named(trails []Trail, arnOf func(Trail) string) map[string]string {
	regions := map[string]string{}
	for _, t := range trails {
		if a := arnOf(t); a != "" && regions[a] == "" {
			regions[a] = t.HomeRegion
		}
	}
	return regions
}

func groupARN(t Trail) string { return strings.TrimSuffix(t.LogGroupARN, ":*") }
func topicARN(t Trail) string { return t.TopicARN }
func roleARN(t Trail) string  { return t.LogRoleARN }

// around finds what stands around the trails, what is asked to go and what is
// not. The role comes first: its policy leads to log groups.
func (f finder) around(ctx context.Context, r Removal, rest *Remains) error {
	t := traces{f, r}
	arns := t.roleARNs()
	var err error
	if rest.Roles, err = t.find(ctx, arns, roleARN, f.role, r.Role); err != nil {
		return err
	}
	if arns, err = t.groupARNs(ctx, rest.Roles); err != nil {
		return err
	}
	if rest.Groups, err = t.find(ctx, arns, groupARN, f.group, r.LogGroup); err != nil {
		return err
	}
	if arns, err = t.topicARNs(ctx); err != nil {
		return err
	}
	if rest.Topics, err = t.find(ctx, arns, topicARN, f.topic, r.Topic); err != nil {
		return err
	}
	if err := f.notifications(ctx, r.buckets(), rest); err != nil && (r.Topic || ctx.Err() != nil) {
		return err
	}
	if !r.Role {
		rest.Roles = stay(rest.Roles, "stays; --with-role removes it")
	}
	if !r.LogGroup {
		rest.Groups = stay(rest.Groups, "stays, and goes on costing what it keeps; --with-log-group removes it")
	}
	if !r.Topic {
		rest.Topics = stay(rest.Topics, "stays; --with-topic removes it")
	}
	return nil
}

// find looks at things of one kind, and leaves out what the trails do not name
// and what is not theirs.
func (t traces) find(ctx context.Context, arns map[string]string, arnOf func(Trail) string, l look, asked bool) ([]Remnant, error) {
	named := named(t.r.Trails, arnOf)
	list, err := t.each(ctx, arns, arnOf, t.with(l, asked, named))
	return slices.DeleteFunc(list, func(m Remnant) bool {
		_, is := named[m.ARN]
		return !is && t.foreign(m)
	}), err
}
