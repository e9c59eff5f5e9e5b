package kms

import (
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
)

type tag struct{ TagKey, TagValue string }

// Limits of the API reference, "Tag", and the developer guide.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// merge adds tags; one whose key is there already is replaced.
func merge(have, more []tag) ([]tag, *call.Error) {
	tags := slices.Clone(have)
	for i, one := range more {
		same := func(other tag) bool { return other.TagKey == one.TagKey }
		switch {
		case one.TagKey == "" || len([]rune(one.TagKey)) > maxTagKey || len([]rune(one.TagValue)) > maxTagValue:
			return nil, invalid("1 validation error detected: the tag %.200q is not valid: a key has 1 to %d characters, a value up to %d", one.TagKey, maxTagKey, maxTagValue)
		case strings.HasPrefix(strings.ToLower(one.TagKey), "aws:"):
			return nil, refuse("TagException", "aws: prefixed tag key names are not allowed for external use.")
		case slices.ContainsFunc(more[:i], same):
			return nil, refuse("TagException", "Duplicate tag keys")
		}
		if at := slices.IndexFunc(tags, same); at >= 0 {
			tags[at] = one
		} else {
			tags = append(tags, one)
		}
	}
	if len(tags) > maxTags {
		return nil, refuse("TagException", "Too many tags")
	}
	return tags, nil
}

func (s *Service) tagResource(c *call.Call, in struct {
	KeyId string
	Tags  []tag
}) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	tags, err := merge(k.Tags, in.Tags)
	if err != nil {
		return nil, err
	}
	k.Tags = tags
	return nil, nil
}

func (s *Service) untagResource(c *call.Call, in struct {
	KeyId   string
	TagKeys []string
}) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	k.Tags = slices.DeleteFunc(slices.Clone(k.Tags), func(t tag) bool { return slices.Contains(in.TagKeys, t.TagKey) })
	return nil, nil
}

func (s *Service) listResourceTags(c *call.Call, in listInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.own(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	some, next, err := page(in, 50, k.Tags)
	if err != nil {
		return nil, err
	}
	return listing("Tags", some, next), nil
}
