package iam

import (
	"encoding/xml"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trailctl/internal/sandbox/call"
)

type tag struct{ Key, Value string }

// Limits of the API reference, "Tag".
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// tagsOf reads Tags.member.1.Key, Tags.member.1.Value, ...
func tagsOf(form url.Values) []tag {
	var list []tag
	for i := 1; ; i++ {
		name := "Tags.member." + strconv.Itoa(i)
		if !form.Has(name + ".Key") {
			return list
		}
		list = append(list, tag{form.Get(name + ".Key"), form.Get(name + ".Value")})
	}
}

// merge adds tags; one whose key is there already, without regard to case, is
// replaced.
func merge(have, more []tag) ([]tag, *call.Error) {
	tags := slices.Clone(have)
	for i, one := range more {
		same := func(other tag) bool { return strings.EqualFold(other.Key, one.Key) }
		switch {
		case one.Key == "" || len([]rune(one.Key)) > maxTagKey || len([]rune(one.Value)) > maxTagValue:
			return nil, invalid("1 validation error detected: the tag %.200q is not valid: a key has 1 to %d characters, a value up to %d", one.Key, maxTagKey, maxTagValue)
		case strings.HasPrefix(strings.ToLower(one.Key), "aws:"):
			return nil, refuse(400, "InvalidInput", "Tag keys starting with 'aws:' are reserved for system use.")
		case slices.ContainsFunc(more[:i], same):
			return nil, refuse(400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		if at := slices.IndexFunc(tags, same); at >= 0 {
			tags[at] = one
		} else {
			tags = append(tags, one)
		}
	}
	if len(tags) > maxTags {
		return nil, refuse(409, "LimitExceeded", "The number of tags has reached the maximum limit of %d.", maxTags)
	}
	return tags, nil
}

func (s *Service) tagRole(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	tags, err := merge(r.Tags, tagsOf(form))
	if err != nil {
		return nil, err
	}
	r.Tags = tags
	return nil, nil
}

func (s *Service) untagRole(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	keys := members(form, "TagKeys")
	r.Tags = slices.DeleteFunc(slices.Clone(r.Tags), func(t tag) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(key, t.Key) })
	})
	return nil, nil
}

// listRoleTags sorts by key (API reference, "ListRoleTags").
func (s *Service) listRoleTags(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.find(c, form)
	if err != nil {
		return nil, err
	}
	sorted := slices.SortedFunc(slices.Values(r.Tags), func(a, b tag) int { return strings.Compare(a.Key, b.Key) })
	tags, page, err := paged(form, sorted)
	if err != nil {
		return nil, err
	}
	return struct {
		XMLName xml.Name `xml:"ListRoleTagsResult"`
		Tags    list[tag]
		pageEnd
	}{Tags: list[tag]{tags}, pageEnd: page}, nil
}
