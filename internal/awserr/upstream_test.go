package awserr

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// The sandbox's answer in place of an AWS behind it that is down is known by
// its code, in a body or, to HEAD, in a header.
func TestNobodyBehind(t *testing.T) {
	for code, want := range map[string]bool{UpstreamCode: true, "ServiceUnavailable": false} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				w.Header().Set("X-Amzn-ErrorType", code)
			}
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
		}))
		client := s3.NewFromConfig(local(srv.URL), func(o *s3.Options) { o.UsePathStyle = true })
		_, list := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("name")})
		_, head := client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("name")})
		for _, err := range []error{list, head} {
			if err == nil || NobodyBehind(err) != want {
				t.Errorf("%s: %t, %v", code, NobodyBehind(err), err)
			}
		}
		srv.Close()
	}
	if NobodyBehind(nil) {
		t.Error("no error")
	}
}
