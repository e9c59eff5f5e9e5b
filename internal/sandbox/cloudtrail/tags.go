package cloudtrail

import (
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
)

type tag struct {
	Key   string
	Value string `json:",omitempty"`
}

// Limits of the API reference, "Tag".
const (
	maxTagKey   = 128
	maxTagValue = 256
)

func checkTag(t tag) *call.Error {
	const code = "InvalidTagParameterException"
	switch {
	case t.Key == "" || len(t.Key) > maxTagKey:
		return refuse(code, "The tag key %.200q is not valid: it has 1 to %d characters.", t.Key, maxTagKey)
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		return refuse(code, "The tag key %.200q is not valid: aws: is reserved.", t.Key)
	case len(t.Value) > maxTagValue:
		return refuse(code, "The value of the tag %s is longer than %d characters.", t.Key, maxTagValue)
	}
	return nil
}

// addTags adds tags to a trail; a tag whose key is there already is replaced.
func (t *trail) addTags(list []tag) *call.Error {
	tags := slices.Clone(t.Tags)
	for i, one := range list {
		if err := checkTag(one); err != nil {
			return err
		}
		same := func(other tag) bool { return other.Key == one.Key }
		if slices.ContainsFunc(list[:i], same) {
			return refuse("InvalidTagParameterException", "The tag key %s stands twice.", one.Key)
		}
		tags = append(slices.DeleteFunc(tags, same), one)
	}
	if len(tags) > maxTags {
		return refuse("TagsLimitExceededException", "A trail has at most %d tags.", maxTags)
	}
	t.Tags = tags
	return nil
}

// tagged finds the trail of an ARN for the tag calls, which take no names.
// s.mu is held.
func (s *Service) tagged(c *call.Call, arn string) (*trail, *call.Error) {
	where, err := parseTarget(c, arn)
	if err != nil || !where.byARN {
		return nil, refuse("CloudTrailARNInvalidException", "Invalid ARN: %.300s", arn)
	}
	t := s.find(where.account, where.region, where.name)
	if t == nil || t.Account != c.Account || t.Region != c.Region {
		return nil, refuse("ResourceNotFoundException", "The trail %s is not found in %s.", arn, c.Region)
	}
	return t, nil
}

type tagsInput struct {
	ResourceId string
	TagsList   []tag
}

func (s *Service) addTags(c *call.Call, in tagsInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.tagged(c, in.ResourceId)
	if err != nil {
		return nil, err
	}
	return nil, t.addTags(in.TagsList)
}

// removeTags removes tags by key; a value that is given must be the tag's.
func (s *Service) removeTags(c *call.Call, in tagsInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.tagged(c, in.ResourceId)
	if err != nil {
		return nil, err
	}
	for _, one := range in.TagsList {
		t.Tags = slices.DeleteFunc(slices.Clone(t.Tags), func(other tag) bool {
			return other.Key == one.Key && (one.Value == "" || one.Value == other.Value)
		})
	}
	return nil, nil
}

type listTagsInput struct {
	ResourceIdList []string
	NextToken      string
}

func (s *Service) listTags(c *call.Call, in listTagsInput) (any, *call.Error) {
	type resource struct {
		ResourceId string
		TagsList   []tag
	}
	list := []resource{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, arn := range in.ResourceIdList {
		t, err := s.tagged(c, arn)
		if err != nil {
			return nil, err
		}
		list = append(list, resource{arn, append([]tag{}, t.Tags...)})
	}
	return map[string]any{"ResourceTagList": list}, nil
}
