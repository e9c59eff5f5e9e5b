package validate

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trailctl/bucket"
)

// save writes the corpus to a folder, below a subfolder, with or without the
// metadata.
func (c *corpus) save(dir string, metadata bool) {
	c.t.Helper()
	write := func(name string, b []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			c.t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	for _, b := range c.buckets {
		for key, o := range b.objects {
			write(key, o.body)
			if metadata && o.meta != nil {
				raw, err := json.Marshal(o.meta)
				if err != nil {
					c.t.Fatal(err)
				}
				write(key+bucket.MetadataSuffix, raw)
			}
		}
	}
}

func (c *corpus) checkFolder(dir string, change ...func(*Options)) *Report {
	c.t.Helper()
	f, err := bucket.OpenFolder(dir)
	if err != nil {
		c.t.Fatal(err)
	}
	defer f.Close()
	store, _, err := OpenCopy(context.Background(), f)
	if err != nil {
		c.t.Fatal(err)
	}
	keys, err := ParseKeyFile(keyFile(c.public...))
	if err != nil {
		c.t.Fatal(err)
	}
	o := c.options()
	o.Trail, o.Home, o.Bucket, o.Copy, o.Keys = "", "", "", true, keys
	o.Open = func(context.Context, string) (Store, error) { return store, nil }
	for _, f := range change {
		f(&o)
	}
	return c.check(o)
}

func TestCopies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		metadata bool
		prefix   string
		below    string // where in the folder the copy was put
		do       func(*corpus)
		digests  string
		logs     string
		findings []string
	}{
		{"whole", true, "", "", nil, "6/6", "12/12", nil},
		{"bucket with a prefix", true, "p", "", nil, "6/6", "12/12", nil},
		{"in a subfolder", true, "", "evidence/bucket", nil, "6/6", "12/12", nil},
		{"without metadata", false, "", "", nil, "5/5 unproven=1", "10/10 unproven=2", []string{"warning no-signature unproven=2"}},
		{"without metadata, log modified", false, "", "", func(c *corpus) { c.setLog(1, 0, zip(nil)) }, "5/5 unproven=1", "9/10 invalid=1 unproven=2",
			[]string{"invalid hash-mismatch", "warning no-signature unproven=2"}},
		{"without metadata, digest modified", false, "", "", func(c *corpus) {
			c.editDigest(1, func(b []byte) []byte { return append(b, ' ') })
		}, "4/5 invalid=1 unproven=1", "8/8 unproven=4", []string{"invalid signature unproven=2", "warning no-signature unproven=2"}},
		{"without metadata, digest deleted", false, "", "", func(c *corpus) { c.rmDigest(2) }, "3/4 missing=1 unproven=2", "6/6 unproven=6",
			[]string{"missing not-found missing=1 unproven=2 2..3", "warning no-signature unproven=2", "warning no-signature unproven=2"}},
		{"bucket changed", true, "", "", nil, "6/6", "12/12", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6, func(k *corpus) {
				k.id.Prefix = c.prefix
				if c.name == "bucket changed" {
					k.chain[0].bucket, k.chain[1].bucket = "older", "older"
				}
			})
			if c.do != nil {
				c.do(k)
			}
			dir := t.TempDir()
			k.save(filepath.Join(dir, c.below), c.metadata)
			r := k.checkFolder(dir)
			if got := counts(r.Digests); got != c.digests {
				t.Errorf("digest files: %s, want %s", got, c.digests)
			}
			if got := counts(r.LogFiles); got != c.logs {
				t.Errorf("log files: %s, want %s", got, c.logs)
			}
			if got := briefs(r); !slices.Equal(got, c.findings) && len(got)+len(c.findings) > 0 {
				t.Errorf("%q, want %q", got, c.findings)
			}
			for _, f := range r.Findings {
				if f.Subject != SubjectChain && !strings.HasPrefix(f.URI, dir) {
					t.Errorf("%s is not a file of the copy", f.URI)
				}
			}
		})
	}
}

func TestUnlistedInCopy(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	dir := t.TempDir()
	k.save(dir, true)
	unlisted := func(o *Options) { o.Unlisted = true }
	if r := k.checkFolder(dir, unlisted); r.Verdict != VerdictValid || len(r.Findings) > 0 {
		t.Errorf("%s %q", r.Verdict, briefs(r))
	}
	forged := strings.Replace(k.logKey(1, 0), "AAAAAAAA", "FORGED00", 1)
	if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(forged)), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := k.checkFolder(dir, unlisted); !slices.Equal(briefs(r), []string{"invalid unlisted"}) {
		t.Errorf("%q", briefs(r))
	}
}

func TestOpenCopyFindsOne(t *testing.T) {
	t.Parallel()
	open := func(folders ...string) (string, error) {
		dir := t.TempDir()
		for _, f := range folders {
			if err := os.MkdirAll(filepath.Join(dir, f), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		f, err := bucket.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_, above, err := OpenCopy(context.Background(), f)
		return above, err
	}
	if above, err := open("AWSLogs/1", "a/AWSLogs"); err != nil || above != "" {
		t.Errorf("%q, %v", above, err)
	}
	if above, err := open("a/b/AWSLogs"); err != nil || above != "a/b" {
		t.Errorf("%q, %v", above, err)
	}
	if _, err := open("a/AWSLogs", "b/AWSLogs"); err == nil || errors.Is(err, ErrNoCopy) {
		t.Errorf("two of them: %v", err)
	}
	if _, err := open("a/b/c/d/AWSLogs"); !errors.Is(err, ErrNoCopy) {
		t.Errorf("too deep: %v", err)
	}
}

// The finding names the file that is there.
func TestStandInThatIsAnotherFile(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 3)
	dir := t.TempDir()
	k.save(dir, true)
	packed := filepath.Join(dir, filepath.FromSlash(k.logKey(1, 0)))
	plain := strings.TrimSuffix(packed, ".gz")
	if err := os.Remove(packed); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(plain, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	heard := ""
	r := k.checkFolder(dir, func(o *Options) {
		o.OnFile = func(f File) {
			if f.Status != Valid {
				heard = f.URI + " " + f.Message
			}
		}
	})
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.Code == CodeHash })
	if i < 0 || !strings.HasSuffix(r.Findings[i].URI, filepath.ToSlash(plain)) || heard != r.Findings[i].URI+" INVALID: hash value doesn't match" {
		t.Errorf("%+v, heard %q", r.Findings, heard)
	}
}
