// Package trail is an account's trails: what one is asked to be (Spec), what
// there is (Current), the steps from one to the other (Plan), doing them
// (Apply), and reading trails and their status. It prints nothing, asks
// nobody, and reads no log files; what a bucket needs is package bucket's.
//
// A trail is made by Spec.Validate, Describe, Diff and Apply, in that order.
// Only Apply changes anything, and applying twice does nothing the second
// time.
package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/smithy-go"
)

// What finding a trail can fail with.
var (
	ErrNotFound  = errors.New("no such trail")
	ErrAmbiguous = errors.New("several trails have that name")
)

// Trail is a trail's configuration. Empty texts are things that it does not
// have.
type Trail struct {
	Name       string
	ARN        string
	HomeRegion string
	Bucket     string
	Prefix     string

	MultiRegion         bool
	Organization        bool
	GlobalServiceEvents bool
	LogFileValidation   bool

	TopicARN    string
	LogGroupARN string
	LogRoleARN  string
	KMSKey      string

	CustomSelectors  bool
	InsightSelectors bool
}

// ARN is the name that a trail has, or will have once it exists.
func ARN(partition, region, account, name string) string {
	return fmt.Sprintf("arn:%s:cloudtrail:%s:%s:trail/%s", partition, region, account, name)
}

// Account is the account that owns the trail, from its ARN; "" when the ARN
// is not one.
func (t Trail) Account() string {
	a, err := arn.Parse(t.ARN)
	if err != nil {
		return ""
	}
	return a.AccountID
}

func fromSDK(t types.Trail, asked string) Trail {
	home := aws.ToString(t.HomeRegion)
	if home == "" {
		home = asked
		if a, err := arn.Parse(aws.ToString(t.TrailARN)); err == nil {
			home = a.Region
		}
	}
	return Trail{
		Name: aws.ToString(t.Name), ARN: aws.ToString(t.TrailARN), HomeRegion: home,
		Bucket: aws.ToString(t.S3BucketName), Prefix: aws.ToString(t.S3KeyPrefix),
		MultiRegion: aws.ToBool(t.IsMultiRegionTrail), Organization: aws.ToBool(t.IsOrganizationTrail),
		GlobalServiceEvents: aws.ToBool(t.IncludeGlobalServiceEvents), LogFileValidation: aws.ToBool(t.LogFileValidationEnabled),
		TopicARN: aws.ToString(t.SnsTopicARN), LogGroupARN: aws.ToString(t.CloudWatchLogsLogGroupArn),
		LogRoleARN: aws.ToString(t.CloudWatchLogsRoleArn), KMSKey: aws.ToString(t.KmsKeyId),
		CustomSelectors: aws.ToBool(t.HasCustomEventSelectors), InsightSelectors: aws.ToBool(t.HasInsightSelectors),
	}
}

// Describer reads trails.
type Describer interface {
	DescribeTrails(context.Context, *cloudtrail.DescribeTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error)
}

// Finder is what Find needs of the SDK's client.
type Finder interface {
	Describer
	ListTrails(context.Context, *cloudtrail.ListTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTrailsOutput, error)
}

// describe reads trails by name or ARN as one region sees them, with the
// shadows of multi-region trails from elsewhere. No names means all.
func describe(ctx context.Context, client Describer, region string, names ...string) ([]Trail, error) {
	out, err := client.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{
		TrailNameList: names, IncludeShadowTrails: aws.Bool(true),
	})
	if err != nil {
		return nil, fmt.Errorf("reading the trails of %s: %w", region, err)
	}
	var trails []Trail
	for _, t := range out.TrailList {
		// Not every server keeps to the names.
		if len(names) == 0 || slices.Contains(names, aws.ToString(t.Name)) || slices.Contains(names, aws.ToString(t.TrailARN)) {
			trails = append(trails, fromSDK(t, region))
		}
	}
	return trails, nil
}

// Find looks a trail up by its ARN, or by its name: as region sees it first,
// and then in every other home region. It fails with ErrNotFound, or with
// ErrAmbiguous when the name alone does not say which trail is meant.
func Find(ctx context.Context, clients func(region string) Finder, region, nameOrARN string) (Trail, error) {
	if a, err := arn.Parse(nameOrARN); err == nil {
		return findARN(ctx, clients, a)
	}
	if err := checkName(nameOrARN); err != nil {
		return Trail{}, err
	}
	seen, err := describe(ctx, clients(region), region, nameOrARN)
	if err != nil {
		return Trail{}, err
	}
	for _, t := range seen {
		if t.HomeRegion == region || len(seen) == 1 {
			return t, nil
		}
	}
	return findElsewhere(ctx, clients, region, nameOrARN)
}

// FindAll is Find for commands that can do with several trails of one name, as
// trails for selected regions have: it finds them all, by home region.
func FindAll(ctx context.Context, clients func(region string) Finder, region, nameOrARN string) ([]Trail, error) {
	one, err := Find(ctx, clients, region, nameOrARN)
	if _, e := arn.Parse(nameOrARN); e == nil || err != nil && !errors.Is(err, ErrAmbiguous) {
		return []Trail{one}, err
	}
	infos, listErr := listAll(ctx, clients(region))
	if listErr != nil {
		return []Trail{one}, err // what Find has found must do
	}
	found := []Trail{}
	for _, i := range infos {
		if aws.ToString(i.Name) != nameOrARN {
			continue
		}
		a, err := arn.Parse(aws.ToString(i.TrailARN))
		if err != nil {
			return nil, fmt.Errorf("trail %q: %w", nameOrARN, err)
		}
		t, err := findARN(ctx, clients, a)
		if err != nil {
			return nil, err
		}
		found = append(found, t)
	}
	if len(found) == 0 { // a server that does not list its own trails
		return []Trail{one}, err
	}
	slices.SortFunc(found, func(a, b Trail) int { return strings.Compare(a.HomeRegion, b.HomeRegion) })
	return found, nil
}

func findARN(ctx context.Context, clients func(region string) Finder, a arn.ARN) (Trail, error) {
	if a.Service != "cloudtrail" || !strings.HasPrefix(a.Resource, "trail/") || a.Region == "" {
		return Trail{}, refuse("%s is not the ARN of a trail (arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME)", a)
	}
	trails, err := describe(ctx, clients(a.Region), a.Region, a.String())
	if err != nil {
		return Trail{}, err
	}
	for _, t := range trails {
		if t.ARN == a.String() {
			return t, nil
		}
	}
	return Trail{}, fmt.Errorf("%w: %s", ErrNotFound, a)
}

// findElsewhere looks for the name among all trails of the account. A server
// that does not answer ListTrails only knows of the region asked.
func findElsewhere(ctx context.Context, clients func(region string) Finder, region, name string) (Trail, error) {
	infos, err := listAll(ctx, clients(region))
	if err != nil {
		if code := errorCode(err); code == "" || ctx.Err() != nil {
			return Trail{}, err
		}
		return Trail{}, fmt.Errorf("%w in %s: %q (other regions were not searched: %w)", ErrNotFound, region, name, err)
	}
	var found []string
	for _, i := range infos {
		if aws.ToString(i.Name) == name {
			found = append(found, aws.ToString(i.TrailARN))
		}
	}
	switch len(found) {
	case 0:
		return Trail{}, fmt.Errorf("%w: %q", ErrNotFound, name)
	case 1:
		a, err := arn.Parse(found[0])
		if err != nil {
			return Trail{}, fmt.Errorf("trail %q: %w", name, err)
		}
		return findARN(ctx, clients, a)
	}
	return Trail{}, fmt.Errorf("%w: %q is %s: give the ARN, or --region", ErrAmbiguous, name, strings.Join(found, " and "))
}

func listAll(ctx context.Context, client Finder) ([]types.TrailInfo, error) {
	var infos []types.TrailInfo
	err := everyPage(func(token *string) (*string, error) {
		out, err := client.ListTrails(ctx, &cloudtrail.ListTrailsInput{NextToken: token})
		if err != nil {
			return nil, err
		}
		infos = append(infos, out.Trails...)
		return out.NextToken, nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing trails: %w", err)
	}
	return infos, nil
}

// errorCode is AWS's code of an error, "" for one that AWS did not give. The
// ending "Exception" is taken off: AWS's services do not agree on it.
func errorCode(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return ""
	}
	return strings.TrimSuffix(api.ErrorCode(), "Exception")
}
