package trail

import (
	"context"
	"errors"
	"fmt"

	"trailctl/bucket"
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

func access(cur Current, t Trail) bucket.TrailAccess {
	return bucket.TrailAccess{
		Bucket: t.Bucket, Partition: cur.Account.Partition,
		Base:   bucket.Base{Prefix: t.Prefix, Account: cur.Account.ID},
		Trails: []string{t.ARN},
	}
}

// bucketSteps are the steps for the bucket and its policy.
func bucketSteps(spec Spec, cur Current, t Trail) ([]Step, error) {
	b := cur.Bucket
	switch b.Owner {
	case bucket.Nobody:
		return newBucket(spec, cur, t)
	case bucket.Other:
		return foreignBucket(spec, cur, t)
	}
	keep := Step{Kind: Keep, Target: "bucket " + b.Name, Summary: "is there, in " + b.Region}
	if b.Region != spec.Region {
		// A trail that uses the bucket already has been asked about it before.
		if !spec.AcceptBucketRegion && !b.InUse {
			return nil, fmt.Errorf("bucket %s: %w: it is in %s, the trail in %s", b.Name, ErrBucketRegion, b.Region, spec.Region)
		}
		keep.Notes = append(keep.Notes, fmt.Sprintf("it is in %s, the trail in %s: log files cross regions", b.Region, spec.Region))
	}
	settings := existingSettings(cur, &keep)
	policy, err := policyStep(spec, cur, t)
	if err != nil {
		return nil, err
	}
	return append(append([]Step{keep}, settings...), policy), nil
}

// newBucket are the steps for a bucket that does not exist yet. S3 gives new
// buckets these settings by itself since 2023; setting them makes sure of it
// wherever the bucket is made.
func newBucket(spec Spec, cur Current, t Trail) ([]Step, error) {
	name, account := cur.Bucket.Name, cur.Account.ID
	steps := []Step{
		{
			Kind: Create, Target: "bucket " + name, Summary: "in " + spec.Region,
			Fields: []Field{{Name: "ObjectOwnership", After: bucket.OwnerEnforced}},
			do: func(ctx context.Context, r *run, _ *Step) error {
				r.fresh = true
				return bucket.Create(ctx, r.clients.S3(spec.Region), name, spec.Region)
			},
		},
		blockStep(name, spec.Region, account),
		encryptStep(name, spec.Region, account),
	}
	if spec.SkipBucketPolicy {
		return append(steps, skippedPolicy(cur, t)), nil
	}
	// The region is not known to S3 yet, but it is to us.
	cur.Bucket.Region = spec.Region
	policy, err := policyStep(spec, cur, t)
	return append(steps, policy), err
}

func blockStep(name, region, account string) Step {
	return Step{
		Kind: Create, Target: bucket.PublicAccessSetting, Summary: "all four switches on",
		do: func(ctx context.Context, r *run, _ *Step) error {
			return bucket.BlockPublicAccess(ctx, r.clients.S3(region), name, account)
		},
	}
}

func ownerStep(name, region, account string) Step {
	return Step{
		Kind: Create, Target: bucket.OwnershipSetting, Summary: bucket.OwnerEnforced,
		do: func(ctx context.Context, r *run, _ *Step) error {
			return bucket.EnforceOwner(ctx, r.clients.S3(region), name, account)
		},
	}
}

func encryptStep(name, region, account string) Step {
	return Step{
		Kind: Create, Target: bucket.EncryptionSetting, Summary: bucket.AES256,
		do: func(ctx context.Context, r *run, _ *Step) error {
			return bucket.Encrypt(ctx, r.clients.S3(region), name, account)
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
func foreignBucket(spec Spec, cur Current, t Trail) ([]Step, error) {
	b := cur.Bucket
	if !b.InUse && (!spec.SkipBucketPolicy || spec.Bucket == "") {
		return nil, &ForeignBucketError{Bucket: b.Name, Statements: access(cur, t).Statements(), err: ErrBucketForeign}
	}
	keep := Step{Kind: Keep, Target: "bucket " + b.Name, Summary: "is there, and belongs to another account or may not be looked at"}
	return []Step{keep, skippedPolicy(cur, t)}, nil
}

func skippedPolicy(cur Current, t Trail) Step {
	return Step{
		Kind: Keep, Target: "bucket policy", Summary: "is left alone",
		Notes: []string{"CloudTrail delivers there once the policy holds " + access(cur, t).Statements()},
	}
}

func policyStep(spec Spec, cur Current, t Trail) (Step, error) {
	b := cur.Bucket
	if spec.SkipBucketPolicy {
		return skippedPolicy(cur, t), nil
	}
	a := access(cur, t)
	if b.PolicyErr != nil {
		return Step{}, &ForeignBucketError{Bucket: b.Name, Statements: a.Statements(), err: fmt.Errorf("%w: %w", ErrBucketPolicy, b.PolicyErr)}
	}
	change, err := a.Merge(b.Policy)
	if err != nil {
		return Step{}, err
	}
	step := Step{Kind: Keep, Target: "bucket policy", Summary: "lets CloudTrail deliver", Notes: change.Notes, denies: change.Denies}
	if !change.Changed {
		return step, nil
	}
	step.Kind, step.Summary = Change, "let CloudTrail deliver for this trail; all other statements stay"
	if change.Before == "" {
		step.Kind, step.Summary = Create, "let CloudTrail deliver for this trail"
	}
	step.Before, step.After = change.Before, change.After
	step.do = func(ctx context.Context, r *run, s *Step) error {
		done, err := bucket.AllowTrail(ctx, r.clients.S3(b.Region), a, r.sleep)
		if err != nil {
			return err
		}
		r.fresh = true
		s.Before, s.After, s.Notes = done.Before, done.After, done.Notes
		return nil
	}
	return step, nil
}
