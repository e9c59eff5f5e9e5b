package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"trailctl/bucket"
	"trailctl/internal/policy"
)

// What Diff refuses about a bucket.
var (
	ErrBucketRegion  = errors.New("the bucket lies in another region")
	ErrBucketForeign = errors.New("the bucket belongs to another account, or the credentials may not look at it")
	ErrBucketPolicy  = errors.New("the bucket's policy may not be read, so nothing can be added to it")
)

// ForeignBucketError says that a bucket is not the account's own, and what
// its owner must add to its policy.
type ForeignBucketError struct {
	Bucket     string
	Statements string // a bucket policy, JSON
	err        error
}

func (e *ForeignBucketError) Error() string { return fmt.Sprintf("bucket %s: %v", e.Bucket, e.err) }

// Unwrap is ErrBucketForeign or ErrBucketPolicy.
func (e *ForeignBucketError) Unwrap() error { return e.err }

// access is what CloudTrail must be allowed to do: for trails that share a
// prefix, one access for all of them.
func (d differ) access() []bucket.TrailAccess {
	var list []bucket.TrailAccess
	for _, t := range d.trails {
		base := bucket.Base{Prefix: t.Prefix, Account: d.cur.Account.ID}
		if t.Organization && d.cur.Organization != nil {
			base.Org = d.cur.Organization.ID
		}
		i := slices.IndexFunc(list, func(a bucket.TrailAccess) bool { return a.Base == base })
		if i < 0 {
			i = len(list)
			list = append(list, bucket.TrailAccess{Bucket: t.Bucket, Partition: d.cur.Account.Partition, Base: base})
		}
		list[i].Trails = append(list[i].Trails, t.ARN)
	}
	return list
}

func (d differ) bucketGrants() []policy.Grant {
	var grants []policy.Grant
	for _, a := range d.access() {
		grants = append(grants, a.Grants()...)
	}
	return grants
}

// bucketStatements is a bucket policy that holds the grants and nothing else.
func (d differ) bucketStatements() string { return statements(d.bucketGrants()) }

func statements(grants []policy.Grant) string {
	doc := &policy.Document{}
	for _, g := range grants {
		doc.Allow(g)
	}
	return doc.String()
}

// bucketSteps are the steps for the bucket and its policy.
func (d differ) bucketSteps() ([]Step, error) {
	b := d.cur.Bucket
	if b.Unread {
		return nil, nil
	}
	switch b.Owner {
	case bucket.Nobody:
		return d.newBucket()
	case bucket.Other:
		return d.foreignBucket()
	}
	keep := Step{Kind: Keep, Target: "bucket " + b.Name, Summary: "is there, in " + b.Region}
	if !slices.Contains(d.spec.homes(), b.Region) {
		// A trail that uses the bucket already has been asked about it before.
		if !d.spec.AcceptBucketRegion && !b.InUse {
			return nil, fmt.Errorf("bucket %s: %w: it is in %s, the trail in %s", b.Name, ErrBucketRegion, b.Region, d.spec.Region)
		}
		keep.Notes = append(keep.Notes, fmt.Sprintf("it is in %s, the trail in %s: log files cross regions", b.Region, d.spec.Region))
	}
	settings := existingSettings(d.cur, &keep)
	policy, err := d.bucketPolicyStep(b.Region)
	if err != nil {
		return nil, err
	}
	return append(append([]Step{keep}, settings...), policy), nil
}

// newBucket are the steps for a bucket that does not exist yet. S3 gives new
// buckets these settings by itself since 2023; setting them makes sure of it
// wherever the bucket is made.
func (d differ) newBucket() ([]Step, error) {
	name, account, region := d.cur.Bucket.Name, d.cur.Account.ID, d.spec.Region
	steps := []Step{
		{
			Kind: Create, Target: "bucket " + name, Summary: "in " + region,
			Fields: []Field{{Name: "ObjectOwnership", After: bucket.OwnerEnforced}},
			do: func(ctx context.Context, r *run, _ *Step) error {
				r.touched(aBucket)
				return bucket.Create(ctx, r.clients.S3(region), name, region)
			},
		},
		blockStep(name, region, account),
		encryptStep(name, region, account),
	}
	policy, err := d.bucketPolicyStep(region)
	return append(steps, policy), err
}

func blockStep(name, region, account string) Step {
	return Step{
		Kind: Create, Target: bucket.PublicAccessSetting, Summary: "all four switches on",
		do: func(ctx context.Context, r *run, _ *Step) error {
			return r.until(ctx, func() error { return bucket.BlockPublicAccess(ctx, r.clients.S3(region), name, account) })
		},
	}
}

