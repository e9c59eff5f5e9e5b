// Package calltest runs one service of the sandbox for a test behind a real
// HTTP server, with a small front of its own: the account is the access key
// id, no signature is checked, and the last call is kept. It is for tests
// only.
package calltest

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

	"trailctl/internal/sandbox/call"
)

// Account is who calls where a test names nobody.
const Account = "123456789012"

// Region is where calls go where a test names none.
const Region = "us-east-1"

// Bench is a running service.
type Bench struct {
	URL string

	service call.Service
	mu      sync.Mutex
	now     time.Time
	last    *call.Call
}

// Start runs a service until the test ends. The time stands at now.
func Start(t testing.TB, service call.Service, now time.Time) *Bench {
	b := &Bench{service: service, now: now}
	server := httptest.NewServer(http.HandlerFunc(b.answer))
	t.Cleanup(server.Close)
	b.URL = server.URL
	return b
}

// Now is the time of the bench.
func (b *Bench) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// Advance moves the time on.
func (b *Bench) Advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// Last is the call that was answered last, as the recorder would see it.
func (b *Bench) Last() *call.Call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// answer fills in the first half of a call and lets the service answer it.
func (b *Bench) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c := &call.Call{HTTP: r, Body: body, Time: b.Now(), RequestID: "11111111-2222-4333-8444-555555555555", Account: Account, Region: Region}
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if scope := strings.Split(credential, "/"); len(scope) > 3 {
		c.Account, c.Region, c.Service = scope[0], scope[2], scope[3]
	}
	c.Identity = call.Identity{Type: "IAMUser", ARN: "arn:aws:iam::" + c.Account + ":user/test", AccountID: c.Account, UserName: "test"}
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		c.Operation = target[strings.LastIndexByte(target, '.')+1:]
	} else if form, err := url.ParseQuery(string(body)); err == nil {
		c.Operation = form.Get("Action")
	}
	b.service.Serve(w, c)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = c
}

// Config is for SDK clients that call the bench as an account in a region.
// They do not retry.
func (b *Bench) Config(account, region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: aws.String(b.URL),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: account, SecretAccessKey: "x"}, nil
		}),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}
