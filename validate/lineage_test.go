package validate

import (
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
)

// A trail that became one of an organization: its older digest files lie in
// the account's own folder.
func TestFolderChanged(t *testing.T) {
	t.Parallel()
	const length = 6
	for _, c := range []struct {
		name     string
		linked   bool
		gap      time.Duration
		do       func(*corpus)
		digests  string
		findings []string
	}{
		{name: "linked", linked: true, digests: "6/6"},
		{name: "begun anew", digests: "6/6"},
		{name: "begun anew later", gap: 3 * time.Hour, digests: "6/6", findings: []string{"notice gap 3..6"}},
		{name: "the newest of the old folder deleted", linked: true, do: func(c *corpus) { c.rmDigest(2) },
			digests: "5/6 missing=1", findings: []string{"missing not-found missing=1 unproven=2 2..3"}},
		{name: "one in the old folder deleted", linked: true, do: func(c *corpus) { c.rmDigest(1) },
			digests: "5/6 missing=1", findings: []string{"missing not-found missing=1 unproven=2 1..2"}},
		{name: "the newest of the new folder deleted", linked: true, do: func(c *corpus) { c.rmDigest(5) },
			digests: "5/6 missing=1", findings: []string{"missing tail-not-covered missing=1 unproven=2 5..6"}},
		{name: "the oldest deleted", linked: true, do: func(c *corpus) { c.rmDigest(0) },
			digests: "5/6 missing=1", findings: []string{"missing not-found missing=1 unproven=2 0..1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, length, func(k *corpus) {
				for i, d := range k.chain {
					if i < 3 {
						d.org = "none"
						continue
					}
					d.start, d.end = d.start.Add(c.gap), d.end.Add(c.gap)
				}
				k.id.Org = "o-abc"
				k.chain[3].begins = !c.linked
			})
			if c.do != nil {
				c.do(k)
			}
			o := k.options()
			o.Owner = k.id.Account
			r := k.check(o)
			if got := briefs(r); counts(r.Digests) != c.digests || !slices.Equal(got, c.findings) && len(got)+len(c.findings) > 0 {
				t.Errorf("%s %q, want %s %q", counts(r.Digests), got, c.digests, c.findings)
			}
			if len(r.Chains) != 1 {
				t.Errorf("%d chains", len(r.Chains))
			}
		})
	}
}

// The folders of the account itself are not those of its organization's trail.
func TestOrganizationBesideOwnTrail(t *testing.T) {
	t.Parallel()
	for _, other := range []string{
		"AWSLogs/111122223333/CloudTrail/eu-west-1/2024/03/01/111122223333_CloudTrail_eu-west-1_20240301T2205Z_AAAAAAAAAAAAAAAA.json.gz",
		"AWSLogs/111122223333/CloudTrail/us-west-2/2024/03/01/111122223333_CloudTrail_us-west-2_20240301T2205Z_AAAAAAAAAAAAAAAA.json.gz",
		"AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2024/03/01/111122223333_CloudTrail-Digest_eu-west-1_own_eu-west-1_20240301T233000Z.json.gz",
	} {
		k := newCorpus(t, 3, func(k *corpus) { k.id.Org, k.id.Home = "o-abc", "eu-west-1" })
		k.bucket(testBucket).put(other, zip(nil), nil)
		o := k.options()
		o.Owner, o.Home, o.MultiRegion = k.id.Account, "eu-west-1", true
		if r := k.check(o); r.Verdict != VerdictValid || len(r.Findings) > 0 {
			t.Errorf("beside %s: %s %q", other, r.Verdict, briefs(r))
		}
	}
}

// Nothing in the window, and digest files shortly before it: they ended, and
// somebody may have deleted those after them.
func TestWindowAfterTheNewest(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Time { return corpusStart.Add(time.Duration(h * float64(time.Hour))) }
	for _, c := range []struct {
		name     string
		start    float64
		change   func(*Options)
		verdict  Verdict
		findings []string
	}{
		{"hours later", 8, nil, VerdictInvalid, []string{"missing tail-not-covered missing=4 8..12"}},
		{"right behind", 6, nil, VerdictInvalid, []string{"missing tail-not-covered missing=6 6..12"}},
		{"logging was stopped", 8, func(o *Options) { o.Stopped = at(6.1) }, VerdictNothing, nil},
		{"another trail", 8, func(o *Options) { o.Trail = "other" }, VerdictNothing, nil},
		{"young", 8, func(o *Options) { o.Now = at(7.5) }, VerdictNothing, nil},
	} {
		k := newCorpus(t, 6)
		o := k.options()
		o.Start, o.End = at(c.start), at(12)
		if c.change != nil {
			c.change(&o)
		}
		if r := k.check(o); r.Verdict != c.verdict || !slices.Equal(briefs(r), c.findings) && len(r.Findings)+len(c.findings) > 0 {
			t.Errorf("%s: %s %q, want %s %q", c.name, r.Verdict, briefs(r), c.verdict, c.findings)
		}
	}
}

