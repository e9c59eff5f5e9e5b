package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/clock"
	"trailctl/internal/term"
)

// followBench is a sandbox with the trail audit. The program's clock is the
// sandbox's.
type followBench struct {
	box *sandbox.Sandbox
	url string
	s3  *s3.Client
	// fault, when set, answers a request instead of the sandbox.
	fault atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
	looks atomic.Int32 // how often the digest files of us-east-1 were listed
	gets  atomic.Int32 // log files that were fetched
}

func newFollowBench(t *testing.T) *followBench {
	t.Helper()
	box, err := sandbox.New(t.Context(), sandbox.Options{
		Regions: []string{"us-east-1", "eu-west-1"}, LogInterval: 5 * time.Minute, DigestInterval: time.Hour,
		Clock: clock.NewManual(start), NewKey: sharedKeys,
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &followBench{box: box}
	srv := httptest.NewServer(b)
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		box.Close()
	})
	b.url = srv.URL
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": srv.URL, "AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(k, v)
	}
	tail := &tailBench{box: box, url: srv.URL}
	b.s3 = s3.NewFromConfig(tail.config("tester", "us-east-1"), func(o *s3.Options) { o.UsePathStyle = true })
	b.run(t, "trail", "create", "audit", "--bucket", "audit-logs")
	return b
}

func (b *followBench) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := b.fault.Load(); f != nil && (*f)(w, r) {
		return
	}
	if strings.Contains(r.URL.Query().Get("prefix"), "CloudTrail-Digest/us-east-1") {
		b.looks.Add(1)
	}
	if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "_CloudTrail_") {
		b.gets.Add(1)
	}
	b.box.ServeHTTP(w, r)
}

// app is the program with the sandbox's clock.
func (b *followBench) app(s term.Streams) *app {
	return &app{streams: s, now: b.box.Now, args: []string{"trailctl"}}
}

func (b *followBench) run(t *testing.T, args ...string) string {
	t.Helper()
	var out lines
	a := b.app(term.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	if err := a.run(t.Context(), append([]string{"trailctl"}, args...)); err != nil {
		t.Fatalf("%s: %v\n%s", args, err, out.String())
	}
	return out.String()
}

func (b *followBench) advance(t *testing.T, d time.Duration) {
	t.Helper()
	if err := b.box.Advance(d); err != nil {
		t.Fatal(err)
	}
}

// keys lists objects of the trail's bucket.
func (b *followBench) keys(t *testing.T, prefix string) []string {
	t.Helper()
	out, err := b.s3.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("audit-logs"), Prefix: &prefix})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

func (b *followBench) remove(t *testing.T, keys ...string) {
	t.Helper()
	for _, k := range keys {
		if _, err := b.s3.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("audit-logs"), Key: &k}); err != nil {
			t.Fatal(err)
		}
	}
}

// spoil writes something else over an object.
func (b *followBench) spoil(t *testing.T, key string) {
	t.Helper()
	if _, err := b.s3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("audit-logs"), Key: &key, Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
}

const (
	digestsUS = "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/"
	digestsEU = "AWSLogs/123456789012/CloudTrail-Digest/eu-west-1/"
	logsUS    = "AWSLogs/123456789012/CloudTrail/us-east-1/"
)

// followed is the program following, in this process.
type followed struct {
	b        *followBench
	out, err lines
	stop     context.CancelFunc
	code     chan int
}

func (b *followBench) follow(t *testing.T, change func(*validateOptions)) *followed {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &followed{b: b, stop: stop, code: make(chan int, 1)}
	a := b.app(term.Streams{In: strings.NewReader(""), Out: &r.out, Err: &r.err})
	o := &validateOptions{app: a, target: "audit", follow: true, every: 20 * time.Millisecond}
	o.output.format = "json"
	if change != nil {
		change(o)
	}
	go func() { r.code <- a.finish(ctx, o.run(ctx)) }()
	t.Cleanup(stop)
	return r
}

