package trail

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// endless is a server whose lists have no end: each page names a next one,
// always the same (step 0) or always another.
type endless struct {
	fakeTrails
	fakeS3
	fakeOrganizations
	step, pages int
}

// next is a page's token. It stops a reader that has no bound of its own.
func (e *endless) next() (*string, error) {
	if e.pages++; e.pages > 10*mostPages {
		return nil, errors.New("asked for pages without a bound")
	}
	return aws.String(strconv.Itoa(e.pages * e.step)), nil
}

func (e *endless) ListTrails(context.Context, *cloudtrail.ListTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTrailsOutput, error) {
	next, err := e.next()
	return &cloudtrail.ListTrailsOutput{NextToken: next}, err
}

func (e *endless) ListTags(context.Context, *cloudtrail.ListTagsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTagsOutput, error) {
	next, err := e.next()
	return &cloudtrail.ListTagsOutput{NextToken: next}, err
}

func (e *endless) ListBuckets(context.Context, *s3.ListBucketsInput, ...func(*s3.Options)) (*s3.ListBucketsOutput, error) {
	next, err := e.next()
	return &s3.ListBucketsOutput{ContinuationToken: next}, err
}

func (e *endless) DescribeOrganization(context.Context, *organizations.DescribeOrganizationInput, ...func(*organizations.Options)) (*organizations.DescribeOrganizationOutput, error) {
	return &organizations.DescribeOrganizationOutput{Organization: &orgtypes.Organization{}}, nil
}

func (e *endless) ListAWSServiceAccessForOrganization(context.Context, *organizations.ListAWSServiceAccessForOrganizationInput, ...func(*organizations.Options)) (*organizations.ListAWSServiceAccessForOrganizationOutput, error) {
	next, err := e.next()
	return &organizations.ListAWSServiceAccessForOrganizationOutput{NextToken: next}, err
}

// endlessIAM is the same for a role.
type endlessIAM struct {
	IAM
	e *endless
}

func (f endlessIAM) ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error) {
	next, err := f.e.next()
	return &iam.ListRolePoliciesOutput{IsTruncated: true, Marker: next}, err
}

func (f endlessIAM) ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	next, err := f.e.next()
	return &iam.ListAttachedRolePoliciesOutput{IsTruncated: true, Marker: next}, err
}

func (f endlessIAM) ListRoleTags(context.Context, *iam.ListRoleTagsInput, ...func(*iam.Options)) (*iam.ListRoleTagsOutput, error) {
	next, err := f.e.next()
	return &iam.ListRoleTagsOutput{IsTruncated: true, Marker: next}, err
}

// A list that does not end is an error after a bounded number of pages.
func TestListsWithoutEnd(t *testing.T) {
	lists := map[string]func(context.Context, *endless) error{
		"trails":   func(ctx context.Context, e *endless) error { _, err := listAll(ctx, e); return err },
		"tags":     func(ctx context.Context, e *endless) error { _, err := readTags(ctx, e, auditARN); return err },
		"buckets":  func(ctx context.Context, e *endless) error { _, err := ReadBuckets(ctx, e); return err },
		"services": func(ctx context.Context, e *endless) error { _, err := readOrganization(ctx, e); return err },
		"role policies": func(ctx context.Context, e *endless) error {
			_, err := readInline(ctx, endlessIAM{e: e}, "r")
			return err
		},
		"attached policies": func(ctx context.Context, e *endless) error {
			_, err := readAttached(ctx, endlessIAM{e: e}, "r")
			return err
		},
		"role tags": func(ctx context.Context, e *endless) error {
			_, err := readRoleTags(ctx, endlessIAM{e: e}, "r")
			return err
		},
	}
	for name, read := range lists {
		for step, want := range map[int]struct {
			pages int
			says  string
		}{0: {2, "the same page again"}, 1: {mostPages, "more than 100 pages"}} {
			t.Run(name+" "+strconv.Itoa(step), func(t *testing.T) {
				e := &endless{fakeTrails: fakeTrails{newFake(), home}, step: step}
				err := read(t.Context(), e)
				if !errors.Is(err, ErrEndless) || !strings.Contains(err.Error(), want.says) || e.pages != want.pages {
					t.Errorf("%d pages, want %d: %v", e.pages, want.pages, err)
				}
			})
		}
	}
}
