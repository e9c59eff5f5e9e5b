package logs

import (
	"fmt"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
)

// maxSearched is how many events one call of FilterLogEvents looks at. A
// longer search goes on with the token of the answer, which may be empty, as
// it may be in AWS (assumption A46).
const maxSearched = 50_000

type filterInput struct {
	LogGroupName, LogGroupIdentifier string
	LogStreamNames                   []string
	LogStreamNamePrefix              string
	StartTime, EndTime               *int64
	FilterPattern                    string
	NextToken                        string
	Limit                            *int
}

type filteredEvent struct {
	LogStreamName string `json:"logStreamName"`
	Timestamp     int64  `json:"timestamp"`
	Message       string `json:"message"`
	IngestionTime int64  `json:"ingestionTime"`
	EventID       string `json:"eventId"`
}

func (in filterInput) check() *call.Error {
	switch {
	case len(in.LogStreamNames) > 0 && in.LogStreamNamePrefix != "":
		return invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
	case len(in.LogStreamNames) > 100:
		return constraint(len(in.LogStreamNames), "logStreamNames", "have length between 1 and 100")
	case in.StartTime != nil && in.EndTime != nil && *in.StartTime > *in.EndTime:
		return invalid("End time should not be less than start time.")
	}
	return nil
}

func (in filterInput) wants(stream string) bool {
	if len(in.LogStreamNames) > 0 {
		return slices.Contains(in.LogStreamNames, stream)
	}
	return strings.HasPrefix(stream, in.LogStreamNamePrefix)
}

func (s *Service) filterLogEvents(c *call.Call, in filterInput) (any, *call.Error) {
	most, err := answerLimit(in.Limit)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	matches, err := parseFilter(in.FilterPattern)
	if err != nil {
		return nil, err
	}
	events, err := s.searched(c, in)
	if err != nil {
		return nil, err
	}
	found, next := []filteredEvent{}, ""
	bytes := int64(0)
	for i, e := range events {
		if i == maxSearched {
			next = token("f", events[i-1].position())
			break
		}
		if !in.wants(e.Stream) || !matches(e.Message) {
			continue
		}
		if bytes += e.size(); len(found) == most || len(found) > 0 && bytes > maxAnsweredBytes {
			next = token("f", events[i-1].position())
			break
		}
		found = append(found, filteredEvent{e.Stream, e.Time, e.Message, e.Ingested, fmt.Sprintf("%019d%037d", e.Time, e.Serial)})
	}
	out := map[string]any{"events": found, "searchedLogStreams": []any{}}
	if next != "" {
		out["nextToken"] = next
	}
	return out, nil
}

// searched are the events that a search still has to look at, one more than
// it may. They are copied, so that a pattern is matched without the lock.
func (s *Service) searched(c *call.Call, in filterInput) ([]event, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.identified(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	for _, name := range in.LogStreamNames {
		if _, ok := g.Streams[name]; !ok {
			return nil, noStream()
		}
	}
	from, to := g.timeRange(in.StartTime, in.EndTime)
	if in.EndTime != nil { // the end is part of it, other than for GetLogEvents
		to = max(from, g.from(position{time: *in.EndTime + 1}))
	}
	if in.NextToken != "" {
		_, at, err := parseToken(in.NextToken)
		if err != nil {
			return nil, err
		}
		from = max(from, g.from(position{at.time, at.serial + 1}))
	}
	to = min(to, from+maxSearched+1)
	return slices.Clone(g.events[from:max(from, to)]), nil
}
