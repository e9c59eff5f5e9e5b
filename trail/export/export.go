// Package export writes a trail, and what stands around it, as code that
// makes it again: Terraform, CloudFormation, or commands of the AWS CLI.
// Whatever a name, a tag or a policy holds stays inside its string. It reads
// what it needs of a bucket beyond a trail's description, and changes
// nothing.
//
// What belongs to the trail is written as things to make: its bucket, topic,
// log group and role, as far as they are the account's own. The KMS key, the
// destinations of other notifications and everything of other accounts are
// referred to by name.
package export

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/bucket"
	"trailctl/trail"
)

// Format is a language to write in.
type Format string

// The formats.
const (
	Terraform      Format = "terraform"
	CloudFormation Format = "cloudformation"
	CLI            Format = "cli"
)

// Formats are all of them.
func Formats() []Format { return []Format{Terraform, CloudFormation, CLI} }

// ErrFormat says that there is no such format, or that it cannot say what is
// asked of it.
var ErrFormat = errors.New("cannot be exported")

// Source is what is written down.
type Source struct {
	trail.Whole
	// Extra are settings of the bucket, nil when it is not the account's own
	// or they were not read.
	Extra *BucketExtra
}

// Options are how it is written down.
type Options struct {
	// Import makes Terraform take over what is there instead of making it.
	Import bool
}

// Write writes a trail as code.
func Write(s Source, f Format, o Options) (string, error) {
	if o.Import && f != Terraform {
		return "", fmt.Errorf("%w: only Terraform imports what is there", ErrFormat)
	}
	switch f {
	case Terraform:
		return writeTerraform(s, o)
	case CloudFormation:
		return writeCloudFormation(s)
	case CLI:
		return writeCLI(s)
	}
	return "", fmt.Errorf("%w: there is no format %q", ErrFormat, f)
}

// ownBucket tells whether the bucket is made, too, and not only named.
func (s Source) ownBucket() bool { return s.Bucket != nil && s.Bucket.Owner == bucket.Account }

func (s Source) ownTopic() bool { return s.Topic != nil && s.own(s.Topic.ARN) }

func (s Source) ownGroup() bool { return s.Group != nil && s.own(s.Group.ARN) }

func (s Source) ownRole() bool { return s.Role != nil && s.own(s.Role.ARN) }

// own tells whether something belongs to the trail's account.
func (s Source) own(text string) bool {
	a, err := arn.Parse(text)
	return err == nil && a.AccountID == s.Account.ID
}

// bucketRegion is where the bucket lies.
func (s Source) bucketRegion() string {
	if s.Bucket == nil || s.Bucket.Region == "" {
		return s.Trail.HomeRegion
	}
	return s.Bucket.Region
}

// topicRegion is where the topic lies.
func (s Source) topicRegion() string {
	if a, err := arn.Parse(s.Trail.TopicARN); err == nil && a.Region != "" {
		return a.Region
	}
	return s.Trail.HomeRegion
}

// topicName is the topic as CreateTrail is told of it: a name says less about
// the account, and is enough for a topic beside the trail.
func (s Source) topicName() string {
	if s.ownTopic() && s.topicRegion() == s.Trail.HomeRegion {
		return s.Topic.Name
	}
	return s.Trail.TopicARN
}

// groupTarget is the log group as CreateTrail wants it, with :* at its end.
func groupTarget(s Source) string {
	if s.Trail.LogGroupARN == "" || strings.HasSuffix(s.Trail.LogGroupARN, ":*") {
		return s.Trail.LogGroupARN
	}
	return s.Trail.LogGroupARN + ":*"
}

// Notices are what the code does not hold and its reader should know, a
// sentence each.
func (s Source) Notices() []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for _, part := range slices.Sorted(maps.Keys(s.Unread)) {
		add("The %s could not be read and is missing here.", part)
	}
	if owner := s.Trail.Account(); owner != s.Account.ID {
		add("The trail belongs to account %q.", owner)
	}
	switch {
	case s.Bucket == nil:
		add("Bucket %q could not be read: it is only named.", s.Trail.Bucket)
	case !s.ownBucket():
		add("Bucket %q belongs to another account: it is only named, and its owner looks after its policy.", s.Trail.Bucket)
	case s.Extra == nil:
		add("Versioning, access logging, tags and the key of bucket %q were not read and are missing here.", s.Trail.Bucket)
	default:
		list = append(list, s.Extra.notices(s.Trail.Bucket)...)
	}
	if s.Trail.KMSKey != "" {
		add("KMS key %q is referred to, not made: its policy must let CloudTrail encrypt for this trail.", s.Trail.KMSKey)
	}
	if s.Trail.TopicARN != "" && !s.ownTopic() {
		add("Topic %q is referred to, not made.", s.Trail.TopicARN)
	}
	if s.Trail.LogGroupARN != "" && !s.ownGroup() {
		add("Log group %q is referred to, not made.", s.Trail.LogGroupARN)
	}
	if s.Trail.LogRoleARN != "" && !s.ownRole() {
		add("Role %q is referred to, not made.", s.Trail.LogRoleARN)
	}
	return list
}

// insightNotices says of Insights what only the AWS CLI can ask for: Terraform
// and CloudFormation know no event categories.
func (s Source) insightNotices() []string {
	if s.Insights == nil {
		return nil
	}
	var list []string
	for _, i := range s.Insights.Selectors {
		for _, c := range i.EventCategories {
			if c != types.SourceEventCategoryManagement {
				list = append(list, fmt.Sprintf("%s also looks at %s events, which is missing here.", i.InsightType, c))
			}
		}
	}
	return list
}

// incomplete says of the settings that could not be read which they are.
func incomplete(unread map[string]error) []string {
	return slices.Sorted(maps.Keys(unread))
}
