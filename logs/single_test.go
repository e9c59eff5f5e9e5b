//go:build unix

package logs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// pipe makes a named pipe.
func pipe(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	return name
}

func TestPipeThatNobodyWritesTo(t *testing.T) {
	for _, c := range []struct {
		name   string
		opened bool // somebody has opened its other end, but is silent
	}{{"not opened", false}, {"silent", true}} {
		t.Run(c.name, func(t *testing.T) {
			name := pipe(t)
			if c.opened {
				f, err := os.OpenFile(name, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			stop := errors.New("enough waiting")
			time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
			ended := make(chan error, 1)
			go func() {
				s := Single{Name: name}
				w := &Walker{Source: s, Named: true}
				var err error
				for f := range w.Files(ctx, s.Files(ctx)) {
					err = f.Err
				}
				ended <- err
			}()
			select {
			case err := <-ended:
				if !errors.Is(err, stop) {
					t.Errorf("got %v", err)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the walk did not end with its context")
			}
		})
	}
}

func TestPipe(t *testing.T) {
	name := pipe(t)
	go os.WriteFile(name, []byte(`{"Records":[{"eventVersion":"1.08","eventID":"a"}]}`), 0)
	s := Single{Name: name}
	w := &Walker{Source: s, Named: true}
	records := 0
	for f := range w.Files(t.Context(), s.Files(t.Context())) {
		if f.Err != nil {
			t.Error(f.Err)
		}
		records += len(f.Records)
	}
	if records != 1 {
		t.Errorf("got %d records", records)
	}
}
