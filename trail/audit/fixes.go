package audit

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"trailctl/trail"
)

// The command lines that put things right. What stands in capitals is for
// the reader to fill in.

func create(a Account) string {
	return "trailctl trail create management-events --region " + a.Region
}

func update(s Subject, flags string) string {
	return "trailctl trail update " + s.Trail.Name + " --region " + s.Trail.HomeRegion + " " + flags
}

func start(s Subject) string {
	return "trailctl trail start " + s.Trail.Name + " --region " + s.Trail.HomeRegion
}

func status(s Subject) string {
	return "trailctl trail status " + s.Trail.Name + " --region " + s.Trail.HomeRegion
}

// blockPublic switches all four switches of the public access block on, which
// also makes a public policy or ACL void.
func blockPublic(s Subject) string {
	region := s.Trail.HomeRegion
	if s.Bucket != nil && s.Bucket.Region != "" {
		region = s.Bucket.Region
	}
	return "trailctl bucket create " + s.Trail.Bucket + " --region " + region + " --update-settings"
}

// groupName is the trail's log group, or one that it could have.
func groupName(s Subject) string {
	if _, name, err := trail.GroupOf(s.Trail); err == nil {
		return name
	}
	return "aws-cloudtrail-logs-" + strings.ToLower(s.Trail.Name)
}

// regionOf is the region in an ARN, or another where it has none.
func regionOf(text, otherwise string) string {
	if a, err := arn.Parse(text); err == nil && a.Region != "" {
		return a.Region
	}
	return otherwise
}

func sorted(values []string) []string {
	slices.Sort(values)
	return values
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
