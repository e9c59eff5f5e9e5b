package awsconf

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
)

// A server that answers before it has looked for the end of the request gets
// its answer through whole, at the first attempt.
func TestFastAnswersAreWhole(t *testing.T) {
	answer := fmt.Sprintf(`{"Events":[{"EventId":"%s"}]}`, strings.Repeat("x", 64<<10))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		io.WriteString(w, answer)
	}))
	defer srv.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	t.Setenv("AWS_ENDPOINT_URL", srv.URL)
	cfg, err := Load(t.Context(), Options{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	c := cloudtrail.NewFromConfig(cfg.aws, func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} })
	for range 500 {
		if _, err := c.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{}); err != nil {
			t.Fatal(err)
		}
	}
}
