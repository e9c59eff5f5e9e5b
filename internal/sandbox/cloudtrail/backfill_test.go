package cloudtrail

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// refusing is a bucket whose policy denies the keys that hold a text.
type refusing struct {
	s3   Bucket
	mu   sync.Mutex
	part string // empty denies nothing
}

func (r *refusing) Bucket(ctx context.Context, name string) (*BucketState, error) {
	state, err := r.s3.Bucket(ctx, name)
	if state != nil {
		may := state.May
		state.May = func(principal, action, key string, conditions map[string]string) bool {
			r.mu.Lock()
			part := r.part
			r.mu.Unlock()
			return (part == "" || !strings.Contains(key, part)) && may(principal, action, key, conditions)
		}
	}
	return state, err
}

func (r *refusing) Put(ctx context.Context, o Object) error { return r.s3.Put(ctx, o) }

func (r *refusing) refuse(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.part = part
}

const (
	logFolder    = "/CloudTrail/"
	digestFolder = "/CloudTrail-Digest/"
)

func newRefusingBench(t *testing.T, change ...func(*Options)) (*bench, *refusing) {
	b := newBench(t, change...)
	r := &refusing{s3: b.bucket}
	b.s.Bucket = r
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	return b, r
}

// backfills reads us-east-1's backfill digest files in order, and checks that
// each continues the one before it, has the metadata of one, and stands beside
// the ordinary digest file of its period.
func (b *bench) backfills() []digestFile {
	b.t.Helper()
	var chain []digestFile
	for i, key := range b.bucket.keys("_backfill") {
		d := b.readDigest(key, "us-east-1")
		chain = append(chain, d)
		if b.bucket.objects[key].metadata[metaGenerated] == "" {
			b.t.Errorf("%s does not say when it was made", key)
		}
		name := strings.Replace(path.Base(key), "_backfill", "", 1)
		ordinary := b.bucket.keys(name) // below another prefix, if that was changed
		if o := b.readDigest(ordinary[0], "us-east-1"); o.StartTime != d.StartTime || o.EndTime != d.EndTime {
			b.t.Errorf("%s covers %s to %s, and the ordinary one %s to %s", key, d.StartTime, d.EndTime, o.StartTime, o.EndTime)
		}
		switch {
		case i == 0 && d.PreviousKey != nil:
			b.t.Errorf("%s, the first, continues %s", key, *d.PreviousKey)
		case i > 0 && (d.PreviousKey == nil || *d.PreviousKey != chain[i-1].Key || *d.PreviousHash != hash(b.bucket.text(b.t, chain[i-1].Key)) ||
			*d.PreviousSignature != b.bucket.objects[chain[i-1].Key].metadata["signature"]):
			b.t.Errorf("%s does not continue %s", key, chain[i-1].Key)
		}
	}
	return chain
}

// listed counts in how many digest files of either kind each log file of
// us-east-1 stands.
func (b *bench) listed() map[string]int {
	b.t.Helper()
	n := map[string]int{}
	for _, key := range b.bucket.keys("/CloudTrail/us-east-1/") {
		n[key] = 0
	}
	for _, key := range b.bucket.keys("/CloudTrail-Digest/us-east-1/") {
		for _, f := range b.readDigest(key, "us-east-1").LogFiles {
			n[f.Key]++
		}
	}
	return n
}

