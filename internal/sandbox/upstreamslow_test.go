package sandbox

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trailctl/internal/sandbox/clock"
)

// stuck stands before an upstream and holds each delivered file back until it
// is let go.
type stuck struct {
	next  http.Handler
	stops sync.Once
	here  chan struct{} // closed when the first file has come
	goOn  chan struct{}
}

func (s *stuck) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/AWSLogs/") {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.stops.Do(func() { close(s.here) })
		<-s.goOn
	}
	s.next.ServeHTTP(w, r)
}

// An API call does not wait for the deliveries of others, and not for long for
// those that it causes; nothing of these is lost.
func TestCallsDoNotWaitForSlowDeliveries(t *testing.T) {
	slow := &stuck{next: newTest(t, Options{}), here: make(chan struct{}), goOn: make(chan struct{})}
	srv := httptest.NewServer(slow)
	defer srv.Close()
	u, err := url.Parse(srv.URL)
	need(t, err)
	now := clock.NewManual(testStart)
	outer := newTest(t, Options{Upstream: u, Clock: now, LogInterval: time.Minute, DigestInterval: 5 * time.Minute})
	front, ctx := serve(t, outer), t.Context()
	bucket := makeTrail(t, front, "demo")
	now.Advance(2 * time.Hour)
	delivered := make(chan error, 1)
	go func() { delivered <- outer.deliverDue(ctx) }()
	<-slow.here
	demo := aws.String("demo")
	most := settlePatience + 5*time.Second // of a busy machine
	for _, step := range []struct {
		name string
		most time.Duration
		call func() error
	}{
		{"UpdateTrail", settlePatience - time.Second/2, func() error {
			_, err := front.trails().UpdateTrail(ctx, &cloudtrail.UpdateTrailInput{Name: demo, IncludeGlobalServiceEvents: aws.Bool(true)})
			return err
		}},
		{"StopLogging", most, func() error {
			_, err := front.trails().StopLogging(ctx, &cloudtrail.StopLoggingInput{Name: demo})
			return err
		}},
		{"DeleteTrail", settlePatience - time.Second/2, func() error {
			_, err := front.trails().DeleteTrail(ctx, &cloudtrail.DeleteTrailInput{Name: demo})
			return err
		}},
	} {
		begun, done := time.Now(), make(chan error, 1)
		go func() { done <- step.call() }()
		select {
		case err := <-done:
			if err != nil || time.Since(begun) > step.most {
				t.Errorf("%s took %s, %v", step.name, time.Since(begun), err)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("%s waits for the upstream", step.name)
			close(slow.goOn)
			<-done
			return
		}
	}
	close(slow.goOn)
	need(t, <-delivered)
	outer.settling.Wait()
	names := map[any]int{}
	for _, r := range records(t, front, bucket) {
		names[r["eventName"]]++
	}
	if names["StartLogging"] != 1 || names["UpdateTrail"] != 1 {
		t.Errorf("delivered %v", names)
	}
}

// The log tells the silence of an upstream in one line, and its end in another,
// however many trails, regions, services and calls notice it.
func TestSilenceIsOneLine(t *testing.T) {
	var log strings.Builder
	outer, front, behind, f := newFlaky(t, Options{
		LogInterval: time.Minute, DigestInterval: 5 * time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	ctx := t.Context()
	bucket := makeTrail(t, front, "demo")
	_, key := surround(t, behind)
	_, err := front.trails().UpdateTrail(ctx, whole(bucket, key))
	need(t, err)
	makeTrail(t, front, "other")
	need(t, outer.Advance(10*time.Minute))
	if log.Len() > 0 {
		t.Errorf("before: %s", log.String())
	}
	log.Reset()
	f.set(func(f *flaky) { f.down = true })
	for range 3 {
		need(t, outer.Advance(10*time.Minute))
		_, err := front.trails().UpdateTrail(ctx, whole(bucket, key))
		if code(err) != "UpstreamNotReachable" || !strings.HasSuffix(err.Error(), "Nothing was changed: asking S3 about the bucket demo-logs: the upstream at "+strings.TrimPrefix(behind.url, "http://")+" does not answer: it ended the connection without an answer") {
			t.Errorf("UpdateTrail: %v", err)
		}
	}
	st, err := front.trails().GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String("demo")})
	need(t, err)
	for name, text := range map[string]*string{"files": st.LatestDeliveryError, "digest files": st.LatestDigestDeliveryError, "log group": st.LatestCloudWatchLogsDeliveryError} {
		if aws.ToString(text) != "UpstreamNotReachable" {
			t.Errorf("%s: %q", name, aws.ToString(text))
		}
	}
	f.set(func(f *flaky) { f.down = false })
	need(t, outer.Advance(10*time.Minute))
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "the upstream does not answer") || !strings.Contains(lines[1], "the upstream answers again") {
		t.Errorf("the log has %d lines:\n%s", len(lines), log.String())
	}
	for _, line := range lines {
		if len(line) > 250 || strings.Contains(line, "neighbour") {
			t.Error(line)
		}
	}
}

// What the upstream refuses is told once a trail and cause, until it works.
func TestRefusalsAreToldOnce(t *testing.T) {
	var log strings.Builder
	outer, front, behind, _ := newFlaky(t, Options{LogInterval: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil))})
	bucket := makeTrail(t, front, "demo")
	_, err := behind.s3().DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: &bucket})
	need(t, err)
	for range 5 {
		_, err := front.in("eu-west-1").trails().ListTrails(t.Context(), &cloudtrail.ListTrailsInput{})
		need(t, err)
		need(t, outer.Advance(3*time.Minute))
	}
	if lines := strings.Split(strings.TrimSpace(log.String()), "\n"); len(lines) != 2 {
		t.Errorf("log files and digest files of two regions are refused in %d lines:\n%s", len(lines), log.String())
	}
}
