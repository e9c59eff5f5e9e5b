package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
	"trailctl/internal/topic"
)

// What Describe refuses.
var (
	ErrOtherHome = errors.New("the trail has another home region")
)

// Current is what there is before anything is changed. What was not asked for
// is not read, and nil.
type Current struct {
	Account      Account
	Homes        []Home // one for each region of the spec, in its order
	Bucket       BucketState
	Topics       map[string]topic.State // by ARN
	Groups       map[string]GroupState  // by region
	Role         *RoleState
	Key          *KeyState
	Organization *OrganizationState
	Notify       *NotifyState
	// Buckets are the account's, when the recording must know them.
	Buckets []string
}

// Home is what there is of the trail in one home region.
type Home struct {
	Region  string
	Trail   *Trail // nil when there is none of that name
	Logging bool
	// Tags, Selectors and Insights are read when the spec has something to
	// say about them.
	Tags      map[string]string
	Selectors *Selectors
	Insights  *Insights
}

// BucketState is what is known of the bucket that the trail is to use.
type BucketState struct {
	Name      string
	ByDefault bool // nobody named it: it is DefaultBucket
	InUse     bool // the trail delivers to it already
	Unread    bool // it does not matter; nothing below is known
	bucket.Place
	Settings bucket.Settings
	Policy   string // "" for none
	// PolicyErr is why the policy could not be read; Diff decides whether
	// that matters.
	PolicyErr error
}

// readers keeps a description under CloudTrail's ten Get and List calls a
// second.
const readers = 4

// Describe reads all that Diff needs to know. It changes nothing.
func Describe(ctx context.Context, clients Clients, spec Spec) (Current, error) {
	cur := Current{Account: clients.Account, Homes: make([]Home, len(spec.homes()))}
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for i, region := range spec.homes() {
		g.Go(func() (err error) {
			cur.Homes[i], err = describeHome(within, clients.CloudTrail(region), spec, clients.Account.ID, region)
			return err
		})
	}
	err := g.Wait()
	if err != nil {
		return cur, err
	}
	if cur.Organization, err = describeOrganization(ctx, clients, spec, cur.Homes); err != nil {
		return cur, err
	}
	if cur.Bucket, err = describeBucket(ctx, clients, spec, cur.Homes); err != nil {
		return cur, err
	}
	if err := describeAround(ctx, clients, spec, &cur); err != nil {
		return cur, err
	}
	if cur.Buckets != nil && !cur.Bucket.Unread && cur.Bucket.Owner == bucket.Nobody {
		// It will be one of them: a second run must find nothing to add.
		cur.Buckets = append(cur.Buckets, cur.Bucket.Name)
		slices.Sort(cur.Buckets)
	}
	return cur, nil
}

// describeAround reads what stands around trail and bucket, all at once.
func describeAround(ctx context.Context, clients Clients, spec Spec, cur *Current) error {
	known := *cur // what the readers below do not write
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	g.Go(func() (err error) { cur.Topics, err = describeTopics(ctx, clients, spec, known); return })
	g.Go(func() (err error) { cur.Groups, err = describeGroups(ctx, clients, spec, cur.Homes); return })
	g.Go(func() (err error) { cur.Role, err = describeRole(ctx, clients, spec, cur.Homes); return })
	g.Go(func() (err error) { cur.Key, err = describeKey(ctx, clients, spec, cur.Bucket); return })
	g.Go(func() (err error) { cur.Buckets, err = describeBuckets(ctx, clients, spec); return })
	g.Go(func() (err error) { cur.Notify, err = describeNotify(ctx, clients, spec, known); return })
	return g.Wait()
}

// describeHome reads the trail of one region.
func describeHome(ctx context.Context, client CloudTrail, spec Spec, account, region string) (Home, error) {
	h := Home{Region: region}
	seen, err := describe(ctx, client, region, spec.Name)
	if err != nil {
		return h, err
	}
	// A member of an organization also sees the organization's trail, which
	// is not its own.
	seen = slices.DeleteFunc(seen, func(t Trail) bool { return t.Account() != account })
	for _, t := range seen {
		if t.HomeRegion == region {
			h.Trail = &t
		}
	}
	if h.Trail == nil {
		for _, t := range seen {
			// Among selected regions, a trail for all of them loses the
			// others before they get trails of their own.
			if !slices.Contains(spec.Regions, t.HomeRegion) {
				return h, fmt.Errorf("trail %s: %w: it is %s, and was asked for in %s", spec.Name, ErrOtherHome, t.HomeRegion, region)
			}
		}
		return h, nil
	}
	out, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &spec.Name})
	if err != nil {
		return h, fmt.Errorf("reading the status of trail %s: %w", spec.Name, err)
	}
	h.Logging = aws.ToBool(out.IsLogging)
	return h, describeRecording(ctx, client, spec, &h)
}

// describeRecording reads tags and selectors as far as they are asked for.
func describeRecording(ctx context.Context, client CloudTrail, spec Spec, h *Home) (err error) {
	if len(spec.Tags) > 0 || len(spec.RemoveTags) > 0 {
		if h.Tags, err = readTags(ctx, client, h.Trail.ARN); err != nil {
			return err
		}
	}
	// Each is also read to see whether Insights have something to look at.
	asked := spec.Recording != nil || spec.Selectors != nil
	if asked || spec.Insights != nil {
		s, err := ReadSelectors(ctx, client, h.Trail.ARN)
		if err != nil {
			return err
		}
		h.Selectors = &s
	}
	if spec.Insights != nil || asked && h.Trail.InsightSelectors {
		i, err := ReadInsights(ctx, client, h.Trail.ARN)
		if err != nil {
			return err
		}
		h.Insights = &i
	}
	return nil
}

func describeBucket(ctx context.Context, clients Clients, spec Spec, homes []Home) (BucketState, error) {
	b := BucketState{Name: spec.Bucket}
	for _, h := range homes {
		if b.Name == "" && h.Trail != nil {
			b.Name = h.Trail.Bucket
		}
	}
	byDefault := DefaultBucket(clients.Account.ID, spec.Name)
	if b.Name == "" {
		b.Name = byDefault
	}
	b.ByDefault = b.Name == byDefault
	b.InUse = slices.ContainsFunc(homes, func(h Home) bool { return h.Trail != nil && h.Trail.Bucket == b.Name })
	if b.Unread = !spec.needsBucket(); b.Unread {
		return b, nil
	}

	locate := func(region string) bucket.Locator {
		if region == "" {
			region = spec.Region
		}
		return clients.S3(region)
	}
	var err error
	if b.Place, err = bucket.Locate(ctx, locate, b.Name, clients.Account.ID); err != nil {
		return b, err
	}
	if b.Owner != bucket.Account {
		return b, nil
	}
	client := clients.S3(b.Region)
	if b.Settings, err = bucket.ReadSettings(ctx, client, b.Name, clients.Account.ID); err != nil {
		return b, err
	}
	b.Policy, err = bucket.Policy(ctx, client, b.Name, clients.Account.ID)
	if errors.Is(err, bucket.ErrDenied) {
		b.PolicyErr, err = err, nil
	}
	return b, err
}
