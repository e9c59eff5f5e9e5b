package validate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
)

// beside delivers another trail of the same account and region to the same
// bucket, signed with the same key.
func (c *corpus) beside(hours int, change ...func(*corpus)) *corpus {
	public := c.public
	o := newCorpus(c.t, hours, append([]func(*corpus){func(o *corpus) {
		o.buckets, o.key, o.public, o.id.Trail = c.buckets, c.key, public, "corp_us-east-1_y"
		o.unique = "BBBBBBBB"
	}}, change...)...)
	return o
}

func TestUnlistedPlaces(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	for _, c := range []struct {
		name     string
		make     func(*corpus)
		do       func(*corpus)
		start    float64 // of the window, with its end
		end      float64
		findings []string
		unlisted int
	}{
		{name: "nothing"},
		{name: "in the middle of nothing", start: 2, end: 4},
		{name: "near the start of the window", start: 2, end: 4, do: func(c *corpus) { c.forge(at(2.1)) }, findings: []string{"invalid unlisted"}, unlisted: 1},
		{name: "near the end of the window", start: 2, end: 4, do: func(c *corpus) { c.forge(at(3.95)) }, findings: []string{"invalid unlisted"}, unlisted: 1},
		{name: "outside of the window", start: 2, end: 4, do: func(c *corpus) { c.forge(at(1.9)); c.forge(at(4.1)) }},
		{name: "near the newest: the next digest file may list it", do: func(c *corpus) { c.forge(at(5.9)) }},
		{name: "listed right before the window", start: 2, end: 4, make: func(c *corpus) { c.list(1, at(2.05)) }},
		{name: "listed right after the window", start: 2, end: 4, make: func(c *corpus) { c.list(4, at(3.95)) }},
		{name: "in a hole", do: func(c *corpus) { c.rmDigest(3); c.forge(at(3.5)) },
			findings: []string{"missing not-found missing=1 unproven=3 3..4", "warning unproven", "warning unproven", "warning unproven"}},
		{name: "beside a hole, the missing one may list it", do: func(c *corpus) { c.rmDigest(3); c.dropLogs(3); c.forge(at(2.9)) },
			findings: []string{"missing not-found missing=1 3..4", "warning unproven"}},
		{name: "in the time of an invalid one", do: func(c *corpus) { c.digestAt(3).meta["signature"] = "00"; c.dropLogs(3); c.forge(at(3.5)) },
			findings: []string{"invalid signature unproven=2", "warning unproven"}},
		{name: "by another name, in a hole", do: func(c *corpus) {
			c.rmDigest(1)
			c.dropLogs(1)
			c.bucket(testBucket).put(c.id.Day(bucket.LogFile, c.id.Region, c.start)+"x.json.gz", zip(nil), nil)
		}, findings: []string{"invalid unlisted", "missing not-found missing=1 1..2"}, unlisted: 1},
		{name: "in the older bucket", make: func(c *corpus) {
			for _, d := range c.chain[:4] {
				d.bucket = "older"
			}
		}, do: func(c *corpus) {
			key := c.forge(at(1.5))
			o := c.at(testBucket, key)
			delete(c.bucket(testBucket).objects, key)
			c.bucket("older").put(key, o.body, nil)
		}, findings: []string{"invalid unlisted"}, unlisted: 1},
		{name: "another trail's are listed by it", do: func(c *corpus) { c.beside(6) }},
		{name: "beside another trail", do: func(c *corpus) { c.beside(6); c.forge(at(2.5)) }, findings: []string{"invalid unlisted"}, unlisted: 1},
		{name: "another trail with an invalid one", do: func(c *corpus) { c.beside(6).digestAt(2).meta["signature"] = "00" },
			findings: []string{"warning unlisted", "warning unlisted"}, unlisted: 2},
		{name: "another trail with a deleted one", do: func(c *corpus) { c.beside(6).rmDigest(2) },
			findings: []string{"warning unlisted", "warning unlisted"}, unlisted: 2},
		{name: "another trail, forged, does not vouch", do: func(c *corpus) {
			key := c.forge(at(2.5))
			o := c.beside(6)
			o.editDigest(2, func(b []byte) []byte { return []byte(strings.ReplaceAll(string(b), o.logKey(2, 0), key)) })
		}, findings: []string{"warning unlisted", "warning unlisted", "warning unlisted"}, unlisted: 3},
		{name: "another trail's backfill", do: func(c *corpus) {
			c.beside(3, func(o *corpus) {
				o.id.Backfill = true
				for _, d := range o.chain {
					d.meta = map[string]string{"backfill-generation-timestamp": "2024-03-02T00:00:00Z"}
				}
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var before []func(*corpus)
			if c.make != nil {
				before = append(before, c.make)
			}
			k := newCorpus(t, 6, before...)
			if c.do != nil {
				c.do(k)
			}
			o := k.options()
			o.Unlisted = true
			if c.end > 0 {
				o.Start, o.End = corpusStart.Add(at(c.start)), corpusStart.Add(at(c.end))
			}
			r := k.check(o)
			if got := briefs(r); !slices.Equal(got, c.findings) && len(got)+len(c.findings) > 0 || r.Unlisted != c.unlisted {
				t.Errorf("%q, %d unlisted, want %q, %d", got, r.Unlisted, c.findings, c.unlisted)
			}
		})
	}
}

// list puts a log file into the bucket that a digest file lists, whatever its
// time.
func (c *corpus) list(i int, at time.Duration) {
	key := strings.Replace(c.forge(at), "FORGED", "LISTED", 1)
	m := c.bucket(testBucket)
	m.put(key, zip([]byte("{}")), nil)
	delete(m.objects, c.forge(at))
	c.chain[i].logs = append(c.chain[i].logs, map[string]any{"s3Bucket": testBucket, "s3Object": key, "hashValue": sha([]byte("{}")), "hashAlgorithm": "SHA-256"})
}

func (c *corpus) dropLogs(i int) {
	for n := range c.chain[i].logs {
		delete(c.bucket(c.chain[i].bucket).objects, c.logKey(i, n))
	}
}

// A bucket may hold a great many of them; a report names some.
func TestManyUnlisted(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	key := k.forge(90 * time.Minute)
	for i := range maxNamed + 41 {
		k.bucket(testBucket).put(strings.Replace(key, "FORGED", fmt.Sprintf("F%05d", i), 1), zip(nil), nil)
	}
	o := k.options()
	o.Unlisted = true
	r := k.check(o)
	if r.Unlisted != maxNamed+42 || len(r.Findings) != maxNamed+1 || r.Verdict != VerdictInvalid {
		t.Errorf("%d unlisted, %d findings, %s", r.Unlisted, len(r.Findings), r.Verdict)
	}
	if !slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Subject == SubjectChain && strings.HasPrefix(f.Message, "42 more log files: INVALID: ")
	}) {
		t.Error("nothing tells of those that are not named")
	}
}
