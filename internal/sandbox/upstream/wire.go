package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
)

// userAgent is who delivers, as records of AWS name it.
const userAgent = "cloudtrail.amazonaws.com"

// maxReplied bounds what is read of an answer, in bytes. The longest is a page
// of log groups or accounts.
const maxReplied = 8 << 20

// newHTTPClient makes the client of all neighbours. It goes through no proxy:
// the upstream is on this machine. Connections are given up soon, before the
// upstream does.
func newHTTPClient(spell *Spell, remote bool) *http.Client {
	return &http.Client{
		Transport: wire{spell: spell, next: &http.Transport{
			DialContext:         dialer(remote).DialContext,
			MaxIdleConnsPerHost: 16, IdleConnTimeout: 2 * time.Second,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// wire is how CloudTrail's calls go to the upstream.
type wire struct {
	spell *Spell
	next  http.RoundTripper
}

// RoundTrip makes one HTTP request. That the upstream does not have what is
// asked for is a lackError.
func (t wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", userAgent)
	lowerMetadata(r.Header)
	if r.Body != nil && r.Body != http.NoBody {
		// Without the WriteTo of the SDK's bodies, which fails once the SDK has
		// closed them: net/http would end the connection in the middle of the
		// answer (smithy-go 1.28.8).
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != cloudtrail.NotReachableStatus { // which a sandbox says for an upstream of its own
		t.spell.answered()
	}
	body := answer.Body
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(body, maxReplied), body}
	if err := lacking(answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// lowerMetadata writes the names of an object's metadata in lower case, as AWS
// keeps them: some servers keep what they are sent.
func lowerMetadata(h http.Header) {
	for name, values := range h {
		if strings.HasPrefix(name, "X-Amz-Meta-") {
			delete(h, name)
			h[strings.ToLower(name)] = values
		}
	}
}

// lackError is the answer of an upstream that does not have a service or an
// operation.
type lackError struct {
	status int
	text   string
	page   bool // an HTML page, as servers answer too when they fail half way
}

func (e *lackError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.status, e.text) }

// RetryableError tells the SDK that no repetition helps.
func (*lackError) RetryableError() bool { return false }

// lacking reads such an answer: LocalStack's are HTTP 501, moto's HTTP 500 with
// a page for people.
func lacking(answer *http.Response) error {
	page := answer.StatusCode == http.StatusInternalServerError && strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")
	if answer.StatusCode != http.StatusNotImplemented && !page {
		return nil
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4<<10)) // a beginning says enough
	e := &lackError{status: answer.StatusCode, text: oneLine(text), page: page}
	if page {
		e.text = "an HTML page instead of an answer, as for operations that are not implemented"
	}
	return e
}

// oneLine makes one line of the beginning of an answer.
func oneLine(text []byte) string {
	line := strings.Join(strings.Fields(string(bytes.ToValidUTF8(text, []byte("?")))), " ")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, line[:min(len(line), 300)])
}

// refusal turns the SDK's error into the upstream's own, a *call.Error, when
// the upstream has refused what was asked, or does not have it (status 501).
// Any other error says that no answer came: the upstream cannot be reached, or
// is in trouble itself.
func (c *clients) refusal(err error) error {
	if err == nil {
		return nil
	}
	operation, service := "a call", "AWS"
	var op *smithy.OperationError
	if errors.As(err, &op) {
		operation, service = op.OperationName, op.ServiceID
	}
	var lack *lackError
	switch isLack := errors.As(err, &lack); {
	case isLack && lack.page && stores(operation):
		return fmt.Errorf("%s of %s at %s: HTTP %d with an HTML page: whether it was done is not known", operation, service, c.URL, lack.status)
	case isLack:
		return &call.Error{
			Status: http.StatusNotImplemented, Code: "NotServedByUpstream." + strings.ReplaceAll(service, " ", "") + "." + operation,
			Message: fmt.Sprintf("%s does not serve %s of %s: %s", c.URL, operation, service, lack),
		}
	}
	var answer *awshttp.ResponseError
	var refused smithy.APIError
	if errors.As(err, &answer) && errors.As(err, &refused) && !busy(answer.HTTPStatusCode(), refused.ErrorCode()) && !isNotReachable(refused) {
		return &call.Error{Status: answer.HTTPStatusCode(), Code: oneLine([]byte(refused.ErrorCode())), Message: oneLine([]byte(refused.ErrorMessage()))}
	}
	if answer == nil || answer.HTTPStatusCode() == 0 || isNotReachable(refused) {
		return c.silent(err, refused)
	}
	if refused != nil {
		return fmt.Errorf("%s of %s at %s: HTTP %d %s: %s", operation, service, c.URL,
			answer.HTTPStatusCode(), oneLine([]byte(refused.ErrorCode())), oneLine([]byte(refused.ErrorMessage())))
	}
	return fmt.Errorf("%s of %s at %s: %w", operation, service, c.URL, whatFailed(err))
}

// isNotReachable tells the answer of an upstream that is a sandbox with an
// upstream of its own.
func isNotReachable(refused smithy.APIError) bool {
	return refused != nil && refused.ErrorCode() == NotReachable
}

// silent is the error of a call to which no answer came.
func (c *clients) silent(err error, refused smithy.APIError) error {
	e := &SilentError{Address: c.URL.Host, Why: "it is a sandbox whose own upstream does not answer"}
	if !isNotReachable(refused) {
		e.Why = reasonOf(err)
	}
	if !errors.Is(err, context.Canceled) { // the asker went away, which says nothing
		c.Spell.silent(e.Why)
	}
	return e
}

// stores tells the calls that an upstream may have done although it fails to
// say so. Of a question such an answer says that the upstream does not serve it.
func stores(operation string) bool {
	return operation == "PutObject" || operation == "Publish" || operation == "PutLogEvents"
}

// busy tells whether an upstream has answered that it cannot answer now.
func busy(status int, code string) bool {
	return status >= 500 || status == http.StatusTooManyRequests || strings.HasPrefix(code, "Throttl") || code == "SlowDown"
}

// whatFailed is an SDK's error without the SDK's own account of it.
func whatFailed(err error) error {
	var sent *smithy.OperationError
	if errors.As(err, &sent) {
		err = sent.Err
	}
	return err
}

// isRefusal tells whether an error of refusal's is one of the upstream's codes.
func isRefusal(err error, codes ...string) bool {
	var refused *call.Error
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range codes {
		if refused.Code == code {
			return true
		}
	}
	return false
}

// isLack tells whether the upstream does not have what was asked for.
func isLack(err error) bool {
	var refused *call.Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotImplemented
}
