package sandbox

import (
	"compress/gzip"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/sns"
)

// Limits of what a call may bring along. S3 bounds its bodies itself.
const (
	maxBody      = 2 << 20
	maxUserAgent = 1 << 10
)

// ServeHTTP answers one AWS call, or one call to /_sandbox/.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case s.refuseForeign(w, r):
	case strings.HasPrefix(r.URL.Path, "/_sandbox/"):
		s.control(w, r)
	default:
		s.answerCall(w, r)
	}
}

func (s *Sandbox) answerCall(w http.ResponseWriter, r *http.Request) {
	c := &call.Call{
		HTTP: r, Time: s.Now(), SourceIP: sourceIP(r.RemoteAddr),
		UserAgent: r.UserAgent()[:min(len(r.UserAgent()), maxUserAgent)],
	}
	p := protocolOf(r)
	sig, err := readSignature(r)
	passes := s.upstream != nil && !isCloudTrail(r)
	if passes {
		if err != nil && !errors.Is(err, errNoSignature) {
			sig, err = readable(r), nil
		}
		p = asked(r, sig.service, p)
	}
	if err == nil || errors.Is(err, errNoSignature) {
		s.introduce(c, sig, p)
	}
	c.RequestID = newRequestID(c.Service)
	switch {
	case passes && r.Method == http.MethodConnect:
		noTunnel(w, c, p)
		return
	case passes:
		s.passOn(w, c, p, sig)
		return
	}
	announce(w, c)
	if err != nil {
		if refused := unsigned(c, p, err); refused != nil {
			refuse(w, c, p, refused)
			return
		}
	}
	s.route(w, c, p, sig)
}

// protocolOf tells a call's wire format by its headers. What names no
// operation goes to S3, or is a service with addresses of its own.
func protocolOf(r *http.Request) protocol {
	form, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return rpcCBOR
	case r.Header.Get("X-Amz-Target") != "":
		return awsJSON
	case r.Method == http.MethodPost && form == "application/x-www-form-urlencoded",
		r.Method == http.MethodGet && r.URL.Path == "/" && r.URL.Query().Has("Action"):
		return awsQuery
	}
	return restXML
}

// introduce fills in who calls which service where.
func (s *Sandbox) introduce(c *call.Call, sig signature, p protocol) {
	c.Service, c.Region, c.AccessKeyID = sig.service, sig.region, sig.accessKeyID
	if c.Region == "" || isGlobal(c.Service) {
		c.Region = globalRegion
	}
	if sig.accessKeyID == "" {
		s.introduceNobody(c, p)
		return
	}
	c.Identity = s.identify(sig.accessKeyID)
	c.Account = c.Identity.AccountID
}

// introduceNobody does it for an unsigned call, which is one to S3, or to an
// address in one of SNS's messages.
func (s *Sandbox) introduceNobody(c *call.Call, p protocol) {
	c.Account = s.options.Account
	c.Identity = call.Identity{Type: "Anonymous", AccountID: "anonymous"}
	switch p {
	case restXML:
		if c.Service != "" { // an upstream takes it without a key id
			return
		}
		c.Service = "s3"
	case awsQuery:
		c.Service = "sns"
		q := c.HTTP.URL.Query()
		if arn := strings.Split(q.Get("TopicArn")+q.Get("SubscriptionArn"), ":"); len(arn) > 3 {
			c.Region = arn[3]
		}
	}
}

// newRequestID makes the id of a call in the form of its service.
func newRequestID(service string) string {
	var b [16]byte
	rand.Read(b[:])
	if service == "s3" {
		return fmt.Sprintf("%X", b[:8])
	}
	return uuid(b)
}

// announce sets the headers of every answer of the sandbox's own.
func announce(w http.ResponseWriter, c *call.Call) {
	name := "X-Amzn-Requestid"
	if c.Service == "s3" {
		name = "X-Amz-Request-Id"
	}
	w.Header().Set(name, c.RequestID)
	w.Header().Set("Date", c.Time.UTC().Format(http.TimeFormat)) // the clock that its other times are of
}

