package bucket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// direct asks for objects as the SDK asked for the first one, without going
// through its layers again, which cost more than a small object itself. It
// takes part only where all goes well: whatever is not an object's whole body
// is left to the SDK, which asks again, waits, retries and words the error.
// The zero direct has learned nothing yet.
type direct struct {
	learned atomic.Pointer[request]
	// failed counts answers in a row that were of no use. After too many, as
	// with a clock that is wrong, asking twice is a waste, and the SDK is left
	// alone for a while.
	failed atomic.Int32
	rests  atomic.Int64 // until then, in Unix nanoseconds
}

const (
	directFailures = 16
	directRest     = 30 * time.Second
)

// request is how the SDK asked, less what belongs to one object or moment.
type request struct {
	url             url.URL
	before          string // what stands before the key in the URL's path
	header          http.Header
	region, service string // as signed
	client          s3.HTTPClient
	credentials     aws.CredentialsProvider
	signer          *v4.Signer
}

// learn is an option for the SDK's own call, from which the later ones learn.
func (d *direct) learn(key string) func(*s3.Options) {
	return func(o *s3.Options) {
		if o.ClientLogMode == 0 && o.HTTPClient != nil && o.Credentials != nil { // else somebody wants to see each call, or signs none
			o.HTTPClient = &listener{HTTPClient: o.HTTPClient, direct: d, key: key, credentials: o.Credentials}
		}
	}
}

// listener hears what the SDK sends.
type listener struct {
	s3.HTTPClient
	direct      *direct
	key         string
	credentials aws.CredentialsProvider
}

func (l *listener) Do(r *http.Request) (*http.Response, error) {
	asked := l.request(r)
	resp, err := l.HTTPClient.Do(r)
	if err == nil && resp.StatusCode == http.StatusOK && asked != nil {
		l.direct.learned.CompareAndSwap(nil, asked)
	}
	return resp, err
}

// ofOneRequest are headers that are made anew for each.
var ofOneRequest = []string{"Authorization", "X-Amz-Date", "X-Amz-Security-Token", "Amz-Sdk-Invocation-Id", "Amz-Sdk-Request"}

// request is what the later ones need; nil where they could not do the same.
func (l *listener) request(r *http.Request) *request {
	region, service, ok := scope(r.Header.Get("Authorization"))
	before, found := strings.CutSuffix(r.URL.Path, "/"+l.key)
	if !ok || !found || service != "s3" || r.Method != http.MethodGet || r.Header.Get("Range") != "" {
		return nil
	}
	q := &request{
		url: *r.URL, before: before + "/", header: r.Header.Clone(), region: region, service: service,
		client: l.HTTPClient, credentials: l.credentials,
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }), // as S3 wants it
	}
	for _, name := range ofOneRequest {
		q.header.Del(name)
	}
	return q
}

// scope reads region and service out of a signature's header, which has
// Credential=KEY/DATE/REGION/SERVICE/aws4_request.
func scope(authorization string) (region, service string, ok bool) {
	rest, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 Credential=")
	credential, _, found := strings.Cut(rest, ",")
	part := strings.Split(credential, "/")
	if !ok || !found || len(part) != 5 {
		return "", "", false
	}
	return part[2], part[3], true
}

// errIndirect says that the SDK is to be asked.
var errIndirect = errors.New("not an object's body")

// get asks for one object. Any error but the context's means that the SDK is
// to be asked.
func (d *direct) get(ctx context.Context, key string) (*http.Response, error) {
	q := d.learned.Load()
	if q == nil || time.Now().UnixNano() < d.rests.Load() {
		return nil, errIndirect
	}
	resp, err := q.send(ctx, key)
	if err != nil {
		if d.failed.Add(1) >= directFailures {
			d.failed.Store(0)
			d.rests.Store(time.Now().Add(directRest).UnixNano())
		}
		return nil, err
	}
	d.failed.Store(0)
	return resp, nil
}

func (q *request) send(ctx context.Context, key string) (*http.Response, error) {
	credentials, err := q.credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	u := q.url
	u.Path = q.before + key
	u.RawPath = httpbinding.EscapePath(u.Path, false)
	// The name of the operation is what the transport knows answers by.
	ctx = awsmiddleware.SetOperationName(ctx, "GetObject")
	r := (&http.Request{
		Method: http.MethodGet, URL: &u, Host: u.Host, Header: q.header.Clone(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	err = q.signer.SignHTTP(ctx, credentials, r, r.Header.Get("X-Amz-Content-Sha256"), q.service, q.region, time.Now())
	if err != nil {
		return nil, err
	}
	resp, err := q.client.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK || resp.ContentLength < 0 || resp.Uncompressed {
		io.CopyN(io.Discard, resp.Body, 4<<10) // for the connection's sake
		resp.Body.Close()
		return nil, errIndirect
	}
	return resp, nil
}

const metaHeader = "X-Amz-Meta-"

// body is the object of an answer.
func (d *direct) body(ctx context.Context, from *S3, key string, resp *http.Response) *Body {
	h := resp.Header
	out := &s3.GetObjectOutput{ // what md5Of looks at
		ETag:                 headerText(h, "Etag"),
		SSECustomerAlgorithm: headerText(h, "X-Amz-Server-Side-Encryption-Customer-Algorithm"),
		ServerSideEncryption: types.ServerSideEncryption(h.Get("X-Amz-Server-Side-Encryption")),
	}
	meta := map[string]string{}
	for name, values := range h {
		if n, ok := strings.CutPrefix(name, metaHeader); ok {
			meta[strings.ToLower(n)] = values[0] // as the SDK does
		}
	}
	md5 := md5Of(out)
	r := &resuming{ctx: ctx, from: from, key: key, etag: out.ETag, body: resp.Body, size: resp.ContentLength, sum: checksumOf(h, md5)}
	return &Body{
		ReadCloser: r, Size: resp.ContentLength, Metadata: meta, MD5: md5,
		ETag: strings.Trim(h.Get("Etag"), `"`), VersionID: h.Get("X-Amz-Version-Id"),
	}
}

func headerText(h http.Header, name string) *string {
	if v := h.Get(name); v != "" {
		return &v
	}
	return nil
}
