package export

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestReadBucketSeesWhatIsNotWritten(t *testing.T) {
	answers := map[string]string{
		"cors":        `<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>`,
		"replication": `<ReplicationConfiguration><Role>r</Role></ReplicationConfiguration>`,
		"lifecycle":   `<LifecycleConfiguration><Rule><Status>Enabled</Status></Rule></LifecycleConfiguration>`,
		"object-lock": `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>`,
		"versioning":  `<VersioningConfiguration/>`, "logging": `<BucketLoggingStatus/>`,
		"policyStatus": `<PolicyStatus/>`, "tagging": `<Tagging/>`, "encryption": `<ServerSideEncryptionConfiguration/>`,
	}
	read := func(refuse int, code string) BucketExtra {
		t.Helper()
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, text := range answers {
				if !r.URL.Query().Has(name) {
					continue
				}
				if refuse != 0 && (name == "cors" || name == "replication" || name == "object-lock") {
					w.WriteHeader(refuse)
					text = fmt.Sprintf("<Error><Code>%s</Code><Message>no</Message></Error>", code)
				}
				io.WriteString(w, text)
				return
			}
			t.Errorf("asked for %s", r.URL)
		}))
		defer srv.Close()
		client := s3.New(s3.Options{
			Region: "us-east-1", BaseEndpoint: &srv.URL, UsePathStyle: true, RetryMaxAttempts: 1,
			Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("AKID", "secret", "")),
		})
		x, err := ReadBucket(t.Context(), client, "logs", account)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	x := read(0, "")
	if !x.CORS || !x.Replication || !x.Lifecycle || x.Lock == nil || *x.Lock != (ObjectLock{Mode: "COMPLIANCE", Days: 30}) || len(x.Unread) > 0 {
		t.Errorf("%+v", x)
	}
	// A server that does not know a setting has no bucket with it.
	if x := read(http.StatusNotImplemented, "NotImplemented"); x.CORS || x.Replication || x.Lock != nil || len(x.Unread) > 0 {
		t.Errorf("%+v", x)
	}
	if x := read(http.StatusForbidden, "AccessDenied"); len(x.Unread) != 3 {
		t.Errorf("refused, and %v could not be read", x.Unread)
	}
}
