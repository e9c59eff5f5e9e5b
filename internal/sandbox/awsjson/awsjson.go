// Package awsjson is the AWS JSON 1.1 protocol, in which the newer services
// of the sandbox are asked and answer: the operation stands in the
// X-Amz-Target header, input and output are JSON objects
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). It serves
// nothing itself.
package awsjson

import (
	"bytes"
	"encoding/json"
	"net/http"

	"trailctl/internal/sandbox/call"
)

// Operation is one API call of a service S. The answer of Run is nil for an
// empty one.
type Operation[S any] struct {
	ReadOnly bool
	Run      func(S, *call.Call) (any, *call.Error)
}

// Reads is an operation that changes nothing.
func Reads[S, In any](f func(S, *call.Call, In) (any, *call.Error)) Operation[S] {
	return Operation[S]{true, handle(f)}
}

// Changes is an operation that changes something.
func Changes[S, In any](f func(S, *call.Call, In) (any, *call.Error)) Operation[S] {
	return Operation[S]{false, handle(f)}
}

// Stream is the answer of an operation that writes more than one JSON object,
// over time.
type Stream func(w http.ResponseWriter)

// handle reads an operation's input from the body of a call.
func handle[S, In any](f func(S, *call.Call, In) (any, *call.Error)) func(S, *call.Call) (any, *call.Error) {
	return func(s S, c *call.Call) (any, *call.Error) {
		var in In
		if len(bytes.TrimSpace(c.Body)) > 0 {
			if err := json.Unmarshal(c.Body, &in); err != nil {
				return nil, &call.Error{Status: 400, Code: "SerializationException", Message: "The request is not valid: " + err.Error()}
			}
		}
		return f(s, c, in)
	}
}

// Serve answers one call with the operation of that name among those of s,
// and fills in what the recorder needs. It tells whether the call has changed
// something.
func Serve[S any](w http.ResponseWriter, c *call.Call, s S, service string, operations map[string]Operation[S]) (changed bool) {
	op, known := operations[c.Operation]
	if !known {
		c.Unrecorded = true
		fail(w, c, call.NotServed(service, c.Operation))
		return false
	}
	c.EventSource, c.ReadOnly = service+".amazonaws.com", op.ReadOnly
	c.RequestParameters = LowerCamel(c.Body)
	out, refused := op.Run(s, c)
	if refused != nil {
		fail(w, c, refused)
		return false
	}
	if stream, ok := out.(Stream); ok {
		stream(w)
		return !op.ReadOnly
	}
	body := []byte("{}")
	if out != nil {
		var err error
		if body, err = json.Marshal(out); err != nil {
			fail(w, c, &call.Error{Status: 500, Code: "InternalFailure", Message: "the answer could not be written"})
			return false
		}
		if !op.ReadOnly {
			c.ResponseElements = LowerCamel(body)
		}
	}
	reply(w, http.StatusOK, body)
	return !op.ReadOnly
}

func fail(w http.ResponseWriter, c *call.Call, e *call.Error) {
	c.Error = e
	body, _ := json.Marshal(map[string]string{"__type": e.Code, "message": e.Message}) // texts always marshal
	reply(w, e.Status, body)
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	w.Write(body)
}