func TestLateLogFilesAreBackfilled(t *testing.T) {
	b, bucket := newRefusingBench(t)
	early := b.record("us-east-1", "Early")
	b.advance(30 * time.Minute)
	bucket.refuse(logFolder)
	one := b.record("us-east-1", "One") // of the period that ends 11:02:17
	b.advance(time.Hour)
	two := b.record("us-east-1", "Two") // of that which ends 12:02:17
	b.advance(time.Hour)                // 12:32:17
	three := b.record("us-east-1", "Three")
	b.advance(10 * time.Minute)
	if got := b.delivered("us-east-1"); !slices.Equal(got, []string{early}) {
		t.Fatalf("delivered although refused: %v", got)
	}
	if n := len(b.bucket.keys("_backfill")); n != 0 {
		t.Fatalf("%d backfill digest files of log files that have not come", n)
	}
	bucket.refuse("")
	b.advance(20 * time.Minute) // 13:02:17, with the digest file of the last hour
	if got := b.delivered("us-east-1"); len(got) != 4 || !slices.Contains(got, one) || !slices.Contains(got, two) || !slices.Contains(got, three) {
		t.Errorf("delivered afterwards: %v", got)
	}
	chain := b.backfills()
	if len(chain) != 2 {
		t.Fatalf("%d backfill digest files: %v", len(chain), b.bucket.keys("_backfill"))
	}
	want := "AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/03/01/123456789012_CloudTrail-Digest_us-east-1_demo_us-east-1_20260301T110217Z_backfill.json.gz"
	if chain[0].Key != want {
		t.Errorf("the first is %s, not %s", chain[0].Key, want)
	}
	for i, event := range []string{"2026-03-01T10:32:17Z", "2026-03-01T11:32:17Z"} {
		d := chain[i]
		if len(d.LogFiles) != 1 || *d.OldestEvent != event || *d.NewestEvent != event {
			t.Errorf("backfill digest file %d: %+v", i, d)
		}
		if made := b.bucket.objects[d.Key].metadata[metaGenerated]; made != "2026-03-01T12:45:00Z" {
			t.Errorf("%s was made %s", d.Key, made)
		}
	}
	for key, n := range b.listed() {
		if n != 1 {
			t.Errorf("%s stands in %d digest files", key, n)
		}
	}
	last := b.bucket.keys("20260301T130217Z.json.gz")
	if d := b.readDigest(last[len(last)-1], "us-east-1"); len(d.LogFiles) != 1 {
		t.Errorf("the digest file of the hour in which they came lists %+v", d.LogFiles)
	}
	if n := len(b.bucket.keys("/eu-west-1/2026/03/01/")); n != 3 {
		t.Errorf("%d files of a region where nothing was late", n)
	}
}

// Whatever happens to the trail while log files are late, each comes once and
// stands in one digest file, or in none where the trail has none.
func TestBackfillAndChanges(t *testing.T) {
	stop := func(b *bench) { b.do("us-east-1", "StopLogging", `{"Name":"demo"}`) }
	start := func(b *bench) { b.do("us-east-1", "StartLogging", `{"Name":"demo"}`) }
	update := func(fields string) func(*bench) {
		return func(b *bench) { b.do("us-east-1", "UpdateTrail", `{"Name":"demo",`+fields+`}`) }
	}
	refuse := func(part string) func(*bench) {
		return func(b *bench) { b.s.Bucket.(*refusing).refuse(part) }
	}
	wait := func(d time.Duration) func(*bench) { return func(b *bench) { b.advance(d) } }
	tests := []struct {
		name      string
		late      time.Duration // how long the log files are refused
		steps     []func(*bench)
		delivered int // of two events, one before the first step and one after the last but one
		backfills int
		unlisted  int // log files in no digest file
	}{
		{"repaired", time.Hour, []func(*bench){refuse("")}, 2, 1, 0},
		{"repaired in the same period", 20 * time.Minute, []func(*bench){refuse("")}, 2, 0, 0},
		{"nothing refused", time.Hour, []func(*bench){refuse("")}, 2, 1, 0},
		{"digest files refused as well", 20 * time.Minute, []func(*bench){refuse("/CloudTrail"), wait(time.Hour), refuse("")}, 2, 0, 0},
		{"then digest files only", time.Hour, []func(*bench){refuse(digestFolder), wait(3 * time.Hour), refuse("")}, 2, 1, 0},
		{"stopped while refused", time.Hour, []func(*bench){stop, wait(time.Hour), refuse("")}, 1, 1, 0},
		{"stopped in the period", 10 * time.Minute, []func(*bench){stop, wait(2 * time.Hour), refuse("")}, 1, 1, 0},
		{"stopped as soon as repaired", time.Hour, []func(*bench){refuse(""), stop}, 1, 1, 0},
		{"stopped and started while refused", time.Hour, []func(*bench){stop, start, wait(time.Minute), refuse("")}, 2, 1, 0},
		{"stopped and started for hours", time.Hour, []func(*bench){stop, wait(2 * time.Hour), start, wait(2 * time.Hour), refuse("")}, 2, 1, 0},
		{"another prefix", time.Hour, []func(*bench){refuse(""), update(`"S3KeyPrefix":"moved"`)}, 2, 1, 0},
		{"one region", time.Hour, []func(*bench){refuse(""), update(`"IsMultiRegionTrail":false`)}, 2, 1, 0},
		{"validation off", time.Hour, []func(*bench){refuse(""), update(`"EnableLogFileValidation":false`), wait(10 * time.Minute)}, 2, 0, 2},
		{"deleted as soon as repaired", time.Hour, []func(*bench){refuse(""), func(b *bench) { b.do("us-east-1", "DeleteTrail", `{"Name":"demo"}`) }}, 1, 1, 0},
		{"stopped, then digest files refused", time.Hour, []func(*bench){stop, refuse(digestFolder), wait(3 * time.Hour), refuse("")}, 1, 1, 0},
		{"deleted while its digest file waits", time.Hour, []func(*bench){refuse(digestFolder), wait(10 * time.Minute), refuse(""), func(b *bench) { b.do("us-east-1", "DeleteTrail", `{"Name":"demo"}`) }}, 1, 1, 0},
		{"deleted while refused", time.Hour, []func(*bench){func(b *bench) { b.do("us-east-1", "DeleteTrail", `{"Name":"demo"}`) }, refuse("")}, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, bucket := newRefusingBench(t)
			b.advance(5 * time.Minute)
			bucket.refuse(logFolder)
			b.record("us-east-1", "First")
			b.advance(tt.late)
			for _, step := range tt.steps {
				step(b)
			}
			b.record("us-east-1", "Second")
			b.advance(5 * time.Hour)
			if got := b.delivered("us-east-1"); len(got) != tt.delivered {
				t.Errorf("delivered %v, want %d", got, tt.delivered)
			}
			if n := len(b.backfills()); n != tt.backfills {
				t.Errorf("%d backfill digest files, want %d", n, tt.backfills)
			}
			unlisted := 0
			for key, n := range b.listed() {
				if n == 0 {
					unlisted++
				}
				if n > 1 {
					t.Errorf("%s stands in %d digest files", key, n)
				}
			}
			if unlisted != tt.unlisted {
				t.Errorf("%d log files in no digest file, want %d", unlisted, tt.unlisted)
			}
			if _, due := b.s.NextDue(); due && tt.name == "deleted while refused" {
				t.Error("something is due for a deleted trail")
			}
		})
	}
}

