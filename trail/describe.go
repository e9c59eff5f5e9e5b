package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"trailctl/bucket"
)

// What Describe refuses.
var (
	ErrOtherHome = errors.New("the trail has another home region")
)

// Current is what there is before anything is changed.
type Current struct {
	Account Account
	Trail   *Trail // nil when there is none of that name
	Logging bool
	Bucket  BucketState
}

// BucketState is what is known of the bucket that the trail is to use.
type BucketState struct {
	Name      string
	ByDefault bool // nobody named it: it is DefaultBucket
	InUse     bool // the trail delivers to it already
	bucket.Place
	Settings bucket.Settings
	Policy   string // "" for none
	// PolicyErr is why the policy could not be read; Diff decides whether
	// that matters.
	PolicyErr error
}

// Describe reads all that Diff needs to know. It changes nothing.
func Describe(ctx context.Context, clients Clients, spec Spec) (Current, error) {
	cur := Current{Account: clients.Account}
	client := clients.CloudTrail(spec.Region)
	seen, err := describe(ctx, client, spec.Region, spec.Name)
	if err != nil {
		return cur, err
	}
	// A member of an organization also sees the organization's trail, which
	// is not its own.
	seen = slices.DeleteFunc(seen, func(t Trail) bool { return t.Account() != clients.Account.ID })
	for _, t := range seen {
		if t.HomeRegion == spec.Region {
			cur.Trail = &t
		}
	}
	if cur.Trail == nil && len(seen) > 0 {
		return cur, fmt.Errorf("trail %s: %w: it is %s, and was asked for in %s", spec.Name, ErrOtherHome, seen[0].HomeRegion, spec.Region)
	}
	if cur.Trail != nil {
		out, err := client.GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: &spec.Name})
		if err != nil {
			return cur, fmt.Errorf("reading the status of trail %s: %w", spec.Name, err)
		}
		cur.Logging = aws.ToBool(out.IsLogging)
	}
	cur.Bucket, err = describeBucket(ctx, clients, spec, cur.Trail)
	return cur, err
}

func describeBucket(ctx context.Context, clients Clients, spec Spec, t *Trail) (BucketState, error) {
	b := BucketState{Name: spec.Bucket}
	if b.Name == "" && t != nil {
		b.Name = t.Bucket
	}
	byDefault := DefaultBucket(clients.Account.ID, spec.Name)
	if b.Name == "" {
		b.Name = byDefault
	}
	b.ByDefault = b.Name == byDefault
	b.InUse = t != nil && t.Bucket == b.Name

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
