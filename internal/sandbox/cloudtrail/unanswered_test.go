package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A neighbour that does not answer makes a call fail as a failure of
// CloudTrail's, and changes nothing; one that is not there at all is named.
func TestUnansweredQuestionsOfCalls(t *testing.T) {
	const (
		plain = `"S3BucketName":"trail-bucket"`
		topic = plain + `,"SnsTopicName":"told"`
		group = plain + `,"CloudWatchLogsLogGroupArn":"` + testGroup + `","CloudWatchLogsRoleArn":"` + testRole + `"`
		key   = plain + `,"KmsKeyId":"alias/trails"`
		org   = plain + `,"IsOrganizationTrail":true`
	)
	tests := []struct{ silent, setting, says string }{
		{"s3", plain, "asking S3 about the bucket trail-bucket: connection refused"},
		{"sns", topic, "asking SNS about the topic " + testTopic},
		{"logs", group, "asking CloudWatch Logs about the log group trail/logs of 123456789012 in us-east-1"},
		{"iam", group, "asking IAM about the role " + testRole},
		{"kms", key, "asking KMS about the key alias/trails of 123456789012 in us-east-1"},
		{"organizations", org, "asking Organizations about the organization of 123456789012"},
	}
	for _, tt := range tests {
		for _, way := range []string{"CreateTrail", "UpdateTrail"} {
			t.Run(tt.silent+" "+way, func(t *testing.T) {
				b := newBench(t)
				if way == "UpdateTrail" {
					b.do("us-east-1", "CreateTrail", `{"Name":"demo",`+plain+`}`)
				}
				before := fmt.Sprint(b.do("us-east-1", "DescribeTrails", `{}`))
				if tt.silent == "s3" {
					b.bucket.silent = errSilent
				}
				b.around.set(func(f *fakeNeighbours) { f.silent = tt.silent })
				input := `{"Name":"demo",` + tt.setting + `}`
				answer, code := b.ask("us-east-1", way, input)
				if code != "UpstreamNotReachable" || !strings.Contains(fmt.Sprint(answer["message"]), tt.says) {
					t.Errorf("%q %v, want %q", code, answer["message"], tt.says)
				}
				if tt.silent != "s3" {
					b.around.set(func(f *fakeNeighbours) { f.silent, f.lacking = "", tt.silent })
					if answer, code := b.ask("us-east-1", way, input); code != "NotServed."+tt.silent || !strings.Contains(fmt.Sprint(answer["message"]), "not served there") {
						t.Errorf("where it is missing: %q %v", code, answer["message"])
					}
				}
				if after := fmt.Sprint(b.do("us-east-1", "DescribeTrails", `{}`)); after != before {
					t.Errorf("before\n%s\nafter\n%s", before, after)
				}
				b.bucket.silent = nil
				b.around.set(func(f *fakeNeighbours) { f.lacking = "" })
				b.do("us-east-1", way, input)
			})
		}
	}
}

// What nobody answers is delivered when somebody does, everything once.
func TestUnansweredDeliveriesAreTriedAgain(t *testing.T) {
	const (
		logs   = "LatestDeliveryError"
		digest = "LatestDigestDeliveryError"
		notify = "LatestNotificationError"
		group  = "LatestCloudWatchLogsDeliveryError"
	)
	tests := []struct {
		silent string
		errors []string // fields of the status
	}{
		{"s3", []string{logs, digest}},
		{"kms", []string{logs, digest}},
		{"logs", []string{group, logs}},
		{"put", []string{group}}, // is given up after the second time
		{"iam", []string{group, logs}},
		{"sns", []string{notify}},
		{"publish", []string{notify}},
	}
	for _, tt := range tests {
		t.Run(tt.silent, func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createWhole)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			want := []string{b.record("us-east-1", "First")}
			b.advance(5 * time.Minute)
			if tt.silent == "s3" {
				b.bucket.silent = errSilent
			}
			b.around.set(func(f *fakeNeighbours) { f.silent = tt.silent })
			want = append(want, b.record("us-east-1", "While"), b.record("us-east-1", "Silent"))
			b.advance(70 * time.Minute)
			st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`)
			for _, field := range []string{logs, digest, notify, group} {
				text := "UpstreamNotReachable"
				if expected := slices.Contains(tt.errors, field); expected != (st[field] == text) || !expected && st[field] != nil {
					t.Errorf("%s is %v", field, st[field])
				}
			}
			b.bucket.silent = nil
			b.around.set(func(f *fakeNeighbours) { f.silent = "" })
			want = append(want, b.record("us-east-1", "After"))
			b.advance(2 * time.Hour)
			got := b.delivered("us-east-1")
			slices.Sort(got) // late log files and others of one minute stand in the order of their names
			if !slices.Equal(got, want) {
				t.Errorf("delivered %v, want %v", got, want)
			}
			var logged []string
			for _, text := range b.around.events["123456789012_CloudTrail_us-east-1"] {
				e, err := parseEvent([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				logged = append(logged, e.ID)
			}
			if tt.silent == "put" {
				want = slices.Delete(want, 1, 3)
			}
			if !slices.Equal(logged, want) {
				t.Errorf("the log group has %v, want %v", logged, want)
			}
			checkWhole(b)
			st = b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`)
			for _, field := range []string{logs, digest, notify, group} {
				if st[field] != nil {
					t.Errorf("%s is %v when all answer again", field, st[field])
				}
			}
		})
	}
}

