package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/call"
)

const account = "111122223333"

// front stands in for the sandbox: it turns a request into a call and keeps
// what the service made of it.
type front struct {
	t   *testing.T
	s   *Service
	url string
	now time.Time

	serving sync.WaitGroup
	mu      sync.Mutex
	last    *call.Call
}

func newFront(t *testing.T, dir string) *front {
	t.Helper()
	f := &front{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s, err := New(Options{Dir: dir, Account: account, Now: func() time.Time { return f.now }})
	if err != nil {
		t.Fatal(err)
	}
	f.s = s
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.url = srv.URL
	return f
}

// Callers by the access key they use.
func identity(key string) call.Identity {
	switch key {
	case "":
		return call.Identity{Type: "Anonymous"}
	case "OTHER":
		return call.Identity{Type: "IAMUser", ARN: "arn:aws:iam::999988887777:user/eve", AccountID: "999988887777", UserName: "eve"}
	case "ROOT":
		return call.Identity{Type: "Root", ARN: "arn:aws:iam::" + account + ":root", AccountID: account}
	}
	return call.Identity{Type: "IAMUser", ARN: "arn:aws:iam::" + account + ":user/dev", AccountID: account, UserName: "dev"}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.serving.Add(1)
	defer f.serving.Done()
	c := &call.Call{HTTP: r, Time: f.now, RequestID: "REQUEST", Service: "s3", Account: account, SourceIP: "127.0.0.1"}
	if _, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		parts := strings.Split(scope, "/")
		c.AccessKeyID, c.Region = parts[0], parts[2]
	}
	c.Identity = identity(c.AccessKeyID)
	f.s.Serve(w, c)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = c
}

// recorded is the last call. A client may have its answer before the service
// is done with the call.
func (f *front) recorded() *call.Call {
	f.serving.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// client is an SDK client that signs for a region.
func (f *front) client(region string) *s3.Client {
	return s3.NewFromConfig(aws.Config{
		Region:                     region,
		Credentials:                credentials.NewStaticCredentialsProvider("DEV", "secret", ""),
		BaseEndpoint:               &f.url,
		RetryMaxAttempts:           1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}, func(o *s3.Options) { o.UsePathStyle = true })
}

// sent is a raw request. Its headers are written NAME: VALUE.
type sent struct {
	method, path string
	headers      []string
	body         string
	as           string // access key; "" is DEV, "-" nobody
	region       string // of the signature; us-east-1 when empty
}

type answered struct {
	status int
	header http.Header
	body   string
}

func (f *front) send(q sent) answered {
	f.t.Helper()
	r, err := http.NewRequest(q.method, f.url+q.path, strings.NewReader(q.body))
	if err != nil {
		f.t.Fatal(err)
	}
	if q.region == "" {
		q.region = "us-east-1"
	}
	if q.as == "" {
		q.as = "DEV"
	}
	if q.as != "-" {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+q.as+"/20260301/"+q.region+"/s3/aws4_request, Signature=0")
	}
	for _, h := range q.headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Add(name, value)
	}
	r.Header.Set("Accept-Encoding", "identity")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answered{resp.StatusCode, resp.Header, string(body)}
}

// must sends what has to succeed.
func (f *front) must(method, path, body string, headers ...string) answered {
	f.t.Helper()
	a := f.send(sent{method: method, path: path, body: body, headers: headers})
	if a.status >= 300 {
		f.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a
}

// code is the error code of an XML error document.
func (a answered) code() string {
	_, rest, _ := strings.Cut(a.body, "<Code>")
	code, _, _ := strings.Cut(rest, "</Code>")
	return code
}

func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := errorCode(err); got != code {
		t.Errorf("error code %q, want %q", got, code)
	}
}

func contentMD5(body string) string {
	sum := md5.Sum([]byte(body))
	return "Content-MD5: " + base64.StdEncoding.EncodeToString(sum[:])
}

// row is one line of a table of raw requests.
type row struct {
	name   string
	q      sent
	status int
	code   string
	want   []string // substrings of the body, or "NAME: VALUE" of a header after "> "
}

func (f *front) run(rows []row) {
	f.t.Helper()
	for _, row := range rows {
		f.t.Run(row.name, func(t *testing.T) {
			a := f.send(row.q)
			if a.status != row.status || a.code() != row.code {
				t.Errorf("%d %q, want %d %q\n%s", a.status, a.code(), row.status, row.code, a.body)
			}
			for _, want := range row.want {
				if h, ok := strings.CutPrefix(want, "> "); ok {
					name, value, _ := strings.Cut(h, ": ")
					if got := a.header.Get(name); got != value {
						t.Errorf("header %s is %q, want %q", name, got, value)
					}
				} else if !strings.Contains(a.body, want) {
					t.Errorf("body lacks %q:\n%s", want, a.body)
				}
			}
			rec := f.recorded()
			if failed := rec.Error != nil; failed != (a.status >= 300) {
				t.Errorf("the call's error is %v after status %d", rec.Error, a.status)
			}
			if rec.Error != nil && row.code != "" && rec.Error.Code != row.code {
				t.Errorf("the call's error code is %s, want %s", rec.Error.Code, row.code)
			}
		})
	}
}

var ctx = context.Background()

func put(t *testing.T, c *s3.Client, bucket, key, body string) {
	t.Helper()
	if _, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(body))}); err != nil {
		t.Fatal(err)
	}
}
