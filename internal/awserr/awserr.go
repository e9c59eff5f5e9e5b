// Package awserr puts errors of the SDK into words. It takes the SDK's frame
// off and keeps what AWS said; it judges no errors, and knows no remedies.
package awserr

import (
	"errors"
	"fmt"
	"net"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Plain is an error in one line, of 800 bytes at most. The SDK's frame around
// what AWS answered is left out: what was done, and AWS's own code and words,
// are what is said. The text is as untrusted as the server is.
func Plain(err error) string {
	text := err.Error()
	var op *smithy.OperationError
	if !errors.As(err, &op) {
		return oneLine(text)
	}
	var api smithy.APIError
	short := ""
	page := page(op.Err)
	switch {
	case page != nil:
		short = pageWords(op, page)
	case errors.As(op.Err, &api) && api.ErrorCode() != "":
		short = fmt.Sprintf("%s %s: %s: %s", op.ServiceID, op.OperationName, api.ErrorCode(), api.ErrorMessage())
		var resp *awshttp.ResponseError
		if errors.As(op.Err, &resp) && resp.ServiceRequestID() != "" {
			short += fmt.Sprintf(" (request %s)", resp.ServiceRequestID())
		}
	default:
		short = fmt.Sprintf("%s %s: %s", op.ServiceID, op.OperationName, innermost(op.Err))
		if NoCredentials(err) {
			short = fmt.Sprintf("%s %s: no credentials", op.ServiceID, op.OperationName)
		}
	}
	return oneLine(strings.Replace(text, op.Error(), short, 1))
}

func innermost(err error) string {
	var wire *net.OpError
	if errors.As(err, &wire) {
		return wire.Error()
	}
	var name *net.DNSError
	if errors.As(err, &name) {
		return name.Error()
	}
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.HTTPStatusCode() != 0 {
		return fmt.Sprintf("HTTP status %d: %s", resp.HTTPStatusCode(), strings.TrimSpace(resp.Err.Error()))
	}
	return err.Error()
}

// NoCredentials tells a call that could not be signed. The SDK has no error
// of its own for it.
func NoCredentials(err error) bool {
	text := err.Error()
	return strings.Contains(text, "failed to refresh cached credentials") || strings.Contains(text, "get credentials")
}

// oneLine keeps messages to a line and within reason: a server may answer
// anything.
func oneLine(s string) string {
	const longest = 800
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}
