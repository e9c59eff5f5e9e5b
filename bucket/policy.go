package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	ErrPolicyTooLarge = policy.ErrTooLarge
	ErrPolicyContest  = policy.ErrContest
)

// TrailAccess is what CloudTrail must be allowed to do to a bucket so that
// trails of one account can deliver to it.
type TrailAccess struct {
	Bucket    string
	Partition string // "aws", "aws-cn", "aws-us-gov", ...
	Base      Base   // where the files go; with Org, the organization's folder, too
	Trails    []string
	Owner     string // the account that must own the bucket; "" is Base.Account
}

func (a TrailAccess) owner() string { return cmp.Or(a.Owner, a.Base.Account) }

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

// PolicyFor is a policy that holds the grants for several places in one bucket
// and nothing else, to show to whoever may change the bucket.
func PolicyFor(list []TrailAccess) string {
	d := &policy.Document{}
	for _, g := range grantsOf(list) {
		d.Allow(g)
	}
	return d.String()
}

// PolicyChange is a bucket policy before and after, both as JSON; Before is
// empty when the bucket has none.
type PolicyChange = policy.Change

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

// AllowTrails writes the grants into the bucket's policy with one write: merged
// into what stands there at that moment, and read back, as policy.Store does
// it; S3 has no lock for it. All of the list name the same bucket.
func AllowTrails(ctx context.Context, client PolicyClient, list []TrailAccess, sleep policy.Sleep) (PolicyChange, error) {
	if len(list) == 0 {
		return PolicyChange{}, nil
	}
	return policyStore(client, list[0].Bucket, list[0].owner()).Allow(ctx, grantsOf(list), sleep)
}

// policyStore is a bucket's policy for reading and writing. owner is the
// account that must own the bucket.
func policyStore(client PolicyClient, name, owner string) policy.Store {
	return policy.Store{
		Name: "the policy of bucket " + name,
		Read: func(ctx context.Context) (string, error) { return Policy(ctx, client, name, owner) },
		Write: func(ctx context.Context, text string) error {
			_, err := client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &name, Policy: &text, ExpectedBucketOwner: &owner})
			if err != nil {
				return fmt.Errorf("writing the policy of bucket %s: %w", name, classify(err))
			}
			return nil
		},
		Max: MaxPolicy,
	}
}

func codeIs(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}
