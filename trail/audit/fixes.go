package audit

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"trailctl/internal/shell"
	"trailctl/trail"
)

// The command lines that put things right. What stands in capitals is for
// the reader to fill in. Names are a server's, and the lines are copied into a
// shell: every word is quoted where it needs it.

func command(words ...string) string { return shell.Line(words) }

func create(a Account, flags ...string) string {
	return command(append([]string{"trailctl", "trail", "create", "management-events", "--region", a.Region}, flags...)...)
}

func update(s Subject, flags ...string) string { return onTrail("update", s, flags...) }

func start(s Subject) string { return onTrail("start", s) }

func status(s Subject) string { return onTrail("status", s) }

func onTrail(verb string, s Subject, flags ...string) string {
	return command(append([]string{"trailctl", "trail", verb, s.Trail.Name, "--region", s.Trail.HomeRegion}, flags...)...)
}

// subscribe sends whoever is named a message to confirm, also when one was
// sent before (SNS API reference, Subscribe).
func subscribe(topicARN string) string {
	return command("aws", "sns", "subscribe", "--region", regionOf(topicARN, ""), "--topic-arn", topicARN,
		"--protocol", "email", "--notification-endpoint", "YOU@EXAMPLE.COM")
}

// blockPublic switches all four switches of the public access block on, which
// also makes a public policy or ACL void.
func blockPublic(s Subject) string {
	region := s.Trail.HomeRegion
	if s.Bucket != nil && s.Bucket.Region != "" {
		region = s.Bucket.Region
	}
	return command("trailctl", "bucket", "create", s.Trail.Bucket, "--region", region, "--update-settings")
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
