package validate

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"trailctl/bucket"
)

// The digest files of a backfill do not stand for those of the trail.
func TestBackfillHidesNoDeletion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		region   string // in which the backfill lies
		change   func(*corpus, *Options)
		verdict  Verdict
		findings []string
	}{
		{"home region", "us-east-1", func(_ *corpus, o *Options) { o.MultiRegion = true }, VerdictInvalid, []string{"missing no-digests"}},
		{"another region with log files", "us-west-2", func(k *corpus, o *Options) {
			o.MultiRegion, o.Home, k.id.Home = true, "us-east-1", "us-east-1"
			k.putLog("us-west-2", k.start.Add(time.Hour))
			o.Regions = []string{"eu-west-1", "us-west-2"}
		}, VerdictInvalid, []string{"missing no-digests"}},
		{"a trail that nobody knows", "us-west-2", func(k *corpus, o *Options) {
			k.putLog("us-west-2", k.start.Add(time.Hour))
		}, VerdictIncomplete, []string{"unchecked no-digests"}},
		{"only the log files that the backfill lists", "us-west-2", func(*corpus, *Options) {}, VerdictValid, nil},
		{"digest files before the window", "us-west-2", func(k *corpus, o *Options) {
			id := k.id
			id.Region = "us-west-2"
			k.bucket(testBucket).put(id.key(k.start.Add(-time.Hour)), nil, nil)
		}, VerdictInvalid, []string{"missing tail-not-covered missing=6 0..6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			late := newCorpus(t, 2, func(b *corpus) {
				b.buckets, b.key, b.unique = k.buckets, k.key, "BBBBBBBB"
				b.id.Region, b.id.Backfill = c.region, true
				for _, d := range b.chain {
					d.meta = map[string]string{metaBackfill: "2024-03-05T00:00:00Z"}
				}
			})
			late.public[0].Region = c.region
			k.public = append(k.public, late.public...)
			o := k.options()
			c.change(k, &o)
			r := k.check(o)
			if r.Verdict != c.verdict || !slices.Equal(briefs(r), c.findings) && len(r.Findings)+len(c.findings) > 0 {
				t.Errorf("%s %q, want %s %q", r.Verdict, briefs(r), c.verdict, c.findings)
			}
			if r.BackfillDigests.Valid != 2 {
				t.Errorf("backfill: %s", counts(r.BackfillDigests))
			}
		})
	}
}

// putLog puts a log file of another region into the bucket.
func (c *corpus) putLog(region string, at time.Time) {
	id := c.id
	id.Region = region
	c.bucket(testBucket).put(id.Day(bucket.LogFile, region, at)+c.id.Account+"_CloudTrail_"+region+"_"+at.Format("20060102T1504Z")+"_AAAAAAAAAAAAAAAA.json.gz", zip([]byte("{}")), nil)
}

