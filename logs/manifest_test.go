package logs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
)

func evidenceAt(dest string, t *testing.T) *Evidence {
	t.Helper()
	return &Evidence{Run: bucket.ManifestRun{Bucket: "b", Program: "p"}, Now: func() time.Time { return at("2026-01-02T03:04") }}
}

// Entries of more than one sorted part come out in order, each once, and the
// memory for them is bounded by the part.
func TestSealSorts(t *testing.T) {
	dest := t.TempDir()
	root, err := os.OpenRoot(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	e := evidenceAt(dest, t)
	if err := e.open(root); err != nil {
		t.Fatal(err)
	}
	const files = 30_000
	sum := strings.Repeat("0", 64)
	now := e.Now()
	for _, n := range rand.New(rand.NewSource(1)).Perm(files) {
		key := fmt.Sprintf("other/%02d-x/%05d", n%40, n) // not below AWSLogs: nothing is looked for
		e.enter([]bucket.ManifestEntry{{Key: key, Size: 1, SHA256: sum, Hashed: now}, {Key: key, Size: 1, SHA256: sum, Fetched: now}})
	}
	if err := e.close(false); err != nil {
		t.Fatal(err)
	}
	sealed, err := e.Seal(t.Context(), dest)
	if err != nil || sealed.Files != files || sealed.Bytes != files {
		t.Fatalf("%+v, %v", sealed, err)
	}
	raw, err := os.ReadFile(filepath.Join(dest, bucket.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	if len(raw) < sealPart {
		t.Errorf("%d bytes: not enough for two parts", len(raw))
	}
	if s := sha256.Sum256(raw); hex.EncodeToString(s[:]) != sealed.SHA256 {
		t.Error("the seal is another")
	}
	m, err := bucket.ReadManifest(bytes.NewReader(raw)) // it refuses what is not in order
	if err != nil {
		t.Fatal(err)
	}
	for {
		entry, err := m.Next()
		if err == io.EOF {
			break
		}
		if err != nil || entry.Fetched.IsZero() {
			t.Fatalf("%+v, %v", entry, err)
		}
	}
	left, _ := filepath.Glob(filepath.Join(dest, ".trailctl*"))
	if unfinished, _ := filepath.Glob(filepath.Join(dest, bucket.UnfinishedManifest)); left != nil || unfinished != nil {
		t.Errorf("left behind: %s %s", left, unfinished)
	}
}

// What two entries of one file come to.
func TestSealJudges(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	fetched := func(sum string) bucket.ManifestEntry {
		return bucket.ManifestEntry{SHA256: sum, Fetched: at("2026-01-02T03:04")}
	}
	disk := func(sum string) bucket.ManifestEntry { return bucket.ManifestEntry{SHA256: sum} }
	for name, c := range map[string]struct {
		entries []bucket.ManifestEntry
		absent  bool
		want    string
	}{
		"fetched":                  {entries: []bucket.ManifestEntry{fetched(a)}},
		"fetched, then as it was":  {entries: []bucket.ManifestEntry{fetched(a), disk(a)}},
		"fetched, then changed":    {entries: []bucket.ManifestEntry{fetched(a), disk(b)}, want: "changed in the folder"},
		"changed, then fetched":    {entries: []bucket.ManifestEntry{fetched(a), disk(b), fetched(a)}},
		"changed twice":            {entries: []bucket.ManifestEntry{disk(a), disk(b)}, want: "changed in the folder"},
		"changed, and back again":  {entries: []bucket.ManifestEntry{fetched(a), disk(b), disk(a)}},
		"taken away":               {entries: []bucket.ManifestEntry{fetched(a)}, absent: true, want: "not in the folder any more"},
		"somebody put there":       {want: "not from this download"},
		"of a run that is unknown": {entries: []bucket.ManifestEntry{{SHA256: a, Run: 7}}, want: "not from this download"},
	} {
		dest := t.TempDir()
		const key = "p/AWSLogs/1/x.json.gz"
		if err := os.MkdirAll(filepath.Join(dest, filepath.Dir(key)), 0o700); err != nil {
			t.Fatal(err)
		}
		if !c.absent {
			if err := os.WriteFile(filepath.Join(dest, key), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		root, err := os.OpenRoot(dest)
		if err != nil {
			t.Fatal(err)
		}
		e := evidenceAt(dest, t)
		if err := e.open(root); err != nil {
			t.Fatal(err)
		}
		for _, entry := range c.entries {
			entry.Key = key
			if err := e.append(entry); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.close(false); err != nil {
			t.Fatal(err)
		}
		root.Close()
		_, err = e.Seal(t.Context(), dest)
		var not *NotSealedError
		if (c.want == "") != (err == nil) || err != nil && (!errors.As(err, &not) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A run that brings nothing new leaves the manifest byte for byte, also when a
// file was fetched again and is what it was; one that does says what it
// replaces.
func TestSealKeepsWhatIsThere(t *testing.T) {
	dest, file := t.TempDir(), ""
	const first, second = "p/AWSLogs/1/x.json.gz", "p/AWSLogs/1/y.json.gz"
	if err := os.MkdirAll(filepath.Join(dest, filepath.Dir(first)), 0o700); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(dest, bucket.ManifestFile)
	sum := strings.Repeat("a", 64)
	now := at("2026-01-02T03:04")
	run := func(entries ...bucket.ManifestEntry) Sealed {
		t.Helper()
		now = now.Add(time.Hour)
		e := &Evidence{Run: bucket.ManifestRun{Started: now, Bucket: "b"}, Now: func() time.Time { return now }}
		root, err := os.OpenRoot(dest)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		if err := e.open(root); err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			if err := os.WriteFile(filepath.Join(dest, entries[i].Key), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		e.enter(entries)
		if err := e.close(false); err != nil {
			t.Fatal(err)
		}
		sealed, err := e.Seal(t.Context(), dest)
		if err != nil {
			t.Fatal(err)
		}
		if left, _ := filepath.Glob(filepath.Join(dest, "*unfinished*")); left != nil {
			t.Errorf("left behind: %s", left)
		}
		return sealed
	}
	fetched := func(key string) bucket.ManifestEntry {
		return bucket.ManifestEntry{Key: key, SHA256: sum, ETag: "e", Fetched: now.Add(time.Hour)}
	}
	if err := os.WriteFile(filepath.Join(dest, KeysFile), []byte("keys"), 0o600); err != nil {
		t.Fatal(err)
	}
	a := run(fetched(first))
	if a.Unchanged || a.Replaced != "" {
		t.Errorf("%+v", a)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, entry := range map[string]bucket.ManifestEntry{
		"there": {Key: first, SHA256: sum, Hashed: now.Add(time.Hour)}, "fetched and compared": fetched(first),
	} {
		b := run(entry)
		after, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the manifest was written anew: %v\n%s%s", name, err, before, after)
		}
		if !b.Unchanged || b.Replaced != "" || b.SHA256 != a.SHA256 || b.Files != a.Files {
			t.Errorf("%s: %+v, want that of %+v", name, b, a)
		}
	}
	other := fetched(first)
	other.VersionID = "2"
	c := run(fetched(second))
	d := run(other)
	if c.Unchanged || c.Replaced != a.SHA256 || c.SHA256 == a.SHA256 || d.Unchanged || d.Replaced != c.SHA256 {
		t.Errorf("%+v, %+v", c, d)
	}
	raw, _ := os.ReadFile(file)
	m, err := bucket.ReadManifest(bytes.NewReader(raw))
	if err != nil || len(m.Head.Runs) != 3 {
		t.Errorf("%v, want the three runs that brought something\n%s", err, raw)
	}
}
