package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Status is the answer of GET /_sandbox/status.
type Status struct {
	Version  int            `json:"version"`
	Time     time.Time      `json:"time"`
	Account  string         `json:"account"`
	Regions  []string       `json:"regions"`
	Upstream string         `json:"upstream,omitempty"` // the other AWS behind the sandbox
	Events   int            `json:"events"`             // in the event history
	Trails   int            `json:"trails"`
	Calls    int            `json:"calls"`    // recorded since the start
	Mutating map[string]int `json:"mutating"` // those that may change something, by operation: "s3.CreateBucket"
}

// Status tells how the sandbox stands.
func (s *Sandbox) Status() Status {
	st := Status{
		Version: 1, Time: s.Now(), Account: s.options.Account, Regions: s.options.Regions,
		Events: s.trails.Events(), Trails: s.trails.Trails(),
	}
	if s.options.Upstream != nil {
		st.Upstream = s.options.Upstream.String()
	}
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	st.Calls, st.Mutating = s.calls.total, maps.Clone(s.calls.mutating)
	if st.Mutating == nil {
		st.Mutating = map[string]int{}
	}
	return st
}

// moved is the answer of the calls that change the time or deliver.
type moved struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"`
}

// control answers the calls to the sandbox itself. They are not AWS calls and
// are not recorded.
func (s *Sandbox) control(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET /_sandbox/status":
		answer(w, http.StatusOK, s.Status())
	case "POST /_sandbox/advance":
		by, err := time.ParseDuration(r.URL.Query().Get("by"))
		if err == nil {
			err = s.Advance(by)
		}
		s.done(w, err)
	case "POST /_sandbox/deliver":
		s.done(w, s.deliverPending(r.Context()))
	case "GET /_sandbox/faults", "POST /_sandbox/faults", "DELETE /_sandbox/faults":
		s.controlFaults(w, r)
	default:
		answer(w, http.StatusNotFound, map[string]string{
			"error": fmt.Sprintf("no %s %s here: there are GET /_sandbox/status, POST /_sandbox/advance?by=5m, POST /_sandbox/deliver, "+
				"and GET, POST and DELETE /_sandbox/faults", r.Method, r.URL.Path),
		})
	}
}

func (s *Sandbox) done(w http.ResponseWriter, err error) {
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	answer(w, http.StatusOK, moved{Version: 1, Time: s.Now()})
}

func answer(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte("{}")
	}
	writeBody(w, status, "application/json", append(body, '\n'))
}
