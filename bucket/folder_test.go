package bucket

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func folder(t *testing.T, files map[string]string) *Folder {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestFolderList(t *testing.T) {
	f := folder(t, map[string]string{
		"AWSLogs/1/CloudTrail/us-east-1/a":                   "1",
		"AWSLogs/1/CloudTrail/us-east-1/b":                   "1",
		"AWSLogs/1/CloudTrail/us-east-1/b" + MetadataSuffix:  "{}",
		"AWSLogs/1/CloudTrail/us-west-2/a":                   "1",
		"AWSLogs/1/CloudTrail-Digest/us-east-1/2026/01/01/d": "1",
		"other": "1",
	})
	for _, c := range []struct {
		prefix, after string
		want          []string
	}{
		{"", "", []string{"AWSLogs/1/CloudTrail/us-east-1/a", "AWSLogs/1/CloudTrail/us-east-1/b", "AWSLogs/1/CloudTrail/us-west-2/a", "AWSLogs/1/CloudTrail-Digest/us-east-1/2026/01/01/d", "other"}},
		{"AWSLogs/1/CloudTrail/", "", []string{"AWSLogs/1/CloudTrail/us-east-1/a", "AWSLogs/1/CloudTrail/us-east-1/b", "AWSLogs/1/CloudTrail/us-west-2/a"}},
		{"AWSLogs/1/CloudTrail/us-east-1/", "AWSLogs/1/CloudTrail/us-east-1/a", []string{"AWSLogs/1/CloudTrail/us-east-1/b"}},
		{"AWSLogs/1/CloudTrail/us-e", "", []string{"AWSLogs/1/CloudTrail/us-east-1/a", "AWSLogs/1/CloudTrail/us-east-1/b"}},
		{"nothing/here/", "", nil},
	} {
		var got []string
		for o, err := range f.List(t.Context(), c.prefix, c.after) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.Key)
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("List(%q, %q) = %q, want %q", c.prefix, c.after, got, c.want)
		}
	}
	names, err := f.Folders(t.Context(), "AWSLogs/1/")
	if err != nil || !slices.Equal(names, []string{"CloudTrail", "CloudTrail-Digest"}) {
		t.Errorf("Folders = %q, %v", names, err)
	}
	if names, err := f.Folders(t.Context(), "nothing/"); err != nil || names != nil {
		t.Errorf("Folders of nothing = %q, %v", names, err)
	}
}

func TestFolderGet(t *testing.T) {
	const day = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/31/111122223333_CloudTrail-Digest_us-east-1_t_us-east-1_"
	const good, bad, log = day + "20260131T010000Z.json.gz", day + "20260131T020000Z.json.gz", "AWSLogs/a/plain"
	f := folder(t, map[string]string{
		good:                      "body",
		good + MetadataSuffix:     `{"signature":"00ff"}`,
		log:                       "text",
		log + MetadataSuffix:      "nobody asks for this",
		bad:                       "x",
		bad + MetadataSuffix:      "not json",
		"a/folder/something/else": "",
	})
	b, err := f.Get(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text, err := io.ReadAll(b)
	if err != nil || string(text) != "body" || b.Size != 4 || b.Metadata["signature"] != "00ff" {
		t.Errorf("got %q, %+v, %v", text, b, err)
	}
	if b, err := f.Get(t.Context(), log); err != nil || b.Metadata != nil {
		t.Errorf("a log file: %+v, %v", b, err)
	}
	if _, err := f.Get(t.Context(), "a/none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing file: %v", err)
	}
	if err := syscall.Mkfifo(f.URI("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{bad, "a/folder", "pipe"} {
		if _, err := f.Get(t.Context(), key); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %v, want an error that does not call it missing", key, err)
		}
	}
}

func TestFolderStaysInside(t *testing.T) {
	f := folder(t, map[string]string{"in": "x"})
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(f.dir, "link")); err != nil {
		t.Skip(err)
	}
	for _, key := range []string{"../" + filepath.Base(filepath.Dir(outside)) + "/secret", outside, "link", "a/../../in"} {
		if b, err := f.Get(t.Context(), key); err == nil {
			text, _ := io.ReadAll(b)
			t.Errorf("Get(%q) read %q", key, text)
		}
	}
}
