package logs

import (
	"maps"
	"regexp"
	"strings"

	"trailctl/internal/sandbox/call"
)

// Limits of the API reference, "TagResource".
const maxTags = 50

var (
	tagKeyPattern   = regexp.MustCompile(`^([\p{L}\p{Z}\p{N}_.:/=+\-@]+)$`)
	tagValuePattern = regexp.MustCompile(`^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$`)
)

// merge adds tags; one whose key is there already is replaced.
func merge(have, more map[string]string) (map[string]string, *call.Error) {
	tags := map[string]string{}
	maps.Copy(tags, have)
	for key, value := range more {
		switch {
		case len([]rune(key)) > 128 || !tagKeyPattern.MatchString(key):
			return nil, constraint(key, "tags", "have keys of length 1 to 128 that satisfy regular expression pattern: "+tagKeyPattern.String())
		case len([]rune(value)) > 256 || !tagValuePattern.MatchString(value):
			return nil, constraint(value, "tags", "have values of length 0 to 256 that satisfy regular expression pattern: "+tagValuePattern.String())
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("The tag key %s is not valid: aws: is reserved for AWS use.", key)
		}
		tags[key] = value
	}
	if len(tags) > maxTags {
		return nil, &call.Error{Status: 400, Code: "TooManyTagsException", Message: "A resource can have no more than 50 tags."}
	}
	return tags, nil
}

type tagInput struct {
	ResourceArn  string
	LogGroupName string
	Tags         map[string]string
	TagKeys      []string
}

func (s *Service) tagResource(c *call.Call, in tagInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.byARN(c, in.ResourceArn, "resourceArn")
	if err != nil {
		return nil, err
	}
	return nil, g.tag(in.Tags)
}

func (s *Service) tagLogGroup(c *call.Call, in tagInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return nil, g.tag(in.Tags)
}

func (g *group) tag(more map[string]string) *call.Error {
	if len(more) == 0 {
		return invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1")
	}
	tags, err := merge(g.Tags, more)
	if err == nil {
		g.Tags = tags
	}
	return err
}

func (g *group) untag(keys []string) {
	tags := maps.Clone(g.Tags)
	for _, key := range keys {
		delete(tags, key)
	}
	g.Tags = tags
}

func (s *Service) untagResource(c *call.Call, in tagInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.byARN(c, in.ResourceArn, "resourceArn")
	if err == nil {
		g.untag(in.TagKeys)
	}
	return nil, err
}

func (s *Service) untagLogGroup(c *call.Call, in struct {
	LogGroupName string
	Tags         []string
}) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err == nil {
		g.untag(in.Tags)
	}
	return nil, err
}

func (s *Service) listTagsForResource(c *call.Call, in tagInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.byARN(c, in.ResourceArn, "resourceArn")
	if err != nil {
		return nil, err
	}
	return g.tagAnswer(), nil
}

func (s *Service) listTagsLogGroup(c *call.Call, in tagInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	return g.tagAnswer(), nil
}

func (g *group) tagAnswer() any {
	tags := map[string]string{}
	maps.Copy(tags, g.Tags)
	return map[string]any{"tags": tags}
}
