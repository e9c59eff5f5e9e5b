package s3

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func policyOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func TestPolicyIsKeptAsPut(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.run([]row{{"none", sent{method: "GET", path: "/bkt?policy"}, 404, "NoSuchBucketPolicy", nil},
		{"no status", sent{method: "GET", path: "/bkt?policyStatus"}, 404, "NoSuchBucketPolicy", nil}})
	text := "{ \"Statement\" : {\"Effect\":\"Deny\", \"Principal\":\"*\",\n\"Action\":\"s3:*\",\"Resource\":\"arn:aws:s3:::bkt/x*\"}}"
	c := f.client("us-east-1")
	if _, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: aws.String("bkt"), Policy: &text}); err != nil {
		t.Fatal(err)
	}
	if p := f.recorded().RequestParameters["bucketPolicy"].(map[string]any); p["Statement"].(map[string]any)["Effect"] != "Deny" {
		t.Errorf("recorded policy %v", p)
	}
	out, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("bkt")})
	if err != nil || *out.Policy != text {
		t.Errorf("%+v, %v", out, err)
	}
	f.run([]row{{"status", sent{method: "GET", path: "/bkt?policyStatus"}, 200, "", []string{"<IsPublic>false</IsPublic>"}},
		{"delete", sent{method: "DELETE", path: "/bkt?policy"}, 204, "", nil},
		{"gone", sent{method: "GET", path: "/bkt?policy"}, 404, "NoSuchBucketPolicy", nil}})
}

