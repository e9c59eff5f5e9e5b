package sandbox

import (
	"crypto/rand"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
)

// serve lets a service answer a call, records the call, and delivers what the
// call has ended. Whoever has the whole answer finds the call recorded.
func (s *Sandbox) serve(w http.ResponseWriter, c *call.Call, service call.Service, sig signature) {
	if s.options.Unrecorded {
		service.Serve(w, c)
		return
	}
	changes, changed := service == call.Service(s.trails) && cloudtrail.Changes(c.Operation), func() {}
	if changes {
		// Otherwise one call ends what the other has stopped, before that other
		// call is recorded.
		s.changing.Lock()
		changed = sync.OnceFunc(s.changing.Unlock)
		defer changed()
	}
	end := &lastOfAnswer{ResponseWriter: w, head: c.HTTP.Method == http.MethodHead}
	out := &meter{ResponseWriter: end}
	in := &bodyMeter{ReadCloser: c.HTTP.Body}
	if c.HTTP.Body != nil {
		c.HTTP.Body = in
	}
	service.Serve(out, c)
	if c.Unrecorded || c.Operation == "" {
		if c.Error != nil && c.Error.Status == http.StatusNotImplemented {
			s.log.Warn("nobody serves this operation", "service", c.Service, "operation", c.Operation, "error", c.Error.Code)
		}
		end.release()
		return
	}
	s.calls.count(c)
	r := record(c)
	if c.Service == "s3" {
		r.UserAgent = "[" + r.UserAgent + "]"
		r.AdditionalData = transferData(c, out, in, sig)
	}
	if err := s.keep(r); err != nil {
		s.log.Error("a call could not be recorded", "operation", c.Operation, "error", err)
	}
	end.release()
	if changes && c.Error == nil {
		ended := s.trails.End(s.Now())
		changed()
		s.settle(ended)
	}
}

// keep takes a record into the event history and to the trails.
func (s *Sandbox) keep(r cloudtrail.Record) error {
	e, err := newEvent(r)
	if err != nil {
		return err
	}
	return s.trails.Record(e)
}

// record turns a call into its record (assumption A21).
func record(c *call.Call) cloudtrail.Record {
	var b [16]byte
	rand.Read(b[:])
	r := cloudtrail.Record{
		EventVersion: cloudtrail.EventVersion, UserIdentity: userIdentity(c.Identity),
		EventTime: c.Time.UTC().Format("2006-01-02T15:04:05Z"), EventSource: c.EventSource, EventName: c.Operation,
		AWSRegion: c.Region, SourceIPAddress: c.SourceIP, UserAgent: c.UserAgent,
		RequestParameters: c.RequestParameters, RequestID: c.RequestID, EventID: uuid(b), ReadOnly: c.ReadOnly,
		EventType: "AwsApiCall", ManagementEvent: !c.Data, RecipientAccountID: c.Account, EventCategory: cloudtrail.Management,
		Resources: recordResources(c.Resources),
	}
	if c.Data {
		r.EventCategory = cloudtrail.Data
	}
	if c.Error != nil {
		r.ErrorCode, r.ErrorMessage = c.Error.Code, c.Error.Message
		if c.Service == "ec2" {
			r.ErrorCode = "Client." + r.ErrorCode
		}
	} else {
		r.ResponseElements = c.ResponseElements
	}
	return r
}

func userIdentity(id call.Identity) cloudtrail.Identity {
	if id.Type == "Anonymous" {
		return cloudtrail.Identity{Type: "AWSAccount", AccountID: "anonymous"}
	}
	return cloudtrail.Identity{
		Type: id.Type, PrincipalID: id.PrincipalID, ARN: id.ARN, AccountID: id.AccountID, AccessKeyID: id.AccessKeyID,
		UserName: id.UserName, SessionContext: id.Session, InvokedBy: id.InvokedBy,
	}
}

// transferData is S3's additionalEventData.
func transferData(c *call.Call, out *meter, in *bodyMeter, sig signature) map[string]any {
	data := map[string]any{"bytesTransferredIn": in.n.Load(), "bytesTransferredOut": out.n}
	if sig.accessKeyID != "" {
		data["SignatureVersion"] = "SigV4"
		data["AuthenticationMethod"] = "AuthHeader"
		if sig.presigned {
			data["AuthenticationMethod"] = "QueryString"
		}
	}
	for _, name := range []string{"X-Amz-Id-2", "x-amz-id-2"} { // an upstream's stand in lower case
		if id := out.Header()[name]; len(id) > 0 {
			data["x-amz-id-2"] = cutText(id[0], maxHostID)
		}
	}
	return data
}

// meter counts the bytes of an answer.
type meter struct {
	http.ResponseWriter
	n int64
}

func (m *meter) Write(b []byte) (int, error) {
	n, err := m.ResponseWriter.Write(b)
	m.n += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (m *meter) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// bodyMeter counts the bytes of a request's body, which an upstream may still
// be sent when it has answered already.
type bodyMeter struct {
	io.ReadCloser
	n atomic.Int64
}

func (m *bodyMeter) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b)
	m.n.Add(int64(n))
	return n, err
}

// tally counts the recorded calls.
type tally struct {
	mu       sync.Mutex
	total    int
	mutating map[string]int // "cloudtrail.CreateTrail"; failed calls too
}

// maxTallied is how many operations are counted by their names. Callers of an
// upstream may invent names; those that come after so many count together.
const (
	maxTallied  = 300
	alsoTallied = "other operations"
)

func (t *tally) count(c *call.Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total++
	if c.ReadOnly {
		return
	}
	service, _, _ := strings.Cut(c.EventSource, ".")
	name := service + "." + c.Operation
	if t.mutating == nil {
		t.mutating = map[string]int{}
	}
	if t.mutating[name] == 0 && len(t.mutating) >= maxTallied {
		name = alsoTallied
	}
	t.mutating[name]++
}
