package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/describe"
)

// isCloudTrail tells the calls that the sandbox answers itself although an
// upstream stands behind it.
func isCloudTrail(r *http.Request) bool {
	target := r.Header.Get("X-Amz-Target")
	i := strings.LastIndexByte(target, '.')
	return i > 0 && slices.Contains(cloudtrail.Targets, target[:i])
}

// noTunnel refuses a call that asks for a connection to somewhere else.
func noTunnel(w http.ResponseWriter, c *call.Call, p protocol) {
	announce(w, c)
	refuse(w, c, p, &call.Error{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "the sandbox makes no connections for others: it is no proxy"})
}

// passOn lets the upstream answer a call. It refuses nothing: what a call may
// do, and who may make it, is the upstream's own business.
func (s *Sandbox) passOn(w http.ResponseWriter, c *call.Call, p protocol, sig signature) {
	switch {
	case p == awsQuery && c.Service == "ec2":
		p = ec2Query
	case p == restXML && c.Service != "s3":
		p = restOther
	}
	c.Unrecorded = describe.NoCall(c, formatOf(p)) // of which nothing is read
	pass, err := s.upstream.Take(c, formatOf(p), func(w http.ResponseWriter, e *call.Error) {
		announce(w, c)
		w.Header().Set("X-Amzn-ErrorType", e.Code) // the answer to HEAD has nothing else
		refuse(w, c, errorForm(c, p), e)
	})
	if err != nil {
		panic(http.ErrAbortHandler) // the caller stopped in the middle of the request
	}
	if !c.Unrecorded {
		pass.Describe()
	}
	if c.Unrecorded {
		s.serve(w, c, pass, sig)
	} else {
		s.serveOrFail(w, c, p, pass, sig)
	}
	if pass.Cut() {
		panic(http.ErrAbortHandler)
	}
}

// asked is the wire format of a call as an upstream takes it. The service that
// a call is signed for decides: a header that S3 does not read must not name
// the operation of its record. Without a signature a header counts only where
// clients that send it go.
func asked(r *http.Request, service string, p protocol) protocol {
	post, path := r.Method == http.MethodPost, r.URL.Path
	byAddress := service == "" || describe.HasAddresses(service)
	if p == rpcCBOR && !(post && strings.HasPrefix(path, "/service/") && strings.Contains(path, "/operation/")) {
		p = awsJSON // or what the headers beside it say
		if r.Header.Get("X-Amz-Target") == "" {
			p = restXML
		}
	}
	switch {
	case strings.HasPrefix(service, "s3"), // s3express, too
		p == awsJSON && byAddress && !(post && path == "/"):
		return restXML
	}
	return p
}

// readable is what can be read of a signature that is not as AWS wants it:
// emulators answer such calls all the same.
func readable(r *http.Request) signature {
	scope := r.URL.Query().Get("X-Amz-Credential")
	presigned := scope != ""
	if auth := r.Header.Get("Authorization"); auth != "" {
		_, scope, _ = strings.Cut(auth, "Credential=")
		scope, _, _ = strings.Cut(scope, ",")
		presigned = false
	}
	parts := strings.Split(strings.TrimSpace(scope), "/")
	if len(parts) < 5 {
		return signature{}
	}
	n := len(parts) - 4
	sig, err := checkKeyID(signature{accessKeyID: strings.Join(parts[:n], "/"), presigned: presigned})
	if err != nil {
		sig = signature{}
	}
	if regionPattern.MatchString(parts[n+1]) {
		sig.region = parts[n+1]
	}
	if service := strings.ToLower(parts[n+2]); servicePattern.MatchString(service) {
		sig.service = service
	}
	if sig.service == "" {
		sig.accessKeyID = "" // whose record would be of no service
	}
	return sig
}

// errorForm is the form of an error: of the services with addresses of their
// own, some speak XML.
func errorForm(c *call.Call, p protocol) protocol {
	if p == restOther && slices.Contains([]string{"route53", "cloudfront", "s3control"}, c.Service) {
		return awsQuery
	}
	return p
}

func formatOf(p protocol) describe.Format {
	switch p {
	case awsJSON:
		return describe.JSON
	case awsQuery:
		return describe.Query
	case ec2Query:
		return describe.EC2
	case rpcCBOR:
		return describe.CBOR
	}
	return describe.REST
}
