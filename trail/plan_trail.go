package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/bucket"
	"trailctl/internal/topic"
)

// ErrTaken says that somebody else made a trail of the name just now.
var ErrTaken = errors.New("a trail of that name came to be a moment ago, and it is not as asked")

// The settings of a trail that a plan can change, by their names in AWS's
// API, and how to put each into an UpdateTrail call.
type setting struct {
	name  string
	text  func(Trail) string
	apply func(*cloudtrail.UpdateTrailInput, Trail)
}

func settings() []setting {
	yesNo := strconv.FormatBool
	return []setting{
		{"S3BucketName", func(t Trail) string { return t.Bucket },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.S3BucketName = &t.Bucket }},
		{"S3KeyPrefix", func(t Trail) string { return t.Prefix },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.S3KeyPrefix = &t.Prefix }},
		{"SnsTopicName", func(t Trail) string { return t.TopicARN },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.SnsTopicName = aws.String(t.topicName()) }},
		{"IsMultiRegionTrail", func(t Trail) string { return yesNo(t.MultiRegion) },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.IsMultiRegionTrail = &t.MultiRegion }},
		{"IncludeGlobalServiceEvents", func(t Trail) string { return yesNo(t.GlobalServiceEvents) },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.IncludeGlobalServiceEvents = &t.GlobalServiceEvents }},
		{"EnableLogFileValidation", func(t Trail) string { return yesNo(t.LogFileValidation) },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.EnableLogFileValidation = &t.LogFileValidation }},
		{"IsOrganizationTrail", func(t Trail) string { return yesNo(t.Organization) },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.IsOrganizationTrail = &t.Organization }},
		// Group and role go together: CloudTrail refuses one without the other.
		{"CloudWatchLogsLogGroupArn", func(t Trail) string { return strings.TrimSuffix(t.LogGroupARN, ":*") }, withLogs},
		{"CloudWatchLogsRoleArn", func(t Trail) string { return t.LogRoleARN }, withLogs},
		{"KmsKeyId", func(t Trail) string { return t.KMSKey },
			func(in *cloudtrail.UpdateTrailInput, t Trail) { in.KmsKeyId = &t.KMSKey }},
	}
}

func withLogs(in *cloudtrail.UpdateTrailInput, t Trail) {
	in.CloudWatchLogsLogGroupArn, in.CloudWatchLogsRoleArn = &t.LogGroupARN, &t.LogRoleARN
}

// topicName is the topic as CreateTrail and UpdateTrail take it: the name of
// one in the trail's own region and account, the ARN of any other.
func (t Trail) topicName() string {
	ref, err := topic.ParseARN(t.TopicARN)
	if err == nil && ref.Region == t.HomeRegion && ref.Account == t.Account() {
		return ref.Name
	}
	return t.TopicARN
}

// trailSteps make and change the trails. Changes come first: a trail for all
// regions stands in the way of others of its name until it is for one region
// only.
func (d differ) trailSteps() ([]Step, error) {
	var steps []Step
	for i, h := range d.cur.Homes {
		if h.Trail != nil {
			steps = append(steps, d.changeTrail(h, d.trails[i]))
		}
	}
	for i, h := range d.cur.Homes {
		if h.Trail == nil {
			steps = append(steps, d.newTrail(d.trails[i]))
		}
	}
	return steps, nil
}

func (d differ) newTrail(want Trail) Step {
	step := Step{Kind: Create, Target: "trail " + want.Name + d.in(want.HomeRegion), Summary: d.where(want) + describeTrail(want)}
	for _, s := range settings() {
		if text := s.text(want); text != "" && (s.name != "IsOrganizationTrail" || want.Organization) {
			step.Fields = append(step.Fields, Field{Name: s.name, After: text})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(d.spec.Tags)) {
		step.Fields = append(step.Fields, Field{Name: "Tag " + k, After: d.spec.Tags[k]})
	}
	step.Notes = d.trailNotes(want)
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		r.touched(aTrail)
		return createTrail(ctx, r, want, d.spec.Tags)
	}
	return step
}

// where is the region of a trail whose target does not say it.
func (d differ) where(t Trail) string {
	if d.spec.several() {
		return ""
	}
	return "in " + t.HomeRegion + ": "
}

func (d differ) trailNotes(t Trail) (notes []string) {
	once := ", so that their events come once"
	if d.spec.Update {
		once = "" // there may be trails of that name elsewhere
	}
	if d.spec.several() && t.GlobalServiceEvents {
		notes = append(notes, "of these it alone records global services such as IAM"+once)
	}
	if !t.MultiRegion && t.GlobalServiceEvents && t.HomeRegion != globalRegion && d.cur.Account.Partition == "aws" {
		notes = append(notes, "global services record in "+globalRegion+", and a trail for another region alone gets none of their events")
	}
	if t.Organization && (d.cur.Organization == nil || d.cur.Organization.Err != nil) {
		notes = append(notes, "it is an organization trail; the statement for the organization's folder in the bucket policy is not checked")
	}
	return notes
}

