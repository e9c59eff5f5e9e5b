package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trailctl/internal/term"
)

// stopper interrupts the program when it is read from, and then brings
// nothing more until the program has noticed.
type stopper struct {
	ctx  context.Context
	stop context.CancelFunc
}

func (s stopper) Read([]byte) (int, error) {
	s.stop()
	return 0, io.EOF
}

// stopWriter interrupts the program when it writes for the first time.
type stopWriter struct {
	bytes.Buffer
	stop context.CancelFunc
}

func (s *stopWriter) Write(p []byte) (int, error) {
	s.stop()
	return s.Buffer.Write(p)
}

// Interrupted, each command says how far it came.
func TestInterruptedReadingSaysHowFarItCame(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		record := fmt.Sprintf(`{"Records":[{"eventID":"%d","eventName":"A","eventSource":"s3.amazonaws.com","eventTime":"2026-01-15T08:00:00Z"}]}`, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(record), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"view", dir, "-"}, "3 records shown; broken off after 3 log files (339 B) with 3 records\n"},
		{[]string{"search", dir, "-", "--event-name", "A"}, "3 records found; broken off after 3 log files (339 B) with 3 records\n"},
		{[]string{"stats", dir, "-"}, "no counts are shown; broken off after 3 log files (339 B) with 3 records\n"},
		{[]string{"export", dir, "-", "--format", "jsonl", "--dest", out}, "nothing was written; broken off after 3 log files (339 B) with 3 records\n"},
	} {
		ctx, stop := context.WithCancel(t.Context())
		var stdout, stderr bytes.Buffer
		code := Main(ctx, append([]string{"trailctl", "logs"}, c.args...), term.Streams{In: stopper{ctx, stop}, Out: &stdout, Err: &stderr})
		if code != codeInterrupted || !strings.Contains(stderr.String(), c.want) || !strings.HasSuffix(stderr.String(), "trailctl: interrupted\n") {
			t.Errorf("%s: exit code %d, %s", c.args[0], code, &stderr)
		}
		var doc any
		if stdout.Len() > 0 && json.Unmarshal(stdout.Bytes(), &doc) != nil {
			t.Errorf("%s: broken JSON: %s", c.args[0], &stdout)
		}
		stop()
	}
}

// What a list wrote when it was interrupted is a document all the same.
func TestInterruptedListIsADocument(t *testing.T) {
	dir := t.TempDir()
	for i := range 3000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("a-rather-long-name-of-a-file-%d.json", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stdout, stderr := &stopWriter{stop: stop}, &bytes.Buffer{}
	code := Main(ctx, []string{"trailctl", "logs", "list", dir}, term.Streams{In: strings.NewReader(""), Out: stdout, Err: stderr})
	var doc struct {
		Files []any
		Total struct{ Files int }
	}
	if err := json.Unmarshal(stdout.Bytes(), &doc); err != nil {
		t.Fatalf("%v: ...%s", err, stdout.Bytes()[max(0, stdout.Len()-100):])
	}
	if n := len(doc.Files); n == 0 || n == 3000 || n != doc.Total.Files || code != codeInterrupted {
		t.Errorf("%d files of %d, exit code %d", n, doc.Total.Files, code)
	}
	if !strings.Contains(stderr.String(), "broken off after ") {
		t.Error(stderr)
	}
}
