package s3

import (
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"
)

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type tagging struct {
	XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ Tagging"`
	TagSet  struct {
		Tags []tag `xml:"Tag"`
	} `xml:"TagSet"`
}

const (
	maxObjectTags = 10
	maxBucketTags = 50
)

func invalidTag(format string) *failure {
	return fail(http.StatusBadRequest, "InvalidTag", "%s", format)
}

func checkTags(tags []tag, limit int) error {
	if len(tags) > limit {
		if limit == maxObjectTags {
			return fail(http.StatusBadRequest, "BadRequest", "Object tags cannot be greater than %d", limit)
		}
		return fail(http.StatusBadRequest, "BadRequest", "Bucket tag count cannot be greater than %d", limit)
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > 128:
			return invalidTag("The TagKey you have provided is invalid")
		case utf8.RuneCountInString(t.Value) > 256:
			return invalidTag("The TagValue you have provided is invalid")
		case len(t.Key) >= 4 && (t.Key[:4] == "aws:"):
			return invalidTag("System tags cannot be added/updated by requester")
		case seen[t.Key]:
			return invalidTag("Cannot provide multiple Tags with the same key")
		}
		seen[t.Key] = true
	}
	return nil
}

// parseTagHeader reads x-amz-tagging, which is written like a query.
func parseTagHeader(text string) ([]tag, error) {
	if text == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return nil, invalidArgument("x-amz-tagging", text, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded "+
			"URL query parameters without tag name duplicates.")
	}
	var tags []tag
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if len(values[key]) > 1 {
			return nil, invalidTag("Cannot provide multiple Tags with the same key")
		}
		tags = append(tags, tag{key, values[key][0]})
	}
	return tags, checkTags(tags, maxObjectTags)
}

func tagsOf(root *node) ([]tag, error) {
	set := root.child("TagSet")
	if set == nil {
		return nil, malformedXML()
	}
	var tags []tag
	for _, t := range set.children {
		if t.name != "Tag" || t.child("Key") == nil || t.child("Value") == nil {
			return nil, malformedXML()
		}
		tags = append(tags, tag{t.child("Key").text, t.child("Value").text})
	}
	return tags, nil
}

func checkBucketTags(n *node, text []byte) (string, error) {
	tags, err := tagsOf(n)
	if err == nil {
		err = checkTags(tags, maxBucketTags)
	}
	return string(text), err
}

func (s *Service) getObjectTagging(r *request) error {
	v, err := r.version()
	if err != nil {
		return err
	}
	r.versionHeader(v)
	var out tagging
	out.TagSet.Tags = v.Tags
	return r.writeXML(out)
}

func (s *Service) putObjectTagging(r *request) error {
	n, _, err := r.document("Tagging")
	if err != nil {
		return err
	}
	tags, err := tagsOf(n)
	if err == nil {
		err = checkTags(tags, maxObjectTags)
	}
	if err != nil {
		return err
	}
	return s.setTags(r, tags, http.StatusOK)
}

func (s *Service) deleteObjectTagging(r *request) error {
	return s.setTags(r, nil, http.StatusNoContent)
}

func (s *Service) setTags(r *request, tags []tag, status int) error {
	v, err := s.replace(r.b, r.key, r.query.Get("versionId"), func(v *version) { v.Tags = tags })
	if err != nil {
		return err
	}
	r.versionHeader(v)
	r.w.WriteHeader(status)
	return nil
}
