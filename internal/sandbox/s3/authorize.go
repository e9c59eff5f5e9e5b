package s3

import (
	"strconv"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// ServiceRequest is what an AWS service wants to do with a bucket.
type ServiceRequest struct {
	Principal  string            // "cloudtrail.amazonaws.com"
	Action     string            // "s3:PutObject"
	Bucket     string            // a name, not an ARN
	Key        string            // empty for an action on the bucket
	Conditions map[string]string // condition keys of the request: "aws:SourceArn", "s3:x-amz-acl"
}

// ServiceMay tells whether the bucket's policy lets an AWS service do what it
// asks. It is false without such a bucket.
func (s *Service) ServiceMay(r ServiceRequest) bool {
	b := s.bucket(r.Bucket)
	if b == nil {
		return false
	}
	resource := bucketARN(r.Bucket)
	if r.Key != "" {
		resource = objectARN(r.Bucket, r.Key)
	}
	return b.snapshot().policy.AllowsService(iampolicy.ServiceRequest{
		Principal: r.Principal, Action: r.Action, Resource: resource, Account: s.account, Time: s.now(), Conditions: r.Conditions,
	})
}

// ours tells whether a caller belongs to the account that owns the buckets.
// As there are no identity-based policies, all of its callers may do what no
// bucket policy denies them (assumption A27).
func (s *Service) ours(id call.Identity) bool {
	c := callerOf(id)
	return !c.Anonymous && c.Service == "" && c.Account == s.account
}

func callerOf(id call.Identity) iampolicy.Caller {
	switch {
	case id.Type == "AWSService":
		return iampolicy.Caller{Service: id.InvokedBy}
	case id.Type == "Anonymous" || id.ARN == "" && id.AccountID == "":
		return iampolicy.Caller{Anonymous: true}
	}
	return iampolicy.Caller{ARN: id.ARN, Account: id.AccountID}
}

// authorize asks the bucket's policy about the request's own action.
func (s *Service) authorize(r *request) error {
	if r.op.action == "" {
		return nil
	}
	return s.may(r, r.op.action, target{r.b, r.key, r.query.Get("versionId")})
}

// target is what an action is on: a bucket, an object, or one version of it.
type target struct {
	b       *bucket
	key, id string
}

func (t target) arn() string {
	if t.key == "" {
		return bucketARN(t.b.Name)
	}
	return objectARN(t.b.Name, t.key)
}

// may asks a bucket's policy about one action of the request's caller.
func (s *Service) may(r *request, action string, on target) error {
	set, resource := on.b.snapshot(), on.arn()
	caller := callerOf(r.call.Identity)
	if rootOnPolicy(r.call.Identity, action) && s.ours(r.call.Identity) {
		return nil // so that nobody locks himself out for good
	}
	decision := iampolicy.NoMatch
	if set.policy != nil {
		decision = set.policy.Evaluate(iampolicy.Request{
			Caller: caller, Action: action, Resource: resource, Context: s.conditions(r, action, on),
		})
	}
	switch {
	case decision == iampolicy.Deny && !caller.Anonymous:
		return denied(r, action, resource, "with an explicit deny in a resource-based policy")
	case decision == iampolicy.Deny:
		return accessDenied("Access Denied")
	case s.ours(r.call.Identity), decision == iampolicy.Allow && !set.restricts(caller):
		return nil
	case publicACL(set, action, on):
		return nil
	case caller.Anonymous:
		return accessDenied("Access Denied")
	}
	return denied(r, action, resource, "because no resource-based policy allows the "+action+" action")
}

// restricts tells whether a public policy is of no use to a caller from
// outside the account.
func (s settings) restricts(c iampolicy.Caller) bool {
	return c.Service == "" && s.publicAccess().RestrictPublicBuckets && s.policy.Public()
}

func denied(r *request, action, resource, why string) *failure {
	who := r.call.Identity.ARN
	if who == "" {
		who = r.call.Identity.InvokedBy
	}
	return accessDenied("User: %s is not authorized to perform: %s on resource: %q %s", who, action, resource, why)
}

func rootOnPolicy(id call.Identity, action string) bool {
	if id.Type != "Root" {
		return false
	}
	return action == "s3:GetBucketPolicy" || action == "s3:PutBucketPolicy" || action == "s3:DeleteBucketPolicy"
}

// commonConditions are the keys that every request has. The sandbox speaks
// plain HTTP in place of an HTTPS endpoint, so aws:SecureTransport is true
// (assumption A40): a bucket policy that refuses plain HTTP, as many do, can be
// tried out.
func (s *Service) commonConditions(ctx iampolicy.Context, now time.Time) {
	ctx.Set("aws:SecureTransport", "true")
	ctx.Set("s3:TlsVersion", "1.3")
	ctx.Set("aws:CurrentTime", now.UTC().Format(time.RFC3339))
	ctx.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	ctx.Set("aws:ResourceAccount", s.account)
	ctx.Set("s3:ResourceAccount", s.account)
}

// conditions are the condition keys of a request.
func (s *Service) conditions(r *request, action string, on target) iampolicy.Context {
	ctx := iampolicy.Context{}
	s.commonConditions(ctx, r.call.Time)
	set := func(key, value string) {
		if value != "" {
			ctx.Set(key, value)
		}
	}
	set("aws:SourceIp", r.call.SourceIP)
	set("aws:UserAgent", r.call.UserAgent)
	set("aws:Referer", r.header("Referer"))
	set("aws:RequestedRegion", r.call.Region)
	id := r.call.Identity
	set("aws:PrincipalArn", principalARN(id))
	set("aws:PrincipalAccount", id.AccountID)
	set("aws:userid", id.PrincipalID)
	set("aws:username", id.UserName)
	set("aws:PrincipalType", map[string]string{"IAMUser": "User", "Root": "Account", "AssumedRole": "AssumedRole", "": "Anonymous", "Anonymous": "Anonymous"}[id.Type])
	ctx.Set("aws:PrincipalIsAWSService", strconv.FormatBool(id.Type == "AWSService"))
	ctx.Set("aws:ViaAWSService", "false")
	if r.call.AccessKeyID != "" {
		ctx.Set("s3:signatureversion", "AWS4-HMAC-SHA256")
		ctx.Set("s3:authType", map[bool]string{true: "REST-QUERY-STRING", false: "REST-HEADER"}[r.has("X-Amz-Signature")])
	}
	for _, name := range []string{"prefix", "delimiter", "max-keys"} {
		if strings.HasPrefix(action, "s3:ListBucket") && r.has(name) {
			ctx.Set("s3:"+name, r.query.Get(name))
		}
	}
	set("s3:VersionId", on.id)
	for name, values := range r.http.Header {
		if strings.HasPrefix(name, "X-Amz-") {
			ctx.Set("s3:"+name, values...)
		}
	}
	tagConditions(ctx, r, on)
	return ctx
}

// principalARN is the caller's ARN, or that of the role behind a session.
func principalARN(id call.Identity) string {
	head, session, ok := strings.Cut(id.ARN, ":assumed-role/")
	if !ok {
		return id.ARN
	}
	role, _, _ := strings.Cut(session, "/")
	return strings.Replace(head, ":sts:", ":iam:", 1) + ":role/" + role
}

// tagConditions are the keys for the tags an object has and is to get.
func tagConditions(ctx iampolicy.Context, r *request, on target) {
	if v, err := on.b.lookup(on.key, on.id); err == nil {
		for _, t := range v.Tags {
			ctx.Set("s3:ExistingObjectTag/"+t.Key, t.Value)
		}
	}
	tags, err := parseTagHeader(r.header("x-amz-tagging"))
	if err != nil || len(tags) == 0 {
		return
	}
	var keys []string
	for _, t := range tags {
		ctx.Set("s3:RequestObjectTag/"+t.Key, t.Value)
		keys = append(keys, t.Key)
	}
	ctx.Set("s3:RequestObjectTagKeys", keys...)
}

// publicACL tells whether an object's ACL lets everyone read it.
func publicACL(set settings, action string, on target) bool {
	if action != "s3:GetObject" && action != "s3:GetObjectVersion" || set.enforcesOwner() || set.publicAccess().IgnorePublicAcls {
		return false
	}
	v, err := on.b.lookup(on.key, on.id)
	return err == nil && strings.HasPrefix(v.ACL, "public-read")
}