// An account that was asked for is compared with folders that were named, too.
func TestNamedFolderOfAnotherAccount(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 2)
	o := k.options()
	o.Bases, o.Accounts = []bucket.Base{k.id.Base}, []string{"444455556666"}
	if r := k.check(o); r.Verdict != VerdictNothing {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
}

// What the log files of a hole are worth, and how many there are.
func TestUnprovenLogFiles(t *testing.T) {
	t.Parallel()
	later := func(hours time.Duration) func(*corpus) {
		return func(c *corpus) {
			for _, d := range c.chain[3:] {
				d.start, d.end = d.start.Add(hours*time.Hour), d.end.Add(hours*time.Hour)
			}
			c.chain[3].begins = true
		}
	}
	for _, c := range []struct {
		name     string
		make     func(*corpus)
		do       func(*corpus)
		change   func(*Options)
		unproven int
		findings []string
		detail   string
	}{
		{name: "log files where logging was stopped", make: later(5), do: func(c *corpus) { c.forge(4 * time.Hour); c.forge(5 * time.Hour) },
			unproven: 2, findings: []string{"missing gap unproven=2 3..8"}, detail: "log file validation was off"},
		{name: "before the chain begins", do: func(c *corpus) { c.forge(-time.Hour) },
			change: func(o *Options) { o.Start = o.Start.Add(-2 * time.Hour) }, unproven: 1, findings: []string{"warning chain-begins unproven=1 -2..0"}},
		{name: "a deleted one, and its log files also", do: func(c *corpus) {
			c.rmDigest(3)
			delete(c.bucket(testBucket).objects, c.logKey(3, 0))
		}, unproven: 1, findings: []string{"missing not-found missing=1 unproven=1 3..4"}, detail: "there may have been more log files"},
		{name: "the bucket cannot be listed", do: func(c *corpus) {
			c.rmDigest(3)
			c.bucket(testBucket).unlistable = "/CloudTrail/"
		}, findings: []string{"missing not-found missing=1 3..4"}, detail: "could not be counted: access denied"},
		{name: "another trail delivers there", do: func(c *corpus) {
			c.rmDigest(3)
			id := c.id
			id.Trail = "other"
			c.bucket(testBucket).put(id.key(c.start.Add(2*time.Hour)), nil, nil)
		}, unproven: 2, findings: []string{"missing not-found missing=1 unproven=2 3..4"}, detail: "some may be of another trail"},
		{name: "listed by a neighbour", do: func(c *corpus) {
			c.chain[4].logs = append(c.chain[4].logs, c.chain[3].logs...)
			c.seal(4)
			c.rmDigest(3)
		}, findings: []string{"missing not-found missing=1 3..4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var before []func(*corpus)
			if c.make != nil {
				before = append(before, c.make)
			}
			k := newCorpus(t, 6, before...)
			c.do(k)
			o := k.options()
			if c.change != nil {
				c.change(&o)
			}
			r := k.check(o)
			if !slices.Equal(briefs(r), c.findings) || r.LogFiles.Unproven != c.unproven || r.Chains[0].LogFiles.Unproven != c.unproven {
				t.Errorf("%q, %d unproven; want %q, %d", briefs(r), r.LogFiles.Unproven, c.findings, c.unproven)
			}
			if len(r.Findings) == 0 || !strings.Contains(r.Findings[0].Detail, c.detail) {
				t.Errorf("%+v", r.Findings)
			}
		})
	}
}

// Where some chains lead to an older bucket, the others may have been there.
func TestOlderBucketIsNamed(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6, func(k *corpus) {
		k.chain[0].bucket, k.chain[1].bucket, k.chain[2].bucket = "older", "older", "older"
	})
	other := newCorpus(t, 6, func(c *corpus) {
		c.buckets, c.key = k.buckets, k.key
		c.id.Region = "us-west-2"
		for _, d := range c.chain[:3] {
			d.bucket = "older"
		}
		c.chain[3].begins = true
	})
	other.public[0].Region = "us-west-2"
	k.public = append(k.public, other.public...)
	r := k.check(k.options())
	if !slices.Equal(briefs(r), []string{"warning chain-begins 0..3"}) || !strings.Contains(r.Findings[0].Detail, "lead to s3://older/") {
		t.Errorf("%+v", r.Findings)
	}
}
