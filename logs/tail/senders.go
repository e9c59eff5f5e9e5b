package tail

import (
	"encoding/json"
	"slices"
	"strings"
)

// Senders are those of the services from which a queue hears of log files,
// "sns", "s3" and "events", that a queue's policy lets send messages to it: the
// attribute Policy of GetQueueAttributes, empty when there is none. Conditions
// are taken to be met. ok is false for a policy that cannot be understood.
// SNS, S3 and EventBridge need such a policy always, also in the queue's own
// account (SQS developer guide, "Basic examples of Amazon SQS policies").
func Senders(policy string) (services []string, ok bool) {
	if policy == "" {
		return nil, true
	}
	var document struct{ Statement statements }
	if err := json.Unmarshal([]byte(policy), &document); err != nil {
		return nil, false
	}
	for _, service := range []string{"sns", "s3", "events"} {
		if slices.ContainsFunc(document.Statement, func(s statement) bool { return s.lets(service + ".amazonaws.com") }) {
			services = append(services, service)
		}
	}
	return services, true
}

type statement struct {
	Effect                  string
	Principal, NotPrincipal principals
	Action, NotAction       texts
}

func (s *statement) lets(service string) bool {
	if s.Effect != "Allow" {
		return false
	}
	sends := s.NotAction != nil || slices.ContainsFunc(s.Action, func(a string) bool {
		a = strings.ToLower(a)
		start, any := strings.CutSuffix(a, "*")
		return a == "sqs:sendmessage" || any && strings.HasPrefix("sqs:sendmessage", start)
	})
	who := s.NotPrincipal != nil || slices.Contains(s.Principal, "*") || slices.Contains(s.Principal, service)
	return sends && who
}

// A policy may have one of a thing in place of a list.

type statements []statement

func (l *statements) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '{' {
		*l = make(statements, 1)
		return json.Unmarshal(data, &(*l)[0])
	}
	return json.Unmarshal(data, (*[]statement)(l))
}

type texts []string

func (l *texts) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*l = make(texts, 1)
		return json.Unmarshal(data, &(*l)[0])
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// principals are services, accounts, or "*" for everybody.
type principals []string

func (l *principals) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return (*texts)(l).UnmarshalJSON(data)
	}
	var kinds map[string]texts
	if err := json.Unmarshal(data, &kinds); err != nil {
		return err
	}
	for kind, names := range kinds {
		if kind == "Service" || kind == "AWS" {
			*l = append(*l, names...)
		}
	}
	return nil
}
