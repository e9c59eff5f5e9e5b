package logs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Event is one log event that another service of the sandbox writes.
type Event struct {
	Time    time.Time
	Message string
}

// ErrNoGroup says that the log group to write to does not exist.
var ErrNoGroup = errors.New("the log group does not exist")

// Bounds of what is kept of a group (assumption A38).
const (
	maxEvents     = 200_000
	maxGroupBytes = 256 << 20
)

// overhead is what AWS counts for an event besides its message
// (PutLogEvents, API reference).
const overhead = 26

// event is one log event as it is kept; times are milliseconds since 1970.
type event struct {
	Stream   string `json:"s"`
	Time     int64  `json:"t"`
	Ingested int64  `json:"i"`
	Serial   uint64 `json:"n"` // unique in the service, ascending
	Message  string `json:"m"`
}

func (e *event) size() int64 { return int64(len(e.Message)) + overhead }

// position is where an event stands among those of its group.
type position struct {
	time   int64
	serial uint64
}

func (e *event) position() position { return position{e.Time, e.Serial} }

func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.time, other.time), cmp.Compare(p.serial, other.serial))
}

// from is the index of the first event at a position or after it.
func (g *group) from(p position) int {
	return sort.Search(len(g.events), func(i int) bool { return g.events[i].position().compare(p) >= 0 })
}

// insert takes in events, which need not be in order, and drops the oldest
// beyond what is kept.
func (g *group) insert(batch []event) {
	if len(batch) == 0 {
		return
	}
	first := batch[0].position()
	for i := range batch {
		g.bytes += batch[i].size()
		if p := batch[i].position(); p.compare(first) < 0 {
			first = p
		}
	}
	from := g.from(first)
	g.events = append(g.events, batch...)
	slices.SortFunc(g.events[from:], func(a, b event) int { return a.position().compare(b.position()) })
	drop := 0
	for bytes := g.bytes; len(g.events)-drop > maxEvents || bytes > maxGroupBytes; drop++ {
		bytes -= g.events[drop].size()
	}
	g.drop(drop)
}

// drop forgets the n oldest events.
func (g *group) drop(n int) {
	for i := range n {
		g.bytes -= g.events[i].size()
		g.events[i].Message = ""
	}
	g.events = g.events[n:]
}

// expire forgets what is older than the group's retention.
func (g *group) expire(now time.Time) {
	if cutoff, ok := g.cutoff(now); ok {
		g.drop(g.from(position{time: cutoff}))
	}
}

// PutEvents writes events to a stream of a log group, and makes the stream
// when it is missing. It wraps ErrNoGroup when there is no such group.
func (s *Service) PutEvents(account, region, name, stream string, events []Event) error {
	if !streamPattern.MatchString(stream) {
		return fmt.Errorf("writing to the log group %s in %s: %.100q is not the name of a stream", name, region, stream)
	}
	created, err := s.putEvents(place{account, region, name}, stream, events)
	if created {
		s.Save()
	}
	return err
}

func (s *Service) putEvents(where place, stream string, events []Event) (created bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[where]
	if g == nil {
		return false, fmt.Errorf("writing to the log group %s in %s: %w", where.name, where.region, ErrNoGroup)
	}
	now := s.now()
	if _, ok := g.Streams[stream]; !ok {
		g.Streams[stream], created = now, true
	}
	batch := make([]event, 0, len(events))
	for _, e := range events {
		batch = append(batch, s.newEvent(stream, e.Time.UnixMilli(), now, e.Message))
	}
	g.expire(now)
	return created, s.keep(g, batch)
}

// newEvent gives an event its number. s.mu is held.
func (s *Service) newEvent(stream string, at int64, now time.Time, message string) event {
	s.serial++
	return event{Stream: stream, Time: at, Ingested: now.UnixMilli(), Serial: s.serial, Message: strings.ToValidUTF8(message, "\uFFFD")}
}
