package sandbox

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder that keeps the state of another AWS is refused, and one that does
// not tell whose it keeps is not.
func TestFolderOfAnotherAWS(t *testing.T) {
	upstream := func(account string) *url.URL {
		u, err := url.Parse(serve(t, newTest(t, Options{Account: account})).url)
		need(t, err)
		return u
	}
	mine, moved, foreign := upstream("123456789012"), upstream("123456789012"), upstream("210987654321")
	const other = "210987654321"
	tests := []struct {
		name        string
		kept, asked Options
		refused     string // the end of the error; empty for a start
	}{
		{"the same", Options{}, Options{}, ""},
		{"another account", Options{}, Options{Account: other}, "keeps a sandbox of account 123456789012 without an upstream, and this one is of account 210987654321 without an upstream"},
		{"an upstream since", Options{}, Options{Upstream: mine}, "keeps a sandbox of account 123456789012 without an upstream, and this one is of account 123456789012 before an upstream"},
		{"the same upstream", Options{Upstream: mine}, Options{Upstream: mine}, ""},
		{"at another address", Options{Upstream: mine}, Options{Upstream: moved}, ""},
		{"no upstream any more", Options{Upstream: mine}, Options{}, "keeps a sandbox of account 123456789012 before an upstream, and this one is of account 123456789012 without an upstream"},
		{"an upstream of another account", Options{Upstream: mine}, Options{Upstream: foreign}, "and this one is of account 210987654321 before an upstream"},
		{"that is told its account", Options{Upstream: mine}, Options{Upstream: foreign, Account: "123456789012"}, ""},
	}
	for _, tt := range tests {
		tt.kept.Dir = filepath.Join(t.TempDir(), "st")
		need(t, newTest(t, tt.kept).Close())
		before := tree(t, tt.kept.Dir)
		tt.asked.Dir, tt.asked.NewKey, tt.asked.Regions = tt.kept.Dir, testKeys(), []string{"us-east-1"}
		s, err := New(t.Context(), tt.asked)
		var unfit *UnfitError
		switch {
		case tt.refused == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.refused == "":
			need(t, s.Close())
		case !errors.As(err, &unfit) || !strings.HasSuffix(err.Error(), tt.refused):
			t.Errorf("%s: %v", tt.name, err)
		case tree(t, tt.kept.Dir)[markerName] != before[markerName]:
			t.Errorf("%s: the folder was changed", tt.name)
		}
	}
	old := t.TempDir()
	plant(t, old, map[string]string{markerName: `{"version":1,"time":"2026-03-01T10:00:00Z"}`})
	need(t, newTest(t, Options{Dir: old, Account: other}).Close())
	if text, err := os.ReadFile(filepath.Join(old, markerName)); err != nil || string(text) != `{"version":1,"time":"2026-03-01T10:00:00Z","account":"210987654321","upstream":false}` {
		t.Errorf("a folder of an earlier version becomes %s, %v", text, err)
	}
}
