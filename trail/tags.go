package trail

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// OwnerTag is the tag of the topics, log groups and roles that were made for
// a trail here. Its value is the trail's name. Nothing is ever deleted that
// does not have it.
const OwnerTag = "trailctl:trail"

func ownerTags(name string) map[string]string { return map[string]string{OwnerTag: name} }

func readTags(ctx context.Context, client CloudTrail, trailARN string) (map[string]string, error) {
	tags := map[string]string{}
	err := everyPage(func(token *string) (*string, error) {
		out, err := client.ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{trailARN}, NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, list := range out.ResourceTagList {
			for _, t := range list.TagsList {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the tags of %s: %w", trailARN, err)
	}
	return tags, nil
}

// addTags adds tags, and gives new values to those that are there. Other tags
// stay.
func addTags(ctx context.Context, client CloudTrail, trailARN string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	if _, err := client.AddTags(ctx, &cloudtrail.AddTagsInput{ResourceId: &trailARN, TagsList: tagList(tags)}); err != nil {
		return fmt.Errorf("tagging %s: %w", trailARN, err)
	}
	return nil
}

// tagSteps are for trails that are there; a new one is created with its tags.
func (d differ) tagSteps() ([]Step, error) {
	var steps []Step
	if len(d.spec.Tags) == 0 && len(d.spec.RemoveTags) == 0 {
		return nil, nil
	}
	for i, h := range d.cur.Homes {
		if h.Trail == nil {
			continue
		}
		step, err := d.tagStep(h, d.trails[i])
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (d differ) tagStep(h Home, t Trail) (Step, error) {
	step := Step{Kind: Keep, Target: "tags" + d.in(h.Region), Summary: "are as asked"}
	add := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(d.spec.Tags)) {
		if before, there := h.Tags[k]; !there || before != d.spec.Tags[k] {
			add[k] = d.spec.Tags[k]
			step.Fields = append(step.Fields, Field{Name: k, Before: before, After: d.spec.Tags[k]})
		}
	}
	var gone []string
	for _, k := range d.spec.RemoveTags {
		if before, there := h.Tags[k]; there {
			gone = append(gone, k)
			step.Fields = append(step.Fields, Field{Name: k, Before: before})
		}
	}
	if len(step.Fields) == 0 {
		return step, nil
	}
	after := maps.Clone(h.Tags)
	maps.Copy(after, add)
	for _, k := range gone {
		delete(after, k)
	}
	if len(after) > maxTags {
		return step, refuse("trail %s in %s would have %d tags: at most %d are allowed", t.Name, h.Region, len(after), maxTags)
	}
	var names []string
	for _, f := range step.Fields {
		names = append(names, f.Name)
	}
	step.Kind, step.Summary = Change, strings.Join(names, ", ")+"; all others stay"
	step.do = func(ctx context.Context, r *run, _ *Step) error {
		client := r.clients.CloudTrail(t.HomeRegion)
		return errors.Join(addTags(ctx, client, t.ARN, add), removeTags(ctx, client, t.ARN, gone))
	}
	return step, nil
}

func removeTags(ctx context.Context, client CloudTrail, trailARN string, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	in := &cloudtrail.RemoveTagsInput{ResourceId: &trailARN}
	for _, k := range keys {
		in.TagsList = append(in.TagsList, tagList(map[string]string{k: ""})...)
	}
	if _, err := client.RemoveTags(ctx, in); err != nil {
		return fmt.Errorf("taking tags away from %s: %w", trailARN, err)
	}
	return nil
}