// settle waits until the following has looked twice from now on.
func (r *followed) settle(t *testing.T) {
	t.Helper()
	from := r.b.looks.Load()
	waitFor(t, "two looks", 10*time.Second, func() bool { return r.b.looks.Load() >= from+3 || len(r.code) > 0 })
}

// ends waits for the exit code.
func (r *followed) ends(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-r.code:
		if code != want {
			t.Errorf("exit code %d, want %d\n%s\n%s", code, want, r.out.String(), r.err.String())
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("it goes on\n%s\n%s", r.out.String(), r.err.String())
	}
}

// goesOn fails when the following has ended.
func (r *followed) goesOn(t *testing.T) {
	t.Helper()
	r.settle(t)
	select {
	case code := <-r.code:
		t.Fatalf("it ended with %d\n%s\n%s", code, r.out.String(), r.err.String())
	default:
	}
}

// followLine is a line of the JSON form.
type followLine struct {
	Version                                            int
	Type, Account, Region, Verdict, Code, URI, Message string
	Start, End                                         time.Time
	LogFiles                                           struct{ Valid, Missing, Invalid int }
}

// lines are the objects of a type.
func (r *followed) lines(t *testing.T, kind string) []followLine {
	t.Helper()
	var list []followLine
	for line := range strings.Lines(r.out.String()) {
		var l followLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if l.Version != 1 {
			t.Errorf("version %d: %s", l.Version, line)
		}
		if l.Type == kind {
			list = append(list, l)
		}
	}
	return list
}

// Each digest file is told once, in both regions, until Ctrl+C.
func TestFollowTellsEachDigestFileOnce(t *testing.T) {
	b := newFollowBench(t)
	b.advance(t, 3*time.Hour+10*time.Minute)
	r := b.follow(t, nil)
	for range 4 {
		r.goesOn(t)
		b.advance(t, time.Hour)
	}
	r.goesOn(t)
	r.stop()
	r.ends(t, codeInterrupted)
	told := map[string]int{}
	logs := 0
	for _, l := range r.lines(t, "digest") {
		told[l.URI]++
		logs += l.LogFiles.Valid
		if l.Verdict != "valid" || l.End.Sub(l.Start) != time.Hour && !l.Start.Equal(start) && l.End.Sub(l.Start) < 50*time.Minute {
			t.Errorf("%+v", l)
		}
	}
	all := append(b.keys(t, digestsUS), b.keys(t, digestsEU)...)
	for _, k := range all {
		if n := told["s3://audit-logs/"+k]; n != 1 {
			t.Errorf("%s was told %d times", k, n)
		}
	}
	if len(told) != len(all) || len(all) < 10 {
		t.Errorf("%d told, %d are there", len(told), len(all))
	}
	if logs == 0 || int(b.gets.Load()) != logs {
		t.Errorf("%d log files proved, %d fetched", logs, b.gets.Load())
	}
	if end := r.lines(t, "end"); len(end) != 1 || end[0].Verdict != "valid" || end[0].LogFiles.Valid != logs {
		t.Errorf("%+v", end)
	}
	for _, want := range []string{"following trail audit (s3://audit-logs/): digest files that end after 2026-01-15T", "about an hour", "followed for"} {
		if !strings.Contains(r.err.String(), want) {
			t.Errorf("%q is not in\n%s", want, r.err.String())
		}
	}
}

