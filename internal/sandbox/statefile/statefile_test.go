package statefile

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type state struct{ Name string }

func save(t *testing.T, f *File, name string) {
	t.Helper()
	if err := f.Save(func() ([]byte, error) { return json.Marshal(state{name}) }); err != nil {
		t.Fatal(err)
	}
}

func TestStateComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	v := state{"before"}
	f, err := Open(dir, "x.json", &v)
	if err != nil || v.Name != "before" {
		t.Fatalf("%+v %v", v, err)
	}
	save(t, f, "one")
	save(t, f, "two")
	if _, err := Open(dir, "x.json", &v); err != nil || v.Name != "two" {
		t.Errorf("%+v %v", v, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v %v: want the one file", entries, err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "x.json"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v", path, info.Mode(), err)
		}
	}
}

func TestWithoutAFolder(t *testing.T) {
	f, err := Open("", "x.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	err = f.Save(func() ([]byte, error) { return nil, errors.New("asked for the state") })
	if err != nil {
		t.Error(err)
	}
}

func TestRefusedFiles(t *testing.T) {
	for what, row := range map[string]struct{ text, want string }{
		"no JSON":       {"{", "unexpected end"},
		"other version": {`{"Version":2,"State":{}}`, "version 2 is not known"},
		"other state":   {`{"Version":1,"State":[]}`, "cannot unmarshal"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, "x.json", &state{}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	dir := t.TempDir()
	if err := os.Symlink("elsewhere", filepath.Join(dir, "x.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, "x.json", &state{}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a link: %v", err)
	}
}

func TestAFailedSaveLeavesTheOldState(t *testing.T) {
	dir, v := t.TempDir(), state{}
	f, err := Open(dir, "x.json", &v)
	if err != nil {
		t.Fatal(err)
	}
	save(t, f, "old")
	if err := f.Save(func() ([]byte, error) { return nil, errors.New("broken") }); err == nil {
		t.Error("no error")
	}
	if _, err := Open(dir, "x.json", &v); err != nil || v.Name != "old" {
		t.Errorf("%+v %v", v, err)
	}
}
