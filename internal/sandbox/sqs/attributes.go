package sqs

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// setting is an attribute that can be set: a number with bounds (SQS API
// reference, SetQueueAttributes), or a text.
type setting struct {
	fallback string
	numeric  bool
	min, max int
}

var settings = map[string]setting{
	"DelaySeconds":                  {"0", true, 0, 900},
	"MaximumMessageSize":            {"1048576", true, 1024, 1 << 20},
	"MessageRetentionPeriod":        {"345600", true, 60, 1209600},
	"ReceiveMessageWaitTimeSeconds": {"0", true, 0, 20},
	"VisibilityTimeout":             {"30", true, 0, 43200},
	"Policy":                        {},
	"SqsManagedSseEnabled":          {fallback: "true"},
	"KmsMasterKeyId":                {},
	"KmsDataKeyReusePeriodSeconds":  {"", true, 60, 86400},
}

// unserved are the attributes that would change how a queue works, and do not.
func unserved(name string) bool {
	switch name {
	case "FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit", "RedrivePolicy", "RedriveAllowPolicy":
		return true
	}
	return false
}

// attribute is the value of one that can be set.
func (q *queue) attribute(name string) string {
	if value, ok := q.Attributes[name]; ok {
		return value
	}
	return settings[name].fallback
}

// set takes over attributes that have been checked. An empty policy or key
// removes what there was.
func (q *queue) set(attributes map[string]string, policy *iampolicy.Policy) {
	for name, value := range attributes {
		if value == "" {
			delete(q.Attributes, name)
			continue
		}
		q.Attributes[name] = value
	}
	if _, ok := attributes["Policy"]; ok {
		q.policy = policy
	}
}

// checkAttributes holds attributes against their bounds, and gives the parsed
// policy, nil without one.
func checkAttributes(attributes map[string]string) (*iampolicy.Policy, *call.Error) {
	var policy *iampolicy.Policy
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		value := attributes[name]
		rule, known := settings[name]
		switch {
		case unserved(name):
			return nil, call.NotServed("sqs", "QueueAttribute."+name)
		case !known:
			return nil, refuse("InvalidAttributeName", "Unknown Attribute %.100s.", name)
		case rule.numeric:
			n, err := strconv.Atoi(value)
			if err != nil || n < rule.min || n > rule.max {
				return nil, invalidAttribute(name)
			}
		case name == "SqsManagedSseEnabled" && value != "true" && value != "false":
			return nil, invalidAttribute(name)
		case name == "Policy" && value != "":
			p, err := iampolicy.Parse([]byte(value))
			if err != nil || len(value) > maxPolicy || !aboutQueues(p) {
				return nil, invalidAttribute(name)
			}
			policy = p
		}
	}
	return policy, nil
}

const maxPolicy = 8 << 10 // bytes (SQS developer guide, "Quotas related to policies")

func invalidAttribute(name string) *call.Error {
	return refuse("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
}

// aboutQueues tells whether a policy speaks of SQS's actions only.
func aboutQueues(p *iampolicy.Policy) bool {
	for _, st := range p.Statements {
		for _, action := range slices.Concat(st.Action, st.NotAction) {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), "sqs:") {
				return false
			}
		}
	}
	return true
}

type setQueueAttributesInput struct {
	QueueURL   string `json:"QueueUrl"`
	Attributes map[string]string
}

func (s *Service) setQueueAttributes(c *call.Call, in setQueueAttributesInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	if len(in.Attributes) == 0 {
		return nil, missing("Attribute.Name")
	}
	policy, refused := checkAttributes(in.Attributes)
	if refused != nil {
		return nil, refused
	}
	q.set(in.Attributes, policy)
	q.Modified = s.now().UTC()
	return nil, nil
}

type getQueueAttributesInput struct {
	QueueURL       string `json:"QueueUrl"`
	AttributeNames []string
}

func (s *Service) getQueueAttributes(c *call.Call, in getQueueAttributesInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	all := s.attributes(q)
	out := map[string]string{}
	for _, name := range in.AttributeNames {
		_, settable := settings[name]
		value, has := all[name]
		switch {
		case name == "All":
			maps.Copy(out, all)
		case has:
			out[name] = value
		case !settable && !unserved(name):
			return nil, refuse("InvalidAttributeName", "Unknown Attribute %.100s.", name)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	return map[string]any{"Attributes": out}, nil
}

// attributes are all that the queue has, set, by default, or counted.
func (s *Service) attributes(q *queue) map[string]string {
	out := map[string]string{
		"QueueArn":              q.ARN(),
		"CreatedTimestamp":      strconv.FormatInt(q.Created.Unix(), 10),
		"LastModifiedTimestamp": strconv.FormatInt(q.Modified.Unix(), 10),
	}
	for name := range settings {
		if value := q.attribute(name); value != "" {
			out[name] = value
		}
	}
	s.expire(q)
	var visible, inFlight, delayed int
	now := time.Now()
	for _, m := range q.Messages {
		switch {
		case !m.VisibleAt.After(now):
			visible++
		case m.Received > 0:
			inFlight++
		default:
			delayed++
		}
	}
	out["ApproximateNumberOfMessages"] = strconv.Itoa(visible)
	out["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(inFlight)
	out["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(delayed)
	return out
}
