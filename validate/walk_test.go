package validate

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/bucket"
)

// fuzzChain is two runs of one chain: five digest files, of which two lie in
// an older bucket, and after a pause three more. It is made once, since
// signing costs the time.
var fuzzChain = sync.OnceValue(func() *corpus {
	return newCorpus(&testing.T{}, 8, func(c *corpus) {
		c.chain[0].bucket, c.chain[1].bucket = "older", "older"
		for _, d := range c.chain[firstOfSecond:] {
			d.start, d.end = d.start.Add(30*time.Hour), d.end.Add(30*time.Hour)
		}
		c.chain[firstOfSecond].begins = true
	})
})

const firstOfSecond = 5

// Whatever is done to the files of a chain, the walk ends; and a chain is
// valid only as long as each file that it proves holds what it held.
func FuzzWalk(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 3, 0})                                     // a digest file deleted
	f.Add([]byte{1, 0, 4, 0, 1, 9, 20})                           // the last before the pause, and a bit of a log file
	f.Add([]byte{2, 5, 2, 3, 8, 0, 0, 11, 12, 0})                 // moved, recompressed, denied
	f.Add([]byte{3, 4, 1, 77, 4, 12, 9, 6, 5, 1})                 // contents and a signature
	f.Add([]byte{0, 13, 2, 9, 14, 3, 0, 14, 17, 0, 7, 6, 0})      // planted, bombs, no metadata
	f.Add([]byte{4, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0}) // all of the first run
	f.Add([]byte{5, 12, 3, 1, 10, 3, 0, 9, 2, 0})                 // unlisted, hidden, another algorithm
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			b = []byte{0}
		}
		m := newMischief(t)
		for ops := b[1:min(len(b), 1+3*40)]; len(ops) >= 3; ops = ops[3:] {
			m.do(ops[0], int(ops[1]), int(ops[2]))
		}
		o := m.options()
		o.MaxDigest, o.MaxLogFile = 1<<20, 1<<20
		o.Unlisted = b[0]&1 != 0
		if b[0]&2 != 0 {
			o.Start, o.End, o.Now = time.Time{}, time.Time{}, o.End.Add(90*time.Minute)
		}
		if b[0]&4 != 0 {
			o.Trail, o.Home = "", ""
		}
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		r, err := Check(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case m.untouched() && (r.Verdict != VerdictValid || r.Digests.Valid != 8 || r.LogFiles.Valid != 16):
			t.Fatalf("untouched: %s, %s, %s, %q", r.Verdict, counts(r.Digests), counts(r.LogFiles), briefs(r))
		case m.changed() && r.Verdict == VerdictValid:
			t.Fatalf("valid: %s, %s, %q", counts(r.Digests), counts(r.LogFiles), briefs(r))
		}
	})
}

// mischief is a copy of the chain, and what was done to it.
type mischief struct {
	*corpus
	harmless bool // nothing was done that the verdict may depend on
}

func newMischief(t *testing.T) *mischief {
	whole := fuzzChain()
	c := *whole
	c.t, c.buckets = t, map[string]*memory{}
	for name, b := range whole.buckets {
		c.buckets[name] = &memory{name: name, objects: maps.Clone(b.objects), faults: map[string]error{}}
	}
	return &mischief{corpus: &c, harmless: true}
}

// target is the place of a digest file or, from 8 on, of a log file.
func (m *mischief) target(n int) (b *memory, key string) {
	n %= 24
	if n < 8 {
		return m.buckets[m.chain[n].bucket], m.digestKey(n)
	}
	i := (n - 8) / 2
	return m.buckets[m.chain[i].bucket], m.logKey(i, n%2)
}

var bomb = sync.OnceValue(func() []byte { return zip(make([]byte, 2<<20)) })

func (m *mischief) do(op byte, n, how int) {
	b, key := m.target(n)
	o, there := b.objects[key]
	if !there {
		return
	}
	body := bytes.Clone(o.body)
	meta := maps.Clone(o.meta)
	switch op % 15 {
	case 0:
		delete(b.objects, key)
		return
	case 1: // a bit as it is stored; it may be one that says nothing
		if len(body) > 0 {
			body[how*len(body)/256] ^= 1 << (how % 8)
		}
		m.harmless = false
	case 2:
		body = body[:how*len(body)/256]
	case 3:
		body = append(body, byte(how))
	case 4: // a bit of the content
		if text, ok := content(body); ok && len(text) > 0 {
			text[how*len(text)/256] ^= 1 << (how % 8)
			body = zip(text)
		}
	case 5: // another one's
		from, other := m.target(n + how)
		if p, ok := from.objects[other]; ok {
			body, meta = p.body, p.meta
		}
	case 6:
		if meta != nil {
			meta[metaSignature] = m.chain[how%8].sig
		}
	case 7:
		meta = nil
	case 8: // another compression of the same
		if text, ok := content(body); ok {
			var z bytes.Buffer
			w, _ := gzip.NewWriterLevel(&z, how%10)
			w.Write(text)
			w.Close()
			body = z.Bytes()
		}
	case 9:
		if meta != nil {
			meta[metaAlgorithm] = "other"
		}
	case 10:
		b.hidden, m.harmless = key, false
	case 11:
		b.faults[key], m.harmless = bucket.ErrDenied, false
	case 12:
		m.forge(time.Duration(how) * 10 * time.Minute)
		m.harmless = false
	case 13: // one more digest file
		b.put(m.id.key(m.start.Add(time.Duration(how)*10*time.Minute)), body, meta)
		m.harmless = false
	case 14:
		body = bomb()
	}
	if meta != nil && meta[metaSignature] != "" {
		meta[metaSignature] = strings.ToUpper(meta[metaSignature])
	}
	b.put(key, body, meta)
}

// content is what a whole gzip file of one member holds.
func content(body []byte) ([]byte, bool) {
	in := bytes.NewReader(body)
	r, err := gzip.NewReader(in)
	if err != nil {
		return nil, false
	}
	r.Multistream(false)
	text, err := io.ReadAll(r)
	return text, err == nil && in.Len() == 0
}

// same tells whether a file is there and holds what it held.
func (m *mischief) same(n int) bool {
	b, key := m.target(n)
	now, ok := b.objects[key]
	was := fuzzChain().buckets[b.name].objects[key]
	if !ok || b.faults[key] != nil {
		return false
	}
	if n < 8 && (!strings.EqualFold(now.meta[metaSignature], was.meta[metaSignature]) || now.meta[metaAlgorithm] == "") {
		return false
	}
	if bytes.Equal(now.body, was.body) {
		return true
	}
	a, whole := content(now.body)
	text, _ := content(was.body)
	return whole && bytes.Equal(a, text)
}

// untouched tells whether nothing was done that matters.
func (m *mischief) untouched() bool {
	for n := range 24 {
		if !m.same(n) {
			return false
		}
	}
	return m.harmless
}

// changed tells whether something was done that a check must not miss. The
// last digest files before a pause can be deleted without a trace, or not be
// listed, and their log files are proved by nothing then; with the one that
// leads to the older bucket, those there are gone, too.
func (m *mischief) changed() bool {
	gone := firstOfSecond
	for ; gone > 0; gone-- {
		b, key := m.target(gone - 1)
		if _, ok := b.objects[key]; ok && b.hidden != key {
			break
		}
	}
	if gone <= 2 {
		gone = 0
	}
	for n := range 24 {
		i := n
		if n >= 8 {
			i = (n - 8) / 2
		}
		if (i < gone || i >= firstOfSecond) && !m.same(n) {
			return true
		}
	}
	return false
}
