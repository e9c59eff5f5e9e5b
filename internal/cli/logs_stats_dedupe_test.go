package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Of records with one eventID the first counts, in the order of the files:
// not the one that was read first, which is now one and now another.
func TestStatsDedupeCountsTheFirst(t *testing.T) {
	dir := t.TempDir()
	const files, before = 20, 20_000
	for i := range files {
		var b strings.Builder
		b.WriteString(`{"Records":[`)
		if i == 0 { // others overtake it
			b.WriteString(strings.Repeat(`{"eventVersion":"1.08","eventName":"before"},`, before))
		}
		for j := range 3 {
			fmt.Fprintf(&b, `{"eventVersion":"1.08","eventID":"same%d","eventTime":"2026-01-01T00:00:00Z","eventName":"N%d"},`, j, i)
		}
		text := strings.TrimSuffix(b.String(), ",") + `]}`
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.json", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		doc, messages, code := statsOf(t, dir, "--dedupe", "--by", "eventName")
		if code != 0 || doc.Records != before+3*files || doc.Counted != before+3 || len(doc.Groups) != 2 || *doc.Groups[1].Values["eventName"] != "N0" {
			t.Fatalf("exit code %d, %+v, %s", code, doc, messages)
		}
	}
}
