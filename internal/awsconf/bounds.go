package awsconf

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// maxRedirects that one request follows, as in net/http; the SDK's own client
// has no bound.
const maxRedirects = 10

// maxAnswer is the longest answer that is taken, in bytes. The SDK reads
// answers into memory; those of AWS stay far below. Objects and
// Live Tail are streams, and bounded by whoever reads them.
const maxAnswer = 64 << 20

var (
	errRedirects = fmt.Errorf("redirected more than %d times", maxRedirects)
	errAnswer    = errors.New("the answer is too long")
)

// bounded is the SDK's client with an end to redirects and to answers, after
// most bytes. A client of another kind is returned as it is.
func bounded(c aws.HTTPClient, most int64) aws.HTTPClient {
	buildable, ok := c.(*awshttp.BuildableClient)
	if !ok {
		return c
	}
	client, ok := buildable.Freeze().(*http.Client)
	if !ok {
		return c
	}
	follow := client.CheckRedirect // which redirects at all is the SDK's to say
	client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errRedirects
		}
		return follow(r, via)
	}
	client.Transport = boundedAnswers{client.Transport, most}
	return client
}

// boundedAnswers cuts long answers off. It also hides from net/http that the
// SDK's request bodies have a WriteTo: the SDK closes them when the first bytes
// of the answer have come, WriteTo fails from then on (smithy-go 1.28.8), and
// net/http, which looks for the body's end only then, would end the connection
// in the middle of the answer.
type boundedAnswers struct {
	next http.RoundTripper
	most int64 // bytes
}

func (b boundedAnswers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context()) // a RoundTripper leaves its request alone
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	operation := awsmiddleware.GetOperationName(r.Context())
	stream := (operation == "GetObject" || operation == "StartLiveTail") && resp.StatusCode < http.StatusMultipleChoices
	if !stream {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: b.most, most: b.most}
	}
	return resp, nil
}

// boundedBody fails with errAnswer where a body goes on after most bytes.
type boundedBody struct {
	io.ReadCloser
	left, most int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), fmt.Errorf("%w: more than %d MiB", errAnswer, b.most>>20)
	}
	b.left -= int64(n)
	return n, err
}

// outOfBounds ends the retries of a call whose answer has no end: it will not
// have one the next time.
func outOfBounds(err error) aws.Ternary {
	if errors.Is(err, errRedirects) || errors.Is(err, errAnswer) {
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
