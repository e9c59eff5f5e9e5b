package validate

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trailctl/bucket"
)

// Log files that lie before the first digest file or after the last one are
// counted and told, whatever is asked for beside that.
func TestOutside(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	for _, c := range []struct {
		name     string
		make     func(*corpus)
		do       func(*corpus)
		change   func(*Options)
		unlisted bool
		verdict  Verdict
		logs     string
		findings []string
		says     string
		inBucket bool // else in a copy, too
	}{
		{name: "none", verdict: VerdictValid, logs: "12/12"},
		{name: "before", do: func(c *corpus) { c.forge(at(-0.1)); c.forge(at(-50)) }, verdict: VerdictValid, logs: "12/12 unproven=2",
			findings: []string{"notice outside unproven=2"}, says: "2 log files lie before the first digest file: nobody vouches for them"},
		{name: "after", do: func(c *corpus) { c.forge(at(6.5)) }, verdict: VerdictValid, logs: "12/12 unproven=1",
			findings: []string{"notice outside unproven=1"}, says: "1 log file lies after the last digest file: nobody vouches for it"},
		{name: "both, at the very ends", do: func(c *corpus) { c.forge(at(0.1)); c.forge(at(5.95)) }, verdict: VerdictValid, logs: "12/12 unproven=2",
			findings: []string{"notice outside unproven=2"}, says: "1 log file before the first digest file, 1 log file after the last one: nobody vouches for them"},
		{name: "by another name", do: func(c *corpus) {
			c.bucket(testBucket).put(c.id.Day(bucket.LogFile, c.id.Region, c.start.AddDate(0, 0, -3))+"x", zip(nil), nil)
		}, verdict: VerdictValid, logs: "12/12 unproven=1", findings: []string{"notice outside unproven=1"}},
		{name: "named", unlisted: true, do: func(c *corpus) { c.forge(at(-1)); c.forge(at(6.5)); c.forge(at(5.9)) }, verdict: VerdictValid, logs: "12/12 unproven=3",
			findings: []string{"notice outside unproven=3", "notice unproven", "notice unproven", "notice unproven"}},
		{name: "before a window", do: func(c *corpus) { c.forge(at(-1)) }, change: func(o *Options) { o.Start = corpusStart }, verdict: VerdictValid, logs: "12/12"},
		{name: "after a window", do: func(c *corpus) { c.forge(at(6.5)) }, change: func(o *Options) { o.End = corpusStart.Add(at(6)) }, verdict: VerdictValid, logs: "12/12"},
		{name: "after the newest in a window", do: func(c *corpus) { c.forge(at(6.2)); c.forge(at(6.9)) }, change: func(o *Options) { o.End = corpusStart.Add(at(6.5)) },
			verdict: VerdictValid, logs: "12/12 unproven=1", findings: []string{"notice outside unproven=1"}},
		{name: "a hole tells already", inBucket: true, do: func(c *corpus) { c.rmDigest(0); c.rmDigest(5); c.forge(at(-1)); c.forge(at(6.5)) },
			change: func(o *Options) { o.Now = corpusStart.Add(at(9)) }, verdict: VerdictInvalid, logs: "8/8 unproven=6",
			findings: []string{"missing not-found missing=1 unproven=3 ..1", "missing tail-not-covered missing=4 unproven=3 5..9"}},
		{name: "an invalid one at the end", do: func(c *corpus) { c.digestAt(5).meta["signature"] = "00"; c.forge(at(6.5)) },
			verdict: VerdictInvalid, logs: "10/10 unproven=3", findings: []string{"invalid signature unproven=2", "notice outside unproven=1"}},
		{name: "older bucket", inBucket: true, make: func(c *corpus) {
			for _, d := range c.chain[:3] {
				d.bucket = "older"
			}
		}, do: func(c *corpus) {
			key := c.forge(at(-1))
			c.bucket("older").put(key, zip(nil), nil)
		}, verdict: VerdictValid, logs: "12/12 unproven=2", findings: []string{"notice outside unproven=2"}},
		{name: "another trail began before", inBucket: true, unlisted: true, do: func(c *corpus) {
			c.beside(9, func(o *corpus) {
				for _, d := range o.chain {
					d.start, d.end = d.start.Add(-2*time.Hour), d.end.Add(-2*time.Hour)
				}
			})
			c.forge(at(-1))
		}, verdict: VerdictValid, logs: "12/12 unproven=1", findings: []string{"notice outside unproven=1", "notice unproven"}},
		{name: "chains of two trails", inBucket: true, do: func(c *corpus) { c.beside(6); c.forge(at(-1)); c.forge(at(6.5)) },
			change: func(o *Options) { o.Trail, o.Home = "", "" }, verdict: VerdictValid, logs: "24/24 unproven=2", findings: []string{"notice outside unproven=2"}},
		{name: "may not be listed", inBucket: true, do: func(c *corpus) { c.bucket(testBucket).unlistable = "/CloudTrail/" }, verdict: VerdictValid, logs: "12/12",
			findings: []string{"warning outside"}},
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
			change := func(o *Options) {
				o.Start, o.End, o.Now, o.Unlisted = time.Time{}, time.Time{}, corpusStart.Add(at(7)), c.unlisted
				if c.change != nil {
					c.change(o)
				}
			}
			look := func(where string, r *Report) {
				findings := slices.DeleteFunc(briefs(r), func(s string) bool { return s == "notice copy-ends" })
				if r.Verdict != c.verdict || counts(r.LogFiles) != c.logs || !slices.Equal(findings, c.findings) || r.Unlisted > 0 {
					t.Errorf("%s: %s %s %q", where, r.Verdict, counts(r.LogFiles), findings)
				}
				said := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Message == c.says })
				if c.says != "" && !said {
					t.Errorf("%s: %+v", where, r.Findings)
				}
			}
			o := k.options()
			change(&o)
			look("bucket", k.check(o))
			if !c.inBucket {
				dir := t.TempDir()
				k.save(dir, true)
				look("copy", k.checkFolder(dir, change))
			}
		})
	}
}

// A bucket in which log files lie for years is not listed to its end.
func TestOutsideIsBounded(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	key := k.forge(-48 * time.Hour)
	for i := range 3 * onePage {
		k.bucket(testBucket).put(strings.Replace(key, "FORGEDFORGEDFORG", "F"+strings.Repeat("A", 11)+string(rune('A'+i/676))+string(rune('A'+i/26%26))+string(rune('A'+i%26)), 1), zip(nil), nil)
	}
	o := k.options()
	o.Start, o.End, o.Now = time.Time{}, time.Time{}, corpusStart.Add(7*time.Hour)
	store := &listCounter{Store: k.bucket(testBucket)}
	o.Open = func(context.Context, string) (Store, error) { return store, nil }
	r := k.check(o)
	if counts(r.LogFiles) != "12/12 unproven=1000" || len(r.Findings) != 1 || !strings.HasPrefix(r.Findings[0].Message, "at least 1000 log files lie before ") {
		t.Errorf("%s %+v", counts(r.LogFiles), r.Findings)
	}
	if n := store.listed.Load(); n > 2*onePage {
		t.Errorf("%d log files were listed", n)
	}
}

// listCounter counts log files that are listed.
type listCounter struct {
	Store
	listed atomic.Int64
}

func (s *listCounter) List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		for o, err := range s.Store.List(ctx, prefix, after) {
			if strings.Contains(o.Key, "_CloudTrail_") {
				s.listed.Add(1)
			}
			if !yield(o, err) {
				return
			}
		}
	}
}
