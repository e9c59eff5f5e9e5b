package validate

import (
	"bytes"
	"slices"
	"testing"
)

// A digest file that is none any more may still tell how many log files it
// listed: they are unproven also where somebody deleted them.
func TestLogFilesOfADamagedDigestFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		do   func(*corpus)
		want string
	}{
		{"something appended", func(c *corpus) {
			c.bucket(testBucket).put(c.digestKey(3), append(c.digestAt(3).body, 'x'), c.digestAt(3).meta)
		}, "invalid invalid-format unproven=2"},
		{"bad checksum", func(c *corpus) {
			b := bytes.Clone(c.digestAt(3).body)
			b[len(b)-5] ^= 1
			c.bucket(testBucket).put(c.digestKey(3), b, c.digestAt(3).meta)
		}, "invalid invalid-format unproven=2"},
		{"without its time", func(c *corpus) {
			c.editDigest(3, func(b []byte) []byte { return bytes.Replace(b, []byte("digestStartTime"), []byte("other"), 1) })
		}, "invalid invalid-format unproven=2"},
		{"without its log files: those that are there count", func(c *corpus) {
			c.editDigest(3, func(b []byte) []byte { return bytes.Replace(b, []byte("logFiles"), []byte("other"), 1) })
			c.forge(3*60*60*1e9 + 30*60*1e9)
		}, "invalid invalid-format unproven=1"},
	} {
		k := newCorpus(t, 6)
		c.do(k)
		k.dropLogs(3)
		r := k.check(k.options())
		if !slices.Equal(briefs(r), []string{c.want}) {
			t.Errorf("%s: %q, want %q", c.name, briefs(r), c.want)
		}
	}
}

// A digest file of more bytes than any has is none of CloudTrail's.
func TestDigestFileThatIsABomb(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	k.bucket(testBucket).put(k.digestKey(3), bomb(), k.digestAt(3).meta)
	o := k.options()
	o.MaxDigest = 1 << 20
	if r := k.check(o); r.Verdict != VerdictInvalid || counts(r.Digests) != "5/6 invalid=1" {
		t.Errorf("%s %s %q", r.Verdict, counts(r.Digests), briefs(r))
	}
}
