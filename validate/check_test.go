package validate

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
)

// counts writes Counts as valid/total, with what is not valid behind it.
func counts(c Counts) string {
	s := fmt.Sprintf("%d/%d", c.Valid, c.Total())
	for _, n := range []struct {
		name string
		n    int
	}{{"invalid", c.Invalid}, {"missing", c.Missing}, {"unchecked", c.Unchecked}, {"unproven", c.Unproven}} {
		if n.n > 0 {
			s += fmt.Sprintf(" %s=%d", n.name, n.n)
		}
	}
	return s
}

// Six hourly digest files with two log files each; number 3 is in the middle.
func TestTamperings(t *testing.T) {
	t.Parallel()
	trailer := func(b []byte) []byte { return b[:len(b)-8] }
	for _, c := range []struct {
		name     string
		make     func(*corpus) // before it is delivered
		do       func(*corpus) // to what was delivered
		verdict  Verdict
		digests  string
		logs     string
		findings []string
	}{
		{name: "untouched", verdict: VerdictValid, digests: "6/6", logs: "12/12"},

		{name: "log modified", do: func(c *corpus) { c.setLog(3, 0, zip([]byte("{}"))) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid hash-mismatch"}},
		{name: "log deleted", do: func(c *corpus) { delete(c.bucket(testBucket).objects, c.logKey(3, 0)) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 missing=1", findings: []string{"missing not-found"}},
		{name: "log not gzip", do: func(c *corpus) { c.setLog(3, 0, []byte("{}")) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid hash-mismatch"}},
		{name: "log not gzip, longer", do: func(c *corpus) { c.setLog(3, 0, unzip(c.t, c.logAt(3, 0).body)) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid invalid-format"}},
		{name: "log empty", do: func(c *corpus) { c.setLog(3, 0, nil) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid hash-mismatch"}},
		{name: "log without trailer", do: func(c *corpus) { c.setLog(3, 0, trailer(c.logAt(3, 0).body)) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid invalid-format"}},
		{name: "log with something appended", do: func(c *corpus) { c.setLog(3, 0, append(c.logAt(3, 0).body, 'x')) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid invalid-format"}},
		{name: "log with a second member", do: func(c *corpus) { c.setLog(3, 0, append(c.logAt(3, 0).body, zip([]byte("{}"))...)) },
			verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid invalid-format"}},
		{name: "logs swapped", do: func(c *corpus) {
			a, b := c.logAt(3, 0).body, c.logAt(3, 1).body
			c.setLog(3, 0, b)
			c.setLog(3, 1, a)
		}, verdict: VerdictInvalid, digests: "6/6", logs: "10/12 invalid=2", findings: []string{"invalid hash-mismatch", "invalid hash-mismatch"}},

		{name: "digest modified", do: func(c *corpus) {
			c.editDigest(3, func(b []byte) []byte { return bytes.Replace(b, []byte("awsAccountId"), []byte("awsAccountID"), 1) })
		}, verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid signature unproven=2"}},
		{name: "digest deleted", do: func(c *corpus) { c.rmDigest(3) },
			verdict: VerdictInvalid, digests: "5/6 missing=1", logs: "10/10 unproven=2", findings: []string{"missing not-found missing=1 unproven=2 3..4"}},
		{name: "three digests deleted", do: func(c *corpus) { c.rmDigest(2); c.rmDigest(3); c.rmDigest(4) },
			verdict: VerdictInvalid, digests: "3/6 missing=3", logs: "6/6 unproven=6", findings: []string{"missing not-found missing=3 unproven=6 2..5"}},
		{name: "oldest digest deleted", do: func(c *corpus) { c.rmDigest(0) },
			verdict: VerdictInvalid, digests: "5/6 missing=1", logs: "10/10 unproven=2", findings: []string{"missing not-found missing=1 unproven=2 0..1"}},
		{name: "newest digest deleted", do: func(c *corpus) { c.rmDigest(5) },
			verdict: VerdictInvalid, digests: "5/6 missing=1", logs: "10/10 unproven=2", findings: []string{"missing tail-not-covered missing=1 unproven=2 5..6"}},
		{name: "newest digests deleted", do: func(c *corpus) { c.rmDigest(5); c.rmDigest(4) },
			verdict: VerdictInvalid, digests: "4/6 missing=2", logs: "8/8 unproven=4", findings: []string{"missing tail-not-covered missing=2 unproven=4 4..6"}},
		{name: "all digests deleted", do: func(c *corpus) {
			for i := range c.chain {
				c.rmDigest(i)
			}
		}, verdict: VerdictNothing, digests: "0/0", logs: "0/0"},
		{name: "digest with another signature", do: func(c *corpus) { c.digestAt(3).meta["signature"] = c.chain[2].sig },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid signature unproven=2"}},
		{name: "digest with a signature that is not hex", do: func(c *corpus) { c.digestAt(3).meta["signature"] = "zz" },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid signature unproven=2"}},
		{name: "digest without metadata", do: func(c *corpus) { clear(c.digestAt(3).meta) },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid signature unproven=2"}},
		{name: "digest without the name of the algorithm", do: func(c *corpus) { delete(c.digestAt(3).meta, "signature-algorithm") },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid signature unproven=2"}},
		{name: "signature in upper case", do: func(c *corpus) { c.digestAt(3).meta["signature"] = strings.ToUpper(c.chain[3].sig) },
			verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "another name of the algorithm", do: func(c *corpus) { c.digestAt(3).meta["signature-algorithm"] = "MD5withRSA" },
			verdict: VerdictValid, digests: "6/6", logs: "12/12", findings: []string{"warning signature-algorithm"}},
		{name: "digest copied over another", do: func(c *corpus) {
			o := c.digestAt(2)
			c.bucket(testBucket).put(c.digestKey(3), o.body, o.meta)
		}, verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid moved unproven=2"}},
		{name: "digest not gzip", do: func(c *corpus) {
			c.bucket(testBucket).put(c.digestKey(3), unzip(c.t, c.digestAt(3).body), c.digestAt(3).meta)
		}, verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid invalid-format unproven=2"}},
		{name: "digest a list", do: func(c *corpus) { c.editDigest(3, func([]byte) []byte { return []byte("[]") }) },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid invalid-format unproven=2"}},
		{name: "digest with something appended", do: func(c *corpus) {
			c.bucket(testBucket).put(c.digestKey(3), append(c.digestAt(3).body, 'x'), c.digestAt(3).meta)
		}, verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid invalid-format unproven=2"}},
		{name: "digest and its logs deleted", do: func(c *corpus) {
			c.rmDigest(3)
			delete(c.bucket(testBucket).objects, c.logKey(3, 0))
		}, verdict: VerdictInvalid, digests: "5/6 missing=1", logs: "10/10 unproven=1", findings: []string{"missing not-found missing=1 unproven=1 3..4"}},
		{name: "a deleted digest before an unreadable one", do: func(c *corpus) {
			c.rmDigest(2)
			c.bucket(testBucket).put(c.digestKey(3), []byte("x"), nil)
		}, verdict: VerdictInvalid, digests: "4/5 invalid=1", logs: "8/8 unproven=4", findings: []string{"invalid invalid-format unproven=2", "warning not-covered unproven=2 2..3"}},

		{name: "signed without logFiles", make: func(c *corpus) { c.chain[3].fields["logFiles"] = absent },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid invalid-format unproven=2"}},
		{name: "signed with a wrong hash of the previous", make: func(c *corpus) { c.chain[3].fields["previousDigestHashValue"] = strings.Repeat("f", 64) },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "12/12", findings: []string{"invalid broken-link"}},
		{name: "signed with a wrong signature of the previous", make: func(c *corpus) { c.chain[3].fields["previousDigestSignature"] = "00" },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "12/12", findings: []string{"invalid broken-link"}},
		{name: "signed with a link to something else", make: func(c *corpus) {
			c.chain[3].fields["previousDigestS3Object"] = strings.Replace(c.id.key(c.chain[2].end.Add(time.Minute)), "_corp_", "_other_", 1)
		}, verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "12/12", findings: []string{"invalid broken-link"}},
		{name: "signed with a link past a neighbour", make: func(c *corpus) { c.chain[3].fields["previousDigestS3Object"] = c.id.key(c.chain[1].end) },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "12/12", findings: []string{"invalid broken-link"}},
		{name: "signed with a link to itself", make: func(c *corpus) { c.chain[3].fields["previousDigestS3Object"] = c.id.key(c.chain[3].end) },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "12/12", findings: []string{"invalid broken-link"}},
		{name: "previous replaced by one that is signed, too", do: func(c *corpus) {
			c.chain[2].logs = c.chain[2].logs[:1]
			kept := c.chain
			c.chain = c.chain[:3]
			c.seal(2)
			c.chain = kept
		}, verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "11/11", findings: []string{"invalid broken-link"}},
		{name: "a log listed twice", do: func(c *corpus) {
			c.chain[3].logs = append(c.chain[3].logs, c.chain[3].logs[0])
			c.chain[4].logs = append(c.chain[4].logs, c.chain[3].logs[0])
			c.seal(3)
		}, verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "a log listed twice with two hashes", do: func(c *corpus) {
			c.chain[4].logs = append(c.chain[4].logs, map[string]any{"s3Bucket": testBucket, "s3Object": c.logKey(3, 0), "hashValue": strings.Repeat("0", 64), "hashAlgorithm": "SHA-256"})
			c.seal(4)
		}, verdict: VerdictInvalid, digests: "6/6", logs: "12/12", findings: []string{"invalid listed-twice"}},
		{name: "a log's hash in upper case", do: func(c *corpus) {
			c.chain[3].logs[0]["hashValue"] = strings.ToUpper(c.chain[3].logs[0]["hashValue"].(string))
			c.seal(3)
		}, verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "a log's hash by another algorithm", do: func(c *corpus) {
			c.chain[3].logs[0]["hashAlgorithm"] = "SHA-1"
			c.seal(3)
		}, verdict: VerdictInvalid, digests: "6/6", logs: "11/12 invalid=1", findings: []string{"invalid unsupported-algorithm"}},

		{name: "no keys", do: func(c *corpus) { c.public = nil },
			verdict: VerdictIncomplete, digests: "0/6 unchecked=6", logs: "0/0", findings: []string{"unchecked no-public-keys"}},
		{name: "keys of another region", do: func(c *corpus) { c.public[0].Region = "us-east-1" },
			verdict: VerdictIncomplete, digests: "0/6 unchecked=6", logs: "0/0", findings: []string{"unchecked no-public-keys"}},
		{name: "unknown fingerprint", make: func(c *corpus) { c.chain[3].fields["digestPublicKeyFingerprint"] = strings.Repeat("0", 32) },
			verdict: VerdictInvalid, digests: "5/6 invalid=1", logs: "10/10 unproven=2", findings: []string{"invalid public-key-not-found unproven=2"}},
		{name: "key as SubjectPublicKeyInfo", do: func(c *corpus) { c.public[0].DER, _ = x509.MarshalPKIXPublicKey(&c.key.PublicKey) },
			verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "key's fingerprint in upper case", do: func(c *corpus) { c.public[0].Fingerprint = strings.ToUpper(c.public[0].Fingerprint) },
			verdict: VerdictValid, digests: "6/6", logs: "12/12"},

		{name: "access denied to a log", do: func(c *corpus) {
			c.bucket(testBucket).faults[c.logKey(3, 0)] = fmt.Errorf("x: %w", bucket.ErrDenied)
		}, verdict: VerdictIncomplete, digests: "6/6", logs: "11/12 unchecked=1", findings: []string{"unchecked unreadable"}},
		{name: "a digest archived", do: func(c *corpus) { c.bucket(testBucket).faults[c.digestKey(3)] = bucket.ErrArchived },
			verdict: VerdictIncomplete, digests: "5/6 unchecked=1", logs: "10/10 unproven=2", findings: []string{"unchecked unreadable unproven=2"}},
		{name: "trouble beside a tampering", do: func(c *corpus) {
			c.bucket(testBucket).faults[c.logKey(3, 0)] = errors.New("no route")
			c.setLog(2, 0, zip(nil))
		}, verdict: VerdictInvalid, digests: "6/6", logs: "10/12 invalid=1 unchecked=1", findings: []string{"invalid hash-mismatch", "unchecked unreadable"}},

		{name: "logging was stopped for a while", make: func(c *corpus) {
			for _, d := range c.chain[3:] {
				d.start, d.end = d.start.Add(5*time.Hour), d.end.Add(5*time.Hour)
			}
			c.chain[3].begins = true
		}, verdict: VerdictValid, digests: "6/6", logs: "12/12", findings: []string{"notice gap 3..8"}},
		{name: "bucket changed", make: func(c *corpus) {
			for _, d := range c.chain[:3] {
				d.bucket = "older"
			}
		}, verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "bucket changed, hole in the older one", make: func(c *corpus) {
			for _, d := range c.chain[:3] {
				d.bucket = "older"
			}
		}, do: func(c *corpus) { c.rmDigest(1) }, verdict: VerdictInvalid, digests: "5/6 missing=1", logs: "10/10 unproven=2", findings: []string{"missing not-found missing=1 unproven=2 1..2"}},
		{name: "bucket changed, the older one deleted", make: func(c *corpus) {
			for _, d := range c.chain[:3] {
				d.bucket = "older"
			}
		}, do: func(c *corpus) { delete(c.buckets, "older") }, verdict: VerdictInvalid, digests: "3/6 missing=3", logs: "6/6", findings: []string{"missing not-found missing=3 0..3"}},
		{name: "bucket changed there and back", make: func(c *corpus) {
			c.chain[2].bucket, c.chain[3].bucket = "other", "other"
		}, verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "bucket changed where logging began anew", make: func(c *corpus) {
			for _, d := range c.chain[:3] {
				d.bucket = "older"
			}
			c.chain[3].begins = true
		}, verdict: VerdictValid, digests: "3/3", logs: "6/6", findings: []string{"warning chain-begins 0..3"}},
		{name: "a listing that forgets one", do: func(c *corpus) { c.bucket(testBucket).hidden = c.digestKey(3) },
			verdict: VerdictValid, digests: "6/6", logs: "12/12"},
		{name: "a copy in another day's folder", do: func(c *corpus) {
			o := c.digestAt(3)
			c.bucket(testBucket).put(strings.Replace(c.digestKey(3), "/2024/03/02/", "/2024/03/01/", 1), o.body, o.meta)
		}, verdict: VerdictValid, digests: "6/6", logs: "12/12"},
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
			r := k.check(k.options())
			want := c.findings
			if want == nil {
				want = []string{}
			}
			if got := briefs(r); !slices.Equal(got, want) {
				t.Errorf("findings:\n got %q\nwant %q", got, want)
			}
			if got := counts(r.Digests); got != c.digests {
				t.Errorf("digest files: %s, want %s", got, c.digests)
			}
			if got := counts(r.LogFiles); got != c.logs {
				t.Errorf("log files: %s, want %s", got, c.logs)
			}
			if r.Verdict != c.verdict {
				t.Errorf("verdict %s, want %s", r.Verdict, c.verdict)
			}
		})
	}
}

// The words are those of the AWS CLI, so that people and scripts know them.
func TestWords(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6, func(c *corpus) { c.chain[5].fields["digestPublicKeyFingerprint"] = "beef" })
	k.setLog(0, 0, zip(nil))
	delete(k.bucket(testBucket).objects, k.logKey(1, 0))
	k.digestAt(2).meta["signature"] = "00"
	k.bucket(testBucket).put(k.digestKey(3), k.digestAt(1).body, k.digestAt(1).meta)
	k.editDigest(4, func([]byte) []byte { return []byte("{}") })
	r := k.check(k.options())
	var got []string
	for _, f := range r.Findings {
		got = append(got, string(f.Subject)+" "+f.Message)
	}
	slices.Sort(got)
	want := []string{
		"digest file INVALID: has been moved from its original location",
		"digest file INVALID: invalid format",
		"digest file INVALID: public key not found in region eu-west-1 for fingerprint beef",
		"digest file INVALID: signature verification failed",
		"log file INVALID: hash value doesn't match",
		"log file INVALID: not found",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestKeyThatDoesNotMatch(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 3)
	k.public[0].Fingerprint = strings.Repeat("a", 32)
	for _, d := range k.chain {
		d.fields["digestPublicKeyFingerprint"] = k.public[0].Fingerprint
	}
	k.seal(0)
	r := k.check(k.options())
	if r.Digests.Invalid != 3 || !strings.Contains(r.Findings[0].Detail, "does not match its fingerprint") {
		t.Errorf("%+v", r.Findings)
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	at := func(h float64) time.Time { return corpusStart.Add(time.Duration(h * float64(time.Hour))) }
	for _, c := range []struct {
		name       string
		start, end time.Time
		do         func(*corpus)
		change     func(*Options)
		digests    string
		findings   []string
		covered    string
	}{
		{name: "all there is", digests: "6/6", covered: "0..6", end: at(6)},
		{name: "the middle", start: at(2), end: at(4), digests: "2/2", covered: "2..4"},
		{name: "half hours", start: at(1.5), end: at(3.5), digests: "3/3", covered: "1.5..3.5"},
		{name: "over midnight", start: at(0), end: at(2.9), digests: "3/3", covered: "0..2.9"},
		{name: "within one digest file", start: at(1.25), end: at(1.5), digests: "1/1", covered: "1.25..1.5"},
		{name: "a digest file beyond the end tells of one that is missing", start: at(1), end: at(3.5), do: func(c *corpus) { c.rmDigest(3) },
			digests: "2/3 missing=1", covered: "1..3", findings: []string{"missing not-found missing=1 unproven=2 3..3.5"}},
		{name: "a deletion before the start does not matter", start: at(3), end: at(6), do: func(c *corpus) { c.rmDigest(1); c.rmDigest(2) },
			digests: "3/3", covered: "3..6"},
		{name: "a deletion after the end does not matter", start: at(0), end: at(3), do: func(c *corpus) { c.rmDigest(3); c.rmDigest(5) },
			digests: "3/3", covered: "0..3"},
		{name: "an invalid one after the end does not matter", start: at(0), end: at(3), do: func(c *corpus) { c.digestAt(3).meta["signature"] = "00" },
			digests: "3/3", covered: "0..3"},
		{name: "inside a hole", start: at(2), end: at(3), do: func(c *corpus) { c.rmDigest(2) },
			digests: "0/1 missing=1", findings: []string{"missing not-found missing=1 unproven=2 2..3"}},
		{name: "before the trail began", start: at(-5), end: at(2), digests: "2/2", covered: "0..2", findings: []string{"warning chain-begins -5..0"}},
		{name: "before the trail began, known", start: at(-5), end: at(2), change: func(o *Options) { o.Started = at(-0.1) },
			digests: "2/2", covered: "0..2", findings: []string{"notice chain-begins -5..0"}},
		{name: "open start and the oldest deleted", end: at(6), do: func(c *corpus) { c.rmDigest(0) },
			digests: "5/6 missing=1", covered: "1..6", findings: []string{"missing not-found missing=1 unproven=2 ..1"}},
		{name: "young tail", start: at(0), end: at(7.9), change: func(o *Options) { o.Now = at(7.9) }, digests: "6/6", covered: "0..6"},
		{name: "old tail", start: at(0), end: at(8.1), change: func(o *Options) { o.Now = at(8.1) },
			digests: "6/8 missing=2", covered: "0..6", findings: []string{"missing tail-not-covered missing=2 6..8.1"}},
		{name: "tail after a stop", start: at(0), end: at(20), change: func(o *Options) { o.Stopped = at(6.1) }, digests: "6/6", covered: "0..6"},
		{name: "tail before a stop", start: at(0), end: at(9), change: func(o *Options) { o.Stopped = at(8) },
			digests: "6/9 missing=3", covered: "0..6", findings: []string{"missing tail-not-covered missing=3 6..9"}},
		{name: "tail of another region of a trail for one", start: at(0), end: at(9), change: func(o *Options) { o.SingleRegion = true },
			digests: "6/6", covered: "0..6", findings: []string{"warning region-not-recorded 6..9"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			if c.do != nil {
				c.do(k)
			}
			o := k.options()
			o.Start, o.End = c.start, c.end
			if c.change != nil {
				c.change(&o)
			}
			r := k.check(o)
			if got := counts(r.Digests); got != c.digests {
				t.Errorf("digest files: %s, want %s", got, c.digests)
			}
			if got := briefs(r); !slices.Equal(got, c.findings) && len(got)+len(c.findings) > 0 {
				t.Errorf("findings %q, want %q", got, c.findings)
			}
			covered := ""
			for _, ch := range r.Chains {
				for _, g := range ch.Covered {
					covered += hour(g.Start) + ".." + hour(g.End)
				}
			}
			if covered != c.covered {
				t.Errorf("covered %s, want %s", covered, c.covered)
			}
		})
	}
}

// Digest files may come more often than hourly; what is missing is counted by
// their own rhythm.
func TestRhythm(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 20, func(c *corpus) {
		for i, d := range c.chain {
			d.start = c.start.Add(time.Duration(i) * 3 * time.Second)
			d.end = d.start.Add(3 * time.Second)
		}
	})
	for i := range 7 {
		k.rmDigest(8 + i)
	}
	r := k.check(k.options())
	if r.Digests.Missing != 7 || len(r.Findings) != 1 {
		t.Errorf("%s, %q", counts(r.Digests), briefs(r))
	}
}

func TestUnlisted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		at      time.Duration
		others  bool
		want    []string
		verdict Verdict
	}{
		{"inside", 90 * time.Minute, false, []string{"invalid unlisted"}, VerdictInvalid},
		{"after the end", 10 * time.Hour, false, nil, VerdictValid},
		{"beside another trail", 90 * time.Minute, true, []string{"warning unlisted"}, VerdictValid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			when := corpusStart.Add(c.at)
			key := fmt.Sprintf("%s111122223333_CloudTrail_%s_%s_FORGEDFORGEDFORG.json.gz", k.id.Day(bucket.LogFile, k.id.Region, when), k.id.Region, when.Format("20060102T1504Z"))
			k.bucket(testBucket).put(key, zip([]byte("{}")), nil)
			if c.others {
				id := k.id
				id.Trail = "corp_us-east-1_2"
				k.bucket(testBucket).put(id.key(when), nil, nil)
			}
			o := k.options()
			if r := k.check(o); len(r.Findings) > 0 {
				t.Errorf("without being asked: %q", briefs(r))
			}
			o.Unlisted = true
			r := k.check(o)
			if got := briefs(r); !slices.Equal(got, c.want) && len(got)+len(c.want) > 0 || r.Verdict != c.verdict {
				t.Errorf("%q %s, want %q %s", got, r.Verdict, c.want, c.verdict)
			}
		})
	}
}

// The reports of interrupted checks hold what was proved, and no invention.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	o := k.options()
	o.Workers = 1
	n := 0
	o.OnFile = func(f File) {
		if n++; n == 5 {
			cancel(cause)
		}
	}
	r, err := Check(ctx, o)
	if !errors.Is(err, cause) || r == nil {
		t.Fatalf("%v, %v", r, err)
	}
	if !r.Interrupted || r.Verdict != VerdictIncomplete || len(r.Findings) != 0 || r.Digests.Valid == 0 {
		t.Errorf("%+v", r)
	}
}

func TestSizeBounds(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 3)
	o := k.options()
	o.MaxLogFile = 10
	if r := k.check(o); r.Verdict != VerdictIncomplete || r.LogFiles.Unchecked != 6 || !strings.Contains(r.Findings[0].Message, "larger than") {
		t.Errorf("%+v", r)
	}
	o = k.options()
	o.MaxDigest = 10
	if r := k.check(o); r.Verdict != VerdictInvalid || r.Digests.Invalid != 3 {
		t.Errorf("%+v", r)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		base   bucket.Base
		change func(*Options)
		want   int // chains
	}{
		{"plain", bucket.Base{Account: "111122223333"}, nil, 1},
		{"prefix", bucket.Base{Prefix: "a/b", Account: "111122223333"}, func(o *Options) { o.Prefix = "a/b" }, 1},
		{"wrong prefix", bucket.Base{Prefix: "a/b", Account: "111122223333"}, func(o *Options) { o.Prefix = "a" }, 0},
		{"organization", bucket.Base{Org: "o-abc", Account: "111122223333"}, func(o *Options) { o.Owner = "999988887777" }, 1},
		{"another owner", bucket.Base{Account: "111122223333"}, func(o *Options) { o.Owner = "999988887777" }, 0},
		{"account asked for", bucket.Base{Org: "o-abc", Account: "111122223333"}, func(o *Options) { o.Accounts = []string{"111122223333"} }, 1},
		{"another account", bucket.Base{Org: "o-abc", Account: "111122223333"}, func(o *Options) { o.Accounts = []string{"111122223334"} }, 0},
		{"region asked for", bucket.Base{Account: "111122223333"}, func(o *Options) { o.Regions = []string{"us-east-1", "eu-west-1"} }, 1},
		{"another region", bucket.Base{Account: "111122223333"}, func(o *Options) { o.Regions = []string{"us-east-1"} }, 0},
		{"another trail", bucket.Base{Account: "111122223333"}, func(o *Options) { o.Trail = "cor" }, 0},
		{"another home region", bucket.Base{Account: "111122223333"}, func(o *Options) { o.Home = "eu-west-1" }, 0},
		{"any trail", bucket.Base{Account: "111122223333"}, func(o *Options) { o.Trail, o.Home = "", "" }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 2, func(k *corpus) { k.id.Base = c.base })
			k.bucket(testBucket).put("AWSLogs/", nil, nil)
			k.bucket(testBucket).put("AWSLogs/elasticloadbalancing/x", nil, nil)
			o := k.options()
			if c.change != nil {
				c.change(&o)
			}
			r := k.check(o)
			if len(r.Chains) != c.want {
				t.Fatalf("%d chains, want %d", len(r.Chains), c.want)
			}
			want := VerdictValid
			if c.want == 0 {
				want = VerdictNothing
			}
			if r.Verdict != want || len(r.Findings) > 0 || len(r.Searched) == 0 {
				t.Errorf("%s %q, searched %q", r.Verdict, briefs(r), r.Searched)
			}
		})
	}
}

func TestBackfill(t *testing.T) {
	t.Parallel()
	stamp := map[string]string{"backfill-generation-timestamp": "2024-03-05T00:00:00Z"}
	const alone = "unchecked no-digests" // log files that no digest file lists, nor any of a backfill
	for _, c := range []struct {
		name     string
		do       func(*corpus)
		digests  string
		findings []string
	}{
		{"valid", func(*corpus) {}, "4/4", []string{}},
		{"no timestamp", func(c *corpus) { delete(c.digestAt(2).meta, "backfill-generation-timestamp") }, "3/4 invalid=1", []string{"invalid invalid-format unproven=2", alone}},
		{"no metadata", func(c *corpus) { clear(c.digestAt(2).meta) }, "3/4 invalid=1", []string{"invalid signature unproven=2", alone}},
		{"deleted", func(c *corpus) { c.rmDigest(2) }, "3/4 missing=1", []string{"missing not-found missing=1 2..3", alone}},
		{"bad signature", func(c *corpus) { c.digestAt(2).meta["signature"] = "00" }, "3/4 invalid=1", []string{"invalid signature unproven=2", alone}},
		{"newest deleted: its log files tell", func(c *corpus) { c.rmDigest(3) }, "3/3", []string{alone}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 4, func(c *corpus) {
				c.id.Backfill = true
				for _, d := range c.chain {
					d.meta = stamp
				}
			})
			c.do(k)
			o := k.options()
			o.Keys = late{k}
			r := k.check(o)
			if got := counts(r.BackfillDigests); got != c.digests || r.Digests.Total() != 0 {
				t.Errorf("%s, want %s", got, c.digests)
			}
			if got := briefs(r); !slices.Equal(got, c.findings) {
				t.Errorf("%q, want %q", got, c.findings)
			}
		})
	}
}

// late has keys only for the time when a backfill was made.
type late struct{ *corpus }

func (l late) PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	made := time.Date(2024, 3, 5, 0, 0, 0, 0, time.UTC)
	if from.After(made) || to.Before(made) {
		return nil, nil
	}
	return l.corpus.PublicKeys(ctx, region, from, to)
}
