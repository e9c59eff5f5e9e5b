// Package logs is the sandbox's Amazon CloudWatch Logs: log groups with their
// retention, tags and metric filters, log streams, and the events in them,
// which can be read, filtered and watched (StartLiveTail). It keeps at most 200,000 events and 256 MiB
// of a group; the oldest ones are dropped then. Metric filters are kept and
// count nothing. It has no subscriptions, exports and queries, and checks no
// permission of a caller.
package logs

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/statefile"
)

// Target is the service name that clients put before the operation.
const Target = "Logs_20140328"

// Options says how a Service works. The zero value works.
type Options struct {
	Now func() time.Time // default the machine's clock
	Dir string           // where state is kept; empty keeps it in memory
	Log *slog.Logger     // default none
}

// Service is CloudWatch Logs, for any number of accounts and regions. It is
// safe for concurrent use.
type Service struct {
	now  func() time.Time
	log  *slog.Logger
	dir  string
	file *statefile.File

	mu     sync.Mutex
	groups map[place]*group
	serial uint64 // of the newest event
	live   map[*liveSession]bool

	closing chan struct{} // ends the Live Tail sessions
	closed  sync.Once
}

// place is where a log group lies.
type place struct{ account, region, name string }

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	s := &Service{now: o.Now, log: o.Log, dir: o.Dir, groups: map[place]*group{}, live: map[*liveSession]bool{}, closing: make(chan struct{})}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	var saved state
	if s.file, err = statefile.Open(o.Dir, "logs.json", &saved); err != nil {
		return nil, err
	}
	return s, s.restore(saved)
}

var operations = map[string]awsjson.Operation[*Service]{
	"CreateLogGroup":                awsjson.Changes((*Service).createLogGroup),
	"DeleteLogGroup":                awsjson.Changes((*Service).deleteLogGroup),
	"PutRetentionPolicy":            awsjson.Changes((*Service).putRetentionPolicy),
	"DeleteRetentionPolicy":         awsjson.Changes((*Service).deleteRetentionPolicy),
	"AssociateKmsKey":               awsjson.Changes((*Service).associateKmsKey),
	"DisassociateKmsKey":            awsjson.Changes((*Service).disassociateKmsKey),
	"PutLogGroupDeletionProtection": awsjson.Changes((*Service).putDeletionProtection),
	"CreateLogStream":               awsjson.Changes((*Service).createLogStream),
	"DeleteLogStream":               awsjson.Changes((*Service).deleteLogStream),
	"PutLogEvents":                  awsjson.Changes((*Service).putLogEvents),
	"PutMetricFilter":               awsjson.Changes((*Service).putMetricFilter),
	"DeleteMetricFilter":            awsjson.Changes((*Service).deleteMetricFilter),
	"TagResource":                   awsjson.Changes((*Service).tagResource),
	"UntagResource":                 awsjson.Changes((*Service).untagResource),
	"TagLogGroup":                   awsjson.Changes((*Service).tagLogGroup),
	"UntagLogGroup":                 awsjson.Changes((*Service).untagLogGroup),
	"DescribeLogGroups":             awsjson.Reads((*Service).describeLogGroups),
	"DescribeLogStreams":            awsjson.Reads((*Service).describeLogStreams),
	"DescribeMetricFilters":         awsjson.Reads((*Service).describeMetricFilters),
	"GetLogEvents":                  awsjson.Reads((*Service).getLogEvents),
	"FilterLogEvents":               awsjson.Reads((*Service).filterLogEvents),
	"StartLiveTail":                 awsjson.Reads((*Service).startLiveTail),
	"ListTagsForResource":           awsjson.Reads((*Service).listTagsForResource),
	"ListTagsLogGroup":              awsjson.Reads((*Service).listTagsLogGroup),
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call of an operation that Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	changed := awsjson.Serve(w, c, s, "logs", operations)
	if c.Operation == "PutLogEvents" {
		// A data event, which CloudTrail records only where it is selected.
		c.Data, c.RequestParameters, c.ResponseElements = true, withoutEvents(c.RequestParameters), nil
		return
	}
	if changed {
		s.Save()
	}
}

// withoutEvents leaves out of a record what was logged.
func withoutEvents(in map[string]any) map[string]any {
	delete(in, "logEvents")
	return in
}

func refuse(code, format string, args ...any) *call.Error {
	return &call.Error{Status: 400, Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *call.Error {
	return refuse("InvalidParameterException", format, args...)
}

// constraint is the answer to a value that breaks the service model's rules
// (assumption A32).
func constraint(value any, field, rule string) *call.Error {
	return invalid("1 validation error detected: Value '%.200s' at '%s' failed to satisfy constraint: Member must %s", fmt.Sprint(value), field, rule)
}

func noGroup() *call.Error {
	return refuse("ResourceNotFoundException", "The specified log group does not exist.")
}

func noStream() *call.Error {
	return refuse("ResourceNotFoundException", "The specified log stream does not exist.")
}
