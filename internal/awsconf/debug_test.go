package awsconf

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/smithy-go/logging"
)

func TestDebugLines(t *testing.T) {
	const credential = "Credential=AKIAEXAMPLE/20260102/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=5ecre7"
	for _, c := range []struct{ in, want string }{
		{"Host: s3.amazonaws.com", "Host: s3.amazonaws.com"},
		{"x-amz-meta-signature: 00ff", "x-amz-meta-signature: 00ff"},
		{"Amz-Sdk-Request: attempt=1; max=6", "Amz-Sdk-Request: attempt=1; max=6"},
		{"X-Amz-Checksum-Crc32: AAAA", "X-Amz-Checksum-Crc32: AAAA"},
		{"X-Amz-Security-Token: 5ecre7", "X-Amz-Security-Token: (not shown)"},
		{"X-Amz-Sso_bearer_token: 5ecre7", "X-Amz-Sso_bearer_token: (not shown)"},
		{"X-Aws-Ec2-Metadata-Token: 5ecre7", "X-Aws-Ec2-Metadata-Token: (not shown)"},
		{"Set-Cookie: a=5ecre7", "Set-Cookie: (not shown)"},
		{"Location: https://h/?X-Amz-Signature=5ecre7", "Location: (not shown)"},
		{"Authorization: Bearer 5ecre7", "Authorization: (not shown)"},
		{"Authorization: AWS4-HMAC-SHA256 " + credential, "Authorization: Credential=(not shown)/20260102/us-east-1/s3/aws4_request"},
		{"GET /b/k?prefix=a%2Fb&X-Amz-Security-Token=5ecre7&x-amz-signature=5ecre7&X-Amz-Credential=5ecre7%2F1&x-id=GetObject HTTP/1.1",
			"GET /b/k?prefix=a%2Fb&X-Amz-Security-Token=(not shown)&x-amz-signature=(not shown)&X-Amz-Credential=(not shown)&x-id=GetObject HTTP/1.1"},
		{"GET /?X-Amz-Security%2DToken=5ecre7 HTTP/1.1", "GET /?X-Amz-Security%2DToken=(not shown) HTTP/1.1"},
		{"HTTP/1.1 200 OK", "HTTP/1.1 200 OK"},
		{"no header at all 5ecre7", "(not shown)"},
	} {
		var log bytes.Buffer
		debugLogger{&log}.Logf(logging.Debug, "Request\n%v", "POST / HTTP/1.1\r\n"+c.in+"\r\n\r\n")
		if want := "Request\nPOST / HTTP/1.1\n" + c.want + "\n\n"; log.String() != want {
			t.Errorf("%q comes out as\n%s, want\n%s", c.in, log.String(), want)
		}
	}
	var log bytes.Buffer
	debugLogger{&log}.Logf(logging.Debug, "retrying request %s, attempt %d", "S3/GetObject", 2)
	if want := "retrying request S3/GetObject, attempt 2\n"; log.String() != want {
		t.Errorf("got %q, want %q", log.String(), want)
	}
}

func TestDebugShowsNoSecret(t *testing.T) {
	environment(t, nil)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Header().Set("Set-Cookie", "session=the-cookie")
		w.Write([]byte(`{"trailList":[]}`))
	}))
	defer srv.Close()
	var log bytes.Buffer
	cfg, err := Load(t.Context(), Options{
		Region: "us-east-1", EndpointURL: srv.URL, Debug: &log,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "the-secret-key", "the-session-token"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cfg.CloudTrail("").DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{}); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{"DescribeTrails", "/us-east-1/cloudtrail/aws4_request", "HTTP/1.1 200 OK", "Content-Type: application/x-amz-json-1.1"} {
		if !strings.Contains(log.String(), shown) {
			t.Errorf("%s is not logged: %s", shown, log.String())
		}
	}
	for _, secret := range []string{"the-secret-key", "the-session-token", "the-cookie", "Signature=", "AKIAEXAMPLE"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is logged: %s", secret, log.String())
		}
	}
}

func TestEndpointErrorsShowNoPassword(t *testing.T) {
	for _, bad := range []string{
		"ftp://user:5ecre7@host", "user:5ecre7@host", "http://user:5ecre7@", "http://user:5ecre7@host:port/",
		"http://user:5ecre7@host/%zz", "//user:5ecre7@host", "http://us er:5ecre7@host",
	} {
		environment(t, nil)
		_, flag := Load(t.Context(), Options{Region: "us-east-1", EndpointURL: bad})
		for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_CLOUDTRAIL"} {
			environment(t, map[string]string{name: bad})
			_, env := Load(t.Context(), Options{Region: "us-east-1"})
			for _, err := range []error{flag, env} {
				if err == nil || strings.Contains(err.Error(), "5ecre7") {
					t.Errorf("%s %q: %v", name, bad, err)
				}
			}
		}
	}
}
