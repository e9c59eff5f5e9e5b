package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
	"trailctl/internal/term"
)

// lines is a writer that counts what it was given.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tailing is the program following, in this process.
type tailing struct {
	name     string
	out, err lines
	stop     context.CancelFunc
	code     chan int
}

func startTail(t *testing.T, name string, args ...string) *tailing {
	ctx, stop := context.WithCancel(t.Context())
	r := &tailing{name: name, stop: stop, code: make(chan int, 1)}
	streams := term.Streams{In: strings.NewReader(""), Out: &r.out, Err: &r.err}
	go func() { r.code <- Main(ctx, append([]string{"trailctl", "logs", "tail"}, args...), streams) }()
	t.Cleanup(stop)
	return r
}

// calls are how often each eventID of a caller's records was shown.
func (r *tailing) calls(t *testing.T, caller string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for line := range strings.Lines(r.out.String()) {
		if !strings.HasSuffix(line, "\n") {
			break // it is being written
		}
		var record struct {
			EventID      string
			UserIdentity struct{ AccessKeyID string }
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%s: %s: %v", r.name, line, err)
		}
		if record.UserIdentity.AccessKeyID == caller {
			found[record.EventID]++
		}
	}
	return found
}

// waitFor waits until something holds.
func waitFor(t *testing.T, what string, longest time.Duration, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(longest); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%s: not after %s", what, longest)
			return
		}
	}
}

// tailBench is a sandbox with a trail that has a topic with a queue, and a
// second trail without a log group.
type tailBench struct {
	box *sandbox.Sandbox
	url string
}

func newTailBench(t *testing.T, around func(http.Handler) http.Handler) *tailBench {
	t.Helper()
	box, err := sandbox.New(t.Context(), sandbox.Options{
		Regions: []string{"us-east-1", "eu-west-1"}, LogInterval: 5 * time.Minute, DigestInterval: time.Hour,
		Clock: clock.NewManual(start), NewKey: sharedKeys,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(around(box))
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		box.Close()
	})
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": srv.URL, "AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
		"TRAILCTL_TIME": start.Format(time.RFC3339),
	} {
		t.Setenv(k, v)
	}
	b := &tailBench{box, srv.URL}
	b.run(t, "trail", "create", "demo", "--log-group", "calls", "--create-log-group", "--sns-topic", "files", "--bucket", "demo-logs")
	b.queue(t)
	return b
}

// run runs the program.
func (b *tailBench) run(t *testing.T, args ...string) {
	t.Helper()
	var out bytes.Buffer
	streams := term.Streams{In: strings.NewReader(""), Out: &out, Err: &out}
	if code := Main(t.Context(), append([]string{"trailctl"}, args...), streams); code != 0 {
		t.Fatalf("%s: exit code %d\n%s", args, code, out.String())
	}
}

func (b *tailBench) config(caller, region string) aws.Config {
	return aws.Config{Region: region, BaseEndpoint: &b.url, Credentials: credentials.NewStaticCredentialsProvider(caller, "secret", "")}
}

