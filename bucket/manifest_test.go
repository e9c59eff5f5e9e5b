package bucket

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

const (
	manifestHead = `{"version":1,"kind":"trailctl-evidence","runs":[{"bucket":"b"}]}` + "\n"
	hash64       = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func entry(key string) string {
	return `{"key":"` + key + `","size":3,"sha256":"` + hash64 + `","run":0}` + "\n"
}

func readAll(text string) (keys []string, err error) {
	m, err := ReadManifest(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	for {
		e, err := m.Next()
		if err == io.EOF {
			return keys, nil
		}
		if err != nil {
			if _, again := m.Next(); again != err {
				return keys, errors.New("a manifest that failed goes on")
			}
			return keys, err
		}
		keys = append(keys, e.Key)
	}
}

func TestReadManifest(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"whole":              {manifestHead + entry("a/b") + entry("a.b") + `{"end":true,"files":2,"bytes":6}` + "\n", ""},
		"nothing in it":      {manifestHead + `{"end":true}` + "\n", ""},
		"empty":              {"", "it is empty"},
		"another file":       {"{}\n", "of the kind"},
		"a later version":    {strings.Replace(manifestHead, ":1", ":2", 1), "its version is 2"},
		"no end":             {manifestHead + entry("a"), "its end is missing"},
		"torn":               {manifestHead + strings.TrimSuffix(entry("a"), "}\n"), "line 2: the line is torn"},
		"an entry taken out": {manifestHead + `{"end":true,"files":1,"bytes":3}` + "\n", "its end says 1 of 3"},
		"something after it": {manifestHead + `{"end":true}` + "\n" + entry("a"), "something follows"},
		"twice":              {manifestHead + entry("a") + entry("a"), "there twice"},
		"out of order":       {manifestHead + entry("a.b") + entry("a/b"), "out of order"},
		"leads out":          {manifestHead + entry("../a"), "no path in a folder"},
		"leads out below":    {manifestHead + entry("a/../../b"), "no path in a folder"},
		"from the top":       {manifestHead + entry("/etc/passwd"), "no path in a folder"},
		"the folder itself":  {manifestHead + entry("."), "no path in a folder"},
		"backslash":          {manifestHead + entry(`a\\b`), "no path in a folder"},
		"control character":  {manifestHead + entry(`a\u001b`), "no path in a folder"},
		"no key":             {manifestHead + `{}` + "\n", "no path in a folder"},
		"negative size":      {manifestHead + strings.Replace(entry("a"), ":3", ":-3", 1), "a size of -3"},
		"no hash":            {manifestHead + strings.Replace(entry("a"), "f\"", "\"", 1), "is no SHA-256"},
		"no run":             {manifestHead + strings.Replace(entry("a"), `"run":0`, `"run":1`, 1), "no run 1"},
		"kind":               {manifestHead + strings.Replace(entry("a"), `"size"`, `"kind":"x","size"`, 1), "no kind of file"},
		"a long line":        {manifestHead + entry(strings.Repeat("a", maxManifestLine)), "a line of more than"},
	} {
		_, err := readAll(c.text)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (!errors.Is(err, ErrManifest) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestComparePaths(t *testing.T) {
	want := []string{"a", "a/b", "a/b/c", "a/b-c", "a-b", "a.b", "a.b/c", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, ComparePaths)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add(manifestHead + entry("a/b") + entry("a.b") + `{"end":true,"files":2,"bytes":6}` + "\n")
	f.Add(manifestHead + entry("../a"))
	f.Add(manifestHead + `{"end":true}`)
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := readAll(text)
		if err != nil && !errors.Is(err, ErrManifest) {
			t.Errorf("%v", err)
		}
		if !slices.IsSortedFunc(keys, ComparePaths) {
			t.Errorf("%q", keys)
		}
		for i, k := range keys {
			if strings.HasPrefix(k, "/") || strings.Contains("/"+k+"/", "/../") || i > 0 && k == keys[i-1] {
				t.Errorf("%q", k)
			}
		}
	})
}
