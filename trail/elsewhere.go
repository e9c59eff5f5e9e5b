package trail

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// Elsewhere are the home regions of the other trails of t's name and account,
// sorted. It is for words beside what is done to t: where trails cannot be
// listed, there are none.
func Elsewhere(ctx context.Context, client Finder, t Trail) []string {
	infos, err := listAll(ctx, client)
	if err != nil {
		return nil
	}
	var regions []string
	for _, i := range infos {
		a, err := arn.Parse(aws.ToString(i.TrailARN))
		if err == nil && aws.ToString(i.Name) == t.Name && a.AccountID == t.Account() && a.Region != t.HomeRegion {
			regions = append(regions, a.Region)
		}
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}
