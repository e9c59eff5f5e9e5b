package sqs

import (
	"maps"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

const maxTags = 50

func checkTags(tags map[string]string) *call.Error {
	if len(tags) > maxTags {
		return refuse("InvalidParameterValueException", "Too many tags added for queue.")
	}
	for key, value := range tags {
		if key == "" || utf8.RuneCountInString(key) > 128 {
			return refuse("InvalidParameterValueException", "Tag keys must be between 1 and 128 characters in length.")
		}
		if utf8.RuneCountInString(value) > 256 {
			return refuse("InvalidParameterValueException", "Tag values must be between 0 and 256 characters in length.")
		}
	}
	return nil
}

type tagQueueInput struct {
	QueueURL string `json:"QueueUrl"`
	Tags     map[string]string
}

func (s *Service) tagQueue(c *call.Call, in tagQueueInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	if len(in.Tags) == 0 {
		return nil, missing("Tags")
	}
	all := map[string]string{}
	maps.Copy(all, q.Tags)
	maps.Copy(all, in.Tags)
	if refused := checkTags(all); refused != nil {
		return nil, refused
	}
	q.Tags = all
	return nil, nil
}

type untagQueueInput struct {
	QueueURL string `json:"QueueUrl"`
	TagKeys  []string
}

func (s *Service) untagQueue(c *call.Call, in untagQueueInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	for _, key := range in.TagKeys {
		delete(q.Tags, key)
	}
	return nil, nil
}

func (s *Service) listQueueTags(c *call.Call, in queueInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil || len(q.Tags) == 0 {
		return nil, refused
	}
	return map[string]any{"Tags": maps.Clone(q.Tags)}, nil
}
