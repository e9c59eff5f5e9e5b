package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trailctl/internal/term"
)

// TestViewRealFiles reads files of many origins, whose records Python's json
// module counted: one by one, and all at once.
func TestViewRealFiles(t *testing.T) {
	dir := os.Getenv("TRAILCTL_REAL_DATA")
	if dir == "" {
		t.Skip("TRAILCTL_REAL_DATA is not set")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "TRUTH-dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth struct {
		Files       map[string]struct{ Records int }
		Unparseable map[string]string
	}
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	view := func(path string) (lines int, messages string, code int) {
		var out, messagesTo bytes.Buffer
		code = Main(context.Background(), []string{"trailctl", "logs", "view", path, "--output", "jsonl"},
			term.Streams{In: strings.NewReader(""), Out: &out, Err: &messagesTo})
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) {
				t.Fatalf("%s: no JSON: %s", path, line)
			}
			lines++
		}
		return lines, messagesTo.String(), code
	}
	all := 0
	for name, want := range truth.Files {
		n, messages, code := view(filepath.Join(dir, name))
		if all += want.Records; n != want.Records || code != 0 {
			t.Errorf("%s: %d records, want %d; exit code %d, %s", name, n, want.Records, code, messages)
		}
	}
	for name := range truth.Unparseable {
		path := filepath.Join(dir, name)
		n, messages, code := view(path)
		if all += n; code != 1 || !strings.Contains(messages, path+": damaged at byte ") {
			t.Errorf("%s: exit code %d, %s", name, code, messages)
		}
	}
	n, messages, code := view(dir)
	if n != all || code != 1 {
		t.Errorf("all at once: %d records, one by one %d; exit code %d", n, all, code)
	}
	for name := range truth.Unparseable {
		if !strings.Contains(messages, filepath.Join(dir, name)+": damaged at byte ") {
			t.Errorf("all at once: %s is not named", name)
		}
	}
}