// Nothing is left in the window, and the digest file after it, which would
// tell, is not to be relied on.
func TestWindowBeforeABadDigestFile(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Time { return corpusStart.Add(time.Duration(h * float64(time.Hour))) }
	for _, c := range []struct {
		name     string
		gone     int // so many before the first one after the window
		do       func(*corpus)
		change   func(*Options)
		verdict  Verdict
		findings []string
	}{
		{name: "good", gone: 3, verdict: VerdictInvalid, findings: []string{"missing not-found missing=3 unproven=6 4..7"}},
		{name: "bad signature", gone: 3, do: func(c *corpus) { c.digestAt(7).meta["signature"] = "00" },
			verdict: VerdictInvalid, findings: []string{"missing tail-not-covered missing=3 unproven=6 4..7"}},
		{name: "junk", gone: 3, do: func(c *corpus) { c.bucket(testBucket).put(c.digestKey(7), []byte("junk"), nil) },
			verdict: VerdictInvalid, findings: []string{"missing tail-not-covered missing=3 unproven=6 4..7"}},
		{name: "denied", gone: 3, do: func(c *corpus) { c.bucket(testBucket).faults[c.digestKey(7)] = bucket.ErrDenied },
			verdict: VerdictInvalid, findings: []string{"missing tail-not-covered missing=3 unproven=6 4..7"}},
		{name: "nothing before it, bad signature", gone: 7, do: func(c *corpus) { c.digestAt(7).meta["signature"] = "00" },
			verdict: VerdictIncomplete, findings: []string{"unchecked tail-not-covered unproven=6 4..7"}},
		{name: "nothing before it, denied", gone: 7, do: func(c *corpus) { c.bucket(testBucket).faults[c.digestKey(7)] = bucket.ErrDenied },
			verdict: VerdictIncomplete, findings: []string{"unchecked tail-not-covered unproven=6 4..7"}},
		{name: "nothing before it, logging was on", gone: 7, do: func(c *corpus) { c.digestAt(7).meta["signature"] = "00" },
			change:  func(o *Options) { o.Started = at(-100) },
			verdict: VerdictInvalid, findings: []string{"missing tail-not-covered missing=3 unproven=6 4..7"}},
		{name: "nothing before it, logging began later", gone: 7, do: func(c *corpus) { c.digestAt(7).meta["signature"] = "00" },
			change:  func(o *Options) { o.Started = at(7.1) },
			verdict: VerdictIncomplete, findings: []string{"unchecked tail-not-covered unproven=6 4..7"}},
		{name: "no start", gone: 7, do: func(c *corpus) { c.digestAt(7).meta["signature"] = "00" },
			change:  func(o *Options) { o.Start = time.Time{} },
			verdict: VerdictIncomplete, findings: []string{"unchecked tail-not-covered unproven=14 ..7"}},
		{name: "some are left", gone: 2, do: func(c *corpus) { c.digestAt(7).meta["signature"] = "00" },
			verdict: VerdictInvalid, findings: []string{"missing tail-not-covered missing=2 unproven=4 5..7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 9)
			for i := 7 - c.gone; i < 7; i++ {
				k.rmDigest(i)
			}
			if c.do != nil {
				c.do(k)
			}
			o := k.options()
			o.Start, o.End = at(4), at(7)
			if c.change != nil {
				c.change(&o)
			}
			r := k.check(o)
			if r.Verdict != c.verdict || !slices.Equal(briefs(r), c.findings) {
				t.Errorf("%s %q, want %s %q", r.Verdict, briefs(r), c.verdict, c.findings)
			}
		})
	}
}

// The same where the trail became one of an organization: nothing is told of
// the pause as if logging had been stopped.
func TestBadDigestFileInANewFolder(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 9, func(k *corpus) {
		for _, d := range k.chain[:4] {
			d.org = "none"
		}
		k.id.Org = "o-abc"
	})
	for i := 4; i < 7; i++ {
		k.rmDigest(i)
	}
	k.digestAt(7).meta["signature"] = "00"
	o := k.options()
	o.Owner, o.Start, o.End = k.id.Account, corpusStart.Add(2*time.Hour), corpusStart.Add(7*time.Hour)
	if r := k.check(o); !slices.Equal(briefs(r), []string{"missing tail-not-covered missing=3 4..7"}) {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
}

// asking notes for which time keys are asked, and gives those that were valid
// in it.
type asking struct{ *corpus }