// checkWhole checks that us-east-1's digest files are one chain beside that of
// backfills, and that they list each of its log files once.
func checkWhole(b *bench) {
	b.t.Helper()
	var before digestFile
	for _, key := range b.bucket.keys("/CloudTrail-Digest/us-east-1/") {
		if strings.Contains(key, "_backfill") {
			continue
		}
		d := b.readDigest(key, "us-east-1")
		if before.Key != "" && (d.PreviousKey == nil || *d.PreviousKey != before.Key || d.StartTime != before.EndTime) {
			b.t.Errorf("%s does not continue %s", d.Key, before.Key)
		}
		before = d
	}
	b.backfills()
	for key, n := range b.listed() {
		if n != 1 {
			b.t.Errorf("%s stands in %d digest files", key, n)
		}
	}
}

// The upstream dies in the middle of a delivery of many files, at each place in
// turn.
func TestBucketDiesInTheMiddle(t *testing.T) {
	for puts := 1; puts <= 5; puts++ {
		t.Run(fmt.Sprint(puts), func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createDemo)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			want := []string{}
			for range 3 {
				for _, region := range []string{"us-east-1", "eu-west-1"} {
					want = append(want, b.record(region, "Event"))
				}
				b.bucket.puts = puts
				b.advance(65 * time.Minute)
				b.bucket.silent, b.bucket.puts = nil, 0
			}
			b.advance(3 * time.Hour)
			got := b.delivered("")
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("delivered %v, want %v", got, want)
			}
			checkWhole(b)
		})
	}
}

// However many files a delivery has, it asks about each thing once, and gives
// up after one silence.
func TestOneDeliveryAsksOnce(t *testing.T) {
	b := newBench(t, func(o *Options) {
		o.Regions = nil
		for i := range 20 {
			o.Regions = append(o.Regions, fmt.Sprintf("xx-test-%d", i))
		}
		o.Regions = append(o.Regions, "us-east-1")
	})
	b.do("us-east-1", "CreateTrail", strings.Replace(createWhole, "{", `{"IsMultiRegionTrail":true,`, 1))
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	for i := range 20 {
		b.record(fmt.Sprintf("xx-test-%d", i), "Event")
	}
	b.bucket.looked, b.around.looked = 0, map[string]int{}
	b.advance(5 * time.Minute)
	if got := fmt.Sprint(b.bucket.looked, b.around.looked); len(b.delivered("")) != 20 || got != "1 map[iam:1 kms:1 logs:1 publish:20 put:20 sns:1]" {
		t.Errorf("%d events delivered by asking %s times", len(b.delivered("")), got)
	}
	b.bucket.looked, b.bucket.tried, b.bucket.puts = 0, 0, 1
	for i := range 20 {
		b.record(fmt.Sprintf("xx-test-%d", i), "Event")
	}
	b.advance(5 * time.Minute)
	if b.bucket.looked != 1 || b.bucket.tried > 4 { // as many as go on side by side
		t.Errorf("a dead bucket was asked %d times and given %d files", b.bucket.looked, b.bucket.tried)
	}
	b.bucket.silent = nil
	b.advance(5 * time.Minute)
	if got := b.delivered(""); len(got) != 40 {
		t.Errorf("%d events delivered", len(got))
	}
}

// A neighbour that has kept a delivery waiting is left alone for a while by the
// next ones, but not by calls.
func TestSlowSilenceIsRemembered(t *testing.T) {
	s := &Service{log: slog.New(slog.DiscardHandler)}
	asked := 0
	bucket := func(q *inquiry) error {
		return q.tell("S3", "testing", func(context.Context) error { asked++; return errSilent })
	}
	first := s.inquireFor(t.Context())
	first.silent.note("S3", errSilent, slowSilence)
	next := s.inquireFor(t.Context())
	if err := bucket(next); !errors.Is(err, errSilent) || asked != 0 {
		t.Errorf("asked again at once: %v", err)
	}
	if err := bucket(s.inquire(t.Context())); !errors.Is(err, errSilent) || asked != 1 {
		t.Errorf("a call was not asked for: %v", err)
	}
	s.silent.by["S3"] = keptSilence{err: errSilent, until: time.Now().Add(-time.Second)}
	if bucket(s.inquireFor(t.Context())); asked != 2 {
		t.Error("not asked again later")
	}
	if bucket(s.inquireFor(t.Context())); asked != 3 {
		t.Error("a refused connection is remembered longer than for a delivery")
	}
}

