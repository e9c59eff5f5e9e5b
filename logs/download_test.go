package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
)

func download(t *testing.T, b *fakeBucket, dest string) Ledger {
	t.Helper()
	d := &Download{Source: b, Dest: dest, Workers: 4}
	l, err := d.Run(context.Background(), Find(context.Background(), b, Query{Flat: true, Digests: true}))
	if err != nil {
		t.Fatal(err)
	}
	if !l.Balanced() {
		t.Errorf("the ledger does not add up: %+v", l)
	}
	if left := unfinishedIn(t, dest); len(left) > 0 {
		t.Errorf("%q were left behind", left)
	}
	return l
}

// unfinishedIn are the files of a folder that are only for a running download.
func unfinishedIn(t *testing.T, dest string) []string {
	t.Helper()
	var left []string
	err := filepath.WalkDir(dest, func(p string, d os.DirEntry, err error) error {
		if strings.HasPrefix(d.Name(), partial) || d.Name() == LockFile {
			left = append(left, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestDownload(t *testing.T) {
	b, dest := someBucket(), t.TempDir()
	digest := digestKey("us-east-1", "2026-01-02T01:00")
	b.meta = map[string]map[string]string{digest: {"signature": "00ff"}}
	// A killed run has left something half done.
	elsewhere := filepath.Join(dest, "elsewhere")
	if err := errors.Join(
		os.MkdirAll(elsewhere, 0o700),
		os.WriteFile(filepath.Join(elsewhere, partial+"-7"), []byte("half"), 0o600),
		os.WriteFile(filepath.Join(dest, LockFile), nil, 0o600),
	); err != nil {
		t.Fatal(err)
	}

	first := download(t, b, dest)
	if first.Listed != 12 || first.Fetched != 10 || first.Skipped != 2 || first.Digests != 2 || !first.Complete() {
		t.Errorf("%+v", first)
	}
	w := first.Signed["us-east-1"]
	if len(first.Signed) != 1 || !w.Start.Equal(at("2026-01-02T01:00")) || !w.End.Equal(at("2026-01-02T14:00")) {
		t.Errorf("signed: %v", first.Signed)
	}
	folder, err := bucket.OpenFolder(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	body, err := folder.Get(context.Background(), digest)
	if err != nil || body.Metadata["signature"] != "00ff" {
		t.Fatalf("%v, %v", body, err)
	}
	body.Close()

	// Again: nothing is fetched but what is gone or bare.
	remove := func(key string) {
		if err := os.Remove(filepath.Join(dest, filepath.FromSlash(key))); err != nil {
			t.Fatal(err)
		}
	}
	remove(logKey(account, "us-east-1", "2026-01-02T00:05", "us2"))
	remove(digest + bucket.MetadataSuffix)
	gets := b.gets
	if again := download(t, b, dest); again.Fetched != 2 || again.Present != 8 || again.Digests != 2 || b.gets != gets+2 {
		t.Errorf("%+v, %d requests", again, b.gets-gets)
	}
}

// What is in the folder is evidence: nothing that the bucket has now takes its
// place.
func TestDownloadKeepsWhatIsThere(t *testing.T) {
	const day = "2026-01-02T01:00"
	log, digest := logKey(account, "us-east-1", "2026-01-02T12:00", "us3"), digestKey("us-east-1", day)
	for _, c := range []struct {
		name   string
		change func(t *testing.T, b *fakeBucket, dest string)
		key    string // "" when nothing differs
	}{
		{"nothing", func(*testing.T, *fakeBucket, string) {}, ""},
		{"a log file has another size", func(_ *testing.T, b *fakeBucket, _ string) { b.objects[log] = []byte("longer") }, log},
		{"a digest file has another size", func(_ *testing.T, b *fakeBucket, _ string) { b.objects[digest] = []byte("longer") }, digest},
		{"a digest file has other contents", func(_ *testing.T, b *fakeBucket, _ string) {
			b.objects[digest], b.modified = []byte("y"), time.Hour
		}, digest},
		{"a digest file has other metadata", func(_ *testing.T, b *fakeBucket, _ string) {
			b.meta[digest], b.modified = map[string]string{"signature": "ff00"}, time.Hour
		}, digest},
		{"a digest file without metadata has other contents", func(t *testing.T, b *fakeBucket, dest string) {
			b.objects[digest] = []byte("y")
			if err := os.Remove(filepath.Join(dest, digest+bucket.MetadataSuffix)); err != nil {
				t.Fatal(err)
			}
		}, digest},
		{"a digest file was written again as it was", func(_ *testing.T, b *fakeBucket, _ string) { b.modified = time.Hour }, ""},
	} {
		b, dest := someBucket(), t.TempDir()
		b.meta = map[string]map[string]string{digest: {"signature": "00ff"}}
		download(t, b, dest)
		c.change(t, b, dest)
		var named []string
		d := &Download{Source: b, Dest: dest, Done: func(_ Ledger, f Found, err error) {
			if errors.Is(err, ErrDifferent) && strings.Contains(err.Error(), f.Object.Key) {
				named = append(named, f.Object.Key)
			}
		}}
		query := Query{Flat: true, Digests: true}
		l, err := d.Run(context.Background(), Find(context.Background(), b, query))
		want := 1
		if c.key == "" {
			want = 0
		}
		if err != nil || !l.Balanced() || l.Complete() != (want == 0) || l.Different != want || l.Present != 10-want || l.Fetched+l.Failed != 0 || l.Digests != 2 {
			t.Errorf("%s: %+v, %v", c.name, l, err)
		}
		if len(named) != want || want == 1 && named[0] != c.key {
			t.Errorf("%s: named %q", c.name, named)
		}
		for _, key := range []string{log, digest} {
			if raw, err := os.ReadFile(filepath.Join(dest, key)); err != nil || string(raw) != "x" {
				t.Errorf("%s: %s is %q, %v", c.name, key, raw, err)
			}
		}
		raw, err := os.ReadFile(filepath.Join(dest, digest+bucket.MetadataSuffix))
		if err == nil && !strings.Contains(string(raw), "00ff") {
			t.Errorf("%s: the metadata is %s", c.name, raw)
		}
		gets := b.gets
		download(t, b, dest)
		if want == 0 && b.gets != gets {
			t.Errorf("%s: a third run asked for %d objects", c.name, b.gets-gets)
		}
	}
}

// An interrupted fetch is no failure.
func TestDownloadInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	b := &stalling{fakeBucket: someBucket(), stop: cancel}
	l, err := (&Download{Source: b, Dest: t.TempDir(), Workers: 2}).Run(ctx, Find(context.Background(), b, Query{Flat: true, Digests: true}))
	if !errors.Is(err, context.Canceled) || l.Failed != 0 || l.Interrupted == 0 || l.Fetched != 0 || !l.Balanced() || l.Complete() {
		t.Errorf("%+v, %v", l, err)
	}
}

// stalling is a bucket of which the first object never comes.
type stalling struct {
	*fakeBucket
	stop context.CancelFunc
}

func (s *stalling) Get(ctx context.Context, key string) (*bucket.Body, error) {
	s.stop()
	<-ctx.Done()
	return nil, fmt.Errorf("reading %s: %w", key, ctx.Err())
}

func TestDownloadStaysInItsFolder(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "dest")
	outside := filepath.Join(filepath.Dir(dest), "outside")
	if err := errors.Join(os.MkdirAll(dest, 0o700), os.MkdirAll(outside, 0o700), os.Symlink(outside, filepath.Join(dest, "link"))); err != nil {
		t.Fatal(err)
	}
	b := &fakeBucket{objects: map[string][]byte{"good.json": []byte("x"), "new/good.json": []byte("x"), "COM10/Console.é中.json": []byte("x"), "folder.json": []byte("evil")}}
	if err := errors.Join( // what is there before
		os.WriteFile(filepath.Join(dest, "good.json"), []byte("x"), 0o600),
		os.WriteFile(filepath.Join(dest, "file.json"), []byte("x"), 0o600),
		os.Mkdir(filepath.Join(dest, "folder.json"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	bad := []string{
		"../evil.json", "a/../../evil.json", "/evil.json", "a//evil.json", "./evil.json", `a\..\evil.json`, "a\x00.json",
		"C:/evil.json", partial + "-1/../../evil.json", "link/evil.json", strings.Repeat("a", 300) + ".json", "a/./evil.json",
		KeysFile + "/evil.json", unfinishedKeys + "/evil.json", LockFile + "/evil.json", "a/" + partial + "-1/evil.json",
		"a\nb.json", "a\x1b[2Jb.json", "a/\u0085.json", "a\xff.json", "a/b./evil.json", "a/b /evil.json", "a/z:/evil.json",
		"..\\..\\evil.json", "file.json/evil.json",
		"con/evil.json", "a/Nul.json", "a/COM1.json.gz", "lpt9 .json", "a/aux.log", "CONOUT$/a.json", "a/com\u00b2.json",
		"a\u202egnp.json", "a\u200b/b.json", "\ufeffa.json", "a\u2066.json", "a\u2028.json", "a\u3164.json", "a\ufe0f.json",
		"GOOD.json", "deep/../good.json",
	}
	for _, k := range bad {
		b.objects[k] = []byte("evil")
	}
	var named []string
	d := &Download{Source: b, Dest: dest, Done: func(_ Ledger, f Found, err error) {
		if err != nil {
			named = append(named, f.Object.Key)
		}
	}}
	l, err := d.Run(context.Background(), Find(context.Background(), b, Query{Flat: true}))
	if err != nil {
		t.Fatal(err)
	}
	// A folder is where folder.json would be.
	if l.Fetched != 2 || l.Present != 1 || l.Failed != len(bad)+1 || l.Different != 0 || len(named) != l.Failed || l.Complete() || !l.Balanced() {
		t.Errorf("%+v; named %q", l, named)
	}
	var files []string
	_ = filepath.WalkDir(filepath.Dir(dest), func(p string, d os.DirEntry, _ error) error {
		if d.Type().IsRegular() {
			name, _ := filepath.Rel(dest, p)
			files = append(files, filepath.ToSlash(name))
		}
		return nil
	})
	if strings.Join(files, " ") != "COM10/Console.é中.json file.json good.json new/good.json" {
		t.Errorf("files: %q", files)
	}
}

func TestDownloadFailures(t *testing.T) {
	b, dest := someBucket(), t.TempDir()
	key := logKey(account, "us-east-1", "2026-01-02T12:00", "us3")
	b.fail[key] = errFake
	if l := download(t, b, dest); l.Failed != 1 || l.Fetched != 9 || l.Complete() {
		t.Errorf("%+v", l)
	}
	b.fail = map[string]error{"": errFake}
	if l := download(t, b, dest); l.ListsFailed != 1 || l.Complete() {
		t.Errorf("%+v", l)
	}
	b.fail = nil
	if l := download(t, b, dest); l.Fetched != 1 || !l.Complete() {
		t.Errorf("%+v", l)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (&Download{Source: b, Dest: dest}).Run(ctx, Find(ctx, b, Query{Flat: true})); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}

// A server may send another size than it listed, or go on for ever.
func TestDownloadIsBounded(t *testing.T) {
	for _, c := range []struct {
		name         string
		listed, sent int64 // sizes; sent is -1 when the answer does not say
		want         string
	}{
		{"an endless answer without a size", 5, -1, "more than"},
		{"an endless answer with a size", 5, 5, "more than"},
		{"an answer with another size", 5, 7, "when it was listed"},
	} {
		b := &endless{fakeBucket: &fakeBucket{objects: map[string][]byte{"a.json": make([]byte, c.listed)}}, size: c.sent}
		dest := t.TempDir()
		var failed error
		d := &Download{Source: b, Dest: dest, Done: func(_ Ledger, _ Found, err error) { failed = err }}
		l, err := d.Run(t.Context(), Find(t.Context(), b, Query{Flat: true}))
		if err != nil || l.Failed != 1 || failed == nil || !strings.Contains(failed.Error(), c.want) {
			t.Errorf("%s: %+v, %v, %v", c.name, l, err, failed)
		}
		if most := max(c.listed, c.sent) + 1; b.read > most {
			t.Errorf("%s: %d bytes were taken, %d are enough", c.name, b.read, most)
		}
		if files, err := os.ReadDir(dest); err != nil || len(files) != 0 {
			t.Errorf("%s: kept %v, %v", c.name, files, err)
		}
	}
}

// endless is a bucket whose objects have (nearly) no end.
type endless struct {
	*fakeBucket
	size, read int64
}

func (e *endless) Get(context.Context, string) (*bucket.Body, error) {
	return &bucket.Body{ReadCloser: io.NopCloser(e), Size: e.size}, nil
}

func (e *endless) Read(p []byte) (int, error) {
	const enough = 1 << 20 // so that the test ends
	if e.read >= enough {
		return 0, io.EOF
	}
	e.read += int64(len(p))
	return len(p), nil
}
