package s3

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"trailctl/internal/sandbox/call"
)

// request is one call taken apart.
type request struct {
	w           http.ResponseWriter
	http        *http.Request
	call        *call.Call
	query       url.Values
	bucket, key string
	op          operation
	b           *bucket // nil for calls that are not about an existing bucket
}

func parse(w http.ResponseWriter, c *call.Call) (*request, error) {
	r := &request{w: w, http: c.HTTP, call: c}
	query, err := url.ParseQuery(c.HTTP.URL.RawQuery)
	if err != nil {
		return r, fail(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	}
	r.query = query
	path := strings.TrimPrefix(c.HTTP.URL.Path, "/")
	if r.bucket = hostBucket(c.HTTP.Host); r.bucket != "" {
		r.key = path
	} else {
		r.bucket, r.key, _ = strings.Cut(path, "/")
	}
	if !utf8.ValidString(r.key) {
		return r, fail(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI.")
	}
	if len(r.key) > 1024 {
		return r, fail(http.StatusBadRequest, "KeyTooLongError", "Your key is too long").
			with("Size", strconv.Itoa(len(r.key))).with("MaxSizeAllowed", "1024")
	}
	return r, nil
}

// hostBucket is the bucket of a virtual-hosted-style request, such as
// NAME.s3.us-east-1.amazonaws.com, NAME.s3.localhost, NAME.localhost or
// NAME.127.0.0.1.nip.io; empty for a path-style one.
func hostBucket(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return ""
	}
	host = strings.ToLower(host)
	if strings.HasPrefix(host, "s3.") || strings.HasPrefix(host, "s3-") {
		return ""
	}
	for _, mark := range []string{".s3.", ".s3-", ".127.0.0.1."} {
		if i := strings.LastIndex(host, mark); i > 0 {
			return host[:i]
		}
	}
	if name, ok := strings.CutSuffix(host, ".localhost"); ok && name != "s3" {
		return name
	}
	return ""
}

// header reads a request header; names as in S3's documentation.
func (r *request) header(name string) string { return r.http.Header.Get(name) }

// has tells whether the query has a parameter, with or without a value.
func (r *request) has(name string) bool { return r.query.Has(name) }

// count reads a numeric query parameter that S3 caps.
func (r *request) count(name string, limit int) (int, error) {
	text := r.query.Get(name)
	if text == "" {
		return limit, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 0, invalidArgument(name, text, "Provided %s not an integer or within integer range", name)
	}
	if n < 0 {
		return 0, invalidArgument(name, text, "Argument %s must be an integer between 0 and 2147483647", name)
	}
	return min(int(n), limit), nil
}

func bucketARN(bucket string) string      { return "arn:aws:s3:::" + bucket }
func objectARN(bucket, key string) string { return "arn:aws:s3:::" + bucket + "/" + key }
