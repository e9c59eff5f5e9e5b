package awserr

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// WebPage tells an error that is an HTML page where AWS's clients expect XML,
// JSON or CBOR: the answer of a server that imitates AWS and lacks the call or
// broke down over it, of a server of another kind, or of a proxy on the way.
// Answers to HEAD have no body, and are none.
func WebPage(err error) bool { return page(err) != nil }

// page is the HTTP answer of such an error, nil for others.
func page(err error) *http.Response {
	var failed *awshttp.ResponseError
	if !errors.As(err, &failed) || failed.HTTPResponse() == nil || failed.HTTPResponse().Response == nil {
		return nil
	}
	resp := failed.HTTPResponse().Response
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); kind != "text/html" {
		return nil
	}
	if resp.Request != nil && resp.Request.Method == http.MethodHead {
		return nil
	}
	return resp
}

// pageWords say what came in place of an answer, and from where.
func pageWords(op *smithy.OperationError, resp *http.Response) string {
	server, more := "the server", ""
	if resp.Request != nil && resp.Request.URL != nil {
		server += " at " + resp.Request.URL.Scheme + "://" + resp.Request.URL.Host
	}
	switch {
	case resp.StatusCode == http.StatusBadGateway, resp.StatusCode == http.StatusServiceUnavailable, resp.StatusCode == http.StatusGatewayTimeout:
		more = "cannot answer"
	case resp.StatusCode < http.StatusMultipleChoices:
		more = "is not AWS, and does not know"
	default:
		more = "does not know, or broke down over,"
	}
	return fmt.Sprintf("%s %s %s %s (HTTP %d, a web page in place of an answer)", server, more, op.ServiceID, op.OperationName, resp.StatusCode)
}
