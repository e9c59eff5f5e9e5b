package validate

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"trailctl/bucket"
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
	if r.Verdict != VerdictValid || counts(r.LogFiles) != "8/8" || !slices.Equal(briefs(r), []string{"notice chain-begins ..1", "notice copy-ends"}) {
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
		{"a trail of one region", func(k *corpus, o *Options) { o.SingleRegion = true }, VerdictValid, nil},
		{"a trail that nobody knows", func(*corpus, *Options) {}, VerdictIncomplete, []string{"unchecked no-digests"}},
		{"log files before the window", func(_ *corpus, o *Options) { o.MultiRegion, o.Start = true, corpusStart.Add(2*time.Hour) }, VerdictValid, []string{"warning no-digests"}},
		{"another region was asked for", func(_ *corpus, o *Options) { o.MultiRegion, o.Regions = true, []string{"eu-west-1"} }, VerdictValid, nil},
		{"a folder alone", func(k *corpus, o *Options) {
			o.MultiRegion = true
			m := k.bucket(testBucket)
			delete(m.objects, log)
			m.put("AWSLogs/111122223333/CloudTrail-Digest/us-west-2/", nil, nil)
		}, VerdictValid, []string{"warning no-digests"}},
		{"a planted name hides nothing", func(k *corpus, o *Options) {
			o.MultiRegion = true
			k.bucket(testBucket).put("AWSLogs/111122223333/CloudTrail/us-west-2/2024/03/01/000000000000_CloudTrail_us-west-2_20990101T0000Z_x.json.gz", nil, nil)
			k.bucket(testBucket).put("AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2024/03/01/111122223333_CloudTrail-Digest_us-west-2_a_us-east-1_20990101T000000Z.json.gz", nil, nil)
		}, VerdictInvalid, []string{"missing no-digests"}},
		{"another trail's name makes it unsure, not valid", func(k *corpus, o *Options) {
			o.MultiRegion = true
			k.bucket(testBucket).put("AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2024/03/01/111122223333_CloudTrail-Digest_us-west-2_a_us-east-1_20240301T233000Z.json.gz", nil, nil)
		}, VerdictIncomplete, []string{"unchecked no-digests"}},
		{"nothing at all has digest files", func(k *corpus, o *Options) {
			o.MultiRegion = true
			for i := range k.chain {
				k.rmDigest(i)
			}
		}, VerdictNothing, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6, func(k *corpus) { k.id.Home = "eu-west-1" })
			k.bucket(testBucket).put(log, zip([]byte(`{"Records":[]}`)), nil)
			o := k.options()
			o.Home = "eu-west-1"
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

// A trail of all regions has digest files in its home region, if in any.
func TestHomeRegionGone(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6) // of eu-west-1; the home region is us-east-1
	o := k.options()
	o.MultiRegion = true
	if r := k.check(o); r.Verdict != VerdictInvalid || !slices.Equal(briefs(r), []string{"missing no-digests"}) {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
}

// What is not proved may say anything: it neither ends a walk nor vouches for
// the time before it.
func TestUnprovenDigestsSayNothing(t *testing.T) {
	t.Parallel()
	future := func(b []byte) []byte {
		for _, field := range []string{`"digestStartTime":"`, `"digestEndTime":"`} {
			b = bytes.Replace(b, []byte(field+"2024-"), []byte(field+"2030-"), 1)
		}
		return b
	}
	for _, i := range []int{0, 3, 5} {
		k := newCorpus(t, 6)
		k.editDigest(i, future)
		k.setLog(i, 0, zip([]byte("{}")))
		r := k.check(k.options())
		if r.Verdict != VerdictInvalid || counts(r.Digests) != "5/6 invalid=1" || counts(r.LogFiles) != "10/10 unproven=2" {
			t.Errorf("digest %d from the future: %s %s %s %q", i, r.Verdict, counts(r.Digests), counts(r.LogFiles), briefs(r))
		}
	}

	// A copy whose newest digest files are gone; a forged one without a
	// signature stands in for them.
	for _, metadata := range []bool{true, false} {
		k := newCorpus(t, 6)
		forged := *k.digestAt(5)
		forged.meta = nil
		for i := 2; i < 6; i++ {
			k.rmDigest(i)
			for n := range 2 {
				delete(k.bucket(testBucket).objects, k.logKey(i, n))
			}
		}
		text := bytes.ReplaceAll(unzip(t, forged.body), []byte(k.digestKey(4)), []byte(k.digestKey(1)))
		k.bucket(testBucket).put(k.digestKey(5), zip(text), nil)
		dir := t.TempDir()
		k.save(dir, metadata)
		if r := k.checkFolder(dir); r.Verdict != VerdictInvalid {
			t.Errorf("a forged end, metadata %v: %s %q", metadata, r.Verdict, briefs(r))
		}
	}
}

// A server may list a key twice, and two keys may claim one fingerprint.
func TestTwice(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 3)
	k.public = append(k.public, PublicKey{Region: k.id.Region, Fingerprint: k.public[0].Fingerprint, DER: []byte("bad")})
	o := k.options()
	store := k.bucket(testBucket)
	o.Open = func(context.Context, string) (Store, error) { return twice{store}, nil }
	if r := k.check(o); r.Verdict != VerdictValid || counts(r.Digests) != "3/3" || counts(r.LogFiles) != "6/6" {
		t.Errorf("%s %s %s %q", r.Verdict, counts(r.Digests), counts(r.LogFiles), briefs(r))
	}
}

// twice lists every object two times.
type twice struct{ Store }

func (d twice) List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		for o, err := range d.Store.List(ctx, prefix, after) {
			if !yield(o, err) || !yield(o, err) {
				return
			}
		}
	}
}

// A forged log file need not be named like one to be read as one.
func TestUnlistedByAnyName(t *testing.T) {
	t.Parallel()
	day := testID().Day(bucket.LogFile, "eu-west-1", corpusStart.Add(4*time.Hour))
	for name, want := range map[string][]string{
		"111122223333_CloudTrail_eu-west-1_20200101T0000Z_AAAAAAAAAAAAAAAA.json.gz": {"invalid unlisted"},
		"111122223333_CloudTrail_eu-west-1_20240302T0100Z_AAAA-AAA.JSON.GZ":         {"invalid unlisted"},
		"anything": {"invalid unlisted"},
	} {
		k := newCorpus(t, 20)
		k.bucket(testBucket).put(day+name, zip([]byte("{}")), nil)
		k.bucket(testBucket).put(day, nil, nil) // the folder's placeholder
		o := k.options()
		o.Unlisted = true
		if r := k.check(o); !slices.Equal(briefs(r), want) {
			t.Errorf("%s: %q", name, briefs(r))
		}
	}
}
