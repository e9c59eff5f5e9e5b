package logs

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream/eventstreamapi"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

// Live Tail as the API reference of StartLiveTail and the quotas of CloudWatch
// Logs have it.
const (
	liveEvery    = time.Second // between updates
	liveStart    = 50 * time.Millisecond
	liveMost     = 500  // events in an update; of more a sample is sent
	liveWaiting  = 5000 // events that wait for an update; the oldest are dropped
	liveLength   = 3 * time.Hour
	liveSessions = 15 // at once, of an account in a region
	liveGroups   = 10 // of a session
)

type liveInput struct {
	LogGroupIdentifiers                   []string
	LogStreamNames, LogStreamNamePrefixes []string
	LogEventFilterPattern                 string
}

func (in liveInput) check() *call.Error {
	switch {
	case len(in.LogGroupIdentifiers) == 0 || len(in.LogGroupIdentifiers) > liveGroups:
		return constraint(len(in.LogGroupIdentifiers), "logGroupIdentifiers", fmt.Sprintf("have length between 1 and %d", liveGroups))
	case len(in.LogStreamNames) > 0 && len(in.LogStreamNamePrefixes) > 0:
		return invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.")
	case len(in.LogStreamNames)+len(in.LogStreamNamePrefixes) > 0 && len(in.LogGroupIdentifiers) > 1:
		return invalid("Log streams can be named for a single log group only.")
	}
	return nil
}

func (in liveInput) wants(stream string) bool {
	if len(in.LogStreamNames) > 0 {
		return slices.Contains(in.LogStreamNames, stream)
	}
	return len(in.LogStreamNamePrefixes) == 0 ||
		slices.ContainsFunc(in.LogStreamNamePrefixes, func(p string) bool { return strings.HasPrefix(stream, p) })
}

// liveSession is one session of StartLiveTail.
type liveSession struct {
	account, region string
	asked           liveInput
	groups          []place
	matches         func(message string) bool
	started         time.Time
	id, requestID   string

	waiting []liveEvent // guarded by the service's mutex
}

type liveEvent struct {
	LogStreamName      string `json:"logStreamName"`
	LogGroupIdentifier string `json:"logGroupIdentifier"`
	Message            string `json:"message"`
	Timestamp          int64  `json:"timestamp"`
	IngestionTime      int64  `json:"ingestionTime"`
}

// startLiveTail opens a session, which takes what comes from now on. The answer
// is the stream of its updates.
func (s *Service) startLiveTail(c *call.Call, in liveInput) (any, *call.Error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	matches, err := parseFilter(in.LogEventFilterPattern)
	if err != nil {
		return nil, err
	}
	l := &liveSession{
		account: c.Account, region: c.Region, asked: in, matches: matches, started: c.Time,
		id: rand.Text(), requestID: c.RequestID,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range in.LogGroupIdentifiers {
		g, err := s.byARN(c, id, "logGroupIdentifiers")
		if err != nil {
			return nil, err
		}
		l.groups = append(l.groups, g.place())
	}
	open := 0
	for other := range s.live {
		if other.account == l.account && other.region == l.region {
			open++
		}
	}
	if open >= liveSessions {
		return nil, refuse("LimitExceededException", "The account has %d Live Tail sessions open, which is the most.", open)
	}
	s.live[l] = true
	return awsjson.Stream(func(w http.ResponseWriter) { s.stream(w, c, l) }), nil
}

// show hands fresh events of a group to the sessions that watch it. s.mu is
// held.
func (s *Service) show(g *group, batch []event) {
	for l := range s.live {
		if !slices.Contains(l.groups, g.place()) {
			continue
		}
		for _, e := range batch {
			if l.asked.wants(e.Stream) {
				l.waiting = append(l.waiting, liveEvent{e.Stream, g.arn(), e.Message, e.Time, e.Ingested})
			}
		}
		if over := len(l.waiting) - liveWaiting; over > 0 {
			l.waiting = slices.Delete(l.waiting, 0, over)
		}
	}
}

// stream sends what a session sees until the caller is gone, the service
// closes or the session is as old as one gets.
func (s *Service) stream(w http.ResponseWriter, c *call.Call, l *liveSession) {
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.live, l)
	}()
	// Go's HTTP client ends a connection on which the answer begins while it
	// still looks whether the request's body has an end.
	time.Sleep(liveStart)
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	w.WriteHeader(http.StatusOK)
	out := &liveWriter{to: w, flush: http.NewResponseController(w).Flush, encoder: eventstream.NewEncoder()}
	// The JSON protocols begin a stream with the answer's other members, of
	// which there are none: https://smithy.io/2.0/spec/streaming.html
	out.event("initial-response", struct{}{})
	out.event("sessionStart", map[string]any{
		"requestId": l.requestID, "sessionId": l.id, "logGroupIdentifiers": l.asked.LogGroupIdentifiers,
		"logStreamNames": append([]string{}, l.asked.LogStreamNames...), "logStreamNamePrefixes": append([]string{}, l.asked.LogStreamNamePrefixes...),
		"logEventFilterPattern": l.asked.LogEventFilterPattern,
	})
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	for out.err == nil {
		select {
		case <-tick.C:
		case <-s.closing:
			return
		case <-c.HTTP.Context().Done():
			return
		}
		if s.now().Sub(l.started) >= liveLength {
			out.send(eventstreamapi.ExceptionMessageType, eventstreamapi.ExceptionTypeHeader, "SessionTimeoutException",
				map[string]string{"message": "The session has timed out."})
			return
		}
		out.event("sessionUpdate", s.update(l))
	}
}

// update is what has come since the last one.
func (s *Service) update(l *liveSession) any {
	s.mu.Lock()
	fresh := l.waiting
	l.waiting = nil
	s.mu.Unlock()
	fresh = slices.DeleteFunc(fresh, func(e liveEvent) bool { return !l.matches(e.Message) })
	n := len(fresh)
	if n > liveMost {
		for i := range liveMost {
			fresh[i] = fresh[i*n/liveMost]
		}
		fresh = fresh[:liveMost]
	}
	return map[string]any{
		"sessionMetadata": map[string]bool{"sampled": n > liveMost},
		"sessionResults":  append([]liveEvent{}, fresh...),
	}
}

// liveWriter writes the messages of a stream, up to the first failure.
type liveWriter struct {
	to      http.ResponseWriter
	flush   func() error
	encoder *eventstream.Encoder
	err     error
}

func (w *liveWriter) event(name string, payload any) {
	w.send(eventstreamapi.EventMessageType, eventstreamapi.EventTypeHeader, name, payload)
}

func (w *liveWriter) send(kind, nameHeader, name string, payload any) {
	if w.err != nil {
		return
	}
	var m eventstream.Message
	m.Headers.Set(eventstreamapi.MessageTypeHeader, eventstream.StringValue(kind))
	m.Headers.Set(nameHeader, eventstream.StringValue(name))
	m.Headers.Set(eventstreamapi.ContentTypeHeader, eventstream.StringValue("application/json"))
	var encoded bytes.Buffer
	if m.Payload, w.err = json.Marshal(payload); w.err == nil {
		w.err = w.encoder.Encode(&encoded, m)
	}
	if w.err == nil {
		_, w.err = w.to.Write(encoded.Bytes())
	}
	if w.err == nil {
		w.err = w.flush()
	}
}
