package awsconf

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestAnswersThatBreakOff counts the calls of one listing to servers that
// answer badly so many times and well from then on.
func TestAnswersThatBreakOff(t *testing.T) {
	whole := "<ListBucketResult><Name>b</Name></ListBucketResult>"
	half := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
		w.Write([]byte(whole[:20]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			w.Write([]byte("<!doctype html><html lang=en><title>Internal Server Error</title>"))
		}
	}
	upstream := func(status int) http.HandlerFunc { // the sandbox's, before an AWS that is down
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			w.Write([]byte("<Error><Code>UpstreamNotReachable</Code><Message>connection refused</Message></Error>"))
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		bad    int
		calls  int
		fails  bool
	}{
		"cut once":    {half, 1, 2, false},
		"silent once": {silent, 1, 2, false},
		"silent":      {silent, 99, silentAttempts, true},
		// moto's answer to what it lacks, and that of proxies, which passes.
		"web pages":            {page(500), 99, pageAttempts, true},
		"one web page":         {page(500), 1, 2, false},
		"web pages of a proxy": {page(502), 2, 3, false},
		"nobody behind":        {upstream(502), 99, 1, true},
		"nobody behind, 503":   {upstream(503), 99, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if int(calls.Add(1)) <= c.bad {
					c.answer(w, r)
					return
				}
				w.Write([]byte(whole))
			}))
			defer srv.Close()
			environment(t, map[string]string{
				"AWS_ENDPOINT_URL": srv.URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
			})
			cfg, err := Load(context.Background(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			soon := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 50 * time.Millisecond })
			b := "b"
			_, err = cfg.S3("").ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &b}, func(o *s3.Options) { o.HTTPClient = soon })
			if (err != nil) != c.fails || int(calls.Load()) != c.calls {
				t.Errorf("%d calls, want %d; %v", calls.Load(), c.calls, err)
			}
		})
	}
}
