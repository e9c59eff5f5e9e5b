package sandbox

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"trailctl/internal/sandbox/call"
)

func TestReadSignature(t *testing.T) {
	v4 := func(scope string) string {
		return "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host;x-amz-date, Signature=abc"
	}
	tests := []struct {
		name, target, header string
		want                 signature
		fails                bool
	}{
		{"version 4", "/", v4("alice/20260101/eu-west-1/cloudtrail/aws4_request"), signature{"alice", "eu-west-1", "cloudtrail", false}, false},
		{"without spaces", "/", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=1", signature{"a", "us-east-1", "s3", false}, false},
		{"key with slashes", "/", v4("team/a/b/20260101/us-east-1/sts/aws4_request"), signature{"team/a/b", "us-east-1", "sts", false}, false},
		{"version 4A", "/", "AWS4-ECDSA-P256-SHA256 Credential=a/20260101/s3/aws4_request, Signature=1", signature{"a", "", "s3", false}, false},
		{"version 2", "/", "AWS alice:c2lnbmF0dXJl", signature{"alice", "", "s3", false}, false},
		{"presigned", "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=bob%2F20260101%2Fus-west-2%2Fs3%2Faws4_request&X-Amz-Signature=1", "", signature{"bob", "us-west-2", "s3", true}, false},
		{"presigned, version 2", "/b/k?AWSAccessKeyId=bob&Signature=x&Expires=1", "", signature{"bob", "", "s3", true}, false},
		{"none", "/", "", signature{}, true},
		{"another scheme", "/", "Bearer abc", signature{}, true},
		{"no credential", "/", "AWS4-HMAC-SHA256 SignedHeaders=host", signature{}, true},
		{"short scope", "/", v4("a/us-east-1/s3/aws4_request"), signature{}, true},
		{"wrong end", "/", v4("a/20260101/us-east-1/s3/aws5"), signature{}, true},
		{"no key", "/", v4("/20260101/us-east-1/s3/aws4_request"), signature{}, true},
		{"region with a path", "/", v4("a/20260101/../s3/aws4_request"), signature{}, true},
		{"service with a newline", "/", v4("a/20260101/us-east-1/s3\n/aws4_request"), signature{}, true},
		{"long key", "/", v4(strings.Repeat("a", 200) + "/20260101/us-east-1/s3/aws4_request"), signature{}, true},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", tt.target, nil)
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		got, err := readSignature(r)
		if (err != nil) != tt.fails || err == nil && got != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
		if tt.name == "none" && !errors.Is(err, errNoSignature) {
			t.Errorf("an unsigned call: %v", err)
		}
	}
}

func FuzzAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=1", "")
	f.Add("AWS4-ECDSA-P256-SHA256 Credential=a/20260101/s3/aws4_request", "us-east-1,eu-west-1")
	f.Add("AWS a:b", "")
	f.Fuzz(func(t *testing.T, header, regions string) {
		sig, err := parseAuthorization(header, regions)
		if err != nil {
			return
		}
		if sig.accessKeyID == "" || len(sig.accessKeyID) > maxAccessKeyID || !servicePattern.MatchString(sig.service) {
			t.Errorf("%q is read as %+v", header, sig)
		}
		if sig.region != "" && !regionPattern.MatchString(sig.region) {
			t.Errorf("%q names the region %q", header, sig.region)
		}
		if name := userName(sig.accessKeyID); len(name) > maxUserName || strings.ContainsAny(name, "/: \x00\n") {
			t.Errorf("%q becomes the user %q", sig.accessKeyID, name)
		}
	})
}

func TestIdentify(t *testing.T) {
	s := newTest(t, Options{})
	tests := []struct {
		keyID, kind, arn, account string
	}{
		{"alice", "IAMUser", "arn:aws:iam::123456789012:user/alice", "123456789012"},
		{"AKIAIOSFODNN7EXAMPLE", "IAMUser", "arn:aws:iam::123456789012:user/akiaiosfodnn7example", "123456789012"},
		{"A b/Ü", "IAMUser", "arn:aws:iam::123456789012:user/a-b--", "123456789012"},
		{"210987654321", "IAMUser", "arn:aws:iam::210987654321:user/sandbox", "210987654321"},
		{"root", "Root", "arn:aws:iam::123456789012:root", "123456789012"},
	}
	for _, tt := range tests {
		got := s.identify(tt.keyID)
		if got.Type != tt.kind || got.ARN != tt.arn || got.AccountID != tt.account || got.AccessKeyID != tt.keyID {
			t.Errorf("%s is %+v", tt.keyID, got)
		}
	}
	var again call.Identity = s.identify("alice")
	if again.PrincipalID != s.identify("alice").PrincipalID || again.PrincipalID == s.identify("bob").PrincipalID {
		t.Error("a principal id is not stable, or not one user's alone")
	}
}
