package logs

import (
	"fmt"
	"regexp"
	"slices"

	"trailctl/internal/sandbox/call"
)

var streamPattern = regexp.MustCompile(`^[^:*]{1,512}$`)

func checkStreamName(name string) *call.Error {
	if !streamPattern.MatchString(name) {
		return constraint(name, "logStreamName", "satisfy regular expression pattern: [^:*]* and have length between 1 and 512")
	}
	return nil
}

type streamInput struct{ LogGroupName, LogStreamName string }

func (s *Service) createLogStream(c *call.Call, in streamInput) (any, *call.Error) {
	if err := checkStreamName(in.LogStreamName); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if _, ok := g.Streams[in.LogStreamName]; ok {
		return nil, refuse("ResourceAlreadyExistsException", "The specified log stream already exists")
	}
	g.Streams[in.LogStreamName] = c.Time
	return nil, nil
}

func (s *Service) deleteLogStream(c *call.Call, in streamInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if _, ok := g.Streams[in.LogStreamName]; !ok {
		return nil, noStream()
	}
	delete(g.Streams, in.LogStreamName)
	g.events = slices.DeleteFunc(slices.Clone(g.events), func(e event) bool {
		gone := e.Stream == in.LogStreamName
		if gone {
			g.bytes -= e.size()
		}
		return gone
	})
	s.rewrite(g)
	return nil, nil
}

// Limits of PutLogEvents (API reference).
const (
	maxBatch      = 10_000
	maxBatchBytes = 1 << 20
	day           = 24 * 60 * 60 * 1000 // milliseconds
	tooNew        = 2 * 60 * 60 * 1000
	tooOld        = 14 * day
)

type inputEvent struct {
	Timestamp *int64
	Message   string
}

type putInput struct {
	LogGroupName, LogStreamName string
	LogEvents                   []inputEvent
}

// check holds the rules that refuse a batch as a whole.
func (in putInput) check() *call.Error {
	if len(in.LogEvents) == 0 || len(in.LogEvents) > maxBatch {
		return constraint(len(in.LogEvents), "logEvents", fmt.Sprintf("have length between 1 and %d", maxBatch))
	}
	bytes, previous := 0, int64(0)
	for i, e := range in.LogEvents {
		switch {
		case e.Timestamp == nil || *e.Timestamp < 0:
			return invalid("1 validation error detected: Value at 'logEvents.%d.member.timestamp' failed to satisfy constraint: Member must have value greater than or equal to 0", i+1)
		case e.Message == "":
			return invalid("1 validation error detected: Value at 'logEvents.%d.member.message' failed to satisfy constraint: Member must have length greater than or equal to 1", i+1)
		case *e.Timestamp < previous:
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
		previous = *e.Timestamp
		bytes += len(e.Message) + overhead
	}
	switch {
	case bytes > maxBatchBytes:
		return invalid("Upload too large: %d bytes exceeds limit of %d", bytes, maxBatchBytes)
	case previous-*in.LogEvents[0].Timestamp > day:
		return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// rejected says which events of a batch are not taken: indices of the first
// too new one, and of the first after the too old and the expired ones.
type rejected struct {
	TooNew  *int `json:"tooNewLogEventStartIndex,omitempty"`
	TooOld  *int `json:"tooOldLogEventEndIndex,omitempty"`
	Expired *int `json:"expiredLogEventEndIndex,omitempty"`
}

// putLogEvents takes any sequence token, as AWS does since 2023.
func (s *Service) putLogEvents(c *call.Call, in putInput) (any, *call.Error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.find(c, in.LogGroupName)
	if err != nil {
		return nil, err
	}
	if _, ok := g.Streams[in.LogStreamName]; !ok {
		return nil, noStream()
	}
	now := c.Time.UnixMilli()
	cutoff, _ := g.cutoff(c.Time)
	var batch []event
	var no rejected
	for i, e := range in.LogEvents {
		at, end := *e.Timestamp, i+1
		switch {
		case at > now+tooNew:
			if no.TooNew == nil {
				no.TooNew = &i
			}
		case at < now-tooOld:
			no.TooOld = &end
		case at < cutoff:
			no.Expired = &end
		default:
			batch = append(batch, s.newEvent(in.LogStreamName, at, c.Time, e.Message))
		}
	}
	if err := s.keep(g, batch); err != nil {
		return nil, &call.Error{Status: 500, Code: "ServiceUnavailableException", Message: err.Error()}
	}
	out := map[string]any{"nextSequenceToken": sequenceToken(s.serial)}
	if no != (rejected{}) {
		out["rejectedLogEventsInfo"] = no
	}
	return out, nil
}

// sequenceToken is a token that means nothing any more.
func sequenceToken(serial uint64) string { return fmt.Sprintf("%056d", serial) }
