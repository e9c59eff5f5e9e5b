package s3

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"trailctl/internal/sandbox/call"
)

func TestDescribe(t *testing.T) {
	rows := []struct {
		method, address, want string
		read, data            bool
	}{
		{"GET", "http://127.0.0.1/", "ListBuckets", true, false},
		{"PUT", "http://127.0.0.1/b", "CreateBucket", false, false},
		{"PUT", "http://b.s3.localhost.localstack.cloud:4566/", "CreateBucket", false, false},
		{"PUT", "http://127.0.0.1/b/k?x-id=PutObject", "PutObject", false, true},
		{"GET", "http://b.s3.localhost.localstack.cloud:4566/a/k", "GetObject", true, true},
		{"POST", "http://127.0.0.1/b?delete", "DeleteObjects", false, true},
		{"GET", "http://127.0.0.1/b?cors", "GetBucketCors", true, false},
		{"PUT", "http://127.0.0.1/b?replication", "PutBucketReplication", false, false},
		{"DELETE", "http://127.0.0.1/b?website", "DeleteBucketWebsite", false, false},
		{"PUT", "http://127.0.0.1/b?accelerate", "PutAccelerateConfiguration", false, false},
		{"GET", "http://127.0.0.1/b?analytics&id=1", "GetBucketAnalyticsConfiguration", true, false},
		{"GET", "http://127.0.0.1/b?intelligent-tiering", "ListBucketIntelligentTieringConfigurations", true, false},
		{"DELETE", "http://127.0.0.1/b?inventory&id=1", "DeleteBucketInventoryConfiguration", false, false},
		{"GET", "http://127.0.0.1/b?session", "CreateSession", true, true},
		{"GET", "http://127.0.0.1/b/k?legal-hold", "GetObjectLegalHold", true, true},
		{"PUT", "http://127.0.0.1/b/k?retention", "PutObjectRetention", false, true},
		{"POST", "http://127.0.0.1/b/k?restore", "RestoreObject", false, true},
		{"POST", "http://127.0.0.1/b/k?select&select-type=2", "SelectObjectContent", true, true},
		{"POST", "http://127.0.0.1/b", "PostObject", false, true},
	}
	for _, row := range rows {
		c := &call.Call{HTTP: httptest.NewRequest(row.method, row.address, nil), Account: "123456789012"}
		Describe(c)
		if c.Operation != row.want || c.ReadOnly != row.read || c.Data != row.data || c.EventSource != "s3.amazonaws.com" {
			t.Errorf("%s %s: %s, reads %t, data %t", row.method, row.address, c.Operation, c.ReadOnly, c.Data)
		}
	}
}

func TestDescribeAnswer(t *testing.T) {
	answer := http.Header{"X-Amz-Version-Id": {"v1"}, "X-Amz-Meta-Secret": {"s"}}
	for address, want := range map[string]int{"PUT /b/k": 1, "GET /b/k": 0, "PUT /b": 0} {
		c := &call.Call{HTTP: httptest.NewRequest(address[:3], "http://127.0.0.1"+address[4:], nil)}
		Describe(c)
		if DescribeAnswer(c, answer); len(c.ResponseElements) != want {
			t.Errorf("%s: %v", address, c.ResponseElements)
		}
	}
}

// TestNamesThatNothingHas sees that no ARN is made of a key or a bucket's name
// that is too long for S3, and that no signature is recorded.
func TestNamesThatNothingHas(t *testing.T) {
	rows := []struct{ address, resources string }{
		{"/b/" + strings.Repeat("k", 1024), "arn:aws:s3:::b/" + strings.Repeat("k", 1024) + " arn:aws:s3:::b "},
		{"/b/" + strings.Repeat("k", 1025), "arn:aws:s3:::b/ arn:aws:s3:::b "},
		{"/b/" + strings.Repeat("k", 900_000) + "?tagging", "arn:aws:s3:::b/ arn:aws:s3:::b "},
		{"/" + strings.Repeat("b", 900_000), ""},
		{"/b/k?AWSACCESSKEYID=s3cr3t&signature=s3cr3t&x-amz-SIGNATURE=s3cr3t", "arn:aws:s3:::b/k arn:aws:s3:::b "},
	}
	for _, row := range rows {
		c := &call.Call{HTTP: httptest.NewRequest("PUT", "http://127.0.0.1"+row.address, nil), Account: "123456789012"}
		Describe(c)
		got := ""
		for _, r := range c.Resources {
			got += r.ARN + r.ARNPrefix + " "
		}
		if got != row.resources {
			t.Errorf("%.40s: %.100s", row.address, got)
		}
		for name, v := range c.RequestParameters {
			if v == "s3cr3t" {
				t.Errorf("%s is recorded", name)
			}
		}
	}
}
