package sqs

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"trailctl/internal/sandbox/call"
)

const account = "111122223333"

// front stands in for the sandbox: it turns a request into a call and keeps
// what the service made of it.
type front struct {
	t   *testing.T
	s   *Service
	url string

	mu   sync.Mutex
	now  time.Time
	last *call.Call
}

func newFront(t *testing.T, dir string) *front {
	t.Helper()
	f := &front{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	if f.s, err = New(Options{Dir: dir, Now: f.time}); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(f)
	t.Cleanup(func() {
		if err := f.s.Close(); err != nil {
			t.Error(err)
		}
		srv.Close()
	})
	f.url = srv.URL
	return f
}

func (f *front) time() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *front) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	c := &call.Call{HTTP: r, Body: body, Time: f.time(), RequestID: "REQUEST", Service: "sqs", Region: "us-east-1", Operation: operation,
		Account: account, AccessKeyID: "AKIA", SourceIP: "127.0.0.1"}
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(scope, "/"); len(parts) > 2 {
		c.AccessKeyID, c.Region = parts[0], parts[2]
	}
	if c.AccessKeyID == "OTHER" {
		c.Account = "999988887777"
	}
	c.Identity = call.Identity{Type: "IAMUser", ARN: "arn:aws:iam::" + c.Account + ":user/dev", AccountID: c.Account, PrincipalID: "AIDADEV", UserName: "dev"}
	f.s.Serve(w, c)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = c
}

func (f *front) recorded() *call.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

func (f *front) client(key string) *sqs.Client {
	return sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &f.url, Credentials: credentials.NewStaticCredentialsProvider(key, "x", ""),
		Retryer: aws.NopRetryer{}})
}

// queue makes a queue and gives its URL and ARN.
func (f *front) queue(name string, attributes map[string]string) (url, arn string) {
	f.t.Helper()
	out, err := f.client("AKIA").CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		f.t.Fatal(err)
	}
	return *out.QueueUrl, "arn:aws:sqs:us-east-1:" + account + ":" + name
}
