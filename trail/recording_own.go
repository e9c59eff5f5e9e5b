package trail

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

var sourcePattern = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$`)

// Own is what an account has, as far as a Recording must know it.
type Own struct {
	Account Account
	Regions []string // that the trail records
	Buckets []string // the account's; read when NeedsBuckets says so

	Now          *Selectors // what the trail records now; nil for a new one
	LogBucket    string     // where it delivers
	Organization bool       // it is an organization's trail
}

// NeedsBuckets tells whether Own.Buckets is needed: the ARNs of S3 objects do
// not say whose they are.
func (r Recording) NeedsBuckets() bool {
	return r.ofAccount() && slices.ContainsFunc(r.kinds(), ResourceType.isS3)
}

// ofAccount tells whether the account's own resources are asked for.
func (r Recording) ofAccount() bool { return slices.Contains(r.Resources, "account") }

func (t ResourceType) isS3() bool { return t.Name == s3Object }

// BucketLister lists an account's buckets.
type BucketLister interface {
	ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error)
}

// bucketsAPage is S3's most (S3 API reference, ListBuckets). An account has a
// million buckets at most, so that mostPages are enough for all of them.
const bucketsAPage = 10000

// ReadBuckets are the names of an account's buckets, in all regions.
func ReadBuckets(ctx context.Context, client BucketLister) ([]string, error) {
	names := []string{}
	err := everyPage(func(token *string) (*string, error) {
		out, err := client.ListBuckets(ctx, &s3.ListBucketsInput{MaxBuckets: aws.Int32(bucketsAPage), ContinuationToken: token})
		if err != nil {
			return nil, err
		}
		for _, b := range out.Buckets {
			names = append(names, aws.ToString(b.Name))
		}
		return out.ContinuationToken, nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the account's buckets: %w", err)
	}
	return names, nil
}

// describeBuckets reads the account's buckets when the spec must know them.
func describeBuckets(ctx context.Context, clients Clients, spec Spec) ([]string, error) {
	if spec.Recording == nil || !spec.Recording.NeedsBuckets() {
		return nil, nil
	}
	return ReadBuckets(ctx, clients.S3(spec.Region))
}

// arns are the beginnings of the ARNs of a type's resources; nil for all.
func (r Recording) arns(own Own, t ResourceType, among []ResourceType) []string {
	if len(r.Resources) == 0 || slices.Contains(r.Resources, "all") {
		return nil
	}
	begins := []string{}
	for _, p := range r.prefixes() {
		if takes(t, p, among) {
			begins = append(begins, p)
		}
	}
	switch {
	case !r.ofAccount() || !t.Owned():
	case t.isS3():
		for _, b := range own.Buckets {
			begins = append(begins, "arn:"+own.Account.Partition+":s3:::"+b+"/")
		}
	default:
		for _, region := range own.Regions {
			begins = append(begins, t.arnPrefix(own.Account, region))
		}
	}
	return sortedTexts(begins)
}

// dataNotes say what the selectors of data events in list cover and what not.
func (r Recording) dataNotes(own Own, kinds []ResourceType, list []types.AdvancedEventSelector) []string {
	var notes []string
	add := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	for _, t := range kinds {
		if _, known, _ := LookUpType(t.Name); !known {
			add("%s is none of the resource types that trailctl knows: CloudTrail will tell whether there is such a type", t.Name)
		}
	}
	if r.NeedsBuckets() {
		add("the ARNs of S3 objects name no account: the %d buckets that the account has now are covered; for later ones run the same command again", len(own.Buckets))
	}
	switch byARN := r.ofAccount() && slices.ContainsFunc(kinds, func(t ResourceType) bool { return t.service != "" }); {
	case byARN && len(own.Regions) == 1:
		add("the account's resources in %s are covered", own.Regions[0])
	case byARN:
		add("the account's resources in %d regions are covered; for a region that AWS opens later run the same command again", len(own.Regions))
	}
	if r.ofAccount() && own.Organization {
		add("it is an organization's trail: resources of its other accounts are not covered")
	}
	if own.LogBucket != "" && slices.ContainsFunc(list, func(s types.AdvancedEventSelector) bool { return coversLogs(s, own) }) {
		add("bucket %s, which receives the log files, is covered, too: each delivery is itself recorded", own.LogBucket)
	}
	add("data events cost extra")
	return notes
}

// coversLogs tells whether a selector wants data events of the bucket that the
// trail delivers to.
func coversLogs(s types.AdvancedEventSelector, own Own) bool {
	if len(ofType([]types.AdvancedEventSelector{s}, s3Object)) == 0 {
		return false
	}
	for _, f := range s.FieldSelectors {
		if aws.ToString(f.Field) == "resources.ARN" {
			return slices.Contains(f.StartsWith, "arn:"+own.Account.Partition+":s3:::"+own.LogBucket+"/")
		}
	}
	return true
}

// own is what the account has for one trail of a plan.
func (d differ) own(t Trail) Own {
	o := Own{
		Account: d.cur.Account, Regions: []string{t.HomeRegion}, Buckets: d.cur.Buckets,
		LogBucket: t.Bucket, Organization: t.Organization,
	}
	if t.MultiRegion {
		if o.Regions = Regions(d.cur.Account.Partition); !slices.Contains(o.Regions, t.HomeRegion) {
			o.Regions = append(o.Regions, t.HomeRegion)
		}
	}
	for _, h := range d.cur.Homes {
		if h.Region == t.HomeRegion {
			o.Now = h.Selectors
		}
	}
	return o
}
