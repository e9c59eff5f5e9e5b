package validate

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/bucket"
)

// corpus is a signed delivery in memory: hourly digest files of one chain
// with some log files each.
type corpus struct {
	t       *testing.T
	buckets map[string]*memory
	id      chainID
	key     *rsa.PrivateKey
	public  []PublicKey
	chain   []*sealed
	start   time.Time // of the first digest file
	unique  string    // end of the names of log files
}

// sealed is a digest file before it is written: change fields, then seal.
type sealed struct {
	bucket     string
	start, end time.Time
	begins     bool   // a starting digest file
	org        string // the folder of another organization, "none" for that of the account
	fields     map[string]any
	logs       []map[string]any
	meta       map[string]string
	hash, sig  string
}

var (
	corpusStart = time.Date(2024, 3, 1, 21, 3, 17, 0, time.UTC)
	oneKey      = sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	})
)

const testBucket = "trail-bucket"

func testID() chainID {
	return chainID{Base: bucket.Base{Account: "111122223333"}, Region: "eu-west-1", Trail: "corp", Home: "us-east-1"}
}

// newCorpus makes hours digest files with two log files each. They cross
// midnight.
func newCorpus(t *testing.T, hours int, change ...func(*corpus)) *corpus {
	t.Helper()
	c := &corpus{t: t, buckets: map[string]*memory{}, id: testID(), key: oneKey(), start: corpusStart, unique: "AAAAAAAA"}
	for i := range hours {
		s := c.start.Add(time.Duration(i) * time.Hour)
		c.chain = append(c.chain, &sealed{bucket: testBucket, start: s, end: s.Add(time.Hour), begins: i == 0, fields: map[string]any{}})
	}
	der := x509.MarshalPKCS1PublicKey(&c.key.PublicKey)
	c.public = []PublicKey{{Region: c.id.Region, Fingerprint: md5hex(der), DER: der}}
	for _, f := range change {
		f(c)
	}
	for i, d := range c.chain {
		for n := range 2 {
			at := d.start.Add(time.Duration(20+n) * time.Minute)
			key := fmt.Sprintf("%s111122223333_CloudTrail_%s_%s_%04d%04d%s.json.gz", c.idOf(i).Day(bucket.LogFile, c.id.Region, at), c.id.Region, at.Format("20060102T1504Z"), i, n, c.unique)
			text := fmt.Appendf(nil, `{"Records":[{"eventID":"%d-%d"}]}`, i, n)
			c.bucket(d.bucket).put(key, zip(text), nil)
			d.logs = append(d.logs, map[string]any{"s3Bucket": d.bucket, "s3Object": key, "hashValue": sha(text), "hashAlgorithm": "SHA-256"})
		}
	}
	c.seal(0)
	return c
}

// seal writes the digest files from one on, so that their links fit.
func (c *corpus) seal(from int) {
	c.t.Helper()
	for i := from; i < len(c.chain); i++ {
		d := c.chain[i]
		doc := map[string]any{
			"awsAccountId": c.id.Account, "digestStartTime": d.start.Format(time.RFC3339), "digestEndTime": d.end.Format(time.RFC3339),
			"digestS3Bucket": d.bucket, "digestS3Object": c.digestKey(i), "digestPublicKeyFingerprint": c.public[0].Fingerprint,
			"digestSignatureAlgorithm": "SHA256withRSA", "previousDigestS3Bucket": nil, "previousDigestS3Object": nil,
			"previousDigestHashValue": nil, "previousDigestHashAlgorithm": nil, "previousDigestSignature": nil,
			"logFiles": append([]map[string]any{}, d.logs...),
		}
		previous := "null"
		if !d.begins && i > 0 {
			p := c.chain[i-1]
			previous = p.sig
			doc["previousDigestS3Bucket"], doc["previousDigestS3Object"] = p.bucket, c.digestKey(i-1)
			doc["previousDigestHashValue"], doc["previousDigestHashAlgorithm"], doc["previousDigestSignature"] = p.hash, "SHA-256", p.sig
		}
		for k, v := range d.fields {
			if v == absent {
				delete(doc, k)
				continue
			}
			doc[k] = v
			if s, ok := v.(string); ok && k == "previousDigestSignature" {
				previous = s
			}
		}
		raw, err := json.Marshal(doc)
		if err != nil {
			c.t.Fatal(err)
		}
		d.hash = sha(raw)
		toSign := fmt.Sprintf("%v\n%v/%v\n%s\n%s", doc["digestEndTime"], doc["digestS3Bucket"], doc["digestS3Object"], d.hash, previous)
		sum := sha256.Sum256([]byte(toSign))
		sig, err := rsa.SignPKCS1v15(nil, c.key, crypto.SHA256, sum[:])
		if err != nil {
			c.t.Fatal(err)
		}
		d.sig = hex.EncodeToString(sig)
		meta := map[string]string{"signature": d.sig, "signature-algorithm": "SHA256withRSA"}
		maps.Copy(meta, d.meta)
		c.bucket(d.bucket).put(c.digestKey(i), zip(raw), meta)
	}
}

// absent is a field value that leaves the field out.
var absent = struct{ absent bool }{true}

func (c *corpus) bucket(name string) *memory {
	if c.buckets[name] == nil {
		c.buckets[name] = &memory{name: name, objects: map[string]object{}, faults: map[string]error{}}
	}
	return c.buckets[name]
}

// idOf is the chain's folder and name when a digest file was made.
func (c *corpus) idOf(i int) chainID {
	id := c.id
	switch org := c.chain[i].org; org {
	case "":
	case "none":
		id.Org = ""
	default:
		id.Org = org
	}
	return id
}

