package cloudtrail

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"time"

	"trailctl/internal/sandbox/call"
)

// maxTopicName is the limit of the API reference, CreateTrail, "SnsTopicName".
const maxTopicName = 256

var (
	topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	topicARN  = regexp.MustCompile(`^arn:[a-z0-9-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$`)
)

// setTopic resolves the topic of a trail, whose name may stand for its ARN, and
// checks that CloudTrail may publish there. An empty name takes the topic away.
func (s *Service) setTopic(q *inquiry, t *trail, name string, now time.Time) *call.Error {
	t.TopicName, t.Topic = name, name
	switch {
	case name == "":
		return nil
	case len(name) > maxTopicName:
		return refuse("InvalidSnsTopicNameException", "SNS Topic name too long. Maximum allowed length: %d characters.", maxTopicName)
	case topicName.MatchString(name):
		t.Topic = "arn:" + partition(t.Region) + ":sns:" + t.Region + ":" + t.Account + ":" + name
	case !topicARN.MatchString(name):
		return refuse("InvalidSnsTopicNameException", "SNS Topic name or ARN is invalid: %s", name)
	}
	topic, err := q.topic(t.Topic)
	if err != nil {
		return unavailable(err)
	}
	if topic == nil || !s.seen(topic.PolicyChanged, now) || !mayPublish(topic, t) {
		// AWS has the one answer for both.
		return refuse("InsufficientSnsTopicPolicyException", "SNS Topic does not exist or the topic policy is incorrect!")
	}
	return nil
}

func mayPublish(topic *TopicState, t *trail) bool {
	return topic.May(servicePrincipal, "sns:Publish", t.source())
}

// source are the condition keys by which a policy knows a trail.
func (t *trail) source() map[string]string {
	return map[string]string{"aws:SourceArn": t.arn(), "aws:SourceAccount": t.Account}
}

// notification is the message about delivered log files (user guide,
// "Configuring Amazon SNS notifications for CloudTrail").
type notification struct {
	Bucket string   `json:"s3Bucket"`
	Keys   []string `json:"s3ObjectKey"`
}

// notify publishes that a log file was delivered, in a message of its own
// (assumption A12). A notification that fails is not sent again (assumption
// A13).
func (s *Service) notify(j *job, key string, at time.Time) {
	t, st := &j.trail, &j.work.Status
	if t.Topic == "" {
		return
	}
	st.NotifyAttempt = at
	if code := s.publish(j, key); code != "" {
		s.warn(j, unsent, st.NotifyError, code)
		st.NotifyError = code
		return
	}
	st.NotifyError, st.Notified = "", at
	s.warned.forget(t, unsent)
}

// publish answers SNS's error code, empty when it went well.
func (s *Service) publish(j *job, key string) string {
	t := &j.trail
	topic, err := j.around.topic(t.Topic)
	switch {
	case err != nil:
		return codeOf(err, "InternalError")
	case topic == nil:
		return "NotFound"
	case !mayPublish(topic, t):
		return "AuthorizationError"
	}
	message, err := json.Marshal(notification{t.Bucket, []string{key}})
	if err == nil {
		err = j.around.tell("SNS", "publishing a notification", func(ctx context.Context) error {
			return s.Topics.Publish(ctx, t.Topic, "", string(message))
		})
	}
	return codeOf(err, "InternalError")
}

// codeOf is the error code of a neighbour's failure: its own, NotReachable when
// nothing is heard of it, or other when it is in trouble.
func codeOf(err error, other string) string {
	var refused *call.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refused):
		return refused.Code
	case errors.Is(err, ErrSilent):
		return NotReachable
	}
	return other
}
