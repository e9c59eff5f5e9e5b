package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trailctl/internal/term"
)

// statsTruth is what Python's json module counted in files of many origins.
type statsTruth struct {
	Sources, Files map[string]truthCounts
	Unparseable    map[string]string
}

type truthCounts struct {
	Records      int
	EventName    map[string]int
	EventSource  map[string]int
	AWSRegion    map[string]int
	EventType    map[string]int
	EventVersion map[string]int
	ErrorCode    map[string]int
	Category     map[string]int `json:"eventCategory"`
	IdentityType map[string]int `json:"userIdentity.type"`
	Addresses    int            `json:"sourceIPAddress_distinct"`
	IDs          int            `json:"eventID_distinct"`
	First        string         `json:"eventTime_min"`
	Last         string         `json:"eventTime_max"`
	NoTime       int            `json:"eventTime_absent_or_not_RFC3339Z"`
}

func (c truthCounts) by() map[string]map[string]int {
	return map[string]map[string]int{
		"eventName": c.EventName, "eventSource": c.EventSource, "awsRegion": c.AWSRegion, "eventType": c.EventType,
		"eventVersion": c.EventVersion, "errorCode": c.ErrorCode, "eventCategory": c.Category, "userIdentity.type": c.IdentityType,
	}
}

// statsDocument is the part of what stats answers that is compared.
type statsDocument struct {
	Records     int
	Counted     int
	WithoutTime int
	First, Last string
	Distinct    map[string]struct{ Count int }
	Groups      []struct {
		Values map[string]*string
		Count  int
	}
}

func statsOf(t *testing.T, path string, flags ...string) (doc statsDocument, messages string, code int) {
	t.Helper()
	var out, messagesTo bytes.Buffer
	args := append([]string{"trailctl", "logs", "stats", path, "--output", "json"}, flags...)
	code = Main(context.Background(), args, term.Streams{In: strings.NewReader(""), Out: &out, Err: &messagesTo})
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("%s: %v: %s%s", path, err, out.String(), messagesTo.String())
	}
	return doc, messagesTo.String(), code
}

func (d statsDocument) counts(field string) map[string]int {
	n := map[string]int{}
	for _, g := range d.Groups {
		if v := g.Values[field]; v != nil {
			n[*v] += g.Count
		} else {
			n["<absent>"] += g.Count
		}
	}
	return n
}

func compareStats(t *testing.T, path string, want truthCounts) {
	t.Helper()
	for field, counts := range want.by() {
		doc, messages, code := statsOf(t, path, "--by", field, "--distinct", "sourceIPAddress,eventID")
		if got := doc.counts(field); !maps.Equal(got, counts) {
			t.Errorf("%s: by %s %v, want %v", path, field, got, counts)
		}
		if code != 0 || doc.Records != want.Records || doc.Counted != want.Records {
			t.Errorf("%s: exit code %d, %d records, %d counted, want %d: %s", path, code, doc.Records, doc.Counted, want.Records, messages)
		}
		if doc.First != want.First || doc.Last != want.Last || doc.WithoutTime != want.NoTime {
			t.Errorf("%s: %s to %s and %d without a time, want %s to %s and %d", path, doc.First, doc.Last, doc.WithoutTime, want.First, want.Last, want.NoTime)
		}
		if a, i := doc.Distinct["sourceIPAddress"].Count, doc.Distinct["eventID"].Count; a != want.Addresses || i != want.IDs {
			t.Errorf("%s: %d addresses and %d IDs, want %d and %d", path, a, i, want.Addresses, want.IDs)
		}
	}
}

func TestStatsRealFiles(t *testing.T) {
	dir := os.Getenv("TRAILCTL_REAL_DATA")
	if dir == "" {
		t.Skip("TRAILCTL_REAL_DATA is not set")
	}
	raw, err := os.ReadFile(filepath.Join(dir, "TRUTH-dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	var truth statsTruth
	if err := json.Unmarshal(raw, &truth); err != nil {
		t.Fatal(err)
	}
	if len(truth.Files) < 100 || len(truth.Sources) < 9 {
		t.Fatalf("%d files and %d sources: the counts are not as expected", len(truth.Files), len(truth.Sources))
	}
	for name, want := range truth.Files {
		compareStats(t, filepath.Join(dir, name), want)
	}
	for name, want := range truth.Sources {
		compareStats(t, sourceFolder(t, dir, name, truth.Unparseable), want)
	}

	// Files that Python could not read are named, and what can be read of
	// them is counted: alone, and with the others of their folder.
	broken := map[string]int{}
	for name := range truth.Unparseable {
		path := filepath.Join(dir, name)
		doc, messages, code := statsOf(t, path, "--by", "eventName")
		if code != 1 || !strings.Contains(messages, path+": damaged at byte ") {
			t.Errorf("%s: exit code %d: %s", path, code, messages)
		}
		source, _, _ := strings.Cut(name, "/")
		broken[source] += doc.Counted
	}
	for name, more := range broken {
		doc, messages, code := statsOf(t, filepath.Join(dir, name), "--by", "eventName")
		if want := truth.Sources[name].Records + more; doc.Counted != want || code != 1 {
			t.Errorf("%s: exit code %d, %d records, want %d: %s", name, code, doc.Counted, want, messages)
		}
	}
}

// sourceFolder is the folder of a source; one with files that Python could
// not read and did not count is copied without them.
func sourceFolder(t *testing.T, dir, source string, without map[string]string) string {
	t.Helper()
	whole := true
	for name := range without {
		whole = whole && !strings.HasPrefix(name, source+"/")
	}
	if whole {
		return filepath.Join(dir, source)
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(dir, source))); err != nil {
		t.Fatal(err)
	}
	for name := range without {
		if below, ok := strings.CutPrefix(name, source+"/"); ok {
			if err := os.Remove(filepath.Join(copied, below)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return copied
}
