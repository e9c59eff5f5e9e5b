// Package cloudwatch is the part of the sandbox's Amazon CloudWatch that
// holds metric alarms: they can be put, described and deleted. It keeps no
// tags and has no metrics, so every alarm stays in the state
// INSUFFICIENT_DATA and none acts. It speaks the query protocol, AWS JSON and
// Smithy RPC v2 CBOR.
package cloudwatch

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/statefile"
)

// Target is the service name that clients put before the operation when they
// speak AWS JSON.
const Target = "GraniteServiceVersion20100801"

const (
	namespace   = "http://monitoring.amazonaws.com/doc/2010-08-01/"
	eventSource = "monitoring.amazonaws.com"
)

// Options says how a Service works. The zero value works.
type Options struct {
	Dir string       // where state is kept; empty keeps it in memory
	Log *slog.Logger // default none
}

// Service is CloudWatch, for any number of accounts and regions. It is safe
// for concurrent use.
type Service struct {
	log  *slog.Logger
	file *statefile.File

	mu     sync.Mutex
	alarms map[place]*alarm
}

// place is where an alarm lies.
type place struct{ account, region, name string }

// state is what stays over a restart.
type state struct{ Alarms []*alarm }

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{log: o.Log, alarms: map[place]*alarm{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	var saved state
	if s.file, err = statefile.Open(o.Dir, "cloudwatch.json", &saved); err != nil {
		return nil, err
	}
	for _, a := range saved.Alarms {
		s.alarms[place{a.Account, a.Region, a.Name}] = a
	}
	return s, nil
}

func (s *Service) encode() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.SortedFunc(maps.Values(s.alarms), func(a, b *alarm) int { return strings.Compare(a.arn(), b.arn()) })
	return json.Marshal(state{list})
}

// Save writes the state to its folder; without one it does nothing.
func (s *Service) Save() {
	if err := s.file.Save(s.encode); err != nil {
		s.log.Error("the state of CloudWatch could not be saved", "error", err)
	}
}

// Close saves the state for the last time.
func (s *Service) Close() error { return s.file.Save(s.encode) }

// operation is one API call: whether it only reads, and what it does. The
// answer is nil for an empty one.
type operation struct {
	readOnly bool
	run      func(*Service, *call.Call, url.Values) (any, *call.Error)
}

var operations = map[string]operation{
	"PutMetricAlarm": {false, (*Service).putMetricAlarm},
	"DeleteAlarms":   {false, (*Service).deleteAlarms},
	"DescribeAlarms": {true, (*Service).describeAlarms},
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	op, known := operations[c.Operation]
	if !known {
		c.Unrecorded = true
		fail(w, c, call.NotServed("monitoring", c.Operation))
		return
	}
	c.EventSource, c.ReadOnly = eventSource, op.readOnly
	form, refused := input(c)
	if refused != nil {
		fail(w, c, refused)
		return
	}
	out, refused := op.run(s, c, form)
	if refused != nil {
		fail(w, c, refused)
		return
	}
	if !op.readOnly {
		s.Save()
	}
	reply(w, c, out)
}

func refuse(status int, code, format string, args ...any) *call.Error {
	return &call.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// invalid is the answer to a value that the API does not take (assumption
// A32).
func invalid(format string, args ...any) *call.Error {
	return refuse(400, "ValidationError", format, args...)
}