func TestPolicyRefusals(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	put := func(text string) sent { return sent{method: "PUT", path: "/bkt?policy", body: text} }
	st := func(principal, action, resource string) sent {
		return put(policyOf(`{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `","Resource":"` + resource + `"}`))
	}
	trail := `{"Service":"cloudtrail.amazonaws.com"}`
	f.run([]row{
		{"no JSON", put("x"), 400, "MalformedPolicy", []string{"Policies must be valid JSON"}},
		{"half JSON", put(`{"Version":`), 400, "MalformedPolicy", []string{"This policy contains invalid Json"}},
		{"version", put(`{"Version":"2020-01-01","Statement":[]}`), 400, "MalformedPolicy", []string{"valid version string"}},
		{"no statement", put(`{"Version":"2012-10-17"}`), 400, "MalformedPolicy", []string{"Missing required field Statement"}},
		{"no principal", put(policyOf(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/*"}`)), 400, "MalformedPolicy", []string{"Missing required field Principal"}},
		{"bad principal", st(`{"AWS":"eve"}`, "s3:GetObject", "arn:aws:s3:::bkt/*"), 400, "MalformedPolicy", []string{"Invalid principal in policy"}},
		{"other service's action", st(trail, "sns:Publish", "arn:aws:s3:::bkt/*"), 400, "MalformedPolicy", []string{"invalid action"}},
		{"other bucket", st(trail, "s3:GetObject", "arn:aws:s3:::other/*"), 400, "MalformedPolicy", []string{"invalid resource"}},
		{"bucket with the name in front", st(trail, "s3:GetObject", "arn:aws:s3:::bkt2/*"), 400, "MalformedPolicy", nil},
		{"object action on the bucket", st(trail, "s3:PutObject", "arn:aws:s3:::bkt"), 400, "MalformedPolicy", []string{"Action does not apply"}},
		{"bucket action on objects", st(trail, "s3:GetBucketAcl", "arn:aws:s3:::bkt/*"), 400, "MalformedPolicy", []string{"Action does not apply"}},
		{"too long", put(policyOf(strings.Repeat(" ", maxPolicy))), 400, "MalformedPolicy", nil},
		{"public", st(`"*"`, "s3:GetObject", "arn:aws:s3:::bkt/*"), 403, "AccessDenied", []string{"BlockPublicPolicy"}},
		{"for CloudTrail", st(trail, "s3:GetBucketAcl", "arn:aws:s3:::bkt"), 204, "", nil},
		{"another account", st(`{"AWS":"999988887777"}`, "s3:GetObject", "arn:aws:s3:::bkt/*"), 204, "", nil},
	})
}

func TestWhoMay(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/open", "x")
	f.must("PUT", "/bkt/secret", "x", "x-amz-tagging: class=secret")
	f.must("DELETE", "/bkt?publicAccessBlock", "")
	f.must("PUT", "/bkt?policy", policyOf(
		`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/open*"}`,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::bkt"}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bkt/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/class":"secret"}}}`,
		`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/dev"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::bkt/*","Condition":{"Null":{"s3:x-amz-server-side-encryption":"true"}}}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::bkt","arn:aws:s3:::bkt/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
	))
	get := func(as, key string) sent { return sent{method: "GET", path: "/bkt" + key, as: as} }
	explicit := `User: arn:aws:iam::111122223333:user/dev is not authorized to perform: s3:GetObject on resource: &#34;arn:aws:s3:::bkt/secret&#34; with an explicit deny in a resource-based policy`
	f.run([]row{
		{"own account", get("", "/open"), 200, "", nil},
		{"own account, denied", get("", "/secret"), 403, "AccessDenied", []string{explicit}},
		{"own account, head denied", sent{method: "HEAD", path: "/bkt/secret"}, 403, "", nil},
		{"copy of what may not be read", sent{method: "PUT", path: "/bkt/c", headers: []string{"x-amz-copy-source: bkt/secret", "x-amz-server-side-encryption: AES256"}}, 403, "AccessDenied", nil},
		{"own account, lists", get("", ""), 200, "", nil},
		{"own account, missing", get("", "/nope"), 404, "NoSuchKey", nil},
		{"unencrypted upload", sent{method: "PUT", path: "/bkt/k", body: "x"}, 403, "AccessDenied", nil},
		{"encrypted upload", sent{method: "PUT", path: "/bkt/k", body: "x", headers: []string{"x-amz-server-side-encryption: AES256"}}, 200, "", nil},
		{"nobody reads", get("-", "/open"), 200, "", nil},
		{"nobody lists", get("-", ""), 403, "AccessDenied", nil},
		{"nobody learns what is missing", get("-", "/open2"), 403, "AccessDenied", nil},
		{"other account lists", get("OTHER", ""), 200, "", nil},
		{"other account reads", get("OTHER", "/k"), 403, "AccessDenied", []string{"because no resource-based policy allows the s3:GetObject action"}},
		{"other account, which may list, missing", get("OTHER", "/open2"), 404, "NoSuchKey", nil},
	})
	f.must("PUT", "/bkt?publicAccessBlock", document("PublicAccessBlockConfiguration", "<RestrictPublicBuckets>true</RestrictPublicBuckets>"))
	f.run([]row{
		{"restricted: nobody", get("-", "/open"), 403, "AccessDenied", nil},
		{"restricted: other account", get("OTHER", ""), 403, "AccessDenied", nil},
		{"restricted: own account", get("", "/open"), 200, "", nil},
	})
}

func TestRootIsNotLockedOut(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt?policy", policyOf(`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::bkt","arn:aws:s3:::bkt/*"]}`))
	f.run([]row{
		{"user", sent{method: "DELETE", path: "/bkt?policy"}, 403, "AccessDenied", nil},
		{"root lists", sent{method: "GET", path: "/bkt", as: "ROOT"}, 403, "AccessDenied", nil},
		{"root deletes the policy", sent{method: "DELETE", path: "/bkt?policy", as: "ROOT"}, 204, "", nil},
	})
}

func TestServiceMay(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	arn := "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"
	f.must("PUT", "/bkt?policy", policyOf(
		`{"Sid":"AWSCloudTrailAclCheck20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::bkt","Condition":{"StringEquals":{"aws:SourceArn":"`+arn+`"}}}`,
		`{"Sid":"AWSCloudTrailWrite20150319","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::bkt/AWSLogs/111122223333/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"`+arn+`"}}}`))
	write := ServiceRequest{Principal: "cloudtrail.amazonaws.com", Action: "s3:PutObject", Bucket: "bkt", Key: "AWSLogs/111122223333/CloudTrail/x",
		Conditions: map[string]string{"aws:SourceArn": arn, "s3:x-amz-acl": "bucket-owner-full-control"}}
	rows := []struct {
		name   string
		change func(*ServiceRequest)
		want   bool
	}{
		{"write", func(*ServiceRequest) {}, true},
		{"other prefix", func(r *ServiceRequest) { r.Key = "AWSLogs/999988887777/x" }, false},
		{"other service", func(r *ServiceRequest) { r.Principal = "config.amazonaws.com" }, false},
		{"other trail", func(r *ServiceRequest) { r.Conditions = map[string]string{"aws:SourceArn": arn + "2"} }, false},
		{"ACL check", func(r *ServiceRequest) { r.Action, r.Key = "s3:GetBucketAcl", "" }, true},
		{"other action", func(r *ServiceRequest) { r.Action = "s3:GetObject" }, false},
		{"no bucket", func(r *ServiceRequest) { r.Bucket = "nope" }, false},
	}
	for _, row := range rows {
		r := write
		row.change(&r)
		if got := f.s.ServiceMay(r); got != row.want {
			t.Errorf("%s: %t", row.name, got)
		}
	}
	f.must("DELETE", "/bkt?policy", "")
	if f.s.ServiceMay(write) {
		t.Error("a service may write without a policy")
	}
}
