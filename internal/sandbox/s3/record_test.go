package s3

import (
	"encoding/json"
	"fmt"
	"testing"
)

func TestWhatIsRecorded(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "x")
	rows := []struct {
		q          sent
		name       string
		read, data bool
		parameters string // without Host and bucketName
		resources  string
	}{
		{sent{method: "GET", path: "/"}, "ListBuckets", true, false, `{}`, ""},
		{sent{method: "PUT", path: "/new", body: fmt.Sprintf(constraintDocument, "eu-west-1")}, "CreateBucket", false, false,
			`{"CreateBucketConfiguration":{"LocationConstraint":"eu-west-1","xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"}}`, ""},
		{sent{method: "HEAD", path: "/bkt"}, "HeadBucket", true, true, `{}`, "bkt/"},
		{sent{method: "GET", path: "/bkt?location"}, "GetBucketLocation", true, false, `{"location":""}`, "bkt"},
		{sent{method: "GET", path: "/bkt?policy"}, "GetBucketPolicy", true, false, `{"policy":""}`, "bkt"},
		{sent{method: "GET", path: "/bkt?publicAccessBlock="}, "GetBucketPublicAccessBlock", true, false, `{"publicAccessBlock":""}`, "bkt"},
		{sent{method: "PUT", path: "/bkt?publicAccessBlock", body: document("PublicAccessBlockConfiguration", "<BlockPublicAcls>true</BlockPublicAcls>")},
			"PutBucketPublicAccessBlock", false, false, `{"PublicAccessBlockConfiguration":{"BlockPublicAcls":true,"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"},"publicAccessBlock":""}`, "bkt"},
		{sent{method: "PUT", path: "/bkt?lifecycle", body: document("LifecycleConfiguration", "<Rule><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule><Rule><Status>Disabled</Status><Expiration/></Rule>")},
			"PutBucketLifecycle", false, false, `{"LifecycleConfiguration":{"Rule":[{"Expiration":{"Days":1},"Status":"Enabled"},{"Expiration":"","Status":"Disabled"}],"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/"},"lifecycle":""}`, "bkt"},
		{sent{method: "DELETE", path: "/bkt?lifecycle"}, "DeleteBucketLifecycle", false, false, `{"lifecycle":""}`, "bkt"},
		{sent{method: "GET", path: "/bkt?notification"}, "GetBucketNotification", true, false, `{"notification":""}`, "bkt"},
		{sent{method: "GET", path: "/bkt?list-type=2&prefix=a&x-id=ListObjectsV2"}, "ListObjects", true, true, `{"list-type":"2","prefix":"a"}`, "bkt/"},
		{sent{method: "GET", path: "/bkt?versions"}, "ListObjectVersions", true, true, `{"versions":""}`, "bkt/"},
		{sent{method: "PUT", path: "/bkt/k?x-id=PutObject", body: "x", headers: []string{"x-amz-acl: bucket-owner-full-control"}}, "PutObject", false, true, `{"key":"k","x-amz-acl":"bucket-owner-full-control"}`, "bkt/k"},
		{sent{method: "GET", path: "/bkt/k"}, "GetObject", true, true, `{"key":"k"}`, "bkt/k"},
		{sent{method: "HEAD", path: "/bkt/k"}, "HeadObject", true, true, `{"key":"k"}`, "bkt/k"},
		{sent{method: "PUT", path: "/bkt/k", headers: []string{"x-amz-copy-source: bkt/k", "x-amz-metadata-directive: REPLACE"}}, "CopyObject", false, true,
			`{"key":"k","x-amz-copy-source":"bkt/k","x-amz-metadata-directive":"REPLACE"}`, "bkt/k"},
		{sent{method: "GET", path: "/bkt/k?acl"}, "GetObjectAcl", true, true, `{"acl":"","key":"k"}`, "bkt/k"},
		{sent{method: "POST", path: "/bkt/k?uploads"}, "CreateMultipartUpload", false, true, `{"key":"k","uploads":""}`, "bkt/k"},
		{sent{method: "PUT", path: "/bkt/k?partNumber=1&uploadId=u", body: "x"}, "UploadPart", false, true, `{"key":"k","partNumber":"1","uploadId":"u"}`, "bkt/k"},
		{sent{method: "PUT", path: "/bkt/k?partNumber=1&uploadId=u", headers: []string{"x-amz-copy-source: bkt/k"}}, "UploadPartCopy", false, true, `{"key":"k","partNumber":"1","uploadId":"u","x-amz-copy-source":"bkt/k"}`, "bkt/k"},
		{sent{method: "GET", path: "/bkt?uploads"}, "ListMultipartUploads", true, true, `{"uploads":""}`, "bkt/"},
		{sent{method: "GET", path: "/nope?acl"}, "GetBucketAcl", true, false, `{"acl":""}`, "nope"},
		{sent{method: "DELETE", path: "/bkt/k"}, "DeleteObject", false, true, `{"key":"k"}`, "bkt/k"},
		{sent{method: "DELETE", path: "/new"}, "DeleteBucket", false, false, `{}`, "new"},
	}
	for _, row := range rows {
		f.send(row.q)
		c := f.recorded()
		if c.EventSource != "s3.amazonaws.com" || c.Operation != row.name || c.ReadOnly != row.read || c.Data != row.data {
			t.Errorf("%s %s: %s, read only %t, data %t", row.q.method, row.q.path, c.Operation, c.ReadOnly, c.Data)
		}
		if c.RequestParameters["Host"] == "" {
			t.Errorf("%s: no Host", row.name)
		}
		delete(c.RequestParameters, "Host")
		delete(c.RequestParameters, "bucketName")
		if got, _ := json.Marshal(c.RequestParameters); string(got) != row.parameters {
			t.Errorf("%s: parameters %s, want %s", row.name, got, row.parameters)
		}
		if row.resources == "" {
			if len(c.Resources) != 0 {
				t.Errorf("%s: resources %v", row.name, c.Resources)
			}
		} else if len(c.Resources) == 0 || c.Resources[0].ARN+c.Resources[0].ARNPrefix != "arn:aws:s3:::"+row.resources {
			t.Errorf("%s: resources %v", row.name, c.Resources)
		}
	}
	f.must("PUT", "/bkt/k", "x")
	c := f.recorded()
	if c.ResponseElements["x-amz-server-side-encryption"] != "AES256" {
		t.Errorf("response elements %v", c.ResponseElements)
	}
	if len(c.Resources) != 2 || c.Resources[0].Type != "AWS::S3::Object" || c.Resources[0].AccountID != "" || c.Resources[1].Type != "AWS::S3::Bucket" || c.Resources[1].AccountID != account {
		t.Errorf("resources %v", c.Resources)
	}
}

func TestSignaturesAreNotRecorded(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.send(sent{method: "GET", path: "/bkt/k?X-Amz-Signature=s&X-Amz-Credential=c&AWSAccessKeyId=a&Signature=s&Expires=1"})
	for name := range f.recorded().RequestParameters {
		switch name {
		case "bucketName", "Host", "key", "Expires":
		default:
			t.Errorf("%s is recorded", name)
		}
	}
}
