package logs

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
)

func TestDownloadDecompressed(t *testing.T) {
	const text = `{"Records":[]}`
	log, digest := logKey(account, "us-east-1", "2026-01-02T12:00", "a"), digestKey("us-east-1", "2026-01-02T13:00")
	cut := logKey(account, "us-east-1", "2026-01-02T12:05", "cut")
	zipped := zip(t, text)
	b := &fakeBucket{objects: map[string][]byte{
		log: zipped, digest: zipped, cut: zipped[:len(zipped)-9],
		"two.json.gz": append(zip(t, "one\n"), zip(t, "two\n")...), "plain.json.gz": []byte(text), "x.json": []byte(text),
	}}
	dest := t.TempDir()
	run := func() Ledger {
		d := &Download{Source: b, Dest: dest, Decompress: true, Sync: true}
		l, err := d.Run(t.Context(), Find(t.Context(), b, Query{Flat: true, Digests: true}))
		if left := unfinishedIn(t, dest); err != nil || !l.Balanced() || len(left) > 0 {
			t.Fatalf("%+v, %v, left %q", l, err, left)
		}
		return l
	}
	if l := run(); l.Fetched != 5 || l.Failed != 1 {
		t.Errorf("%+v", l)
	}
	for name, want := range map[string]string{
		strings.TrimSuffix(log, ".gz"): text, digest: string(zipped), "two.json": "one\ntwo\n", "plain.json": text, "x.json": text,
	} {
		if raw, err := os.ReadFile(filepath.Join(dest, name)); string(raw) != want {
			t.Errorf("%s is %q, %v", name, raw, err)
		}
	}
	delete(b.objects, cut)
	gets := b.gets
	if l := run(); l.Present != 5 || b.gets != gets {
		t.Errorf("again: %+v, %d objects fetched", l, b.gets-gets)
	}
	// What somebody changed is kept and told; what is only of another time is
	// the same.
	changed := filepath.Join(dest, "two.json")
	if err := errors.Join(os.WriteFile(changed, []byte("three"), 0o600), os.Chtimes(filepath.Join(dest, "plain.json"), time.Now(), time.Now())); err != nil {
		t.Fatal(err)
	}
	if l := run(); l.Different != 1 || l.Present != 4 {
		t.Errorf("after changes: %+v", l)
	}
}

// A folder never gets a log file compressed beside the same one plain; others
// of such names are copied as they are in the bucket.
func TestDownloadOtherForm(t *testing.T) {
	log, later := logKey(account, "us-east-1", "2026-01-02T12:00", "a"), logKey(account, "us-east-1", "2026-01-02T12:05", "b")
	digest := digestKey("us-east-1", "2026-01-02T13:00")
	b := &fakeBucket{objects: map[string][]byte{log: zip(t, "{}"), digest: zip(t, "{}"), "x.json": []byte("{}"), "x.json.gz": zip(t, "{}")}}
	for _, decompress := range []bool{false, true} {
		b.objects = maps.Clone(b.objects)
		delete(b.objects, later)
		if decompress { // both would have one name
			delete(b.objects, "x.json")
		}
		dest := t.TempDir()
		var told []error
		run := func(decompress bool) Ledger {
			told = nil
			d := &Download{Source: b, Dest: dest, Decompress: decompress, Done: func(_ Ledger, _ Found, err error) {
				if err != nil {
					told = append(told, err)
				}
			}}
			l, err := d.Run(t.Context(), Find(t.Context(), b, Query{Flat: true, Digests: true}))
			if err != nil || !l.Balanced() {
				t.Fatalf("%+v, %v", l, err)
			}
			return l
		}
		if l := run(decompress); l.Fetched != len(b.objects) || l.Failed+l.Different > 0 {
			t.Fatalf("decompress %v: %+v, %v", decompress, l, told)
		}
		if l := run(decompress); l.Present != len(b.objects) {
			t.Errorf("again: %+v, %v", l, told)
		}
		delete(b.objects, "x.json")
		delete(b.objects, "x.json.gz")
		b.objects[later] = zip(t, "{}")
		l := run(!decompress)
		if l.Different != 1 || l.Fetched != 1 || l.Present != 1 || l.Failed != 0 || l.Complete() || len(told) != 1 || !errors.Is(told[0], ErrOtherForm) {
			t.Errorf("decompress %v, then not: %+v, %v", decompress, l, told)
		}
		for _, form := range []string{log, strings.TrimSuffix(log, ".gz")} {
			_, err := os.Stat(filepath.Join(dest, form))
			if there := err == nil; there != (decompress == !strings.HasSuffix(form, ".gz")) {
				t.Errorf("decompress %v: %s is there: %v", decompress, form, there)
			}
		}
	}
}

// Two keys of one name: neither takes the other's place.
func TestDownloadTwoOfOneName(t *testing.T) {
	for _, c := range []struct {
		first, second string
		unpack        bool
	}{
		{"a/file.json", "A/other.json", false},
		{"a/File.json", "a/file.json", false},
		{"x.json", "x.json.gz", true},
	} {
		b := &fakeBucket{objects: map[string][]byte{c.first: []byte("1"), c.second: []byte("2")}}
		dest := t.TempDir()
		d := &Download{Source: b, Dest: dest, Decompress: c.unpack, Workers: 2}
		l, err := d.Run(t.Context(), Find(t.Context(), b, Query{Flat: true}))
		if err != nil || l.Fetched != 1 || l.Failed+l.Different != 1 || !l.Balanced() {
			t.Errorf("%s and %s: %+v, %v", c.first, c.second, l, err)
		}
	}
}