// uuid writes random bytes as a version 4 UUID.
func uuid(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// unsigned decides about a call without a readable signature: only S3 takes
// anonymous ones, and SNS those to the addresses in its messages.
func unsigned(c *call.Call, p protocol, err error) *call.Error {
	switch {
	case !errors.Is(err, errNoSignature):
		return &call.Error{Status: 400, Code: "IncompleteSignature", Message: err.Error()}
	case p != restXML && !(p == awsQuery && sns.Unsigned(c.HTTP.URL.Query().Get("Action"))):
		return &call.Error{Status: 403, Code: "MissingAuthenticationToken", Message: "Request is missing Authentication Token"}
	}
	return nil
}

// route reads what a call asks for and hands it to its service.
func (s *Sandbox) route(w http.ResponseWriter, c *call.Call, p protocol, sig signature) {
	switch p {
	case restXML:
		switch {
		case c.Service != "s3" || isControl(c.HTTP):
			s.notServed(w, c, restOther, c.HTTP.Method+" "+c.HTTP.URL.Path)
		case s.expired(c):
			refuse(w, c, p, expiredToken(p))
		default:
			s.serveOrFail(w, c, p, s.s3, sig)
		}
		return
	case rpcCBOR:
		if c.Service != "monitoring" {
			s.notServed(w, c, p, lastPart(c.HTTP.URL.Path))
			return
		}
	}
	if p == awsQuery && c.Service == "ec2" {
		p = ec2Query
	}
	if err := readBody(c); err != nil {
		refuse(w, c, p, err)
		return
	}
	c.Operation = operationOf(c, p)
	service := s.serviceOf(c, p)
	switch {
	case service == nil:
		s.notServed(w, c, p, c.Operation)
	case s.expired(c):
		refuse(w, c, p, expiredToken(p))
	case !slices.Contains(s.options.Regions, c.Region) && !isGlobal(c.Service):
		refuse(w, c, p, s.disabledRegion(c, p))
	default:
		s.serveOrFail(w, c, p, service, sig)
	}
}

// isControl tells S3 Control's addresses from S3's.
func isControl(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/v20180820/") && r.Header.Get("X-Amz-Account-Id") != ""
}

func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// readBody reads the whole body of a call, which may be gzipped.
func readBody(c *call.Call) *call.Error {
	var from io.Reader = c.HTTP.Body
	if c.HTTP.Body == nil {
		return nil
	}
	if c.HTTP.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(io.LimitReader(from, maxBody))
		if err != nil {
			return &call.Error{Status: 400, Code: "SerializationException", Message: "the body is not gzip"}
		}
		from = z
	}
	body, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	if err != nil {
		return &call.Error{Status: 400, Code: "SerializationException", Message: "the body could not be read"}
	}
	if len(body) > maxBody {
		return &call.Error{Status: 413, Code: "RequestEntityTooLarge", Message: fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	}
	c.Body = body
	return nil
}

// operationOf is the name of the operation that a call asks for.
func operationOf(c *call.Call, p protocol) string {
	if p == rpcCBOR {
		return lastPart(c.HTTP.URL.Path)
	}
	if p == awsJSON {
		target := c.HTTP.Header.Get("X-Amz-Target")
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	form, _ := url.ParseQuery(string(c.Body)) // what cannot be read names no operation
	if name := form.Get("Action"); name != "" {
		return name
	}
	return c.HTTP.URL.Query().Get("Action")
}

// notServed answers an operation that the sandbox does not have, and says so
// in its log.
func (s *Sandbox) notServed(w http.ResponseWriter, c *call.Call, p protocol, operation string) {
	operation = operation[:min(len(operation), 200)]
	s.log.Warn("nobody serves this operation", "service", c.Service, "operation", operation)
	refuse(w, c, p, call.NotServed(c.Service, operation))
}

// expired tells whether a call was made with temporary credentials whose time
// is up.
func (s *Sandbox) expired(c *call.Call) bool {
	one, ok := s.session(c.AccessKeyID)
	return ok && !c.Time.Before(one.Expires)
}

func expiredToken(p protocol) *call.Error {
	e := &call.Error{Status: 400, Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
	switch p {
	case restXML:
		e.Code = "ExpiredToken"
	case ec2Query:
		e.Code = "RequestExpired"
	case awsQuery:
		e.Status, e.Code = 403, "ExpiredToken"
	}
	return e
}

// disabledRegion is AWS's answer in a region that the account has not
// enabled: its credentials are unknown there.
func (s *Sandbox) disabledRegion(c *call.Call, p protocol) *call.Error {
	e := &call.Error{Status: 400, Code: "UnrecognizedClientException", Message: fmt.Sprintf(
		"The security token included in the request is invalid: the region %s is not enabled, enabled are %s",
		c.Region, strings.Join(s.options.Regions, ", "))}
	switch p {
	case ec2Query:
		e.Status, e.Code = 401, "AuthFailure"
	case awsQuery:
		e.Status, e.Code = 403, "InvalidClientTokenId"
	}
	return e
}

func sourceIP(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	return host
}