func TestBackfillAfterARestart(t *testing.T) {
	dir := t.TempDir()
	b, bucket := newRefusingBench(t, func(o *Options) { o.Dir = dir })
	bucket.refuse(logFolder)
	id := b.record("us-east-1", "Late")
	b.advance(90 * time.Minute)
	bucket.refuse(digestFolder) // the log file comes, its backfill digest file does not yet
	b.advance(10 * time.Minute)
	b.record("us-east-1", "Later")
	bucket.refuse(logFolder)
	b.advance(50 * time.Minute) // 12:32:17
	if err := b.s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := New(Options{
		Regions: b.s.regions, LogInterval: 5 * time.Minute, DigestInterval: time.Hour, Dir: dir,
		Neighbours: b.around.with(b.bucket), Log: b.s.log, NewKey: sharedKeys(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b.s = again
	b.s.Resume(b.now)
	b.advance(2 * time.Hour)
	if got := b.delivered("us-east-1"); len(got) != 2 || got[0] != id {
		t.Errorf("delivered %v", got)
	}
	if n := len(b.backfills()); n != 2 {
		t.Errorf("backfill digest files: %v", b.bucket.keys("_backfill"))
	}
	for key, n := range b.listed() {
		if n != 1 {
			t.Errorf("%s stands in %d digest files", key, n)
		}
	}
}

// What is late stands in front of the queue, and goes first when that is full.
func TestBackfillCounts(t *testing.T) {
	file := func(n int) logFileEntry { return logFileEntry{Key: fmt.Sprint(n)} }
	p := func(minute, events int, files ...logFileEntry) latePeriod {
		at := testStart.Add(time.Duration(minute) * time.Minute)
		return latePeriod{Start: at, End: at.Add(time.Minute), Events: events, Files: files}
	}
	owe := func(b *backfill, minute int) {
		q := p(minute, 0)
		b.owe(q.Start, q.End)
	}
	tests := []struct {
		name     string
		b        backfill
		do       func(*backfill)
		periods  []latePeriod
		refused  int
		together int // of ten pending events
		ready    bool
	}{
		{"nothing refused", backfill{}, func(b *backfill) { owe(b, 0) }, nil, 0, 10, false},
		{"refused", backfill{Refused: 4}, func(b *backfill) { owe(b, 0) }, []latePeriod{p(0, 4)}, 4, 4, false},
		{"refused in two periods", backfill{Refused: 6, Periods: []latePeriod{p(0, 4)}}, func(b *backfill) { owe(b, 1) }, []latePeriod{p(0, 4), p(1, 2)}, 6, 4, false},
		{"no more than before", backfill{Refused: 4, Periods: []latePeriod{p(0, 4)}}, func(b *backfill) { owe(b, 1) }, []latePeriod{p(0, 4)}, 4, 4, false},
		{"one of two files came", backfill{Refused: 4, Periods: []latePeriod{p(0, 4)}}, func(b *backfill) { b.take(file(1), 3, true) }, []latePeriod{p(0, 1, file(1))}, 1, 1, false},
		{"the other came", backfill{Refused: 1, Periods: []latePeriod{p(0, 1, file(1))}}, func(b *backfill) { b.take(file(2), 1, true) }, []latePeriod{p(0, 0, file(1), file(2))}, 0, 10, true},
		{"came without validation", backfill{Refused: 1, Periods: []latePeriod{p(0, 1)}}, func(b *backfill) { b.take(file(2), 1, false) }, nil, 0, 10, false},
		{"the second period's came first in line", backfill{Refused: 2, Periods: []latePeriod{p(0, 0, file(1)), p(1, 2)}}, func(b *backfill) { b.take(file(2), 2, true) }, []latePeriod{p(0, 0, file(1)), p(1, 0, file(2))}, 0, 10, true},
		{"dropped", backfill{Refused: 6, Periods: []latePeriod{p(0, 4), p(1, 2)}}, func(b *backfill) { b.drop(5) }, []latePeriod{p(1, 1)}, 1, 1, false},
		{"all dropped but a file", backfill{Refused: 4, Periods: []latePeriod{p(0, 2, file(1)), p(1, 2)}}, func(b *backfill) { b.drop(9) }, []latePeriod{p(0, 0, file(1))}, 0, 10, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := tt.b.clone()
			tt.do(&b)
			if fmt.Sprint(b.Periods) != fmt.Sprint(tt.periods) || b.Refused != tt.refused {
				t.Errorf("%v with %d refused, want %v with %d", b.Periods, b.Refused, tt.periods, tt.refused)
			}
			b.Due = testStart
			if n := b.together(10); n != tt.together || b.due(testStart) != tt.ready || b.due(testStart.Add(-1)) {
				t.Errorf("%d go together and ready is %t, want %d and %t", n, b.due(testStart), tt.together, tt.ready)
			}
		})
	}
}

// Events that maxPending pushes out while a delivery is under way are out of
// account once it is over.
func TestBackfillOfAFullQueue(t *testing.T) {
	tests := []struct{ came, pushed, late int }{{0, 0, 4}, {0, 1, 3}, {2, 1, 2}, {2, 3, 1}, {4, 0, 0}, {1, 9, 0}}
	for _, tt := range tests {
		b, _ := newRefusingBench(t)
		c := &chain{Pending: make([]pendingEvent, 10), Backfill: backfill{Refused: 4, Periods: []latePeriod{{Events: 4}}}}
		j := &job{chain: c, work: *c, events: 10}
		j.work.Backfill = c.Backfill.clone()
		c.drop(tt.pushed) // as add does
		c.Dropped += tt.pushed
		j.work.Pending = j.work.Pending[tt.came:]
		j.work.Backfill.take(logFileEntry{}, tt.came, false)
		b.s.finish(j)
		late := 0
		for _, p := range c.Backfill.Periods {
			late += p.Events
		}
		if late != tt.late || c.Backfill.Refused != tt.late || len(c.Pending) != 10-max(tt.came, tt.pushed) {
			t.Errorf("%d of 4 late events came and %d were pushed out: %+v with %d pending", tt.came, tt.pushed, c.Backfill, len(c.Pending))
		}
	}
}
