package sqs

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

// message is one message in a queue.
type message struct {
	ID            string
	Body          string
	Attributes    map[string]attribute
	Sender        string
	Sent          time.Time // the sandbox's time
	FirstReceived time.Time // the same; zero before
	Received      int       // how often
	VisibleAt     time.Time // real time, when it can be received
}

// attribute is one of a message's own attributes.
type attribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

func (m *message) size() int {
	n := len(m.Body)
	for name, a := range m.Attributes {
		n += len(name) + len(a.DataType) + len(a.BinaryValue)
		if a.StringValue != nil {
			n += len(*a.StringValue)
		}
	}
	return n
}

// put adds a message to a queue. delay is in seconds, below zero for the
// queue's own. The lock is held.
func (s *Service) put(q *queue, m *message, delay int) *call.Error {
	s.expire(q)
	size := m.size()
	if limit := q.number("MaximumMessageSize"); size > limit {
		return refuse("InvalidParameterValueException",
			"One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	}
	if len(q.Messages) >= maxMessages || q.bytes+size > maxBytes {
		return refuse("OverLimit", "The sandbox keeps at most %d messages and %d bytes in a queue.", maxMessages, maxBytes)
	}
	if delay < 0 {
		delay = q.number("DelaySeconds")
	}
	m.ID, m.Sent, m.VisibleAt = newID(), s.now().UTC(), time.Now().Add(seconds(delay))
	q.Messages = append(q.Messages, m)
	q.bytes += size
	q.announce()
	return nil
}

// expire drops what the queue has kept long enough. The lock is held.
func (s *Service) expire(q *queue) {
	oldest := s.now().Add(-seconds(q.number("MessageRetentionPeriod")))
	q.Messages = slices.DeleteFunc(q.Messages, func(m *message) bool {
		old := m.Sent.Before(oldest)
		if old {
			q.bytes -= m.size()
		}
		return old
	})
}

// drop removes a message; one that is not there is none.
func (q *queue) drop(id string) {
	q.Messages = slices.DeleteFunc(q.Messages, func(m *message) bool {
		if m.ID == id {
			q.bytes -= m.size()
		}
		return m.ID == id
	})
}

// newID is a version 4 UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// handle is what a message is deleted by: good for the queue it came from.
func (q *queue) handle(m *message) string {
	return base64.StdEncoding.EncodeToString([]byte(newID() + " " + q.ARN() + " " + m.ID))
}

// handled is the ID of the message that a handle is of.
func (q *queue) handled(handle string) (id string, ok bool) {
	text, err := base64.StdEncoding.DecodeString(handle)
	parts := strings.Split(string(text), " ")
	if err != nil || len(parts) != 3 || parts[1] != q.ARN() {
		return "", false
	}
	return parts[2], true
}

type sendMessageInput struct {
	QueueURL string `json:"QueueUrl"`
	sendEntry
}

// sendEntry is what sending one message and sending several have in common.
type sendEntry struct {
	ID                string `json:"Id"`
	MessageBody       string
	MessageAttributes map[string]attribute
	DelaySeconds      *int
}

type sendOutput struct {
	ID                     string `json:"Id,omitempty"`
	MessageID              string `json:"MessageId"`
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

func (s *Service) sendMessage(c *call.Call, in sendMessageInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	out, refused := s.send(c, q, in.sendEntry)
	if refused != nil {
		return nil, refused
	}
	out.ID = ""
	return out, nil
}

func (s *Service) send(c *call.Call, q *queue, in sendEntry) (sendOutput, *call.Error) {
	if in.MessageBody == "" {
		return sendOutput{}, missing("MessageBody")
	}
	if !validText(in.MessageBody) {
		return sendOutput{}, refuse("InvalidMessageContents",
			"Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")
	}
	delay := -1
	if in.DelaySeconds != nil {
		if delay = *in.DelaySeconds; delay < 0 || delay > 900 {
			return sendOutput{}, invalidParameter("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900.")
		}
	}
	if refused := checkMessageAttributes(in.MessageAttributes); refused != nil {
		return sendOutput{}, refused
	}
	m := &message{Body: in.MessageBody, Attributes: in.MessageAttributes, Sender: c.Identity.PrincipalID}
	if refused := s.put(q, m, delay); refused != nil {
		return sendOutput{}, refused
	}
	return sendOutput{ID: in.ID, MessageID: m.ID, MD5OfMessageBody: sum(m.Body), MD5OfMessageAttributes: sumAttributes(m.Attributes)}, nil
}

// validText tells whether a text has only the characters that SQS takes.
func validText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff
	})
}

var (
	attributeName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,256}$`)
	attributeType = regexp.MustCompile(`^(String|Number|Binary)(\.[^\x00-\x1f]{1,240})?$`)
)

const maxMessageAttributes = 10

func checkMessageAttributes(attributes map[string]attribute) *call.Error {
	if len(attributes) > maxMessageAttributes {
		return refuse("InvalidParameterValueException", "Number of message attributes [%d] exceeds the allowed maximum [%d].",
			len(attributes), maxMessageAttributes)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		binary := strings.HasPrefix(a.DataType, "Binary")
		switch {
		case !attributeName.MatchString(name):
			return refuse("InvalidParameterValueException", "The message attribute name %.300q is invalid.", name)
		case !attributeType.MatchString(a.DataType):
			return refuse("InvalidParameterValueException", "The message attribute '%s' has an invalid message attribute type, the set of "+
				"supported type prefixes is Binary, Number, and String.", name)
		case binary && len(a.BinaryValue) == 0, !binary && (a.StringValue == nil || *a.StringValue == ""):
			return refuse("InvalidParameterValueException", "The message attribute '%s' must contain a non-empty message attribute value.", name)
		}
	}
	return nil
}

func sum(text string) string {
	digest := md5.Sum([]byte(text))
	return hex.EncodeToString(digest[:])
}

// sumAttributes is the MD5 digest of attributes (SQS developer guide,
// "Calculating the MD5 message digest for message attributes"); empty without any.
func sumAttributes(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	field := func(text string) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		field(name)
		field(a.DataType)
		if a.StringValue != nil {
			b = append(b, 1)
			field(*a.StringValue)
		} else {
			b = append(b, 2)
			field(string(a.BinaryValue))
		}
	}
	return sum(string(b))
}
