package validate

import (
	"context"
	"slices"
	"testing"
	"time"
)

// Without an end everything that is there is proved, also what is younger
// than this machine's clock.
func TestOpenEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		now      time.Time
		do       func(*corpus)
		verdict  Verdict
		logs     string
		findings []string
	}{
		{name: "now, after the newest", now: corpusStart.Add(6*time.Hour + time.Minute), verdict: VerdictValid, logs: "12/12"},
		{name: "a clock that is days behind", now: corpusStart.AddDate(0, 0, -3), verdict: VerdictValid, logs: "12/12"},
		{name: "a clock in the middle, and a change after it", now: corpusStart.Add(3 * time.Hour),
			do: func(c *corpus) { c.setLog(5, 1, zip([]byte("{}"))) }, verdict: VerdictInvalid, logs: "11/12 invalid=1", findings: []string{"invalid hash-mismatch"}},
		{name: "the tail is still missed", now: corpusStart.Add(9 * time.Hour),
			verdict: VerdictInvalid, logs: "12/12", findings: []string{"missing tail-not-covered missing=3 6..9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			if c.do != nil {
				c.do(k)
			}
			o := k.options()
			o.Start, o.End, o.Now = time.Time{}, time.Time{}, c.now
			r := k.check(o)
			if r.Verdict != c.verdict || counts(r.LogFiles) != c.logs || !slices.Equal(briefs(r), c.findings) {
				t.Errorf("%s, log files %s, %q", r.Verdict, counts(r.LogFiles), briefs(r))
			}
			if newest := corpusStart.Add(6 * time.Hour); r.Requested.End.Before(newest) {
				t.Errorf("requested until %s, the newest digest file ends at %s", r.Requested.End, newest)
			}
		})
	}
}

// A copy may begin and end anywhere, unless a window says what it must hold.
func TestCopyOfAPart(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	dir := t.TempDir()
	k.rmDigest(0)
	k.rmDigest(5)
	for _, i := range []int{0, 5} {
		for n := range 2 {
			delete(k.bucket(testBucket).objects, k.logKey(i, n))
		}
	}
	k.save(dir, true)
	r := k.checkFolder(dir, func(o *Options) { o.Start, o.End = time.Time{}, time.Time{} })
	if r.Verdict != VerdictValid || counts(r.LogFiles) != "8/8" || !slices.Equal(briefs(r), []string{"notice chain-begins ..1"}) {
		t.Errorf("without a window: %s %s %q", r.Verdict, counts(r.LogFiles), briefs(r))
	}
	if want := corpusStart.Add(5 * time.Hour); !r.Requested.End.Equal(want) || len(r.Chains) != 1 || len(r.Chains[0].Uncovered) > 0 {
		t.Errorf("without a window: until %s, want %s; %+v", r.Requested.End, want, r.Chains)
	}
	r = k.checkFolder(dir)
	if want := []string{"missing not-found missing=1 0..1", "missing tail-not-covered missing=1 5..6"}; r.Verdict != VerdictInvalid || !slices.Equal(briefs(r), want) {
		t.Errorf("with a window: %s %q, want %q", r.Verdict, briefs(r), want)
	}
}

// Somebody deletes all digest files of one region, and perhaps the log files.
func TestRegionsThatNobodyVouchesFor(t *testing.T) {
	t.Parallel()
	const log = "AWSLogs/111122223333/CloudTrail/us-west-2/2024/03/01/111122223333_CloudTrail_us-west-2_20240301T2205Z_AAAAAAAAAAAAAAAA.json.gz"
	for _, c := range []struct {
		name     string
		do       func(*corpus, *Options)
		verdict  Verdict
		findings []string
	}{
		{"a trail of all regions", func(_ *corpus, o *Options) { o.MultiRegion = true }, VerdictInvalid, []string{"missing no-digests"}},
		{"a trail of one region", func(k *corpus, o *Options) { o.SingleRegion, o.Home = true, "us-east-1" }, VerdictValid, nil},
		{"a trail that nobody knows", func(*corpus, *Options) {}, VerdictIncomplete, []string{"unchecked no-digests"}},
		{"log files before the window", func(_ *corpus, o *Options) { o.MultiRegion, o.Start = true, corpusStart.Add(2*time.Hour) }, VerdictValid, []string{"warning no-digests"}},
		{"another region was asked for", func(_ *corpus, o *Options) { o.MultiRegion, o.Regions = true, []string{"eu-west-1"} }, VerdictValid, nil},
		{"a folder alone", func(k *corpus, o *Options) {
			o.MultiRegion = true
			m := k.bucket(testBucket)
			delete(m.objects, log)
			m.put("AWSLogs/111122223333/CloudTrail-Digest/us-west-2/", nil, nil)
		}, VerdictValid, []string{"warning no-digests"}},
		{"nothing at all has digest files", func(k *corpus, o *Options) {
			o.MultiRegion = true
			for i := range k.chain {
				k.rmDigest(i)
			}
		}, VerdictNothing, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			k.bucket(testBucket).put(log, zip([]byte(`{"Records":[]}`)), nil)
			o := k.options()
			c.do(k, &o)
			r, err := Check(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != c.verdict || !slices.Equal(briefs(r), c.findings) {
				t.Errorf("%s %q, want %s %q", r.Verdict, briefs(r), c.verdict, c.findings)
			}
		})
	}
}
