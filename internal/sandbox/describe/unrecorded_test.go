package describe

import "testing"

// A bucket, or an object, may have the name of an address that is no call's.
func TestNamesHideNoCall(t *testing.T) {
	const host = "http://127.0.0.1:4566"
	const bucket = "http://normal1.s3.localhost.localstack.cloud:4566"
	rows := []struct {
		method, address, service string
		signed, unrecorded       bool
	}{
		{"PUT", host + "/health", "s3", true, false},
		{"PUT", host + "/healthz/key", "s3", true, false},
		{"GET", host + "/health", "s3", true, false},
		{"PUT", host + "/restapis", "s3", true, false},
		{"PUT", host + "/restapis/x/_user_request_/y", "s3", true, false},
		{"PUT", host + "/moto-api/x", "s3", true, false},
		{"PUT", host + "/_x/y", "s3", true, false},
		{"PUT", host + "/health", "s3", false, false},
		{"GET", host + "/healthz", "s3", false, true},
		{"GET", host + "/health/object", "s3", false, false},
		{"PUT", bucket + "/_secret", "s3", true, false},
		{"PUT", bucket + "/robots.txt", "s3", true, false},
		{"GET", bucket + "/health", "s3", false, false},
		{"GET", bucket + "/favicon.ico", "s3", false, false},
		{"PUT", bucket + "/moto-api/x", "s3", false, false},
		{"PUT", bucket + "/restapis/x/_user_request_/y", "s3", false, false},
		{"PUT", "http://a.elb.b.s3.localhost.localstack.cloud/k", "s3", true, false},
		{"GET", "http://a.cloudfront.b.s3.eu-west-1.amazonaws.com/k", "s3", false, false},
		{"PUT", "http://a.s3-website.b.s3.localhost/k", "s3", false, false},
		{"GET", "http://site.s3-website.localhost.localstack.cloud:4566/k", "s3", false, true},
		{"PUT", "http://x.lambda-url.localhost/b/k", "s3", true, false},
		{"POST", "http://x.lambda-url.localhost/2015-03-31/functions", "lambda", true, false},
		{"POST", "http://x.lambda-url.localhost/pets", "lambda", true, true},
		{"POST", "http://x.appsync-api.localhost/graphql", "appsync", true, true},
		{"GET", "http://x.elb.localhost.localstack.cloud/pets", "s3", false, true},
		{"GET", host + "/restapis/x/prod/_user_request_/y", "execute-api", true, true},
	}
	for _, row := range rows {
		c, f := newCall(row.service, row.method, row.address, nil)
		if !row.signed {
			c.AccessKeyID = ""
		}
		if got := NoCall(c, f); got != row.unrecorded {
			t.Errorf("%s %s, signed %t: no call %t", row.method, row.address, row.signed, got)
		}
	}
}
