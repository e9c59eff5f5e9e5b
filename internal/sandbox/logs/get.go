package logs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"trailctl/internal/sandbox/call"
)

// Limits of one answer of GetLogEvents and FilterLogEvents (API reference).
const (
	maxAnswered      = 10_000
	maxAnsweredBytes = 1 << 20
)

func answerLimit(limit *int) (int, *call.Error) {
	if limit == nil {
		return maxAnswered, nil
	}
	if *limit < 1 || *limit > maxAnswered {
		return 0, constraint(*limit, "limit", "have value between 1 and 10000")
	}
	return *limit, nil
}

type getInput struct {
	LogGroupName, LogGroupIdentifier, LogStreamName string
	StartTime, EndTime                              *int64
	NextToken                                       string
	Limit                                           *int
	StartFromHead                                   bool
}

type outputEvent struct {
	Timestamp     int64  `json:"timestamp"`
	Message       string `json:"message"`
	IngestionTime int64  `json:"ingestionTime"`
}

// A token of GetLogEvents says in which direction to go on, and from which
// position: after it, or before it.
var tokenPattern = regexp.MustCompile(`^([fb])/(\d{1,19})-(\d{1,20})$`)

func token(direction string, p position) string {
	return fmt.Sprintf("%s/%019d-%020d", direction, max(p.time, 0), p.serial)
}

func parseToken(text string) (direction string, p position, err *call.Error) {
	m := tokenPattern.FindStringSubmatch(text)
	if m == nil {
		return "", p, invalid("The specified nextToken is invalid.")
	}
	var err1, err2 error
	p.time, err1 = strconv.ParseInt(m[2], 10, 64)
	p.serial, err2 = strconv.ParseUint(m[3], 10, 64)
	if err1 != nil || err2 != nil {
		return "", p, invalid("The specified nextToken is invalid.")
	}
	return m[1], p, nil
}

// timeRange is the indices of a group's events from start up to before end.
func (g *group) timeRange(start, end *int64) (from, to int) {
	to = len(g.events)
	if start != nil {
		from = g.from(position{time: *start})
	}
	if end != nil {
		to = g.from(position{time: *end})
	}
	return from, max(from, to)
}

func (s *Service) getLogEvents(c *call.Call, in getInput) (any, *call.Error) {
	most, err := answerLimit(in.Limit)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.identified(c, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	if _, ok := g.Streams[in.LogStreamName]; !ok {
		return nil, noStream()
	}
	from, to := g.timeRange(in.StartTime, in.EndTime)
	forward := in.StartFromHead
	var at position
	if in.NextToken != "" {
		var direction string
		if direction, at, err = parseToken(in.NextToken); err != nil {
			return nil, err
		}
		forward = direction == "f"
		if forward {
			from = max(from, g.from(position{at.time, at.serial + 1}))
		} else {
			to = min(to, g.from(at))
		}
	}
	some := g.walk(in.LogStreamName, from, to, most, forward)
	first, last := at, at
	out := []outputEvent{}
	for i, e := range some {
		if i == 0 {
			first = e.position()
		}
		last = e.position()
		out = append(out, outputEvent{e.Time, e.Message, e.Ingested})
	}
	return map[string]any{"events": out, "nextForwardToken": token("f", last), "nextBackwardToken": token("b", first)}, nil
}

// walk collects a stream's events between two indices from either end, as
// many as an answer takes. They come in ascending order.
func (g *group) walk(stream string, from, to, most int, forward bool) []event {
	var some []event
	bytes := int64(0)
	for n := range max(to-from, 0) {
		i := from + n
		if !forward {
			i = to - 1 - n
		}
		e := g.events[i]
		if e.Stream != stream {
			continue
		}
		if bytes += e.size(); len(some) == most || len(some) > 0 && bytes > maxAnsweredBytes {
			break
		}
		some = append(some, e)
	}
	if !forward {
		slices.Reverse(some)
	}
	return some
}
