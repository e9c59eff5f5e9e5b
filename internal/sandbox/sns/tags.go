package sns

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

const maxTags = 50

func checkTags(tags map[string]string) *call.Error {
	if len(tags) > maxTags {
		return &call.Error{Status: http.StatusBadRequest, Code: "TagLimitExceeded", Message: "Could not complete request: tag quota of per resource exceeded"}
	}
	for key, value := range tags {
		if key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 {
			return invalid("Tags")
		}
	}
	return nil
}

// tagged finds the topic whose tags are meant. The lock is held.
func (s *Service) tagged(c *call.Call, form url.Values) (*topic, *call.Error) {
	t, refused := s.topicOf(c, form.Get("ResourceArn"))
	if refused != nil && refused.Code == "NotFound" {
		return nil, &call.Error{Status: http.StatusNotFound, Code: "ResourceNotFound", Message: "Resource does not exist"}
	}
	return t, refused
}

func (s *Service) tagResource(c *call.Call, form url.Values) (any, *call.Error) {
	tags, refused := pairs(form, "Tags.member", "Key", "Value")
	if refused != nil {
		return nil, refused
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.tagged(c, form)
	if refused != nil {
		return nil, refused
	}
	all := map[string]string{}
	maps.Copy(all, t.Tags)
	maps.Copy(all, tags)
	if refused := checkTags(all); refused != nil {
		return nil, refused
	}
	t.Tags = all
	return struct{}{}, nil
}

func (s *Service) untagResource(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.tagged(c, form)
	if refused != nil {
		return nil, refused
	}
	for _, key := range members(form, "TagKeys.member") {
		delete(t.Tags, key)
	}
	return struct{}{}, nil
}

type listTagsOutput struct {
	Tags []listedTag `xml:"Tags>member"`
}

type listedTag struct{ Key, Value string }

func (s *Service) listTagsForResource(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.tagged(c, form)
	if refused != nil {
		return nil, refused
	}
	var out listTagsOutput
	for _, key := range slices.Sorted(maps.Keys(t.Tags)) {
		out.Tags = append(out.Tags, listedTag{key, t.Tags[key]})
	}
	return out, nil
}
