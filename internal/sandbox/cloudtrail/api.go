package cloudtrail

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"trailctl/internal/sandbox/awsjson"
	"trailctl/internal/sandbox/call"
)

// The AWS JSON 1.1 protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html

// Targets are the two service names that clients put before the operation:
// the Go SDK the short one, the AWS CLI and boto3 the long one.
var Targets = []string{"CloudTrail_20131101", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"}

// operation is one API call: whether it only reads, and what it does. The
// answer is nil for an empty one.
type operation struct {
	readOnly bool
	run      func(s *Service, c *call.Call) (any, *call.Error)
}

var operations = map[string]operation{
	"CreateTrail":         {false, handle((*Service).createTrail)},
	"UpdateTrail":         {false, handle((*Service).updateTrail)},
	"DeleteTrail":         {false, handle((*Service).deleteTrail)},
	"StartLogging":        {false, handle((*Service).startLogging)},
	"StopLogging":         {false, handle((*Service).stopLogging)},
	"PutEventSelectors":   {false, handle((*Service).putEventSelectors)},
	"PutInsightSelectors": {false, handle((*Service).putInsightSelectors)},
	"AddTags":             {false, handle((*Service).addTags)},
	"RemoveTags":          {false, handle((*Service).removeTags)},
	"GetTrail":            {true, handle((*Service).getTrail)},
	"DescribeTrails":      {true, handle((*Service).describeTrails)},
	"ListTrails":          {true, handle((*Service).listTrails)},
	"GetTrailStatus":      {true, handle((*Service).getTrailStatus)},
	"GetEventSelectors":   {true, handle((*Service).getEventSelectors)},
	"GetInsightSelectors": {true, handle((*Service).getInsightSelectors)},
	"ListTags":            {true, handle((*Service).listTags)},
	"LookupEvents":        {true, handle((*Service).lookupEvents)},
	"ListPublicKeys":      {true, handle((*Service).listPublicKeys)},
}

// handle reads an operation's input from the body of a call.
func handle[In any](f func(*Service, *call.Call, In) (any, *call.Error)) func(*Service, *call.Call) (any, *call.Error) {
	return func(s *Service, c *call.Call) (any, *call.Error) {
		var in In
		if len(bytes.TrimSpace(c.Body)) > 0 {
			if err := json.Unmarshal(c.Body, &in); err != nil {
				return nil, refuse("SerializationException", "The request is not valid: %s", err)
			}
		}
		return f(s, c, in)
	}
}

// Serves tells whether the service knows an operation.
func Serves(name string) bool {
	_, ok := operations[name]
	return ok
}

// Serve answers one call whose Operation the front has read from the
// X-Amz-Target header, and which Serves knows.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	op, known := operations[c.Operation]
	if !known {
		c.Unrecorded = true
		s.fail(w, c, call.NotServed("cloudtrail", c.Operation))
		return
	}
	c.EventSource = eventSource
	c.ReadOnly = op.readOnly
	c.RequestParameters = awsjson.LowerCamel(c.Body)
	refused := s.learnOrganizations(c)
	var out any
	if refused == nil {
		out, refused = op.run(s, c)
	}
	if refused != nil {
		s.fail(w, c, refused)
		return
	}
	body := []byte("{}")
	if out != nil {
		var err error
		if body, err = json.Marshal(out); err != nil {
			s.log.Error("an answer could not be written", "operation", c.Operation, "error", err)
			s.fail(w, c, &call.Error{Status: 500, Code: "InternalFailure", Message: "the answer could not be written"})
			return
		}
		if !op.readOnly {
			c.ResponseElements = awsjson.LowerCamel(body)
		}
	}
	if !op.readOnly {
		s.Save()
	}
	reply(w, http.StatusOK, body)
}

func (s *Service) fail(w http.ResponseWriter, c *call.Call, e *call.Error) {
	c.Error = e
	body, _ := json.Marshal(map[string]string{"__type": e.Code, "message": e.Message}) // texts always marshal
	reply(w, e.Status, body)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	w.Write(body)
}

// epoch is a time in requests and answers: seconds since 1970, possibly with
// a fraction.
type epoch float64

func (e *epoch) time() time.Time { return awsjson.FromEpoch(float64(*e)) }

// toEpoch is nil for a time that never was.
func toEpoch(t time.Time) *epoch {
	if t.IsZero() {
		return nil
	}
	e := epoch(float64(t.UnixMilli()) / 1000)
	return &e
}
