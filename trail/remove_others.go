package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/internal/policy"
	"trailctl/internal/topic"
)

// BucketNotify are the notifications of a bucket of the trails.
type BucketNotify struct {
	Bucket, Region string
	Notifications  bucket.Notifications
}

// notifications reads those of the trails' buckets: an entry that names a
// topic which is gone makes S3 refuse every later change. A topic stays when
// an entry of others names it, and when that cannot be known.
func (f finder) notifications(ctx context.Context, buckets []string, rest *Remains) error {
	for _, name := range buckets {
		if !slices.ContainsFunc(rest.Topics, func(m Remnant) bool { return m.Why == "" }) {
			return nil
		}
		place, err := f.locate(ctx, name, rest.Topics[0].Region)
		if err != nil {
			return err
		}
		switch place.Owner {
		case bucket.Nobody:
			continue
		case bucket.Other:
			rest.keepTopics("bucket " + name + " is not this account's, or may not be looked at, and may notify it")
			return nil
		}
		n, err := bucket.ReadNotifications(ctx, f.clients.S3(place.Region), name, f.clients.Account.ID)
		if errors.Is(err, bucket.ErrDenied) {
			rest.keepTopics("the notifications of bucket " + name + " may not be read, and one of them may name it")
			return nil
		}
		if err != nil {
			return err
		}
		rest.Notify = append(rest.Notify, BucketNotify{Bucket: name, Region: place.Region, Notifications: n})
		for i, m := range rest.Topics {
			for _, e := range n.Entries() {
				if e.Destination == m.ARN && e.ID != bucket.DefaultNotificationName(m.ARN) && m.Why == "" {
					rest.Topics[i].Why = "bucket " + name + " notifies it: " + e.String() + "; this ends that: " + unnotifyCommand(name, m.ARN, e.ID)
				}
			}
		}
	}
	return nil
}

func (f finder) locate(ctx context.Context, name, region string) (bucket.Place, error) {
	return bucket.Locate(ctx, func(at string) bucket.Locator {
		if at == "" {
			at = region
		}
		return f.clients.S3(at)
	}, name, f.clients.Account.ID)
}

func (rest *Remains) keepTopics(why string) {
	for i := range rest.Topics {
		if rest.Topics[i].Why == "" {
			rest.Topics[i].Why = why
		}
	}
}

// buckets are those of the trails, each once.
func (r Removal) buckets() []string {
	var list []string
	for _, t := range r.Trails {
		list = union(list, t.Bucket)
	}
	return list
}

// topicOthers says who else has a statement in a topic's policy. Ours are for
// trails of the account, also for those that are gone, and for the buckets of
// the trails: of these it is known whether they use the topic.
func (f finder) topicOthers(arn, text string) string {
	a := f.clients.Account
	var grants []policy.Grant
	pattern := regexp.MustCompile(`arn:[a-z-]+:cloudtrail:[a-z0-9-]+:` + regexp.QuoteMeta(a.ID) + `:trail/[A-Za-z0-9._-]+`)
	if trails := pattern.FindAllString(text, -1); len(trails) > 0 {
		grants = append(grants, topic.TrailGrant(arn, trails...))
	}
	for _, name := range f.buckets {
		grants = append(grants, topic.BucketGrant(arn, "arn:"+a.Partition+":s3:::"+name, a.ID))
	}
	return others("policy", text, grants, func(s policy.Sentence) bool {
		return s.Sid == "__default_statement_ID" && s.Allows &&
			len(s.Conditions) == 1 && strings.EqualFold(s.Conditions[0], "AWS:SourceOwner is "+a.ID)
	})
}

// roleOthers says who else uses a role: who may assume it, and what it may do
// besides writing to log groups of trails.
func (f finder) roleOthers(ctx context.Context, client IAM, name, trust string) (string, error) {
	if why := others("trust policy", trust, []policy.Grant{trustGrant()}, nil); why != "" {
		return why, nil
	}
	inline, err := readInline(ctx, client, name)
	if err != nil {
		return "", err
	}
	attached, err := readAttached(ctx, client, name)
	if err != nil {
		return "", err
	}
	ours := inline[rolePolicyName]
	delete(inline, rolePolicyName)
	if more := append(slices.Sorted(maps.Keys(inline)), attached...); len(more) > 0 {
		return "somebody gave it other policies: " + strings.Join(more, ", "), nil
	}
	var grants []policy.Grant
	pattern := regexp.MustCompile(`arn:[a-z-]+:logs:[a-z0-9-]+:` + regexp.QuoteMeta(f.clients.Account.ID) + `:log-group:[^"*?:]+:log-stream:(?:[0-9]{12}_CloudTrail_[a-z0-9-]+|o-[a-z0-9]+_)\*`)
	for _, stream := range pattern.FindAllString(ours, -1) { // what logStreamARNs gives
		grants = append(grants,
			policy.Grant{Sid: createStreamSid, Action: "logs:CreateLogStream", Resource: stream},
			policy.Grant{Sid: putEventsSid, Action: "logs:PutLogEvents", Resource: stream})
	}
	return others("policy "+rolePolicyName, ours, grants, nil), nil
}

// others says what else stands in a policy: what is left once our grants are
// taken back and what is known is left out; "" for nothing.
func others(what, text string, ours []policy.Grant, known func(policy.Sentence) bool) string {
	d, err := policy.Parse(text)
	if err != nil {
		return fmt.Sprintf("its %s cannot be understood: %v", what, err)
	}
	for _, g := range ours {
		d.Revoke(g)
	}
	left, err := policy.Sentences(d.String())
	if err != nil {
		return fmt.Sprintf("its %s cannot be understood: %v", what, err)
	}
	for _, s := range left {
		if known == nil || !known(s) {
			return "its " + what + " says more than was written for this trail: it " + s.String()
		}
	}
	return ""
}
