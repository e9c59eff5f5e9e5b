package upstream

import (
	"errors"
	"testing"
)

func TestAddresses(t *testing.T) {
	tests := []struct {
		text           string
		here, anywhere bool // accepted
	}{
		{"http://127.0.0.1:4566", true, true},
		{"http://127.0.0.1:4566/", true, true},
		{"https://localhost:4566", true, true},
		{"http://[::1]:5000", true, true},
		{"http://127.8.9.10:1", true, true},
		{"http://localhost.localstack.cloud:4566", true, true},
		{"http://s3.localhost:4566", true, true},
		{"http://localhost", true, true},
		{"http://localstack:4566", false, true},
		{"http://10.0.0.7:4566", false, true},
		{"http://notlocalhost:4566", false, true},
		{"http://localhost.example.com:4566", false, true},
		{"https://s3.amazonaws.com", false, false},
		{"https://S3.us-east-1.AMAZONAWS.com.:443", false, false},
		{"https://sqs.cn-north-1.amazonaws.com.cn", false, false},
		{"https://s3.dualstack.us-east-1.api.aws", false, false},
		{"http://s3.ａｍａｚｏｎａｗｓ.com", false, false},
		{"http://s3.amazonaws。com", false, false},
		{"http://s3.amazonaws．com:80", false, false},
		{"http://s3.%61mazonaws.com", false, false},
		{"http://s3.amazonaws.com..", false, false},
		{"http://bücher.example.com", false, false},
		{"http://s3.us-iso-east-1.c2s.ic.gov", false, false},
		{"http://s3.us-isof-south-1.csp.hci.ic.gov", false, false},
		{"http://s3.eu-isoe-west-1.cloud.adc-e.uk", false, false},
		{"http://x.awsapps.com", false, false},
		{"http://127.0.0.1:0", false, false},
		{"http://127.0.0.1:65536", false, false},
		{"http://127.0.0.1:99999", false, false},
		{"http://127.0.0.1:65535", true, true},
		{"http://user:pass@127.0.0.1:4566", false, false},
		{"http://127.0.0.1:4566/path", false, false},
		{"http://127.0.0.1:4566?x", false, false},
		{"http://127.0.0.1:4566#x", false, false},
		{"127.0.0.1:4566", false, false},
		{"localhost:4566", false, false},
		{"ftp://127.0.0.1:4566", false, false},
		{"http://", false, false},
		{"http:opaque", false, false},
		{"", false, false},
		{"http://127.0.0.1:port", false, false},
	}
	for _, tt := range tests {
		for _, remote := range []bool{false, true} {
			want := tt.here
			if remote {
				want = tt.anywhere
			}
			u, err := ParseAddress(tt.text, remote)
			var wrong *AddressError
			if (err == nil) != want || err != nil && !errors.As(err, &wrong) {
				t.Errorf("%q, remote %v: %v, %v", tt.text, remote, u, err)
			}
			if wrong != nil && wrong.Remote != (!tt.here && tt.anywhere) {
				t.Errorf("%q: remote is %v the reason", tt.text, wrong.Remote)
			}
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("http://127.0.0.1:4566")
	f.Add("https://s3.amazonaws.com")
	f.Fuzz(func(t *testing.T, text string) {
		if u, err := ParseAddress(text, false); err == nil && !local(u.Hostname()) {
			t.Errorf("%q was taken for this machine: %s", text, u)
		}
	})
}