// What somebody does while it is followed ends it with 3; what is in order
// does not.
func TestFollowFinds(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*testing.T, *followBench)
		code string // of the finding; empty: it goes on
	}{
		{"log file changed before its digest file comes", func(t *testing.T, b *followBench) {
			b.advance(t, 40*time.Minute)
			keys := b.keys(t, logsUS)
			b.spoil(t, keys[len(keys)-1])
			b.advance(t, 30*time.Minute)
		}, "hash-mismatch"},
		{"log file deleted before its digest file comes", func(t *testing.T, b *followBench) {
			b.advance(t, 40*time.Minute)
			keys := b.keys(t, logsUS)
			b.remove(t, keys[len(keys)-1])
			b.advance(t, 30*time.Minute)
		}, "not-found"},
		{"newest digest file deleted", func(t *testing.T, b *followBench) {
			keys := b.keys(t, digestsEU)
			b.remove(t, keys[len(keys)-1])
		}, "tail-not-covered"},
		{"newest digest file deleted, and the next one comes", func(t *testing.T, b *followBench) {
			keys := b.keys(t, digestsEU)
			b.remove(t, keys[len(keys)-1])
			b.advance(t, time.Hour)
		}, "not-found"},
		{"newest digest file changed", func(t *testing.T, b *followBench) {
			keys := b.keys(t, digestsUS)
			b.spoil(t, keys[len(keys)-1])
		}, "invalid-format"},
		{"all digest files of a region deleted", func(t *testing.T, b *followBench) { b.remove(t, b.keys(t, digestsEU)...) }, "tail-not-covered"},
		{"digest files overdue", func(t *testing.T, b *followBench) {
			before := b.keys(t, "AWSLogs/")
			b.advance(t, 3*time.Hour)
			for _, k := range append(b.keys(t, digestsUS), b.keys(t, digestsEU)...) {
				if !strings.Contains(strings.Join(before, " "), k) {
					b.remove(t, k)
				}
			}
		}, "tail-not-covered"},
		{"logging is stopped, and nothing comes", func(t *testing.T, b *followBench) {
			b.run(t, "trail", "stop", "audit", "--yes")
			b.advance(t, 5*time.Hour)
		}, ""},
		{"the trail delivers to another bucket", func(t *testing.T, b *followBench) {
			b.run(t, "trail", "update", "audit", "--bucket", "other-logs", "--yes")
			b.advance(t, 2*time.Hour)
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newFollowBench(t)
			b.advance(t, 2*time.Hour+5*time.Minute)
			r := b.follow(t, nil)
			r.goesOn(t)
			// Its looks wait meanwhile: it sees all of what is done at once. The
			// first one that has to wait begins when the last one is over.
			waits := make(chan struct{}, 1000)
			busy := func(w http.ResponseWriter, q *http.Request) bool {
				if strings.Contains(q.UserAgent(), "app/trailctl") && q.URL.Query().Get("delimiter") != "" {
					w.WriteHeader(http.StatusServiceUnavailable)
					waits <- struct{}{}
					return true
				}
				return false
			}
			b.fault.Store(&busy)
			<-waits
			c.do(t, b)
			b.fault.Store(nil)
			if c.code == "" {
				r.goesOn(t)
				r.stop()
				r.ends(t, codeInterrupted)
				return
			}
			r.ends(t, codeInvalid)
			found := r.lines(t, "finding")
			if len(found) == 0 || found[len(found)-1].Code != c.code {
				t.Errorf("%+v", found)
			}
			if end := r.lines(t, "end"); len(end) != 1 || end[0].Verdict != "invalid" {
				t.Errorf("%+v", end)
			}
		})
	}
}

// Throttling, expired credentials and a network that is away are told once
// and survived; what came meanwhile is told afterwards.
func TestFollowSurvives(t *testing.T) {
	b := newFollowBench(t)
	b.advance(t, 2*time.Hour+5*time.Minute)
	r := b.follow(t, nil)
	r.goesOn(t)
	for _, c := range []struct {
		what  string
		fault func(http.ResponseWriter, *http.Request) bool
	}{
		{"SlowDown", answer(http.StatusServiceUnavailable, "SlowDown", "")},
		{"ExpiredToken", answer(http.StatusBadRequest, "ExpiredToken", "")},
		{"EOF", func(w http.ResponseWriter, _ *http.Request) bool { panic(http.ErrAbortHandler) }},
		{"access denied", answer(http.StatusForbidden, "AccessDenied", "_CloudTrail_")},
	} {
		before := len(r.lines(t, "digest"))
		b.fault.Store(&c.fault)
		b.advance(t, time.Hour)
		waitFor(t, c.what+" is told", 10*time.Second, func() bool { return strings.Contains(r.err.String(), c.what) })
		if n := len(r.lines(t, "digest")); n > before+1 { // of the region without log files
			t.Errorf("%s: %d digest files are told", c.what, n-before)
		}
		works := strings.Count(r.err.String(), "works again")
		b.fault.Store(nil)
		waitFor(t, "the digest files are told", 10*time.Second, func() bool { return len(r.lines(t, "digest")) == before+2 })
		waitFor(t, "it works again", 10*time.Second, func() bool { return strings.Count(r.err.String(), "works again") == works+1 })
	}
	r.goesOn(t)
	r.stop()
	r.ends(t, codeInterrupted)
	if n := strings.Count(r.err.String(), "the next look tries again"); n > 8 {
		t.Errorf("told %d times\n%s", n, r.err.String())
	}
	if f := r.lines(t, "finding"); len(f) > 0 {
		t.Errorf("%+v", f)
	}
}

