package describe

import (
	"net"
	"net/http"
	"strings"

	"trailctl/internal/sandbox/call"
)

// noCall tells what passes and is no call of an AWS API: an emulator's own
// addresses, a browser's questions, and calls of the programs that a user has
// deployed, which CloudTrail does not record either.
func noCall(c *call.Call, f Format) bool {
	r := c.HTTP
	switch {
	case r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "",
		r.Method == http.MethodConnect, r.Method == http.MethodTrace:
		return true
	case f != REST:
		return false
	case r.Method == http.MethodOptions, ownAddress(r.URL.Path), deployed(r), c.Service == "execute-api":
		return true
	}
	return c.AccessKeyID == "" && unsignedVisit(r)
}

// ownAddress tells the addresses of emulators that stand for no service:
// LocalStack's, moto's, and those of the programs that look whether a server
// is there. No bucket's name begins with an underscore.
func ownAddress(path string) bool {
	for _, own := range []string{"/_", "/moto-api", "/favicon.ico", "/health", "/healthz", "/robots.txt"} {
		if rest, ok := strings.CutPrefix(path, own); ok && (own == "/_" || rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// deployed tells calls of what users have made out of AWS: their APIs,
// function addresses, distributions and web sites.
func deployed(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = "." + strings.ToLower(host) + "."
	for _, mark := range []string{".execute-api.", ".lambda-url.", ".cloudfront.", ".s3-website.", ".s3-website-", ".appsync-api.", ".elb."} {
		if i := strings.Index(host, mark); i > 0 {
			return true
		}
	}
	return strings.HasPrefix(r.URL.Path, "/restapis/") && strings.Contains(r.URL.Path, "/_user_request_")
}

// unsignedVisit tells a person with a browser, or a probe, from somebody who
// reads a public object: the root of the server without a signature is nobody's
// bucket.
func unsignedVisit(r *http.Request) bool {
	return r.URL.Path == "/" && !strings.Contains(strings.ToLower(r.Host), ".s3") ||
		strings.HasPrefix(r.URL.Path, "/restapis/") || strings.HasPrefix(r.URL.Path, "/2015-03-31/")
}
