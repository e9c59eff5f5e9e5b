package s3

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"trailctl/internal/sandbox/iampolicy"
)

const maxPolicy = 20 << 10 // bytes, S3's limit

func noSuchPolicy(bucket string) *failure {
	return fail(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist").with("BucketName", bucket)
}

func malformedPolicy(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, "MalformedPolicy", format, args...)
}

func (s *Service) getPolicy(r *request) error {
	policy := r.b.snapshot().Policy
	if policy == "" {
		return noSuchPolicy(r.bucket)
	}
	r.writeText("application/json", policy)
	return nil
}

func (s *Service) putPolicy(r *request) error {
	text, err := r.readBody()
	if err != nil {
		return err
	}
	var recorded any
	if json.Unmarshal(text, &recorded) == nil {
		r.call.RequestParameters["bucketPolicy"] = recorded
	}
	if len(text) > maxPolicy {
		return malformedPolicy("The specified policy document exceeds the maximum size of %d bytes", maxPolicy)
	}
	policy, err := iampolicy.Parse(text)
	if err != nil {
		return malformedPolicy("%s", err)
	}
	if err := s.checkPolicy(policy, r.bucket); err != nil {
		return err
	}
	if policy.Public() && r.b.snapshot().publicAccess().BlockPublicPolicy {
		return denied(r, r.op.action, bucketARN(r.bucket),
			"because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access")
	}
	err = s.change(r.b, func(set *settings) {
		set.Policy, set.policy, set.policyChanged = string(text), policy, r.call.Time
	})
	if err != nil {
		return err
	}
	return r.noContent()
}

// checkPolicy holds what S3 asks of a bucket policy besides IAM's grammar:
// actions of S3's, on this bucket and what is in it.
func (s *Service) checkPolicy(p *iampolicy.Policy, bucket string) error {
	for _, st := range p.Statements {
		for _, action := range append(append([]string{}, st.Action...), st.NotAction...) {
			if action != "*" && !strings.HasPrefix(strings.ToLower(action), "s3:") {
				return malformedPolicy("Policy has invalid action")
			}
		}
		onBucket, onObjects := st.NotResource != nil, st.NotResource != nil
		for _, resource := range append(append([]string{}, st.Resource...), st.NotResource...) {
			if !namesBucket(resource, bucket) {
				return malformedPolicy("Policy has invalid resource")
			}
			onObjects = onObjects || strings.ContainsAny(resource, "/*")
			onBucket = onBucket || !strings.Contains(resource, "/")
		}
		for _, action := range st.Action {
			object, known := s.objectAction(action)
			if known && (object && !onObjects || !object && !onBucket) {
				return malformedPolicy("Action does not apply to any resource(s) in statement")
			}
		}
	}
	return nil
}

// namesBucket tells whether a statement's resource is the bucket or something
// in it; a wildcard may stand in for the name.
func namesBucket(resource, bucket string) bool {
	if resource == "*" {
		return true
	}
	rest, ok := strings.CutPrefix(resource, "arn:aws:s3:::")
	if !ok {
		return false
	}
	name, _, _ := strings.Cut(rest, "/")
	if i := strings.IndexAny(name, "*?$"); i >= 0 {
		return strings.HasPrefix(bucket, name[:i])
	}
	return name == bucket
}

// objectAction tells for the actions that are served, and written out,
// whether they are on objects or on buckets.
func (s *Service) objectAction(action string) (object, known bool) {
	if strings.ContainsAny(action, "*?") {
		return false, false
	}
	action = strings.ToLower(action)
	for _, op := range s.routes {
		if strings.ToLower(op.action) == action {
			return strings.Contains(action, "object") || strings.Contains(action, "multipartupload") && action != "s3:listbucketmultipartuploads", true
		}
	}
	return false, false
}

func (s *Service) deletePolicy(r *request) error {
	if err := s.change(r.b, func(set *settings) {
		set.Policy, set.policy, set.policyChanged = "", nil, r.call.Time
	}); err != nil {
		return err
	}
	return r.noContent()
}

func (s *Service) getPolicyStatus(r *request) error {
	policy := r.b.snapshot().policy
	if policy == nil {
		return noSuchPolicy(r.bucket)
	}
	r.writeText("application/xml", fmt.Sprintf("%s<PolicyStatus xmlns=%q><IsPublic>%t</IsPublic></PolicyStatus>",
		xmlHeader, namespace, policy.Public()))
	return nil
}