func TestDownloadIsAlone(t *testing.T) {
	dest := t.TempDir()
	root, err := os.OpenRoot(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	release, stale, err := lock(root)
	if err != nil || stale {
		t.Fatal(stale, err)
	}
	b := someBucket()
	run := func() error {
		_, err := (&Download{Source: b, Dest: dest}).Run(t.Context(), Find(t.Context(), b, Query{Flat: true}))
		return err
	}
	if err := run(); !errors.Is(err, ErrBusy) || b.gets > 0 {
		t.Errorf("%v, %d objects fetched", err, b.gets)
	}
	release()
	if err := run(); err != nil || b.gets == 0 {
		t.Errorf("%v, %d objects fetched", err, b.gets)
	}
}

// More folders than are kept open.
func TestDownloadManyFolders(t *testing.T) {
	b := &fakeBucket{objects: map[string][]byte{}}
	for i := range 3 * maxOpen {
		b.objects[fmt.Sprintf("f%d/g/a.json", i%(maxOpen+50))+fmt.Sprint(i)+".json"] = []byte("x")
	}
	dest := t.TempDir()
	if l := download(t, b, dest); l.Fetched != 3*maxOpen {
		t.Errorf("%+v", l)
	}
	if l := download(t, b, dest); l.Present != 3*maxOpen {
		t.Errorf("%+v", l)
	}
}

func TestFindTellsOfWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("nowhere", filepath.Join(dir, "a.json")); err != nil {
		t.Skip(err)
	}
	folder, err := bucket.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	_, skipped, errs := found(t, folder, Query{Flat: true})
	if skipped["a.json"] != SkipSpecial || len(errs) > 0 {
		t.Errorf("%v, %v", skipped, errs)
	}
}

// A file of the right size may hold anything, unless it has the object's time.
func TestDownloadComparesWhatIsOnlyOfTheSameSize(t *testing.T) {
	key := logKey(account, "us-east-1", "2026-01-02T12:00", "a")
	for _, c := range []struct {
		name, planted string
		different     int
	}{
		{"zero bytes", "\x00\x00\x00", 1},
		{"the same, with the time of a copy", "abc", 0},
	} {
		b := &fakeBucket{objects: map[string][]byte{key: []byte("abc")}}
		dest := t.TempDir()
		name := filepath.Join(dest, key)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(c.planted), 0o600)); err != nil {
			t.Fatal(err)
		}
		l := download(t, b, dest)
		if l.Different != c.different || l.Present != 1-c.different || l.Fetched+l.Failed != 0 || l.Complete() != (c.different == 0) {
			t.Errorf("%s: %+v", c.name, l)
		}
		if raw, err := os.ReadFile(name); err != nil || string(raw) != c.planted {
			t.Errorf("%s: the file was changed: %q, %v", c.name, raw, err)
		}
		gets := b.gets
		if again := download(t, b, dest); again.Different != c.different || b.gets-gets != c.different {
			t.Errorf("%s, again: %+v, %d objects fetched", c.name, again, b.gets-gets)
		}
	}
}

// A folder cannot have a and a/b. One of them is there, and stays so.
func TestDownloadFileAndFolder(t *testing.T) {
	b := &fakeBucket{objects: map[string][]byte{}}
	const pairs = 20 // either of the two may come first
	for i := range pairs {
		b.objects[fmt.Sprintf("%d.json", i)], b.objects[fmt.Sprintf("%d.json/b.json", i)] = []byte("1"), []byte("2")
	}
	dest := t.TempDir()
	for again := range 2 {
		d := &Download{Source: b, Dest: dest, Done: func(_ Ledger, f Found, err error) {
			want := errNeedsFolder
			if strings.Contains(f.Object.Key, "/") {
				want = errNeedsFile
			}
			if err != nil && !errors.Is(err, want) {
				t.Errorf("%s: %v", f.Object.Key, err)
			}
		}}
		l, err := d.Run(t.Context(), Find(t.Context(), b, Query{Flat: true}))
		if err != nil || l.Failed != pairs || l.Fetched != pairs*(1-again) || l.Present != pairs*again || !l.Balanced() {
			t.Errorf("%+v, %v", l, err)
		}
	}
}

// What goes wrong in a folder is told with its path as people write it.
func TestDownloadNamesFolders(t *testing.T) {
	dest := t.TempDir()
	top, err := os.OpenRoot(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer top.Close()
	dirs := openFolders(top, false)
	f, err := dirs.take("a/b")
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dest, "a", "b"); filepath.Clean(f.root.Name()) != f.root.Name() || f.root.Name() != want {
		t.Errorf("the folder is named %s, not %s", f.root.Name(), want)
	}
	dirs.leave(f)
	if err := dirs.close(); err != nil {
		t.Error(err)
	}
}
