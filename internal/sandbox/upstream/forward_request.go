package upstream

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/describe"
)

// rewrite makes the request to the upstream: the same bytes as far as HTTP
// lets a proxy, to another address. The Host stays, because presigned
// addresses and the addresses of queues hold it.
func (p *Passage) rewrite(r *httputil.ProxyRequest) {
	in, out := r.In, r.Out
	out.URL = target(p.forward.url, in) // and out.Host is in.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v, ok := in.Header[name]; ok {
			out.Header[name] = v // the caller's own
		}
	}
	if in.ContentLength == 0 && in.Header.Get("Content-Length") == "0" {
		out.Body, out.TransferEncoding = http.NoBody, []string{"identity"} // without it net/http says no length of a DELETE
	}
	out.Trailer = in.Trailer // is filled in while the body is read
	if p.body != nil && p.body.whole {
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.body.beginning)), nil }
	}
	if p.body != nil && p.body.beginning != nil {
		out.Header.Del("Expect") // has been met already
	}
	lower(out.Header)
}

// target is the address of a request at the upstream, its path and query byte
// for byte as the client wrote them.
func target(upstream *url.URL, in *http.Request) *url.URL {
	out := &url.URL{
		Scheme: upstream.Scheme, Host: upstream.Host,
		Path: in.URL.Path, RawPath: in.URL.RawPath, RawQuery: in.URL.RawQuery, ForceQuery: in.URL.ForceQuery,
	}
	path, _, _ := strings.Cut(in.RequestURI, "?")
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && path != out.EscapedPath() {
		out.Opaque = path // net/url would escape it anew
	}
	return out
}

// lower writes the names of AWS's own headers in lower case, as AWS and its
// clients do. net/http makes X-Amz-Meta-Color of x-amz-meta-color, and clients
// hand that on as the name of the metadata.
func lower(h http.Header) {
	for name, values := range h {
		if strings.HasPrefix(name, "X-Amz-") {
			delete(h, name)
			h[strings.ToLower(name)] = values
		}
	}
}

// Limits of what is copied of a request for its record.
const (
	maxRequest = 2 << 20
	// maxSmall is how large a request to S3 may be that is copied although it
	// could be an object.
	maxSmall = 16 << 10
)

// copied is how many bytes of a request are copied before it is sent on.
func copied(c *call.Call, format describe.Format) int {
	r := c.HTTP
	switch {
	case c.Unrecorded:
		return 0
	case format != describe.REST || c.Service != "s3" || subresource(r.URL.RawQuery):
		return maxRequest
	case r.ContentLength > 0 && r.ContentLength <= maxSmall && r.Header.Get("Expect") == "":
		return maxSmall
	}
	return 0
}

// subresource tells whether a query names one of S3's settings, as in
// "?policy": what has such an address is no object's body.
func subresource(query string) bool {
	for part := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(part, "="); name != "" && value == "" {
			return true
		}
	}
	return false
}

// body is a request's body of which the beginning may have been read already.
type body struct {
	beginning []byte
	whole     bool // the beginning is all there is
	unread    []byte
	rest      io.ReadCloser
	failed    atomic.Bool
	ended     atomic.Bool // all of it has been read
}

// begin reads up to most bytes ahead. size is the length that the request
// names, or -1.
func (b *body) begin(most int, size int64) error {
	room := int64(most)
	if size >= 0 {
		room = min(room, size)
	} else {
		room = 4 << 10
	}
	into := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
	n, err := into.ReadFrom(io.LimitReader(b.rest, int64(most)+1))
	if err != nil {
		return err
	}
	b.unread = into.Bytes()
	b.whole = n <= int64(most)
	b.beginning = b.unread[:min(n, int64(most))]
	b.ended.Store(b.whole)
	return nil
}

// Read reads the beginning first.
func (b *body) Read(to []byte) (int, error) {
	if len(b.unread) > 0 {
		n := copy(to, b.unread)
		b.unread = b.unread[n:]
		return n, nil
	}
	if b.whole {
		return 0, io.EOF
	}
	n, err := b.rest.Read(to)
	switch {
	case errors.Is(err, io.EOF):
		b.ended.Store(true)
	case err != nil:
		b.failed.Store(true)
	}
	return n, err
}

// Close closes the request's own body.
func (b *body) Close() error { return b.rest.Close() }

// complete tells that nothing more is to come from the caller.
func (b *body) complete() bool { return b.ended.Load() }

// broken tells that the caller stopped sending.
func (b *body) broken() bool { return b.failed.Load() }
