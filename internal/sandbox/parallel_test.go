package sandbox

import (
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Calls from many sides while deliveries run: each is delivered exactly once.
func TestEachCallIsDeliveredOnce(t *testing.T) {
	s := newTest(t, Options{LogInterval: time.Second, DigestInterval: 5 * time.Second})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	const callers, each = 4, 40
	var calls sync.WaitGroup
	for range callers {
		calls.Go(func() {
			for range each {
				if _, err := c.sts().GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
					t.Error(err)
				}
				c.trails().LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
			}
		})
	}
	done := make(chan struct{})
	go func() { calls.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if err := s.Advance(700 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	seen, identity := map[any]int{}, 0
	for _, r := range records(t, c, bucket) {
		if seen[r["eventID"]]++; seen[r["eventID"]] > 1 {
			t.Errorf("%s was delivered twice", r["eventID"])
		}
		if r["eventName"] == "GetCallerIdentity" {
			identity++
		}
	}
	if identity != callers*each {
		t.Errorf("%d of %d calls were delivered", identity, callers*each)
	}
}
