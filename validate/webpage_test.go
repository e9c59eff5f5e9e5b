package validate

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// A server that imitates AWS and has no ListPublicKeys answers with a page for
// people; the reason that a chain could not be checked stays a sentence.
func TestReasonOfAWebPage(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusInternalServerError)
		w.Write([]byte("<!doctype html><title>500 Internal Server Error</title>"))
	}))
	defer srv.Close()
	keys := AWSKeys{Client: func(region string) KeyLister {
		return cloudtrail.New(cloudtrail.Options{
			Region: region, BaseEndpoint: &srv.URL, RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), Retryer: aws.NopRetryer{},
		})
	}}
	_, err := keys.PublicKeys(t.Context(), "us-east-1", time.Time{}, time.Now())
	if err == nil {
		t.Fatal("no error")
	}
	want := "the server at " + srv.URL + " does not know, or broke down over, CloudTrail ListPublicKeys (HTTP 500"
	if got := reason(err); !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
