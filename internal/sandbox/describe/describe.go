// Package describe tells what an AWS call that somebody else serves was about:
// its operation, its parameters and how it ended, read from the bytes that
// pass, for the record of it. It serves nothing and forwards nothing.
package describe

import (
	"net/http"

	"trailctl/internal/sandbox/call"
)

// Format is the wire format of a call.
type Format int

const (
	REST  Format = iota // a service with addresses of its own: S3, Lambda
	JSON                // X-Amz-Target
	Query               // a form with Action
	EC2                 // the same, with EC2's answers
	CBOR                // Smithy RPC v2
)

// Part is the beginning of a request's or an answer's body. Cut tells that
// there was more.
type Part struct {
	Bytes []byte
	Cut   bool
}

// Request fills in EventSource, Operation, ReadOnly, Data, RequestParameters,
// Resources and Unrecorded of a call by its HTTP request (address, headers),
// its signing name and the beginning of its body. What is not an AWS API call
// is Unrecorded.
func Request(c *call.Call, f Format, body Part) {}

// Answer fills in Error or ResponseElements by the answer.
func Answer(c *call.Call, f Format, status int, header http.Header, body Part) {}
