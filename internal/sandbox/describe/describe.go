// Package describe tells what an AWS call that somebody else serves was about:
// its operation, its parameters and how it ended, read from the bytes that
// pass, for the record of it. It serves nothing and forwards nothing.
//
// All that it reads comes over the network. What is too deep, too long or no
// document at all is left out of the record and never refused: the call goes
// its way whatever is known of it. What is secret is hidden (hide.go).
package describe

import (
	"net/http"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/s3"
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
// Resources (assumption A22) and Unrecorded of a call by its HTTP request (address, headers),
// its signing name and the beginning of its body. What is not an AWS API call
// is Unrecorded. The Service of an unsigned call is filled in as far as it can
// be told.
func Request(c *call.Call, f Format, body Part) {
	if c.Unrecorded = NoCall(c, f); c.Unrecorded {
		return
	}
	body = unzipped(c.HTTP.Header, body)
	if c.AccessKeyID == "" {
		c.Service = serviceOfUnsigned(c, f, body)
	}
	c.EventSource = eventSource(c.Service)
	switch f = formatOf(c, f); {
	case isS3(c, f):
		requestS3(c, body)
	case f == REST:
		requestREST(c, body)
		c.Resources = resources(c)
	default:
		requestRPC(c, f, body)
		c.Resources = resources(c)
	}
}

// requestRPC describes a call that names its operation.
func requestRPC(c *call.Call, f Format, body Part) {
	switch f {
	case JSON:
		c.Operation = lastWord(c.HTTP.Header.Get("X-Amz-Target"), '.')
		c.RequestParameters = parameters(c, readJSON, body)
	case CBOR:
		c.Operation = lastWord(c.HTTP.URL.Path, '/')
		c.RequestParameters = parameters(c, readCBOR, body)
	default:
		requestForm(c, f, body)
	}
	if c.Operation == "" {
		unknown(c)
		return
	}
	c.ReadOnly, c.Data = readOnly(c.Service, c.Operation), isData(c.Service, c.Operation)
	c.RequestParameters = withoutContent(c.Service, c.Operation, c.RequestParameters)
}

// Answer fills in Error or ResponseElements by the answer to a call that
// Request has described.
func Answer(c *call.Call, f Format, status int, header http.Header, body Part) {
	c.Error, c.ResponseElements = nil, nil
	f = formatOf(c, f)
	switch {
	case c.Unrecorded:
	case failed(c, f, status):
		c.Error = failure(f, c, status, header, unzipped(header, body))
	case isS3(c, f):
		s3.DescribeAnswer(c, header)
	case Issues(c), !c.ReadOnly && !silent(c):
		c.ResponseElements = elements(c, f, header, unzipped(header, body))
		if c.Resources == nil {
			c.Resources = resources(c)
		}
	}
}

// formatOf is the format of a call. A call of a REST service may have a form's
// content type without a form, as what curl sends.
func formatOf(c *call.Call, f Format) Format {
	if f == Query && c.HTTP.URL.Path != "/" && (c.Service == "s3" || len(factsOf(c.Service).rows) > 0) {
		return REST
	}
	return f
}

// serviceOfUnsigned is the service of one of the few operations that take
// calls without a signature, as far as what the call asks for tells.
func serviceOfUnsigned(c *call.Call, f Format, body Part) string {
	var target string
	switch f {
	case JSON:
		target, _, _ = strings.Cut(c.HTTP.Header.Get("X-Amz-Target"), ".")
	case CBOR: // /service/NAME/operation/NAME
		if parts := strings.Split(c.HTTP.URL.Path, "/"); len(parts) > 2 {
			target = parts[2]
		}
	case Query:
		return serviceOfForm(c, body)
	}
	if service := serviceOf()[target]; service != "" {
		return service
	}
	return c.Service
}

// serviceOfForm tells a service by the version of its API, of which each has
// its own, or by the operation that is asked for.
func serviceOfForm(c *call.Call, body Part) string {
	if c.HTTP.Method == http.MethodGet {
		body.Bytes = []byte(c.HTTP.URL.RawQuery)
	}
	form, _ := readForm(body.Bytes)
	switch form.get("Version") {
	case "2011-06-15":
		return "sts"
	case "2012-11-05":
		return "sqs"
	}
	if begins(form.get("Action"), "Assume") {
		return "sts"
	}
	return c.Service
}

// failed tells an error by its status. S3 redirects to another region with an
// error document; its other 3xx, as 304 of a conditional read, are answers.
func failed(c *call.Call, f Format, status int) bool {
	moved := status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect
	return status >= 400 || moved && isS3(c, f)
}

// isS3 tells S3's own addresses from those of all other services, S3 Control
// among them, which is signed for s3 too.
func isS3(c *call.Call, f Format) bool {
	return f == REST && (c.Service == "s3" || c.Service == "s3express") && !s3Control(c)
}

// s3Control tells S3 Control by its addresses, whose first part could be a
// bucket's name, and the account that its calls are for.
func s3Control(c *call.Call) bool {
	r := c.HTTP
	return strings.HasPrefix(r.URL.Path, "/v20180820/") && (r.Header.Get("X-Amz-Account-Id") != "" || c.Service != "s3")
}

// lastWord is what follows the last mark: the operation in a target or a path.
func lastWord(s string, mark byte) string { return word(s[strings.LastIndexByte(s, mark)+1:]) }