func (a asking) PublicKeys(_ context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	var keys []PublicKey
	for _, k := range a.public {
		if k.Region == region && k.ValidFrom.Before(to) && k.ValidUntil.After(from) {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// The key changed after the window: the digest file that tells of it has
// another one.
func TestKeyOfTheDigestFileAfterTheWindow(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Time { return corpusStart.Add(time.Duration(h * float64(time.Hour))) }
	older, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k := newCorpus(t, 2, func(k *corpus) { // and nothing for half a day
		k.chain[1].start, k.chain[1].end = k.chain[1].start.Add(12*time.Hour), k.chain[1].end.Add(12*time.Hour)
		k.chain[1].begins = true
	})
	der := x509.MarshalPKCS1PublicKey(&older.PublicKey)
	k.public[0].ValidFrom, k.public[0].ValidUntil = at(8), at(200)
	k.public = append(k.public, PublicKey{Region: k.id.Region, Fingerprint: md5hex(der), DER: der, ValidFrom: at(-200), ValidUntil: at(8)})
	o := k.options()
	o.Start, o.End, o.Keys = at(2), at(5), asking{k}
	if r := k.check(o); !slices.Equal(briefs(r), []string{"warning chain-begins 2..5"}) {
		t.Errorf("%s %s %q", r.Verdict, counts(r.Digests), briefs(r))
	}
}

// The last digest file before a pause is named by nobody. The log files that
// lie in the pause tell that it was there.
func TestLogFilesInAGap(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	for _, c := range []struct {
		name     string
		do       func(*corpus)
		change   func(*Options)
		verdict  Verdict
		findings []string
	}{
		{name: "none", do: func(*corpus) {}, verdict: VerdictValid, findings: []string{"notice gap 3..8"}},
		{name: "those of the last digest file before it, which was deleted", do: func(c *corpus) { c.rmDigest(2) },
			verdict: VerdictInvalid, findings: []string{"missing gap unproven=2 2..8"}},
		{name: "its log files were deleted, too", do: func(c *corpus) { c.rmDigest(2); c.dropLogs(2) },
			verdict: VerdictValid, findings: []string{"notice gap 2..8"}},
		{name: "late by some minutes", do: func(c *corpus) { c.forge(at(3.1)); c.forge(at(7.9)) },
			verdict: VerdictValid, findings: []string{"notice gap unproven=2 3..8"}},
		{name: "another trail delivers there", do: func(c *corpus) {
			c.beside(2)
			c.forge(at(5))
		}, verdict: VerdictValid, findings: []string{"warning gap unproven=1 3..8"}},
		{name: "another trail delivers there, and all of its files are known", do: func(c *corpus) {
			c.beside(14)
			c.forge(at(5))
		}, change: func(o *Options) { o.Unlisted = true }, verdict: VerdictInvalid, findings: []string{"missing gap unproven=1 3..8", "warning unproven"}},
		{name: "another trail is checked, too, of which all is known", do: func(c *corpus) {
			c.beside(14)
			c.forge(at(5))
		}, change: func(o *Options) { o.Trail, o.Home = "", "" }, verdict: VerdictInvalid, findings: []string{"missing gap unproven=1 3..8"}},
		{name: "another trail is checked, too, of which not all is known", do: func(c *corpus) {
			o := c.beside(14)
			o.digestAt(5).meta["signature"] = "00"
		}, change: func(o *Options) { o.Trail, o.Home = "", "" }, verdict: VerdictInvalid, findings: []string{"invalid signature unproven=2", "warning gap unproven=2 3..8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6, func(c *corpus) {
				for _, d := range c.chain[3:] {
					d.start, d.end = d.start.Add(5*time.Hour), d.end.Add(5*time.Hour)
				}
				c.chain[3].begins = true
			})
			c.do(k)
			o := k.options()
			if c.change != nil {
				c.change(&o)
			}
			r := k.check(o)
			if r.Verdict != c.verdict || !slices.Equal(briefs(r), c.findings) {
				t.Errorf("%s %q, want %s %q", r.Verdict, briefs(r), c.verdict, c.findings)
			}
		})
	}
}

// The first digest file of a region comes hours after its first log file.
func TestRegionThatIsNewlyUsed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		hours float64 // of its first log file, before now
		also  float64 // of another one before that
		start float64 // of the window, before now
		want  []string
	}{
		{"an hour ago", 1, 0, 6, []string{"notice no-digests"}},
		{"four hours ago", 4, 0, 6, []string{"missing no-digests"}},
		{"an hour ago, and before the window", 1, 30, 6, []string{"missing no-digests"}},
		{"an hour ago, and before a short window", 1, 30, 2, []string{"missing no-digests"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			o := k.options()
			o.Home, o.MultiRegion, o.Regions = "us-east-1", true, []string{"eu-west-1", "us-west-2"}
			o.Now = k.chain[5].end.Add(30 * time.Minute)
			before := func(hours float64) time.Time { return o.Now.Add(-time.Duration(hours * float64(time.Hour))) }
			o.Start, o.End = before(c.start), o.Now
			k.putLog("us-west-2", before(c.hours))
			if c.also > 0 {
				k.putLog("us-west-2", before(c.also))
			}
			if r := k.check(o); !slices.Equal(briefs(r), c.want) {
				t.Errorf("%s %q, want %q", r.Verdict, briefs(r), c.want)
			}
		})
	}
}

