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
	const files = 60
	for i := range files {
		var b strings.Builder
		for j := range 3 {
			// Large files take longer, so that later ones overtake them.
			fmt.Fprintf(&b, `,{"eventVersion":"1.08","eventID":"same%d","eventTime":"2026-01-01T00:00:00Z","eventName":"N%d","userAgent":"%s"}`,
				j, i, strings.Repeat("x", 10+200_000*(1-min(i%7, 1))))
		}
		text := `{"Records":[` + b.String()[1:] + `]}`
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d.json", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		doc, messages, code := statsOf(t, dir, "--dedupe", "--by", "eventName")
		if code != 0 || doc.Records != 3*files || doc.Counted != 3 || len(doc.Groups) != 1 || *doc.Groups[0].Values["eventName"] != "N0" {
			t.Fatalf("exit code %d, %+v, %s", code, doc, messages)
		}
	}
}
