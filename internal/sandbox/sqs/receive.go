package sqs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

type receiveMessageInput struct {
	QueueURL                    string `json:"QueueUrl"`
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
}

// received is a message as ReceiveMessage gives it.
type received struct {
	MessageID              string `json:"MessageId"`
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

// within reads a number that a request may give.
func within(name string, given *int, fallback, least, most int) (int, *call.Error) {
	if given == nil {
		return fallback, nil
	}
	if *given < least || *given > most {
		return 0, invalidParameter(name, *given, "Must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+", if provided.")
	}
	return *given, nil
}

// receiveMessage takes messages, and waits for the first when asked to.
func (s *Service) receiveMessage(c *call.Call, in receiveMessageInput) (any, *call.Error) {
	for start := time.Now(); ; {
		l, refused := s.look(c, in, start)
		switch {
		case refused != nil:
			return nil, refused
		case len(l.got) > 0:
			return map[string]any{"Messages": l.got}, nil
		case !time.Now().Before(l.end), !s.sleep(c, l.next, l.arrived):
			return nil, nil
		}
	}
}

// look is what one look into a queue gives: messages, or what to wait for.
type look struct {
	got     []received
	end     time.Time // of the whole wait
	next    time.Time // when a hidden message can be received, end if that comes first
	arrived <-chan struct{}
}

// look takes what can be received now, for a call that began at start.
func (s *Service) look(c *call.Call, in receiveMessageInput, start time.Time) (l look, refused *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return l, refused
	}
	most, refused := within("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, 10)
	if refused != nil {
		return l, refused
	}
	hide, refused := within("VisibilityTimeout", in.VisibilityTimeout, q.number("VisibilityTimeout"), 0, 43200)
	if refused != nil {
		return l, refused
	}
	wait, refused := within("WaitTimeSeconds", in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"), 0, 20)
	if refused != nil {
		return l, refused
	}
	l.got, l.end, l.arrived = s.take(q, in, most, seconds(hide)), start.Add(seconds(wait)), q.arrived
	l.next = q.nextVisible(l.end)
	return l, nil
}

// sleep waits until a time or until something arrives. It is false when the
// caller has gone or the service closes.
func (s *Service) sleep(c *call.Call, until time.Time, arrived <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C:
	case <-c.HTTP.Context().Done():
		return false
	case <-s.closing:
		return false
	}
	return true
}

// nextVisible is when the next hidden message can be received, or the end of
// the wait if that comes first.
func (q *queue) nextVisible(end time.Time) time.Time {
	for _, m := range q.Messages {
		if m.VisibleAt.Before(end) {
			end = m.VisibleAt
		}
	}
	return end
}

// take receives what can be received now. The lock is held.
func (s *Service) take(q *queue, in receiveMessageInput, most int, hide time.Duration) []received {
	s.expire(q)
	var out []received
	now := time.Now()
	for _, m := range q.Messages {
		if len(out) == most {
			break
		}
		if m.VisibleAt.After(now) {
			continue
		}
		if m.Received++; m.FirstReceived.IsZero() {
			m.FirstReceived = s.now().UTC()
		}
		m.VisibleAt = now.Add(hide)
		r := received{MessageID: m.ID, ReceiptHandle: q.handle(m), MD5OfBody: sum(m.Body), Body: m.Body,
			Attributes: m.system(append(slices.Clone(in.AttributeNames), in.MessageSystemAttributeNames...))}
		r.MessageAttributes = m.chosen(in.MessageAttributeNames)
		r.MD5OfMessageAttributes = sumAttributes(r.MessageAttributes)
		out = append(out, r)
	}
	return out
}

// system are the attributes that SQS gives a message, as far as asked for.
func (m *message) system(names []string) map[string]string {
	milli := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	all := map[string]string{
		"SenderId": m.Sender, "SentTimestamp": milli(m.Sent),
		"ApproximateReceiveCount": strconv.Itoa(m.Received), "ApproximateFirstReceiveTimestamp": milli(m.FirstReceived),
	}
	if slices.Contains(names, "All") {
		return all
	}
	out := map[string]string{}
	for _, name := range names {
		if value, ok := all[name]; ok {
			out[name] = value
		}
	}
	return out
}

// chosen are the message's own attributes that are asked for: by name, by the
// beginning of a name before ".*", or all.
func (m *message) chosen(names []string) map[string]attribute {
	out := map[string]attribute{}
	for name, a := range m.Attributes {
		if slices.ContainsFunc(names, func(want string) bool {
			prefix, begins := strings.CutSuffix(want, ".*")
			return want == "All" || want == name || begins && strings.HasPrefix(name, prefix)
		}) {
			out[name] = a
		}
	}
	return out
}

// handleEntry names a received message; Id only in batches.
type handleEntry struct {
	ID                string `json:"Id"`
	ReceiptHandle     string
	VisibilityTimeout *int
}

type handleInput struct {
	QueueURL string `json:"QueueUrl"`
	handleEntry
}

func (s *Service) deleteMessage(c *call.Call, in handleInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	return nil, q.delete(in.handleEntry)
}

func (q *queue) delete(e handleEntry) *call.Error {
	if e.ReceiptHandle == "" {
		return missing("ReceiptHandle")
	}
	id, ok := q.handled(e.ReceiptHandle)
	if !ok {
		return refuse("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", e.ReceiptHandle[:min(len(e.ReceiptHandle), 200)])
	}
	q.drop(id)
	return nil
}

func (s *Service) changeMessageVisibility(c *call.Call, in handleInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, refused := s.queueOf(c, in.QueueURL)
	if refused != nil {
		return nil, refused
	}
	return nil, q.hide(in.handleEntry)
}

// hide changes when a received message can be received again.
func (q *queue) hide(e handleEntry) *call.Error {
	if e.VisibilityTimeout == nil {
		return missing("VisibilityTimeout")
	}
	n := *e.VisibilityTimeout
	if n < 0 || n > 43200 {
		return invalidParameter("VisibilityTimeout", n, "VisibilityTimeout must be an integer between 0 and 43200.")
	}
	id, ok := q.handled(e.ReceiptHandle)
	if !ok {
		return refuse("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", e.ReceiptHandle[:min(len(e.ReceiptHandle), 200)])
	}
	i := slices.IndexFunc(q.Messages, func(m *message) bool { return m.ID == id })
	if i < 0 {
		return invalidParameter("ReceiptHandle", e.ReceiptHandle, "Message does not exist or is not available for visibility timeout change.")
	}
	m := q.Messages[i]
	if !m.VisibleAt.After(time.Now()) {
		return refuse("MessageNotInflight", "The specified message isn't in flight.")
	}
	m.VisibleAt = time.Now().Add(seconds(n))
	q.announce()
	return nil
}