// queue makes the queue "heard", which hears of log files.
func (b *tailBench) queue(t *testing.T) {
	t.Helper()
	ctx, cfg := t.Context(), b.config("tester", "us-east-1")
	topic, queue := "arn:aws:sns:us-east-1:123456789012:files", "arn:aws:sqs:us-east-1:123456789012:heard"
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q}]}`, queue)
	_, err := sqs.NewFromConfig(cfg).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("heard"), Attributes: map[string]string{"Policy": policy}})
	if err == nil {
		_, err = sns.NewFromConfig(cfg).Subscribe(ctx, &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: &queue})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// call makes n calls as somebody, in both regions.
func (b *tailBench) call(t *testing.T, caller string, n int) {
	t.Helper()
	var all errgroup.Group
	all.SetLimit(4)
	for i := range n {
		all.Go(func() error {
			client := sts.NewFromConfig(b.config(caller, []string{"us-east-1", "eu-west-1"}[i%2]))
			_, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (b *tailBench) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := b.box.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// While 1,000 calls are made, each of the three ways shows each of them
// exactly once, and nothing that was there before. More than 500 come at once,
// so that Live Tail leaves some out.
func TestTailShowsEachCallOnce(t *testing.T) {
	b := newTailBench(t, func(h http.Handler) http.Handler { return h })
	b.call(t, "before", 20)
	b.advance(t, 10*time.Minute)
	t.Setenv("TRAILCTL_TIME", b.box.Now().Format(time.RFC3339))
	all := []*tailing{
		startTail(t, "log-group", "demo", "--interval", "1s"),
		startTail(t, "queue", "demo", "--queue", "heard"),
		startTail(t, "bucket", "demo", "--from", "bucket", "--interval", "1s"),
	}
	b.ready(t, all)
	const calls = 1000
	for _, n := range []int{100, 600, 300} {
		b.call(t, "caller", n)
		b.advance(t, 5*time.Minute)
	}
	for _, r := range all {
		waitFor(t, r.name+" shows all", 15*time.Second, func() bool { return len(r.calls(t, "caller")) >= calls })
	}
	time.Sleep(1500 * time.Millisecond) // for what may come twice
	for _, r := range all {
		r.stop()
		if code := <-r.code; code != codeInterrupted {
			t.Errorf("%s: exit code %d", r.name, code)
		}
		found := r.calls(t, "caller")
		for id, n := range found {
			if n != 1 {
				t.Errorf("%s: %s was shown %d times", r.name, id, n)
			}
		}
		if len(found) != calls {
			t.Errorf("%s: %d calls of %d were shown", r.name, len(found), calls)
		}
		if old := r.calls(t, "before"); len(old) > 0 && r.name != "queue" {
			t.Errorf("%s: %d records of before were shown", r.name, len(old))
		}
		t.Logf("%s:\n%s", r.name, r.err.String())
	}
}

// ready waits until each tail shows a call.
func (b *tailBench) ready(t *testing.T, all []*tailing) {
	t.Helper()
	for _, r := range all {
		waitFor(t, r.name+" begins", 10*time.Second, func() bool {
			return strings.Contains(r.err.String(), "following ")
		})
	}
	time.Sleep(500 * time.Millisecond) // the first look
}

// faulty lets searches, receiving and listings fail while it is on, and cuts
// two Live Tail sessions.
type faulty struct {
	http.Handler
	on   atomic.Bool
	cuts atomic.Int32
	fail atomic.Int32
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.Header.Get("X-Amz-Target")
	operation := target[strings.LastIndexByte(target, '.')+1:]
	refuse := func(status int, code string) {
		f.fail.Add(1)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type":%q,"message":"not now"}`, code)
	}
	switch {
	case operation == "StartLiveTail":
		w = &cutting{ResponseWriter: w, f: f}
	case f.on.Load() && operation == "FilterLogEvents":
		refuse(http.StatusBadRequest, "ThrottlingException")
		return
	case f.on.Load() && operation == "ReceiveMessage":
		refuse(http.StatusInternalServerError, "InternalFailure")
		return
	case f.on.Load() && r.Method == http.MethodGet && r.URL.Query().Get("list-type") == "2":
		refuse(http.StatusServiceUnavailable, "SlowDown")
		return
	}
	f.Handler.ServeHTTP(w, r)
}

// cutting ends the connection after some writes.
type cutting struct {
	http.ResponseWriter
	f      *faulty
	writes int
}

func (c *cutting) Write(p []byte) (int, error) {
	if c.writes++; c.writes > 5 && c.f.on.Load() && c.f.cuts.Add(1) <= 2 {
		panic(http.ErrAbortHandler)
	}
	return c.ResponseWriter.Write(p)
}

func (c *cutting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Throttling, 500s and a cut connection cost no record: each is told once, and
// so is that it is over.
func TestTailSurvivesFaults(t *testing.T) {
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	f := &faulty{}
	b := newTailBench(t, func(h http.Handler) http.Handler { f.Handler = h; return f })
	all := []*tailing{
		startTail(t, "log-group", "demo", "--interval", "1s"),
		startTail(t, "queue", "demo", "--queue", "arn:aws:sqs:us-east-1:123456789012:heard"),
		startTail(t, "bucket", "s3://demo-logs", "--interval", "1s"),
	}
	b.ready(t, all)
	const calls = 60
	b.call(t, "caller", calls/3)
	b.advance(t, 5*time.Minute)
	waitFor(t, "the first are shown", 10*time.Second, func() bool { return len(all[0].calls(t, "caller")) == calls/3 })
	f.on.Store(true)
	for range 2 {
		b.call(t, "caller", calls/3)
		b.advance(t, 5*time.Minute)
		time.Sleep(time.Second)
	}
	waitFor(t, "Live Tail is cut", 10*time.Second, func() bool { return f.cuts.Load() > 0 })
	f.on.Store(false)
	for _, r := range all {
		waitFor(t, r.name+" shows all", 15*time.Second, func() bool { return len(r.calls(t, "caller")) >= calls })
		waitFor(t, r.name+" works again", 10*time.Second, func() bool { return strings.Contains(r.err.String(), "works again") })
		r.stop()
		if code := <-r.code; code != codeInterrupted {
			t.Errorf("%s: exit code %d", r.name, code)
		}
		for id, n := range r.calls(t, "caller") {
			if n != 1 {
				t.Errorf("%s: %s was shown %d times", r.name, id, n)
			}
		}
		t.Logf("%s:\n%s", r.name, r.err.String())
	}
	if f.fail.Load() < 3 {
		t.Errorf("only %d calls failed", f.fail.Load())
	}
}