// Events are recorded while a call waits for a neighbour.
func TestRecordingGoesOnWhileACallWaits(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	waits, answer := make(chan bool), make(chan bool)
	b.s.Bucket = &waiting{fakeBucket: b.bucket, waits: waits, answer: answer}
	done := make(chan string)
	go func() {
		_, code := b.ask("us-east-1", "UpdateTrail", `{"Name":"demo","S3KeyPrefix":"new"}`)
		done <- code
	}()
	<-waits
	b.record("us-east-1", "Meanwhile")
	b.do("us-east-1", "StopLogging", `{"Name":"demo"}`) // waits for nobody
	answer <- true
	if code := <-done; code != "" {
		t.Errorf("UpdateTrail: %s", code)
	}
	got := b.do("us-east-1", "GetTrail", `{"Name":"demo"}`)["Trail"].(map[string]any)
	if st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`); got["S3KeyPrefix"] != "new" || st["IsLogging"] != false {
		t.Errorf("one of two changes was lost: %v %v", got, st)
	}
}

// waiting is a bucket whose first answer waits.
type waiting struct {
	*fakeBucket
	later         atomic.Bool
	waits, answer chan bool
}

func (w *waiting) Bucket(ctx context.Context, name string) (*BucketState, error) {
	if !w.later.Swap(true) {
		w.waits <- true
		<-w.answer
	}
	return w.fakeBucket.Bucket(ctx, name)
}

// Without an answer about an organization its trails stay as they are known.
func TestOrganizationIsSilent(t *testing.T) {
	b := newBench(t)
	by := func(account string) func(*Record) { return func(r *Record) { r.RecipientAccountID = account } }
	silence := func(service string) { b.around.set(func(f *fakeNeighbours) { f.silent = service }) }
	b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket","IsOrganizationTrail":true}`)
	silence("organizations")
	if _, code := b.ask("us-east-1", "StartLogging", `{"Name":"demo"}`); code != "UpstreamNotReachable" {
		t.Errorf("StartLogging: %q", code)
	}
	if st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`); st["IsLogging"] != false {
		t.Error("it logs although the call failed")
	}
	silence("")
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	silence("organizations")
	b.record("us-east-1", "Theirs", by(testMember))
	b.record("us-east-1", "Foreign", by("333333333333"))
	b.advance(5 * time.Minute)
	if got := b.delivered("/" + testMember + "/"); len(got) != 1 {
		t.Errorf("the member's log files have %v", got)
	}
	if got := b.delivered("/333333333333/"); len(got) != 0 {
		t.Errorf("a stranger's log files have %v", got)
	}
	if answer, code := b.askAs(testMember, "us-east-1", "DescribeTrails", `{}`); code != "" || len(answer["trailList"].([]any)) != 1 {
		t.Errorf("a known member is told %v %s", answer, code)
	}
	b.s.members = map[string][]string{} // as after a restart
	if _, code := b.askAs(testMember, "us-east-1", "DescribeTrails", `{}`); code != "UpstreamNotReachable" {
		t.Errorf("a member that nobody knows yet: %q", code)
	}
	b.do("us-east-1", "StopLogging", `{"Name":"demo"}`)
	b.do("us-east-1", "DeleteTrail", `{"Name":"demo"}`)
}

// Nobody is asked about an organization where no trail is one's.
func TestNoOrganizationTrailNoQuestion(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.record("us-east-1", "Own")
	b.record("us-east-1", "Foreign", func(r *Record) { r.RecipientAccountID = testMember })
	b.do("us-east-1", "DescribeTrails", `{}`)
	if n := b.around.looked["organizations"]; n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func TestInterruptEndsQuestions(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.record("us-east-1", "Event")
	b.s.Bucket = silentForever{}
	go b.s.Interrupt()
	b.s.Deliver(t.Context(), b.now.Add(5*time.Minute)) // an error, or none where the job had begun
	if at, due := b.s.NextDue(); !due {
		t.Errorf("nothing is due after an interrupted delivery: %s", at)
	}
}

// silentForever is a bucket of which nothing is heard.
type silentForever struct{}

func (silentForever) Bucket(ctx context.Context, _ string) (*BucketState, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (silentForever) Put(ctx context.Context, _ Object) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestBatch(t *testing.T) {
	at := func(d time.Duration, size int) pendingEvent {
		return pendingEvent{Time: testStart.Add(d), JSON: []byte(strings.Repeat("x", size))}
	}
	many := make([]pendingEvent, 25_000)
	for i := range many {
		many[i] = at(0, 1)
	}
	tests := []struct {
		name   string
		events []pendingEvent
		want   int
	}{
		{"one", []pendingEvent{at(0, 10)}, 1},
		{"many", many, 10_000},
		{"large", slices.Repeat([]pendingEvent{at(0, 200<<10)}, 9), 5},
		{"too large to be sent", slices.Repeat([]pendingEvent{at(0, 300<<10)}, 9), 9},
		{"a day", []pendingEvent{at(0, 1), at(23*time.Hour, 1), at(24*time.Hour, 1)}, 2},
		{"a day, late first", []pendingEvent{at(24*time.Hour, 1), at(time.Hour, 1), at(0, 1)}, 2},
	}
	for _, tt := range tests {
		if got := batch(tt.events); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
