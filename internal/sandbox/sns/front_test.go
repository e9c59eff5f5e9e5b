package sns

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/sqs"
)

const account = "111122223333"

// front stands in for the sandbox: it turns a request into a call and keeps
// what the service made of it.
type front struct {
	t      *testing.T
	s      *Service
	queues *sqs.Service
	url    string
	now    time.Time

	mu   sync.Mutex
	last *call.Call
}

func newFront(t *testing.T, dir string) *front {
	t.Helper()
	f := &front{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	now := func() time.Time { return f.now }
	var err error
	if f.queues, err = sqs.New(sqs.Options{Now: now}); err != nil {
		t.Fatal(err)
	}
	if f.s, err = New(Options{Dir: dir, Now: now, Queues: f.queues}); err != nil {
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

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(string(body))
	c := &call.Call{HTTP: r, Body: body, Time: f.now, RequestID: "REQUEST", Service: "sns", Region: "us-east-1", Operation: form.Get("Action"),
		Account: account, SourceIP: "127.0.0.1"}
	if r.Method == http.MethodGet {
		c.Operation = r.URL.Query().Get("Action")
	}
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if parts := strings.Split(scope, "/"); len(parts) > 2 {
		c.AccessKeyID, c.Region = parts[0], parts[2]
	}
	if c.AccessKeyID == "OTHER" {
		c.Account = "999988887777"
	}
	c.Identity = call.Identity{Type: "IAMUser", ARN: "arn:aws:iam::" + c.Account + ":user/dev", AccountID: c.Account, PrincipalID: "AIDADEV"}
	if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.") {
		c.Service, c.Operation = "sqs", strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
		f.queues.Serve(w, c)
		return
	}
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

func (f *front) client(key string) *sns.Client {
	return sns.New(sns.Options{Region: "us-east-1", BaseEndpoint: &f.url, Credentials: credentials.NewStaticCredentialsProvider(key, "x", ""),
		Retryer: aws.NopRetryer{}})
}

// topic makes a topic and gives its ARN.
func (f *front) topic(name string) string {
	f.t.Helper()
	out, err := f.client("AKIA").CreateTopic(context.Background(), &sns.CreateTopicInput{Name: &name})
	if err != nil {
		f.t.Fatal(err)
	}
	return *out.TopicArn
}

// post is a message that an endpoint got.
type post struct {
	header http.Header
	body   string
}

// endpoint is an HTTP endpoint that answers with the statuses given, then
// with 200.
func (f *front) endpoint(statuses ...int) (address string, got chan post) {
	got = make(chan post, 10)
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if len(statuses) > 0 {
			w.WriteHeader(statuses[0])
			statuses = statuses[1:]
		}
		got <- post{r.Header, string(body)}
	}))
	f.t.Cleanup(srv.Close)
	return srv.URL, got
}

func (f *front) await(got chan post) post {
	f.t.Helper()
	select {
	case p := <-got:
		return p
	case <-time.After(5 * time.Second):
		f.t.Fatal("nothing was posted")
	}
	return post{}
}
