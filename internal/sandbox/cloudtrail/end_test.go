package cloudtrail

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
)

// unsettled makes a call whose deliveries have not been made when it is
// answered, as before a slow upstream.
func unsettled(b *bench, operation string) {
	b.t.Helper()
	c := &call.Call{
		Body: []byte(`{"Name":"demo"}`), Time: b.now, Region: "us-east-1", Account: testAccount, Service: "cloudtrail", Operation: operation,
	}
	b.s.Serve(httptest.NewRecorder(), c)
	if c.Error != nil {
		b.t.Fatalf("%s: %v", operation, c.Error)
	}
	b.s.End(b.now)
}

// What a call has ended is finished by the next delivery of any kind, unless
// the trail goes on before.
func TestWhatEndsIsDeliveredLater(t *testing.T) {
	tests := []struct {
		calls   []string
		files   int // log files of the two events before, and of the one after
		digests int // after three hours
	}{
		{[]string{"StopLogging"}, 1, 1},
		{[]string{"StopLogging", "DeleteTrail"}, 1, 1},
		{[]string{"DeleteTrail"}, 1, 1},
		{[]string{"StopLogging", "StartLogging"}, 2, 3},
		{[]string{"StopLogging", "StartLogging", "StopLogging"}, 1, 1},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.calls, " "), func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createDemo)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			want := []string{b.record("us-east-1", "One"), b.record("us-east-1", "Two")}
			for _, operation := range tt.calls {
				unsettled(b, operation)
			}
			b.advance(6 * time.Minute)
			after := b.record("us-east-1", "After")
			if tt.files == 2 {
				want = append(want, after)
			}
			b.advance(3 * time.Hour)
			if got := b.delivered("us-east-1"); len(got) != len(want) {
				t.Errorf("delivered %v, want %v", got, want)
			}
			if n := len(b.bucket.keys("/CloudTrail-Digest/us-east-1/")); n != tt.digests {
				t.Errorf("%d digest files, want %d", n, tt.digests)
			}
			if b.s.ended != nil && len(b.s.ended) > 0 {
				t.Errorf("%d deleted trails are kept", len(b.s.ended))
			}
			checkWhole(b)
		})
	}
}

// All that one call asks has an end.
func TestCallsAskForABoundedTime(t *testing.T) {
	b := newBench(t)
	b.s.Bucket = silentForever{}
	q := b.s.inquire(t.Context())
	if left := time.Until(q.until); left > callPatience || left < callPatience/2 {
		t.Errorf("a call asks for %s", left)
	}
	q.until = time.Now().Add(20 * time.Millisecond)
	for range 3 {
		err := q.tell("S3", "asking", func(ctx context.Context) error {
			_, err := b.s.Bucket.Bucket(ctx, "trail")
			return err
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	}
}