// Logging was switched on again, and the first digest file is still to come.
func TestLoggingSwitchedOnAgain(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Time { return corpusStart.Add(time.Duration(h * float64(time.Hour))) }
	for _, c := range []struct {
		name    string
		started float64
		now     float64
		do      func(*corpus)
		verdict Verdict
		want    []string
	}{
		{name: "an hour ago", started: 10, now: 11, verdict: VerdictValid, want: []string{"notice gap 6..10"}},
		{name: "four hours ago", started: 10, now: 14, verdict: VerdictInvalid, want: []string{"missing tail-not-covered missing=8 6..14"}},
		{name: "nobody knows", now: 11, verdict: VerdictInvalid, want: []string{"missing tail-not-covered missing=5 6..11"}},
		{name: "before the newest", started: 4, now: 9, verdict: VerdictInvalid, want: []string{"missing tail-not-covered missing=3 6..9"}},
		{name: "the newest were deleted before", started: 10, now: 11, do: func(c *corpus) { c.rmDigest(5) },
			verdict: VerdictInvalid, want: []string{"missing gap unproven=2 5..10"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			if c.do != nil {
				c.do(k)
			}
			o := k.options()
			o.Now, o.End = at(c.now), time.Time{}
			if c.started > 0 {
				o.Started = at(c.started)
			}
			if r := k.check(o); r.Verdict != c.verdict || !slices.Equal(briefs(r), c.want) {
				t.Errorf("%s %q, want %s %q", r.Verdict, briefs(r), c.verdict, c.want)
			}
		})
	}
}

// The digest file that would tell lies in an older bucket, behind a good one.
func TestBadDigestFileInAnOlderBucket(t *testing.T) {
	t.Parallel()
	for first, want := range map[int]string{
		4: "unchecked tail-not-covered unproven=6 4..7",
		5: "missing tail-not-covered missing=2 unproven=4 5..7",
	} {
		k := newCorpus(t, 9, func(k *corpus) {
			for _, d := range k.chain[:8] {
				d.bucket = "older"
			}
		})
		for i := first; i < 7; i++ {
			k.rmDigest(i)
		}
		k.digestAt(7).meta["signature"] = "00"
		o := k.options()
		o.Start, o.End = corpusStart.Add(4*time.Hour), corpusStart.Add(7*time.Hour)
		if r := k.check(o); !slices.Equal(briefs(r), []string{want}) {
			t.Errorf("from %d on: %s %q", first, r.Verdict, briefs(r))
		}
	}
}

// Another trail delivered to the older bucket.
func TestLogFilesInAGapInAnOlderBucket(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6, func(k *corpus) {
		for i, d := range k.chain {
			if i >= 2 {
				d.start, d.end = d.start.Add(5*time.Hour), d.end.Add(5*time.Hour)
			}
			if i < 4 {
				d.bucket = "older"
			}
		}
		k.chain[2].begins = true
	})
	id := k.id
	id.Trail = "another"
	k.bucket("older").put(id.key(k.start.Add(time.Hour)), nil, nil)
	key := k.forge(4 * time.Hour)
	k.bucket("older").put(key, zip(nil), nil)
	if r := k.check(k.options()); !slices.Equal(briefs(r), []string{"warning gap unproven=1 2..7"}) {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
}

// A folder that has log files, though none in the range, and no digest file of
// the trail there at all is named: those in the range may be gone together.
func TestFolderWithoutDigestFilesIsNamed(t *testing.T) {
	k := newCorpus(t, 6)
	k.putLog("us-west-2", k.start.Add(30*time.Hour))
	r := k.check(k.options())
	if want := []string{"warning no-digests"}; r.Verdict != VerdictValid || !slices.Equal(briefs(r), want) {
		t.Errorf("%s %q, want %q", r.Verdict, briefs(r), want)
	}
}
