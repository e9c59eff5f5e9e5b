package sns

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

const (
	maxMessage = 256 << 10 // bytes
	maxSubject = 100       // characters
)

// notification is a message on its way to a topic's subscriptions.
type notification struct {
	Subject, Message string
	Structure        map[string]string // the message by protocol; nil when it is one for all
	Attributes       map[string]messageAttribute
}

// messageAttribute is an attribute as notifications carry it.
type messageAttribute struct {
	Type  string
	Value string
}

func (n *notification) attribute(name, kind, value string) {
	if n.Attributes == nil {
		n.Attributes = map[string]messageAttribute{}
	}
	n.Attributes[name] = messageAttribute{kind, value}
}

// text is the message as a protocol gets it.
func (n *notification) text(protocol string) string {
	if n.Structure == nil {
		return n.Message
	}
	if text, ok := n.Structure[protocol]; ok {
		return text
	}
	return n.Structure["default"]
}

type publishOutput struct {
	MessageID string `xml:"MessageId"`
}

func (s *Service) publishCall(c *call.Call, form url.Values) (any, *call.Error) {
	if form.Get("PhoneNumber") != "" {
		return nil, call.NotServed("sns", "Publish.PhoneNumber")
	}
	arn := form.Get("TopicArn")
	if arn == "" {
		arn = form.Get("TargetArn")
	}
	s.mu.Lock()
	_, refused := s.topicOf(c, arn)
	s.mu.Unlock()
	if refused != nil {
		return nil, refused
	}
	n, refused := readNotification(form)
	if refused != nil {
		return nil, refused
	}
	id, ok := s.publish(arn, n)
	if !ok {
		return nil, notFound("Topic does not exist")
	}
	c.ResponseElements = map[string]any{"messageId": id}
	return publishOutput{id}, nil
}

func readNotification(form url.Values) (notification, *call.Error) {
	n := notification{Subject: form.Get("Subject"), Message: form.Get("Message")}
	switch {
	case n.Message == "":
		return n, invalid("Empty message")
	case len(n.Message) > maxMessage:
		return n, invalid("Message too long")
	case !utf8.ValidString(n.Message):
		return n, invalid("Message")
	case form.Has("Subject") && !validSubject(n.Subject):
		return n, invalid("Subject")
	}
	switch form.Get("MessageStructure") {
	case "":
	case "json":
		if json.Unmarshal([]byte(n.Message), &n.Structure) != nil {
			return n, invalid("Message Structure - JSON message body failed to parse")
		}
		if _, ok := n.Structure["default"]; !ok {
			return n, invalid("Message Structure - No default entry in JSON message body")
		}
	default:
		return n, invalid("MessageStructure")
	}
	return n, n.readAttributes(form)
}

// validSubject holds a subject against SNS's rule: one line of ASCII text
// that begins with a letter, a digit or a mark.
func validSubject(text string) bool {
	return text != "" && len(text) <= maxSubject && text[0] != ' ' &&
		!strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

func (n *notification) readAttributes(form url.Values) *call.Error {
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		name, kind := form.Get(prefix+"Name"), form.Get(prefix+"Value.DataType")
		if name == "" && kind == "" {
			return nil
		}
		value := form.Get(prefix + "Value.StringValue")
		if strings.HasPrefix(kind, "Binary") {
			value = form.Get(prefix + "Value.BinaryValue")
		}
		base, _, _ := strings.Cut(kind, ".")
		switch {
		case base != "String" && base != "Number" && base != "Binary":
			return &call.Error{Status: 400, Code: "ParameterValueInvalid", Message: fmt.Sprintf(
				"The message attribute '%.300s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)}
		case name == "" || value == "":
			return &call.Error{Status: 400, Code: "ParameterValueInvalid", Message: fmt.Sprintf(
				"The message attribute '%.300s' must contain non-empty message attribute value for message attribute type '%.100s'.", name, kind)}
		}
		n.attribute(name, kind, value)
	}
}

// publish gives a message to every confirmed subscription of a topic. ok is
// false when there is no such topic.
func (s *Service) publish(arn string, n notification) (id string, ok bool) {
	s.mu.Lock()
	var to []subscription
	for _, sub := range s.subscriptions {
		if sub.TopicARN == arn && !sub.Pending {
			one := *sub
			one.Attributes = map[string]string{"RawMessageDelivery": sub.Attributes["RawMessageDelivery"]}
			to = append(to, one)
		}
	}
	t := s.topics[arn]
	at := s.now().UTC()
	s.mu.Unlock()
	if t == nil {
		return "", false
	}
	id = newID()
	for i := range to {
		s.deliver(&to[i], id, at, n)
	}
	return id, true
}

func (s *Service) deliver(sub *subscription, id string, at time.Time, n notification) {
	switch sub.Protocol {
	case "sqs":
		s.toQueue(sub, id, at, n)
	case "http", "https":
		s.post.send(sub.notify(id, at, n))
	}
}

// toQueue sends a message to a queue whose policy lets this topic in. What it
// does not let in is lost (assumption A35).
func (s *Service) toQueue(sub *subscription, id string, at time.Time, n notification) {
	account := strings.Split(sub.TopicARN, ":")[4]
	if s.queues == nil || !s.queues.May(principal, "sqs:SendMessage", sub.Endpoint, map[string]string{
		"aws:SourceArn": sub.TopicARN, "aws:SourceAccount": account, "aws:SourceOwner": account,
	}) {
		s.log.Warn("a message was not delivered: the queue is gone, or its policy does not allow sqs:SendMessage to "+principal,
			"topic", sub.TopicARN, "queue", sub.Endpoint)
		return
	}
	text := string(sub.notify(id, at, n).body)
	attributes := map[string]string{}
	if sub.raw() {
		for name, a := range n.Attributes {
			attributes[name] = a.Value
		}
	}
	if err := s.queues.Publish(sub.Endpoint, n.Subject, text, attributes); err != nil {
		s.log.Warn("a message was not delivered", "topic", sub.TopicARN, "error", err)
	}
}
