package sandbox

import (
	"net/http"
	"net/url"
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

// passOn lets the upstream answer a call. It refuses nothing: what a call may
// do, and who may make it, is the upstream's own business.
func (s *Sandbox) passOn(w http.ResponseWriter, c *call.Call, p protocol, sig signature) {
	switch {
	case p == awsQuery && c.Service == "ec2":
		p = ec2Query
	case p == restXML && c.Service != "s3":
		p = restOther
	}
	// No bucket's name begins with an underline: these are addresses of the
	// upstream's own, such as /_localstack/health, of which nothing is read.
	c.Unrecorded = strings.HasPrefix(c.HTTP.URL.Path, "/_")
	pass, err := s.upstream.Take(c, formatOf(p), func(w http.ResponseWriter, e *call.Error) {
		announce(w, c)
		refuse(w, c, errorForm(c, p), e)
	})
	if err != nil {
		panic(http.ErrAbortHandler) // the caller stopped in the middle of the request
	}
	if !c.Unrecorded {
		if c.AccessKeyID == "" {
			c.Service = unsignedService(c, p, pass.Beginning())
		}
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

// errorForm is the form of an error: of the services with addresses of their
// own, some speak XML.
func errorForm(c *call.Call, p protocol) protocol {
	if p == restOther && slices.Contains([]string{"route53", "cloudfront", "s3control"}, c.Service) {
		return awsQuery
	}
	return p
}

// unsignedService is the signing name of the service that takes a call without
// a signature, as far as what it asks for tells.
func unsignedService(c *call.Call, p protocol, body []byte) string {
	switch p {
	case awsJSON:
		prefix, _, _ := strings.Cut(c.HTTP.Header.Get("X-Amz-Target"), ".")
		switch prefix {
		case "AWSCognitoIdentityProviderService":
			return "cognito-idp"
		case "AWSCognitoIdentityService":
			return "cognito-identity"
		case "AmazonSQS":
			return "sqs"
		}
	case awsQuery:
		form := c.HTTP.URL.Query()
		if c.HTTP.Method == http.MethodPost {
			form, _ = url.ParseQuery(string(body)) // what cannot be read names nothing
		}
		switch form.Get("Version") { // each service's API has its own
		case "2011-06-15":
			return "sts"
		case "2012-11-05":
			return "sqs"
		}
	}
	return c.Service
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
