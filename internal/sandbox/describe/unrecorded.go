package describe

import (
	"net"
	"net/http"
	"strings"

	"trailctl/internal/sandbox/call"
)

// NoCall tells what passes and is no call of an AWS API: an emulator's own
// addresses, a browser's questions, and calls of the programs that a user has
// deployed, which CloudTrail does not record either. What is signed is a call
// whatever its address looks like, and so is what goes to a bucket's own host:
// buckets and objects may be named as such addresses are.
func NoCall(c *call.Call, f Format) bool {
	r := c.HTTP
	switch {
	case r.Method == http.MethodOptions && (f == REST || r.Header.Get("Access-Control-Request-Method") != ""),
		r.Method == http.MethodConnect, r.Method == http.MethodTrace:
		return true
	case onBucketHost(r):
		return false
	case c.AccessKeyID != "":
		return f == REST && signedVisit(c)
	case f == REST:
		return ownAddress(r) || deployed(r) || unsignedVisit(r)
	}
	return (f == Query || f == EC2) && strings.HasPrefix(r.URL.Path, "/_")
}

// onBucketHost tells addresses in virtual-hosted style, as
// NAME.s3.us-east-1.amazonaws.com. Those of web sites are none.
func onBucketHost(r *http.Request) bool {
	host := hostOf(r)
	i := max(strings.LastIndex(host, ".s3."), strings.LastIndex(host, ".s3-"))
	return i > 0 && !strings.HasPrefix(host[i:], ".s3-website")
}

// hostOf is the host that a request is for, in lower case, without the port.
func hostOf(r *http.Request) string {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(host)
}

// ownAddress tells the addresses of emulators that stand for no service:
// LocalStack's, moto's, and those of the programs that look whether a server
// is there, which change nothing. No bucket's name begins with an underscore.
func ownAddress(r *http.Request) bool {
	path := r.URL.Path
	if strings.HasPrefix(path, "/_") || path == "/moto-api" || strings.HasPrefix(path, "/moto-api/") {
		return true
	}
	switch path {
	case "/favicon.ico", "/health", "/healthz", "/robots.txt", "/health/", "/healthz/":
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	}
	return false
}

// signedVisit tells the signed calls of what users have deployed: of APIs, and
// of function and GraphQL addresses whose callers are checked.
func signedVisit(c *call.Call) bool {
	host, path := "."+hostOf(c.HTTP), c.HTTP.URL.Path
	switch c.Service {
	case "execute-api":
		return true
	case "lambda":
		return strings.Contains(host, ".lambda-url.") && !apiDate.MatchString(path)
	case "appsync":
		return strings.Contains(host, ".appsync-api.") && strings.HasPrefix(path, "/graphql")
	}
	return false
}

// deployed tells calls of what users have made out of AWS: their APIs,
// function addresses, distributions and web sites.
func deployed(r *http.Request) bool {
	host := "." + hostOf(r) + "."
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

// HasAddresses tells the services whose operations are named by their
// addresses: what a header says of one's call does not count.
func HasAddresses(service string) bool { return len(factsOf(service).rows) > 0 }