func ownerStep(name, region, account string) Step {
	return Step{
		Kind: Create, Target: bucket.OwnershipSetting, Summary: bucket.OwnerEnforced,
		do: func(ctx context.Context, r *run, _ *Step) error {
			return r.until(ctx, func() error { return bucket.EnforceOwner(ctx, r.clients.S3(region), name, account) })
		},
	}
}

func encryptStep(name, region, account string) Step {
	return Step{
		Kind: Create, Target: bucket.EncryptionSetting, Summary: bucket.AES256,
		do: func(ctx context.Context, r *run, _ *Step) error {
			return r.until(ctx, func() error { return bucket.Encrypt(ctx, r.clients.S3(region), name, account) })
		},
	}
}

// existingSettings leaves the settings of a bucket as they are and warns
// where they are not what a new one would get. Only the default bucket, whose
// name says that it was made here, gets what was never set: an earlier run
// may have ended before that.
func existingSettings(cur Current, keep *Step) []Step {
	b, account := cur.Bucket, cur.Account.ID
	var steps []Step
	check := func(setting string, set, good bool, complete func(name, region, account string) Step, warning string) {
		switch _, unread := b.Settings.Unread[setting]; {
		case unread:
			keep.Notes = append(keep.Notes, fmt.Sprintf("its %s could not be read: %v", setting, b.Settings.Unread[setting]))
		case !set && b.ByDefault:
			steps = append(steps, complete(b.Name, b.Region, account))
		case !good:
			keep.Warnings = append(keep.Warnings, warning)
		}
	}
	s := b.Settings
	check(bucket.PublicAccessSetting, s.PublicAccess != nil, s.PublicAccess.All(), blockStep,
		"public access to it is not fully blocked; it is an existing bucket and stays as it is")
	check(bucket.OwnershipSetting, s.Ownership != "", s.Ownership == "" || s.Ownership == bucket.OwnerEnforced, ownerStep,
		fmt.Sprintf("its object ownership is %s, so ACLs are in force; it is an existing bucket and stays as it is", s.Ownership))
	check(bucket.EncryptionSetting, s.Encryption != "", s.Encryption != "", encryptStep,
		"it has no default encryption; it is an existing bucket and stays as it is")
	return steps
}

// foreignBucket is for a bucket whose policy only its owner can change:
// central logging into another account is a usual thing. It has to be asked
// for, because the name of a bucket can also be taken by somebody who waits
// for other people's logs.
func (d differ) foreignBucket() ([]Step, error) {
	b := d.cur.Bucket
	if !b.InUse && (!d.spec.SkipBucketPolicy || d.spec.Bucket == "") {
		return nil, &ForeignBucketError{Bucket: b.Name, Statements: d.bucketStatements(), err: ErrBucketForeign}
	}
	keep := Step{Kind: Keep, Target: "bucket " + b.Name, Summary: "is there, and belongs to another account or may not be looked at"}
	return []Step{keep, d.skippedPolicy()}, nil
}

func (d differ) skippedPolicy() Step {
	return Step{
		Kind: Keep, Target: "bucket policy", Summary: "is left alone",
		Notes: []string{"CloudTrail delivers there once the policy holds " + d.bucketStatements()},
	}
}

func (d differ) bucketPolicyStep(region string) (Step, error) {
	b, grants := d.cur.Bucket, d.bucketGrants()
	if d.spec.SkipBucketPolicy {
		return d.skippedPolicy(), nil
	}
	if b.PolicyErr != nil {
		return Step{}, &ForeignBucketError{Bucket: b.Name, Statements: d.bucketStatements(), err: fmt.Errorf("%w: %w", ErrBucketPolicy, b.PolicyErr)}
	}
	change, err := policy.Merge(b.Policy, grants)
	if err == nil {
		err = change.Within(bucket.MaxPolicy)
	}
	if err != nil {
		return Step{}, fmt.Errorf("the policy of bucket %s: %w", b.Name, err)
	}
	what := "CloudTrail deliver for this trail"
	if d.spec.several() {
		what = "CloudTrail deliver for these trails"
	}
	list := d.access()
	step := policyStep(aBucket, "bucket policy", what, change, grants, func(ctx context.Context, r *run) (policy.Change, error) {
		var done policy.Change
		err := r.until(ctx, func() (err error) {
			done, err = bucket.AllowTrails(ctx, r.clients.S3(region), list, r.sleep)
			return err
		})
		r.touched(aBucket)
		return done, err
	})
	if step.Kind == Keep {
		step.Summary = "lets CloudTrail deliver"
	}
	return step, nil
}
