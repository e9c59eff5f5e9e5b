package awsconf

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestAttempts(t *testing.T) {
	for value, want := range map[string]int{"1": 1, "2": 2} {
		t.Run(value, func(t *testing.T) {
			calls := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.WriteHeader(http.StatusInternalServerError)
			}))
			defer srv.Close()
			environment(t, map[string]string{
				"AWS_MAX_ATTEMPTS": value, "AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "us-east-1",
				"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
			})
			c, err := Load(context.Background(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.STS("").GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}); err == nil || calls != want {
				t.Errorf("%d calls, want %d; %v", calls, want, err)
			}
		})
	}
}
