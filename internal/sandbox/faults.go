package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"trailctl/internal/sandbox/call"
)

// The ways in which a call can be made to fail.
const (
	faultInternal  = "500"        // the service has an internal error
	faultThrottle  = "throttle"   // the caller is too fast
	faultDenied    = "denied"     // the caller may not
	faultDrop      = "drop"       // the connection ends before the call is served
	faultDropAfter = "drop-after" // the call is served, and its answer lost
)

func faultKinds() []string {
	return []string{faultInternal, faultThrottle, faultDenied, faultDrop, faultDropAfter}
}

// FaultPlan is the body of POST /_sandbox/faults: of the AWS calls from now on,
// Skip go well and the Count after them fail.
type FaultPlan struct {
	Skip  int    `json:"skip"`
	Count int    `json:"count"` // 0 only counts
	Kind  string `json:"kind"`
	// Operation narrows the plan to the calls of one operation, by the signing
	// name of its service: "cloudtrail.CreateTrail". Others are not counted.
	Operation string `json:"operation,omitempty"`
}

var operationPattern = regexp.MustCompile(`^[a-z0-9-]+\.[A-Za-z0-9]+$`)

func (p FaultPlan) check() error {
	switch {
	case p.Skip < 0 || p.Count < 0:
		return fmt.Errorf("skip %d and count %d: neither can be below zero", p.Skip, p.Count)
	case p.Count > 0 && !slices.Contains(faultKinds(), p.Kind):
		return fmt.Errorf("the kind %.40q is none of %s", p.Kind, strings.Join(faultKinds(), ", "))
	case p.Operation != "" && !operationPattern.MatchString(p.Operation):
		return fmt.Errorf("the operation %.80q is not of the form cloudtrail.CreateTrail", p.Operation)
	}
	return nil
}

// FaultReport is the answer of /_sandbox/faults. The counts are of the calls
// that the plan is about.
type FaultReport struct {
	Version int        `json:"version"`
	Calls   int        `json:"calls"`
	Failed  int        `json:"failed"`
	Plan    *FaultPlan `json:"plan"` // null without one
}

// faults makes calls fail.
type faults struct {
	mu            sync.Mutex
	plan          *FaultPlan
	calls, failed int
}

func (f *faults) set(p *FaultPlan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan, f.calls, f.failed = p, 0, 0
}

func (f *faults) report() FaultReport {
	f.mu.Lock()
	defer f.mu.Unlock()
	return FaultReport{Version: 1, Calls: f.calls, Failed: f.failed, Plan: f.plan}
}

// next counts a call and tells how it is to fail; empty when it is not.
func (f *faults) next(operation string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.plan == nil || f.plan.Operation != "" && f.plan.Operation != operation {
		return ""
	}
	f.calls++
	if f.calls <= f.plan.Skip || f.calls-f.plan.Skip > f.plan.Count {
		return ""
	}
	f.failed++
	return f.plan.Kind
}

// serveOrFail serves a call, unless it is to fail. A call that fails before it
// is served is not recorded.
func (s *Sandbox) serveOrFail(w http.ResponseWriter, c *call.Call, p protocol, service call.Service, sig signature) {
	operation := c.Operation
	if operation == "" && p == restXML && s.s3 != nil {
		operation = s.s3.OperationOf(c)
	}
	switch kind := s.faults.next(c.Service + "." + operation); kind {
	case "":
		s.serve(w, c, service, sig)
	case faultDropAfter:
		s.serve(&nowhere{http.Header{}}, c, service, sig)
		panic(http.ErrAbortHandler) // net/http ends the connection
	case faultDrop:
		panic(http.ErrAbortHandler)
	default:
		announce(w, c)
		refuse(w, c, p, faultError(kind, c.Service, p))
	}
}

// nowhere is where an answer is lost.
type nowhere struct{ header http.Header }

// Header takes the headers of the answer.
func (n *nowhere) Header() http.Header { return n.header }

// WriteHeader takes its status.
func (*nowhere) WriteHeader(int) {}

// Write takes its body.
func (*nowhere) Write(b []byte) (int, error) { return len(b), nil }

// faultError is the answer of a service that fails.
func faultError(kind, service string, p protocol) *call.Error {
	type answer struct {
		status int
		code   string
	}
	answers := map[string]map[protocol]answer{
		faultInternal: {restXML: {500, "InternalError"}, ec2Query: {500, "InternalError"}},
		faultThrottle: {restXML: {503, "SlowDown"}, ec2Query: {503, "RequestLimitExceeded"}, awsQuery: {400, "Throttling"}},
		faultDenied:   {restXML: {403, "AccessDenied"}, ec2Query: {403, "UnauthorizedOperation"}, awsQuery: {403, "AccessDenied"}},
	}
	usual := map[string]answer{
		faultInternal: {500, "InternalFailure"}, faultThrottle: {400, "ThrottlingException"}, faultDenied: {400, "AccessDeniedException"},
	}
	a, special := answers[kind][p]
	switch {
	case kind == faultDenied && service == "sns":
		a = answer{403, "AuthorizationError"}
	case !special:
		a = usual[kind]
	}
	return &call.Error{Status: a.status, Code: a.code, Message: "the sandbox was told to let this call fail"}
}

// maxPlan bounds the body that sets a plan.
const maxPlan = 4 << 10

// controlFaults answers /_sandbox/faults.
func (s *Sandbox) controlFaults(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		p, err := readPlan(r.Body)
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
			return
		}
		s.faults.set(p)
	case http.MethodDelete:
		s.faults.set(nil)
	}
	answer(w, http.StatusOK, s.faults.report())
}

func readPlan(body io.Reader) (*FaultPlan, error) {
	var p FaultPlan
	in := json.NewDecoder(io.LimitReader(body, maxPlan))
	in.DisallowUnknownFields()
	if err := in.Decode(&p); err != nil {
		return nil, errors.New(`the body is not of the form {"skip":3,"count":1,"kind":"500"}: ` + err.Error())
	}
	return &p, p.check()
}