func (c *corpus) digestKey(i int) string { return c.idOf(i).key(c.chain[i].end) }
func (c *corpus) logKey(i, n int) string { return c.chain[i].logs[n]["s3Object"].(string) }
func (c *corpus) digestAt(i int) *object { return c.at(c.chain[i].bucket, c.digestKey(i)) }
func (c *corpus) logAt(i, n int) *object { return c.at(c.chain[i].bucket, c.logKey(i, n)) }
func (c *corpus) at(name, key string) *object {
	o, ok := c.buckets[name].objects[key]
	if !ok {
		c.t.Fatalf("no object %s", key)
	}
	return &o
}

// forge puts a log file into the bucket that no digest file lists.
func (c *corpus) forge(at time.Duration) string {
	when := c.start.Add(at)
	key := fmt.Sprintf("%s111122223333_CloudTrail_%s_%s_FORGEDFORGEDFORG.json.gz", c.id.Day(bucket.LogFile, c.id.Region, when), c.id.Region, when.Format("20060102T1504Z"))
	c.bucket(testBucket).put(key, zip([]byte("{}")), nil)
	return key
}

func (c *corpus) rmDigest(i int) { delete(c.buckets[c.chain[i].bucket].objects, c.digestKey(i)) }

// editDigest changes a digest file's text without sealing it again.
func (c *corpus) editDigest(i int, edit func([]byte) []byte) {
	o := c.digestAt(i)
	c.bucket(c.chain[i].bucket).put(c.digestKey(i), zip(edit(unzip(c.t, o.body))), o.meta)
}

func (c *corpus) setLog(i, n int, body []byte) {
	c.bucket(c.chain[i].bucket).put(c.logKey(i, n), body, nil)
}

// PublicKeys makes the corpus a KeySource.
func (c *corpus) PublicKeys(_ context.Context, region string, _, _ time.Time) ([]PublicKey, error) {
	var keys []PublicKey
	for _, k := range c.public {
		if k.Region == region {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// options cover the whole corpus, long after it was delivered.
func (c *corpus) options() Options {
	return Options{
		Trail: "corp", Home: "us-east-1", Bucket: testBucket,
		Open: func(_ context.Context, name string) (Store, error) {
			if b, ok := c.buckets[name]; ok {
				return b, nil
			}
			return nil, bucket.ErrNotFound
		},
		Keys: c, Start: c.start, End: c.chain[len(c.chain)-1].end, Now: corpusStart.AddDate(1, 0, 0), Workers: 4,
	}
}

func (c *corpus) check(o Options) *Report {
	c.t.Helper()
	r, err := Check(context.Background(), o)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

type object struct {
	body []byte
	meta map[string]string
}

// memory is a bucket.
type memory struct {
	name    string
	objects map[string]object
	faults  map[string]error // of Get, by a part of the key
	hidden  string           // a part of the keys that List does not show
	// unlistable is a part of the prefixes that may not be listed.
	unlistable string
}

func (m *memory) put(key string, body []byte, meta map[string]string) {
	m.objects[key] = object{body: body, meta: meta}
}

func (m *memory) URI(key string) string { return bucket.URI(m.name, key) }

func (m *memory) List(_ context.Context, prefix, after string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		if m.unlistable != "" && strings.Contains(prefix, m.unlistable) {
			yield(bucket.Object{}, bucket.ErrDenied)
			return
		}
		for _, k := range slices.Sorted(maps.Keys(m.objects)) {
			if !strings.HasPrefix(k, prefix) || k <= after || (m.hidden != "" && strings.Contains(k, m.hidden)) {
				continue
			}
			if !yield(bucket.Object{Key: k, Size: int64(len(m.objects[k].body))}, nil) {
				return
			}
		}
	}
}

func (m *memory) Folders(_ context.Context, prefix string) ([]string, error) {
	names := map[string]bool{}
	for k := range m.objects {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			if name, _, ok := strings.Cut(rest, "/"); ok {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

func (m *memory) Get(_ context.Context, key string) (*bucket.Body, error) {
	for part, err := range m.faults {
		if strings.Contains(key, part) {
			return nil, err
		}
	}
	o, ok := m.objects[key]
	if !ok {
		return nil, fmt.Errorf("reading %s: %w", key, bucket.ErrNotFound)
	}
	return &bucket.Body{ReadCloser: io.NopCloser(bytes.NewReader(o.body)), Size: int64(len(o.body)), Metadata: o.meta}, nil
}

func zip(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(text)
	w.Close()
	return b.Bytes()
}

func unzip(t *testing.T, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sha(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func md5hex(b []byte) string {
	s := md5.Sum(b)
	return hex.EncodeToString(s[:])
}

// brief is a finding in a few words, for comparing.
func brief(f Finding) string {
	s := fmt.Sprintf("%s %s", f.Severity, f.Code)
	if f.MissingDigests > 0 {
		s += fmt.Sprintf(" missing=%d", f.MissingDigests)
	}
	if f.UnprovenLogFiles > 0 {
		s += fmt.Sprintf(" unproven=%d", f.UnprovenLogFiles)
	}
	if f.Range != nil {
		s += fmt.Sprintf(" %s..%s", hour(f.Range.Start), hour(f.Range.End))
	}
	return s
}

// hour is a time in hours since the corpus began.
func hour(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%g", t.Sub(corpusStart).Hours())
}

func briefs(r *Report) []string {
	list := []string{}
	for _, f := range r.Findings {
		list = append(list, brief(f))
	}
	slices.SortFunc(list, cmp.Compare[string])
	return list
}
