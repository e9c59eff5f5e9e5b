package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"trailctl/bucket"
)

// A folder that takes nothing more ends a download at once, with one error, a
// ledger that adds up, and nothing left by half.
func TestDownloadWithoutRoom(t *testing.T) {
	for _, full := range []error{syscall.ENOSPC, syscall.EROFS, syscall.EDQUOT} {
		b := &fakeBucket{objects: map[string][]byte{}, fail: map[string]error{}}
		const files = 1000
		content := zip(t, "{}")
		for n := range files {
			key := logKey(account, "us-east-1", "2026-01-02T03:00", fmt.Sprintf("%016d", n))
			b.objects[key] = content
			if n >= 100 {
				b.fail[key] = &fs.PathError{Op: "write", Path: "x", Err: full}
			}
		}
		dest := t.TempDir()
		var told []error
		d := &Download{Source: b, Dest: dest, Workers: 4, Done: func(_ Ledger, _ Found, err error) {
			if err != nil {
				told = append(told, err)
			}
		}}
		l, err := d.Run(t.Context(), Find(t.Context(), b, Query{Flat: true}))
		if !NoRoom(err) || !errors.Is(err, full) {
			t.Errorf("%v: %v", full, err)
		}
		if !l.Balanced() || l.Complete() || l.Fetched < 1 || l.Failed < 1 || l.Failed+l.Interrupted > 4 || b.gets > 200 {
			t.Errorf("%v: %d of %d were asked for, %+v", full, b.gets, files, l)
		}
		if len(told) != l.Failed+l.Interrupted {
			t.Errorf("%v: %d were told, %+v", full, len(told), l)
		}
		for _, err := range told {
			if !errors.Is(err, full) {
				t.Errorf("%v: told of %v", full, err)
			}
		}
		if left := unfinishedIn(t, dest); len(left) > 0 {
			t.Errorf("%q were left behind", left)
		}
	}
	if NoRoom(nil) || NoRoom(bucket.ErrNotFound) || NoRoom(context.Canceled) {
		t.Error("every error is one of the disk")
	}
}
