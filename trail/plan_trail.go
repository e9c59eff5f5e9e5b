package trail

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// The settings of a trail that a plan can change, by their names in AWS's
// API, and how to put each into an UpdateTrail call.
type setting struct {
	name  string
	text  func(Trail) string
	apply func(*cloudtrail.UpdateTrailInput, *Trail)
}

func settings() []setting {
	yesNo := strconv.FormatBool
	return []setting{
		{"S3BucketName", func(t Trail) string { return t.Bucket },
			func(in *cloudtrail.UpdateTrailInput, t *Trail) { in.S3BucketName = &t.Bucket }},
		{"S3KeyPrefix", func(t Trail) string { return t.Prefix },
			func(in *cloudtrail.UpdateTrailInput, t *Trail) { in.S3KeyPrefix = &t.Prefix }},
		{"IsMultiRegionTrail", func(t Trail) string { return yesNo(t.MultiRegion) },
			func(in *cloudtrail.UpdateTrailInput, t *Trail) { in.IsMultiRegionTrail = &t.MultiRegion }},
		{"IncludeGlobalServiceEvents", func(t Trail) string { return yesNo(t.GlobalServiceEvents) },
			func(in *cloudtrail.UpdateTrailInput, t *Trail) {
				in.IncludeGlobalServiceEvents = &t.GlobalServiceEvents
			}},
		{"EnableLogFileValidation", func(t Trail) string { return yesNo(t.LogFileValidation) },
			func(in *cloudtrail.UpdateTrailInput, t *Trail) { in.EnableLogFileValidation = &t.LogFileValidation }},
	}
}

func trailStep(cur Current, want Trail) Step {
	step := Step{Kind: Keep, Target: "trail " + want.Name}
	if want.Organization {
		step.Notes = append(step.Notes, "it is an organization trail; the statement for the organization's folder in the bucket policy is not checked")
	}
	if cur.Trail == nil {
		step.Kind, step.Summary = Create, "in "+want.HomeRegion+": "+describeTrail(want)
		for _, s := range settings() {
			if text := s.text(want); text != "" {
				step.Fields = append(step.Fields, Field{Name: s.name, After: text})
			}
		}
		step.do = func(ctx context.Context, r *run, _ *Step) error { return createTrail(ctx, r, want) }
		return step
	}
	in := &cloudtrail.UpdateTrailInput{Name: &want.Name}
	var names []string
	for _, s := range settings() {
		before, after := s.text(*cur.Trail), s.text(want)
		if before == after {
			continue
		}
		s.apply(in, &want)
		step.Fields = append(step.Fields, Field{Name: s.name, Before: before, After: after})
		names = append(names, s.name)
	}
	if len(names) == 0 {
		step.Summary = describeTrail(want)
		return step
	}
	step.Kind, step.Summary = Change, strings.Join(names, ", ")
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		return r.untilAccepted(ctx, want.Bucket, func() error {
			_, err := r.clients.CloudTrail(want.HomeRegion).UpdateTrail(ctx, in)
			if err != nil {
				return fmt.Errorf("changing trail %s in %s: %w", want.Name, want.HomeRegion, err)
			}
			return nil
		})
	}
	return step
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

func createTrail(ctx context.Context, r *run, t Trail) error {
	in := &cloudtrail.CreateTrailInput{
		Name: &t.Name, S3BucketName: &t.Bucket,
		IsMultiRegionTrail:         &t.MultiRegion,
		IncludeGlobalServiceEvents: &t.GlobalServiceEvents,
		EnableLogFileValidation:    &t.LogFileValidation,
	}
	if t.Prefix != "" {
		in.S3KeyPrefix = &t.Prefix
	}
	return r.untilAccepted(ctx, t.Bucket, func() error {
		if _, err := r.clients.CloudTrail(t.HomeRegion).CreateTrail(ctx, in); err != nil {
			return fmt.Errorf("creating trail %s in %s: %w", t.Name, t.HomeRegion, err)
		}
		return nil
	})
}

func loggingStep(spec Spec, cur Current, want Trail) Step {
	step := Step{Kind: Keep, Target: "logging", Summary: "is on"}
	switch {
	case cur.Logging && spec.NoStart:
		step.Notes = append(step.Notes, "it was on already and is not switched off")
		return step
	case cur.Logging:
		return step
	case spec.NoStart:
		step.Summary = "is off, as asked"
		return step
	}
	step.Kind, step.Summary = Change, "switch it on"
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		_, err := r.clients.CloudTrail(want.HomeRegion).StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &want.Name})
		if err != nil {
			return fmt.Errorf("starting trail %s in %s: %w", want.Name, want.HomeRegion, err)
		}
		return nil
	}
	return step
}
