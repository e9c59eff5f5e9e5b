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
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

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

// ofClass tells a log group of another class than a new one has, and
// longSessions a role with other sessions: an hour.
func ofClass(g *trail.GroupPart) bool { return g.Class != "" && g.Class != "STANDARD" }

func longSessions(r *trail.RolePart) bool { return r.MaxSession > 0 && r.MaxSession != 3600 }

// groupTarget is the log group as CreateTrail wants it, with :* at its end.
func groupTarget(s Source) string {
	if s.Trail.LogGroupARN == "" || strings.HasSuffix(s.Trail.LogGroupARN, ":*") {
		return s.Trail.LogGroupARN
	}
	return s.Trail.LogGroupARN + ":*"
}
