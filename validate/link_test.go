package validate

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/bucket"
)

// The links are compared wherever a chain goes: within a bucket, across two of
// them, in a backfill, and in copies with their metadata or without.
func TestLinksEverywhere(t *testing.T) {
	t.Parallel()
	oneHash := func(name, value string) func(*corpus) {
		return func(c *corpus) { c.chain[3].fields[name] = value }
	}
	broken := []string{"invalid broken-link"}
	for _, l := range []struct {
		name string
		make func(*corpus) // number 3 tells something wrong of number 2
		do   func(*corpus)
		want string // of the message
		// bare is what a copy without metadata finds: there the signature of
		// number 2 is what number 3 repeats.
		bare []string
	}{
		{"hash", oneHash("previousDigestHashValue", strings.Repeat("f", 64)), nil, "hash value doesn't match", broken},
		{"algorithm", oneHash("previousDigestHashAlgorithm", "MD5"), nil, `hash algorithm "MD5" is not supported`, broken},
		{"signature", oneHash("previousDigestSignature", "00"), nil, "signature doesn't match",
			[]string{"invalid signature unproven=2"}},
		{"replaced by one that is signed, too", nil, func(c *corpus) {
			delete(c.bucket(c.chain[2].bucket).objects, c.logKey(2, 1)) // of which nothing tells
			c.chain[2].logs = c.chain[2].logs[:1]
			kept := c.chain
			c.chain = c.chain[:3]
			c.seal(2)
			c.chain = kept
		}, "hash value doesn't match, signature doesn't match", []string{"invalid signature unproven=1"}},
	} {
		for _, where := range []string{"bucket", "two buckets", "backfill", "copy", "bare copy", "copy of two buckets"} {
			t.Run(l.name+" in "+where, func(t *testing.T) {
				t.Parallel()
				k := newCorpus(t, 6, func(c *corpus) {
					if strings.Contains(where, "two buckets") {
						c.chain[0].bucket, c.chain[1].bucket, c.chain[2].bucket = "older", "older", "older"
					}
					if where == "backfill" {
						c.id.Backfill = true
						for _, d := range c.chain {
							d.meta = map[string]string{metaBackfill: "2024-03-02T08:00:00Z"}
						}
					}
					if l.make != nil {
						l.make(c)
					}
				})
				if l.do != nil {
					l.do(k)
				}
				var r *Report
				want := broken
				if strings.Contains(where, "copy") {
					dir := t.TempDir()
					k.save(dir, where != "bare copy")
					r = k.checkFolder(dir)
				} else {
					r = k.check(k.options())
				}
				if where == "bare copy" {
					want = append(slices.Clone(l.bare), "warning no-signature unproven=2")
				}
				if got := briefs(r); !slices.Equal(got, want) || r.Verdict != VerdictInvalid {
					t.Errorf("%s %q, want %q", r.Verdict, got, want)
				}
				if where != "bare copy" && len(r.Findings) > 0 && !strings.Contains(r.Findings[0].Message, l.want) {
					t.Errorf("%q, want %q", r.Findings[0].Message, l.want)
				}
			})
		}
	}
}

func TestKeysOfOtherTimesAndRegions(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for _, c := range []struct {
		name     string
		do       func(*corpus)
		digests  string
		findings []string
	}{
		{"valid then", func(c *corpus) { c.validity(-day, day) }, "3/3", nil},
		{"the window lags a rotation", func(c *corpus) { c.validity(5*time.Hour, day) }, "3/3", nil},
		{"valid later", func(c *corpus) { c.validity(3*day, 9*day) }, "3/3", []string{"warning key-validity", "warning key-validity", "warning key-validity"}},
		{"valid before", func(c *corpus) { c.validity(-9*day, -2*day) }, "3/3", []string{"warning key-validity", "warning key-validity", "warning key-validity"}},
		{"another region's, beside its own", func(c *corpus) {
			own, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				c.t.Fatal(err)
			}
			der := x509.MarshalPKCS1PublicKey(&own.PublicKey)
			c.public[0].Region = "us-west-2"
			c.public = append(c.public, PublicKey{Region: c.id.Region, Fingerprint: md5hex(der), DER: der})
		}, "0/3 invalid=3", []string{"invalid public-key-not-found unproven=2", "invalid public-key-not-found unproven=2", "invalid public-key-not-found unproven=2"}},
		{"under the name of another", func(c *corpus) {
			der := x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: c.key.N, E: 3})
			c.public[0].DER = der
		}, "0/3 invalid=3", []string{"invalid signature unproven=2", "invalid signature unproven=2", "invalid signature unproven=2"}},
		{"unreadable", func(c *corpus) { c.public[0].DER = []byte("x") },
			"0/3 invalid=3", []string{"invalid public-key-unusable unproven=2", "invalid public-key-unusable unproven=2", "invalid public-key-unusable unproven=2"}},
	} {
		for _, from := range []string{"service", "file"} {
			k := newCorpus(t, 3)
			c.do(k)
			o := k.options()
			if from == "file" {
				f, err := ParseKeyFile(keyFile(k.public...))
				if err != nil {
					t.Fatal(err)
				}
				o.Keys = f
			}
			r := k.check(o)
			if counts(r.Digests) != c.digests || !slices.Equal(briefs(r), c.findings) && len(r.Findings)+len(c.findings) > 0 {
				t.Errorf("%s, %s: %s %q, want %s %q", c.name, from, counts(r.Digests), briefs(r), c.digests, c.findings)
			}
		}
	}
}

// validity sets when the key was valid, from the beginning of the corpus.
func (c *corpus) validity(from, until time.Duration) {
	c.public[0].ValidFrom, c.public[0].ValidUntil = c.start.Add(from), c.start.Add(until)
}

// A backfill is signed when it is made, long after the time it covers.
func TestBackfillKeyValidity(t *testing.T) {
	t.Parallel()
	for made, want := range map[string]int{"2024-06-01T00:00:00Z": 0, "2024-09-01T00:00:00Z": 2} {
		k := newCorpus(t, 2, func(c *corpus) {
			c.id.Backfill = true
			for _, d := range c.chain {
				d.meta = map[string]string{metaBackfill: made}
			}
		})
		june := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
		k.public[0].ValidFrom, k.public[0].ValidUntil = june.AddDate(0, 0, -1), june.AddDate(0, 0, 1)
		r, err := Check(context.Background(), k.options())
		if err != nil || len(r.Findings) != want || r.Verdict != VerdictValid {
			t.Errorf("made %s: %v %q", made, err, briefs(r))
		}
	}
}

// Each digest file is fetched once, also the last one.
func TestDigestFilesAreFetchedOnce(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 5)
	store := &fetchCount{Store: k.bucket(testBucket), gets: map[string]int{}}
	o := k.options()
	o.Open = func(context.Context, string) (Store, error) { return store, nil }
	if r := k.check(o); r.Verdict != VerdictValid {
		t.Fatalf("%s %q", r.Verdict, briefs(r))
	}
	for i := range k.chain {
		if n := store.gets[k.digestKey(i)]; n != 1 {
			t.Errorf("digest file %d was fetched %d times", i, n)
		}
	}
}

// fetchCount counts how often each object is fetched.
type fetchCount struct {
	Store
	mu   sync.Mutex
	gets map[string]int
}

func (c *fetchCount) Get(ctx context.Context, key string) (*bucket.Body, error) {
	c.mu.Lock()
	c.gets[key]++
	c.mu.Unlock()
	return c.Store.Get(ctx, key)
}
