package bucket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"trailctl/internal/policy"
)

// Service principal and statement names of CloudTrail's own documentation
// ("Amazon S3 bucket policy for CloudTrail"): the console writes the same
// Sids, so whoever comes first, the other one finds the statement.
const (
	trailService = "cloudtrail.amazonaws.com"
	aclSid       = "AWSCloudTrailAclCheck20150319"
	writeSid     = "AWSCloudTrailWrite20150319"
	orgWriteSid  = "AWSCloudTrailOrganizationWrite20150319"
)

// MaxPolicy is how large a bucket policy may be, in bytes (S3 user guide:
// 20 KB).
const MaxPolicy = 20 * 1024

// What changing a policy can fail with.
var (
	ErrPolicyTooLarge = errors.New("the bucket policy would be larger than S3 allows")
	ErrPolicyContest  = errors.New("somebody else keeps changing the bucket policy")
)

// TrailAccess is what CloudTrail must be allowed to do to a bucket so that
// trails of one account can deliver to it.
type TrailAccess struct {
	Bucket    string
	Partition string // "aws", "aws-cn", "aws-us-gov", ...
	Base      Base   // where the files go; with Org, the organization's folder, too
	Trails    []string
}

// Grants are the single permissions, each for the sake of the trails named.
func (a TrailAccess) Grants() []policy.Grant {
	bucketARN := "arn:" + a.Partition + ":s3:::" + a.Bucket
	write := func(sid string, owner string) policy.Grant {
		under := "AWSLogs/" + owner + "/*"
		if p := strings.Trim(a.Base.Prefix, "/"); p != "" {
			under = p + "/" + under
		}
		return policy.Grant{
			Sid: sid, Service: trailService, Action: "s3:PutObject",
			Resource: bucketARN + "/" + under, SourceARNs: a.Trails,
			Equals: map[string]string{"s3:x-amz-acl": "bucket-owner-full-control"},
		}
	}
	grants := []policy.Grant{
		{Sid: aclSid, Service: trailService, Action: "s3:GetBucketAcl", Resource: bucketARN, SourceARNs: a.Trails},
		write(writeSid, a.Base.Account),
	}
	if a.Base.Org != "" {
		grants = append(grants, write(orgWriteSid, a.Base.Org))
	}
	return grants
}

// Statements is a policy that holds the grants and nothing else, to show to
// whoever may change the bucket.
func (a TrailAccess) Statements() string {
	d := &policy.Document{}
	for _, g := range a.Grants() {
		d.Allow(g)
	}
	return d.String()
}

// PolicyChange is a bucket policy before and after, both as JSON; Before is
// empty when the bucket has none.
type PolicyChange struct {
	Before, After string
	Changed       bool
	Notes         []string
	Denies        []string // Deny statements, any of which may stop CloudTrail
}

// Merge puts the grants into a policy text, leaving everything else as it is.
func (a TrailAccess) Merge(before string) (PolicyChange, error) {
	d, err := policy.Parse(before)
	if err != nil {
		return PolicyChange{}, fmt.Errorf("bucket %s: %w", a.Bucket, err)
	}
	c := PolicyChange{Before: before, Denies: d.DenySids()}
	for _, g := range a.Grants() {
		out := d.Allow(g)
		c.Changed = c.Changed || out.How != policy.Present
		c.Notes = append(c.Notes, out.Note...)
	}
	c.After = d.String()
	if c.Changed && len(c.After) > MaxPolicy {
		return PolicyChange{}, fmt.Errorf("bucket %s: %w: %d bytes, the limit is %d", a.Bucket, ErrPolicyTooLarge, len(c.After), MaxPolicy)
	}
	return c, nil
}

// PolicyClient is what reading and changing a policy needs of the SDK's
// client.
type PolicyClient interface {
	GetBucketPolicy(context.Context, *s3.GetBucketPolicyInput, ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error)
	PutBucketPolicy(context.Context, *s3.PutBucketPolicyInput, ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error)
}

// Policy reads a bucket's policy; "" when it has none. account is who must
// own the bucket.
func Policy(ctx context.Context, client PolicyClient, name, account string) (string, error) {
	out, err := client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name, ExpectedBucketOwner: &account})
	switch {
	case codeIs(err, "NoSuchBucketPolicy"):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the policy of bucket %s: %w", name, classify(err))
	}
	return aws.ToString(out.Policy), nil
}

// How long a written policy may take to be read back, and how often a write
// is tried again when somebody else wrote in between.
const (
	readBackAttempts = 6
	readBackWait     = 200 * time.Millisecond // doubles with each attempt
	policyAttempts   = 5
)

// AllowTrail writes the grants into the bucket's policy. S3 has no lock for
// it, so the policy is read right before the write, merged into what stands
// there by then, and read back after it: when another writer's version has
// taken the place of ours, the grants are merged into that one. sleep waits,
// or ends early with the context's error.
func AllowTrail(ctx context.Context, client PolicyClient, a TrailAccess, sleep func(context.Context, time.Duration) error) (PolicyChange, error) {
	var first *PolicyChange
	for range policyAttempts {
		change, err := a.readAndMerge(ctx, client)
		if err != nil {
			return PolicyChange{}, err
		}
		if first == nil {
			first = &change
		}
		if !change.Changed {
			change.Before, change.Changed = first.Before, first.Changed
			return change, nil
		}
		_, err = client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{
			Bucket: &a.Bucket, Policy: &change.After, ExpectedBucketOwner: &a.Base.Account,
		})
		if err != nil {
			return PolicyChange{}, fmt.Errorf("writing the policy of bucket %s: %w", a.Bucket, classify(err))
		}
		done, err := a.readBack(ctx, client, change, sleep)
		if err != nil {
			return PolicyChange{}, err
		}
		if done {
			change.Before = first.Before
			return change, nil
		}
	}
	return PolicyChange{}, fmt.Errorf("bucket %s: %w: it was written %d times, and each time something else stood there afterwards",
		a.Bucket, ErrPolicyContest, policyAttempts)
}

func (a TrailAccess) readAndMerge(ctx context.Context, client PolicyClient) (PolicyChange, error) {
	text, err := Policy(ctx, client, a.Bucket, a.Base.Account)
	if err != nil {
		return PolicyChange{}, err
	}
	return a.Merge(text)
}

// readBack tells whether what was written stands there. S3 may go on showing
// the old policy for a moment, which is not yet a reason to write again.
func (a TrailAccess) readBack(ctx context.Context, client PolicyClient, written PolicyChange, sleep func(context.Context, time.Duration) error) (bool, error) {
	old, err := policy.Parse(written.Before)
	if err != nil {
		return false, err
	}
	for i := range readBackAttempts {
		if i > 0 {
			if err := sleep(ctx, readBackWait<<(i-1)); err != nil {
				return false, err
			}
		}
		now, err := a.readAndMerge(ctx, client)
		switch {
		case err != nil:
			return false, err
		case !now.Changed:
			return true, nil
		}
		doc, err := policy.Parse(now.Before)
		if err != nil {
			return false, err
		}
		if !policy.Same(doc, old) {
			return false, nil // a third version: someone else's
		}
	}
	return false, nil
}

func codeIs(err error, codes ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	for _, c := range codes {
		if api.ErrorCode() == c {
			return true
		}
	}
	return false
}
