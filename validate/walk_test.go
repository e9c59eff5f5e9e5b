package validate

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"
)

// Whatever is deleted or replaced by something else is found, wherever it
// lies and whatever else is.
func FuzzWalk(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x13})
	f.Add([]byte{0x05, 0x06, 0x07})
	f.Add([]byte{0x10, 0x21, 0x35, 0x42})
	var whole *corpus
	f.Fuzz(func(t *testing.T, ops []byte) {
		const length = 8
		if whole == nil {
			whole = newCorpus(t, length, func(c *corpus) {
				c.chain[0].bucket, c.chain[1].bucket = "older", "older"
				for _, d := range c.chain[5:] {
					d.start, d.end = d.start.Add(30*time.Hour), d.end.Add(30*time.Hour)
				}
				c.chain[5].begins = true
			})
		}
		c := *whole
		c.t, c.buckets = t, map[string]*memory{}
		for name, b := range whole.buckets {
			c.buckets[name] = &memory{name: name, objects: maps.Clone(b.objects)}
		}
		touched := map[int]bool{}
		for _, op := range ops[:min(len(ops), 4*length)] {
			i := int(op % length)
			b := c.bucket(c.chain[i].bucket)
			key := c.digestKey(i)
			switch op / length % 5 {
			case 0:
				delete(b.objects, key)
			case 1:
				b.put(key, []byte("x"), b.objects[key].meta)
			case 2:
				b.put(key, whole.bucket(whole.chain[(i+1)%length].bucket).objects[whole.digestKey((i+1)%length)].body, whole.digestAt(i).meta)
			case 3:
				b.put(key, whole.digestAt(i).body, map[string]string{"signature": "00", "signature-algorithm": signatureAlgorithm})
			case 4:
				b.put(key, zip([]byte(`{"logFiles":[]}`)), nil)
			}
			touched[i] = true
		}
		r, err := Check(context.Background(), c.options())
		if err != nil {
			t.Fatal(err)
		}
		if len(touched) == 0 {
			if r.Verdict != VerdictValid || r.Digests.Valid != length || r.LogFiles.Valid != 2*length {
				t.Fatalf("untouched: %s, %s, %s, %q", r.Verdict, counts(r.Digests), counts(r.LogFiles), briefs(r))
			}
			return
		}
		if r.Digests.Valid != length-len(touched) && c.reachable(touched) {
			t.Fatalf("touched %v: %s, %q", slices.Sorted(maps.Keys(touched)), counts(r.Digests), briefs(r))
		}
		if r.Verdict == VerdictValid && !c.endsOfRuns(touched) {
			t.Fatalf("touched %v: %s, %q", slices.Sorted(maps.Keys(touched)), r.Verdict, briefs(r))
		}
	})
}

// reachable tells whether the older bucket can be found: the digest file that
// names it must be there and vouched for.
func (c *corpus) reachable(touched map[int]bool) bool { return !touched[2] }

// endsOfRuns tells whether only digest files were touched that nobody can
// miss: the last ones before logging was stopped, deleted.
func (c *corpus) endsOfRuns(touched map[int]bool) bool {
	for i := range touched {
		if i > 4 {
			return false
		}
		for j := i; j <= 4; j++ {
			if !touched[j] {
				return false
			}
		}
	}
	return true
}
