package sandbox

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trailctl/internal/sandbox/clock"
)

// digests lists the digest files of us-east-1 and when they were stored.
func digests(t *testing.T, c caller, bucket string) (keys []string, stored []time.Time) {
	t.Helper()
	list, err := c.s3().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{
		Bucket: &bucket, Prefix: aws.String("AWSLogs/123456789012/CloudTrail-Digest/us-east-1/"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Contents {
		keys, stored = append(keys, *o.Key), append(stored, o.LastModified.UTC())
	}
	return keys, stored
}

// What falls due while the clock is moved is delivered at its own time.
func TestAdvanceDeliversAtEachMoment(t *testing.T) {
	s := newTest(t, Options{DigestInterval: time.Minute})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	if err := s.Advance(3*time.Minute + 30*time.Second); err != nil {
		t.Fatal(err)
	}
	keys, stored := digests(t, c, bucket)
	if len(keys) != 3 {
		t.Fatalf("digest files: %v", keys)
	}
	for i, at := range stored {
		if want := testStart.Add(time.Duration(i+1) * time.Minute); !at.Equal(want) {
			t.Errorf("%s was stored at %s, want %s", keys[i], at, want)
		}
	}
	if want := testStart.Add(3*time.Minute + 30*time.Second); !s.Now().Equal(want) {
		t.Errorf("it is %s afterwards, want %s", s.Now(), want)
	}
}

// When StopLogging has answered, everything is in the bucket.
func TestStopLoggingDeliversBeforeItEnds(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	if _, err := c.trails().StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: aws.String("demo")}); err != nil {
		t.Fatal(err)
	}
	names := map[any]bool{}
	for _, r := range records(t, c, bucket) {
		names[r["eventName"]] = true
	}
	if keys, _ := digests(t, c, bucket); len(keys) != 1 || !names["StartLogging"] || !names["StopLogging"] {
		t.Errorf("delivered %v and the digest files %v", names, keys)
	}
}

// Over a time in which no sandbox ran there is one digest file, not hundreds.
func TestDowntimeIsOneDigest(t *testing.T) {
	dir := t.TempDir()
	s := newTest(t, Options{Dir: dir})
	bucket := makeTrail(t, serve(t, s), "demo")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	later := clock.NewManual(testStart.Add(24 * time.Hour))
	again := newTest(t, Options{Dir: dir, Clock: later})
	if err := again.deliverDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if keys, _ := digests(t, serve(t, again), bucket); len(keys) != 1 {
		t.Errorf("%d digest files after a day without a sandbox", len(keys))
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	faster := newTest(t, Options{Dir: dir, Clock: later, DigestInterval: 2 * time.Second})
	if err := faster.Advance(7 * time.Second); err != nil {
		t.Fatal(err)
	}
	if keys, _ := digests(t, serve(t, faster), bucket); len(keys) != 4 {
		t.Errorf("%d digest files: the interval of the new start counts", len(keys))
	}
}

func TestSeededHistoryIsDelivered(t *testing.T) {
	s := newTest(t, Options{SeedEvents: 400, SeedDays: 1, Seed: 3})
	c := serve(t, s)
	bucket := s.seedBucket(s.Now())
	keys, stored := digests(t, c, bucket)
	if len(keys) != 24 || !stored[0].Equal(testStart.Add(-23*time.Hour)) {
		t.Errorf("%d digest files of a day, the first at %v", len(keys), stored)
	}
	// Of the four calls that made the trail the last one is delivered.
	if n := len(records(t, c, bucket)); n != 401 {
		t.Errorf("%d records were delivered", n)
	}
	if n := s.Status().Events; n != 404 {
		t.Errorf("the history has %d events", n)
	}
	if err := s.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	if keys, _ := digests(t, c, bucket); len(keys) != 25 {
		t.Errorf("%d digest files a minute later: the sandbox's own interval counts again", len(keys))
	}
}
