package awsconf

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func against(t *testing.T, serve http.HandlerFunc) *Config {
	t.Helper()
	environment(t, nil)
	srv := httptest.NewServer(serve)
	t.Cleanup(srv.Close)
	cfg, err := Load(t.Context(), Options{
		Region: "us-east-1", EndpointURL: srv.URL,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
	})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestRedirectsEnd(t *testing.T) {
	var requests atomic.Int32
	cfg := against(t, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) > 200 { // so that the test ends
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	_, err := cfg.S3("").ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("logs")})
	if !errors.Is(err, errRedirects) || requests.Load() != maxRedirects+1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}

// One redirect, as S3 answers for a new bucket, is followed; others than 307
// and 308 are not.
func TestRedirectIsFollowed(t *testing.T) {
	for status, followed := range map[int]bool{307: true, 308: true, 301: false, 302: false} {
		cfg := against(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/there" {
				http.Redirect(w, r, "/there", status)
				return
			}
			io.WriteString(w, "object")
		})
		_, err := cfg.S3("").GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("logs"), Key: aws.String("k")})
		if (err == nil) != followed {
			t.Errorf("%d: %v", status, err)
		}
	}
}

// blanks writes n MiB, or as many as somebody takes.
func blanks(w io.Writer, n int) {
	some := bytes.Repeat([]byte(" "), 1<<20)
	for range n {
		if _, err := w.Write(some); err != nil {
			return
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	const most = 2 << 20 // as maxAnswer, but quicker
	var requests atomic.Int32
	status := http.StatusOK
	cfg := against(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.WriteHeader(status)
		blanks(w, most>>20+1)
	})
	if b, ok := cfg.aws.HTTPClient.(*http.Client).Transport.(boundedAnswers); !ok || b.most != maxAnswer {
		t.Errorf("the client is not bounded: %+v", b)
	}
	cfg.aws.HTTPClient = bounded(awshttp.NewBuildableClient(), most)
	object := &s3.GetObjectInput{Bucket: aws.String("logs"), Key: aws.String("k")}
	calls := map[string]func() error{
		"CloudTrail": func() error {
			_, err := cfg.CloudTrail("").DescribeTrails(t.Context(), &cloudtrail.DescribeTrailsInput{})
			return err
		},
		"a listing": func() error {
			_, err := cfg.S3("").ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: object.Bucket})
			return err
		},
		"a refused object": func() error {
			_, err := cfg.S3("").GetObject(t.Context(), object)
			return err
		},
	}
	for name, call := range calls {
		status = http.StatusOK
		if name == "a refused object" {
			status = http.StatusForbidden
		}
		requests.Store(0)
		// Connections of its own: one that was given up on may end late.
		cfg.aws.HTTPClient = bounded(awshttp.NewBuildableClient(), most)
		if err := call(); !errors.Is(err, errAnswer) || !strings.Contains(err.Error(), "2 MiB") || requests.Load() != 1 {
			t.Errorf("%s: %d requests, %v", name, requests.Load(), err)
		}
	}
	status = http.StatusOK
	out, err := cfg.S3("").GetObject(t.Context(), object)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if n, err := io.Copy(io.Discard, out.Body); err != nil || n != most+1<<20 {
		t.Errorf("an object: %d bytes, %v", n, err)
	}
}
