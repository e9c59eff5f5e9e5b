package sandbox

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree is what a folder holds: file names and texts, link names and targets.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, name)
		switch {
		case e.IsDir():
			out[rel] = "folder"
		case e.Type() == fs.ModeSymlink:
			out[rel], err = os.Readlink(name)
		default:
			var text []byte
			text, err = os.ReadFile(name)
			out[rel] = string(text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// plant makes files in a folder; a text "-> TARGET" makes a link.
func plant(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, name)
		} else {
			err = os.WriteFile(name, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A folder that no sandbox made, or that somebody changed since, is refused
// and stays as it is.
func TestForeignFoldersAreRefused(t *testing.T) {
	const marker = `{"version":1,"time":"2026-03-01T10:00:00Z"}`
	rows := []struct {
		name  string
		files map[string]string
		want  string // in the error
	}{
		{"buckets", map[string]string{"state/s3/buckets/mydata/file": "precious"}, "no trailctl-sandbox.json"},
		{"tmp", map[string]string{"state/s3/tmp/notes": "precious"}, "no trailctl-sandbox.json"},
		{"a file", map[string]string{"state/notes": "precious"}, "no trailctl-sandbox.json"},
		{"linked s3", map[string]string{"state/s3": "-> ../victim", "victim/buckets/foo/data": "precious"}, "no trailctl-sandbox.json"},
		{"linked s3, with marker", map[string]string{"state/trailctl-sandbox.json": marker, "state/s3": "-> ../victim", "victim/buckets/foo/data": "precious"}, "s3 is not a folder"},
		{"linked cloudtrail", map[string]string{"state/trailctl-sandbox.json": marker, "state/cloudtrail": "-> ../victim", "victim/x": "precious"}, "cloudtrail is not a folder"},
		{"linked history", map[string]string{"state/trailctl-sandbox.json": marker, "state/cloudtrail/history.jsonl": "-> ../../victim", "victim": "precious"}, "history.jsonl is not a regular file"},
		{"linked state", map[string]string{"state/trailctl-sandbox.json": marker, "state/cloudtrail/cloudtrail.json": "-> ../../victim", "victim": `{"Version":1}`}, "cloudtrail.json is not a regular file"},
		{"linked marker", map[string]string{"state/trailctl-sandbox.json": "-> ../victim"}, "trailctl-sandbox.json is not a regular file"},
		{"linked marker that reads well", map[string]string{"state/trailctl-sandbox.json": "-> ../victim", "victim": marker}, "trailctl-sandbox.json is not a regular file"},
		{"later version", map[string]string{"state/trailctl-sandbox.json": `{"version":2}`}, "version 2"},
		{"no JSON", map[string]string{"state/trailctl-sandbox.json": `{`}, "trailctl-sandbox.json"},
		{"foreign bucket", map[string]string{"state/trailctl-sandbox.json": marker, "state/s3/buckets/mydata/file": "precious"}, "mydata/file"},
		{"foreign tmp", map[string]string{"state/trailctl-sandbox.json": marker, "state/s3/tmp/notes": "precious"}, "tmp/notes"},
	}
	for _, row := range rows {
		dir := t.TempDir()
		plant(t, dir, row.files)
		before := tree(t, dir)
		_, err := New(t.Context(), Options{Dir: filepath.Join(dir, "state"), NewKey: testKeys()})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.name, err)
		}
		after := tree(t, dir)
		for name, text := range before {
			if after[name] != text {
				t.Errorf("%s: %s is %q, was %q", row.name, name, after[name], text)
			}
		}
		if _, ok := before["victim"]; !ok && after["victim"] != "" {
			t.Errorf("%s: the target of a link was made", row.name)
		}
	}
}

// A folder is the sandbox's from the start on, also when it was killed, and
// the time is not written through a link that came later.
func TestFolderIsMarked(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "new", "state")
	newTest(t, Options{Dir: state}).leaveFolder() // killed
	again := newTest(t, Options{Dir: state})
	marker := filepath.Join(state, "trailctl-sandbox.json")
	if err := os.Remove(marker); err != nil {
		t.Fatal(err)
	}
	plant(t, state, map[string]string{
		"trailctl-sandbox.json": "-> " + filepath.Join(dir, "one"), "trailctl-sandbox.json.new": "-> " + filepath.Join(dir, "two"),
	})
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	got := tree(t, dir)
	for _, name := range []string{"one", "two"} {
		if _, ok := got[name]; ok {
			t.Errorf("%s was written through a link", name)
		}
	}
	newTest(t, Options{Dir: state})
	if left := tree(t, dir)["new/state/trailctl-sandbox.json.new"]; left != "" {
		t.Errorf("left behind: %s", left)
	}
}

// A start that died while it marked the folder has not spoiled it.
func TestHalfMarkedFolder(t *testing.T) {
	state := t.TempDir()
	plant(t, state, map[string]string{"trailctl-sandbox.json.new": "{"})
	newTest(t, Options{Dir: state})
	if got := tree(t, state); got["trailctl-sandbox.json"] == "" {
		t.Errorf("%v", got)
	}
}