// answer refuses requests for what has part in its path, or all.
func answer(status int, code, part string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, part) || strings.Contains(r.UserAgent(), "tester") {
			return false
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `<Error><Code>%s</Code><Message>%s</Message></Error>`, code, code)
		return true
	}
}

// The three forms say the same.
func TestFollowForms(t *testing.T) {
	for format, wants := range map[string][]string{
		"table": {"valid    123456789012  us-east-1       2026-01-15T10:00:00Z to 2026-01-15T11:00:00Z  ", "invalid  123456789012  us-east-1       2026-01-15T11:00:00Z to 2026-01-15T12:00:00Z  1 of N not valid\n", "Log file\ts3://audit-logs/", "\tINVALID: not found\n"},
		"text":  {"Digest file\ts3://audit-logs/AWSLogs/", ".json.gz\tvalid (2026-01-15T10:00:00Z to 2026-01-15T11:00:00Z; ", "\tinvalid (2026-01-15T11:00:00Z to 2026-01-15T12:00:00Z; 1 of N not valid)\n"},
		"json":  {`"type":"digest"`, `"type":"file","kind":"log file"`, `"type":"finding"`, `"type":"end","verdict":"invalid"`},
	} {
		t.Run(format, func(t *testing.T) {
			b := newFollowBench(t)
			b.advance(t, 2*time.Hour+5*time.Minute)
			junit := filepath.Join(t.TempDir(), "junit.xml")
			r := b.follow(t, func(o *validateOptions) {
				o.output.format, o.verbose = format, true
				file, err := openJUnit(junit)
				if err != nil {
					t.Fatal(err)
				}
				o.junitFile.Store(file)
			})
			r.goesOn(t)
			b.advance(t, 40*time.Minute)
			keys := b.keys(t, logsUS)
			b.remove(t, keys[len(keys)-1])
			b.advance(t, 30*time.Minute)
			r.ends(t, codeInvalid)
			// How many log files the hour has depends on how often it looked.
			out := regexp.MustCompile(`1 of \d+ log files? not`).ReplaceAllString(r.out.String(), "1 of N not")
			for _, want := range wants {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, r.out.String())
				}
			}
			if text, err := os.ReadFile(junit); err != nil || !strings.Contains(string(text), "INVALID: not found") {
				t.Errorf("%s %v", text, err)
			}
			if !strings.Contains(r.err.String(), "INVALID: 1 log file missing; followed for ") {
				t.Error(r.err.String())
			}
		})
	}
}

// A reader that goes away ends it, and a finding still counts.
func TestFollowWithoutReader(t *testing.T) {
	for _, bad := range []bool{false, true} {
		b := newFollowBench(t)
		b.advance(t, 2*time.Hour+5*time.Minute)
		want := codeDone
		if bad {
			b.remove(t, b.keys(t, logsUS)...)
			want = codeInvalid
		}
		var text lines
		a := b.app(term.Streams{In: strings.NewReader(""), Out: brokenPipe{}, Err: &text})
		o := &validateOptions{app: a, target: "audit", follow: true, every: 20 * time.Millisecond}
		if code := a.finish(t.Context(), o.run(t.Context())); code != want {
			t.Errorf("exit code %d, want %d\n%s", code, want, text.String())
		}
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }
