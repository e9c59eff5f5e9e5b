package trail

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"golang.org/x/sync/errgroup"
)

// Regions are the regions of a partition, sorted, those included that an
// account must enable before use. CloudTrail is in all of them (AWS general
// reference, "AWS CloudTrail endpoints and quotas", May 2026). No call tells
// an account's enabled regions but EC2's and Account Management's, which need
// permissions of their own; a region that is not enabled answers
// UnrecognizedClientException.
func Regions(partition string) []string {
	names := map[string]string{
		"aws": "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 " +
			"ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 " +
			"ca-central-1 ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 " +
			"il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2",
		"aws-cn":     "cn-north-1 cn-northwest-1",
		"aws-us-gov": "us-gov-east-1 us-gov-west-1",
		"aws-eusc":   "eusc-de-east-1",
		"aws-iso":    "us-iso-east-1 us-iso-west-1",
		"aws-iso-b":  "us-isob-east-1 us-isob-west-1",
		"aws-iso-e":  "eu-isoe-west-1",
		"aws-iso-f":  "us-isof-east-1 us-isof-south-1",
	}
	return strings.Fields(names[partition])
}

// EnabledRegions are those of the regions that do not answer that the account
// has not enabled them. One that does not answer at all stays in the list.
func EnabledRegions(ctx context.Context, clients func(region string) Describer, regions []string) []string {
	enabled := make([]bool, len(regions))
	var g errgroup.Group
	g.SetLimit(regionReaders)
	for i, region := range regions {
		g.Go(func() error {
			_, err := clients(region).DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
			enabled[i] = err == nil || !notEnabled(err)
			return nil
		})
	}
	g.Wait()
	var list []string
	for i, region := range regions {
		if enabled[i] {
			list = append(list, region)
		}
	}
	return list
}
