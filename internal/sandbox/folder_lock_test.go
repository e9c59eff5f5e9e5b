//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package sandbox

import (
	"errors"
	"path/filepath"
	"testing"
)

// One folder is one sandbox's, until that ends, however it ends.
func TestFolderInUse(t *testing.T) {
	state := filepath.Join(t.TempDir(), "st")
	first := newTest(t, Options{Dir: state})
	before := tree(t, state)
	_, err := New(t.Context(), Options{Dir: state, NewKey: testKeys()})
	var busy *InUseError
	if !errors.As(err, &busy) || err.Error() != "the folder "+state+" is in use by another sandbox" {
		t.Fatalf("a second sandbox: %v", err)
	}
	if after := tree(t, state); len(after) != len(before) || after[markerName] != before[markerName] {
		t.Errorf("the second one changed the folder: %v", after)
	}
	need(t, first.Close())
	second := newTest(t, Options{Dir: state})
	second.leaveFolder() // as the end of the process does
	if _, err := New(t.Context(), Options{Dir: state, Account: "210987654321", NewKey: testKeys()}); !errors.As(err, new(*UnfitError)) {
		t.Fatalf("with another account: %v", err)
	}
	need(t, newTest(t, Options{Dir: state}).Close()) // a refused start holds nothing
}