func (d differ) changeTrail(h Home, want Trail) Step {
	step := Step{Kind: Keep, Target: "trail " + want.Name + d.in(want.HomeRegion), Notes: d.trailNotes(want)}
	in := &cloudtrail.UpdateTrailInput{Name: &want.Name}
	var names []string
	for _, s := range settings() {
		before, after := s.text(*h.Trail), s.text(want)
		if before == after {
			continue
		}
		s.apply(in, want)
		step.Fields = append(step.Fields, Field{Name: s.name, Before: before, After: after})
		names = append(names, s.name)
	}
	if len(names) == 0 {
		step.Summary = describeTrail(want)
		return step
	}
	step.Kind, step.Summary = Change, strings.Join(names, ", ")
	step.Notes = append(step.Notes, d.letGo(want, step.Fields)...)
	step.Notes = append(step.Notes, d.leftBehind(*h.Trail, want)...)
	step.Warnings = append(step.Warnings, narrowing(*h.Trail, want)...)
	if h.Trail.LogFileValidation && !want.LogFileValidation {
		step.Notes = append(step.Notes, "the chain of digest files ends here: what is delivered from now on cannot be proved")
	}
	step.do = func(ctx context.Context, r *run, _ *Step) error { return updateTrail(ctx, r, want, in) }
	return step
}

// leftBehind says what stays where a trail delivered until now. Nothing there
// is taken back: other trails may need it.
func (d differ) leftBehind(has, want Trail) []string {
	if has.Bucket == want.Bucket && has.Prefix == want.Prefix {
		return nil
	}
	old := bucket.TrailAccess{
		Bucket: has.Bucket, Partition: d.cur.Account.Partition,
		Base: bucket.Base{Prefix: has.Prefix, Account: d.cur.Account.ID}, Trails: []string{has.ARN},
	}
	var writes []string
	for _, g := range old.Grants() {
		if g.Action == "s3:PutObject" {
			writes = append(writes, g.Resource)
		}
	}
	return []string{fmt.Sprintf("what was delivered until now stays where it is, and can be read there; the policy of bucket %s goes on to let CloudTrail write to %s",
		has.Bucket, strings.Join(writes, ", "))}
}

func updateTrail(ctx context.Context, r *run, t Trail, in *cloudtrail.UpdateTrailInput) error {
	return r.until(ctx, func() error {
		if _, err := r.clients.CloudTrail(t.HomeRegion).UpdateTrail(ctx, in); err != nil {
			return fmt.Errorf("changing trail %s in %s: %w", t.Name, t.HomeRegion, err)
		}
		return nil
	})
}

// describeTrail says what a trail is, in a few words.
func describeTrail(t Trail) string {
	words := "this region only"
	if t.MultiRegion {
		words = "all regions"
	}
	if t.Organization {
		words += ", organization"
	}
	if t.LogFileValidation {
		words += ", log file validation"
	} else {
		words += ", no log file validation"
	}
	return words
}

func createTrail(ctx context.Context, r *run, t Trail, tags map[string]string) error {
	in := &cloudtrail.CreateTrailInput{
		Name: &t.Name, S3BucketName: &t.Bucket,
		IsMultiRegionTrail:         &t.MultiRegion,
		IncludeGlobalServiceEvents: &t.GlobalServiceEvents,
		EnableLogFileValidation:    &t.LogFileValidation,
		S3KeyPrefix:                orNil(t.Prefix),
		SnsTopicName:               orNil(t.topicName()),
		CloudWatchLogsLogGroupArn:  orNil(t.LogGroupARN),
		CloudWatchLogsRoleArn:      orNil(t.LogRoleARN),
		KmsKeyId:                   orNil(t.KMSKey),
		TagsList:                   tagList(tags),
	}
	if t.Organization {
		in.IsOrganizationTrail = &t.Organization
	}
	return r.until(ctx, func() error {
		_, err := r.clients.CloudTrail(t.HomeRegion).CreateTrail(ctx, in)
		if errorCode(err) == "TrailAlreadyExists" {
			return madeAlready(ctx, r, t, tags, err)
		}
		if err != nil {
			return fmt.Errorf("creating trail %s in %s: %w", t.Name, t.HomeRegion, err)
		}
		return nil
	})
}

// madeAlready is for a trail that was not there when the plan was made. An
// answer of AWS's that was lost on its way makes the SDK ask again, so that
// the call meets its own work; the trail is then as asked.
func madeAlready(ctx context.Context, r *run, t Trail, tags map[string]string, cause error) error {
	client := r.clients.CloudTrail(t.HomeRegion)
	seen, err := describe(ctx, client, t.HomeRegion, t.Name)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(seen, func(s Trail) bool { return s.ARN == t.ARN })
	if i < 0 {
		return fmt.Errorf("creating trail %s in %s: %w", t.Name, t.HomeRegion, cause)
	}
	for _, s := range settings() {
		if s.text(seen[i]) != s.text(t) {
			return fmt.Errorf("creating trail %s in %s: %w (%s is %q): %w", t.Name, t.HomeRegion, ErrTaken, s.name, s.text(seen[i]), cause)
		}
	}
	return addTags(ctx, client, t.ARN, tags)
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func tagList(tags map[string]string) []types.Tag {
	var list []types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	return list
}

func (d differ) loggingStep(h Home, want Trail) Step {
	step := Step{Kind: Keep, Target: "logging" + d.in(h.Region), Summary: "is on"}
	switch {
	case h.Logging && d.spec.NoStart:
		step.Notes = append(step.Notes, "it was on already and is not switched off")
		return step
	case h.Logging:
		return step
	case d.spec.Update:
		step.Summary = "is off"
		return step
	case d.spec.NoStart:
		step.Summary = "is off, as asked"
		return step
	}
	return startStep(step.Target, want)
}

func startStep(target string, t Trail) Step {
	return Step{Kind: Change, Target: target, Summary: "switch it on", do: func(ctx context.Context, r *run, _ *Step) error {
		return r.until(ctx, func() error {
			_, err := r.clients.CloudTrail(t.HomeRegion).StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &t.Name})
			if err != nil {
				return fmt.Errorf("starting trail %s in %s: %w", t.Name, t.HomeRegion, err)
			}
			return nil
		})
	}}
}
