package iampolicy

import (
	"strconv"
	"time"
)

// ServiceRequest is what an AWS service wants to do with a resource.
type ServiceRequest struct {
	Principal  string            // "cloudtrail.amazonaws.com"
	Action     string            // "s3:PutObject"
	Resource   string            // an ARN
	Account    string            // that the resource belongs to
	Time       time.Time         // of the request; zero when it is not to count
	Conditions map[string]string // condition keys of the request: "aws:SourceArn", "s3:x-amz-acl"
}

// AllowsService tells whether a resource's policy lets an AWS service do what
// it asks. Services come over HTTPS: aws:SecureTransport is true. A nil policy
// allows nothing.
func (p *Policy) AllowsService(r ServiceRequest) bool {
	ctx := Context{}
	ctx.Set("aws:SecureTransport", "true")
	ctx.Set("s3:TlsVersion", "1.3")
	if !r.Time.IsZero() {
		ctx.Set("aws:CurrentTime", r.Time.UTC().Format(time.RFC3339))
		ctx.Set("aws:EpochTime", strconv.FormatInt(r.Time.Unix(), 10))
	}
	ctx.Set("aws:ResourceAccount", r.Account)
	ctx.Set("s3:ResourceAccount", r.Account)
	ctx.Set("aws:PrincipalIsAWSService", "true")
	ctx.Set("aws:PrincipalServiceName", r.Principal)
	for name, value := range r.Conditions {
		ctx.Set(name, value)
	}
	return p.Evaluate(Request{
		Caller: Caller{Service: r.Principal}, Action: r.Action, Resource: r.Resource, Context: ctx,
	}) == Allow
}

// RequestOfRole is what a role wants to do with a resource.
type RequestOfRole struct {
	ARN, Account     string // the role's
	Action, Resource string // "logs:PutLogEvents", an ARN
}

// RoleMay tells whether the policies of a role allow what it asks: a Deny in
// one of them outweighs what the others allow.
func RoleMay(policies []*Policy, r RequestOfRole) bool {
	ctx := Context{}
	ctx.Set("aws:PrincipalArn", r.ARN)
	ctx.Set("aws:PrincipalAccount", r.Account)
	ctx.Set("aws:SecureTransport", "true")
	allowed := false
	for _, p := range policies {
		switch p.Evaluate(Request{
			Caller: Caller{ARN: r.ARN, Account: r.Account}, Action: r.Action, Resource: r.Resource, Context: ctx,
		}) {
		case Deny:
			return false
		case Allow:
			allowed = true
		}
	}
	return allowed
}
