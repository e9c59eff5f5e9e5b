package cloudtrail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// historyEvent is an event whose texts are parts of a longer one, as those of
// calls are parts of their headers.
func historyEvent(t testing.TB, n int) Event {
	t.Helper()
	header := fmt.Sprintf("AWS4-HMAC-SHA256 Credential=client-%d/20260301/us-east-1/sts/aws4_request, SignedHeaders=%s", n%8, strings.Repeat("host;", 60))
	e, err := NewEvent(Record{
		EventVersion: EventVersion, EventID: fmt.Sprintf("%08d-0000-4000-8000-000000000000", n), EventTime: stamp(testStart.Add(time.Duration(n/10) * time.Second)),
		UserIdentity: Identity{Type: "IAMUser", PrincipalID: "AIDA" + strings.Repeat("A", 17), ARN: "arn:aws:iam::123456789012:user/somebody", AccountID: "123456789012", AccessKeyID: header[29:37], UserName: "somebody"},
		EventSource:  "s3.amazonaws.com", EventName: "GetBucketPolicy", AWSRegion: "us-east-1", SourceIPAddress: "127.0.0.1",
		UserAgent: strings.Repeat("agent ", 30), RequestParameters: map[string]any{"bucketName": fmt.Sprint("bucket-", n%5), "Host": "127.0.0.1"},
		EventType: "AwsApiCall", ManagementEvent: true, RecipientAccountID: "123456789012", EventCategory: Management,
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Each event is found with its own record, the compressed ones and those that
// are not yet, also when the search goes on after some thousand others.
func TestHistoryGivesBackEachRecord(t *testing.T) {
	h := newHistory(20_000)
	const events = 3*blockLength + 17 + 2*searchStep
	want := make([]Event, events)
	for i := range want {
		want[i] = historyEvent(t, i)
		if err := h.add(want[i]); err != nil {
			t.Fatal(err)
		}
	}
	at, all := place{"123456789012", "us-east-1"}, window{testStart, testStart.Add(time.Hour)}
	left := events
	for from := (*cursor)(nil); ; {
		page, more := h.lookup(at, all, from, 37, func(*Event) bool { return true })
		for _, e := range page {
			left--
			if w := want[left]; e.ID != w.ID || !bytes.Equal(e.JSON, w.JSON) || e.Name != w.Name || e.Source != w.Source || e.UserName != w.UserName ||
				e.AccessKeyID != w.AccessKeyID || e.ReadOnly != w.ReadOnly || !e.Time.Equal(w.Time) || fmt.Sprint(e.Related) != fmt.Sprint(w.Related) {
				t.Fatalf("event %d is %+v, want %+v", left, e, w)
			}
		}
		if from = more; from == nil {
			break
		}
	}
	if left != 0 {
		t.Errorf("%d events were not found", left)
	}
	first := func(e *Event) bool { return e.ID == want[0].ID }
	if page, more := h.lookup(at, all, nil, 50, first); len(page) != 1 || more != nil || !bytes.Equal(page[0].JSON, want[0].JSON) {
		t.Errorf("the oldest event: %v, %v", page, more)
	}
}

// An event takes a few hundred bytes, whatever its texts are parts of.
func TestHistoryIsSmall(t *testing.T) {
	h := newHistory(20_000)
	const events, most = 10_000, 400
	before := inUse()
	for i := range events {
		if err := h.add(historyEvent(t, i)); err != nil {
			t.Fatal(err)
		}
	}
	each := (inUse() - before) / events
	t.Logf("%d bytes each", each)
	if h.len() != events || each > most {
		t.Errorf("%d events take %d bytes each, want at most %d", h.len(), each, most)
	}
}

func inUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Events with different traits never share them.
func TestTraitsAreSharedByEquals(t *testing.T) {
	var table traitTable
	events := []Event{
		{Name: "A", Source: "b"}, {Name: "A", Source: "b", ReadOnly: true}, {Name: "Ab"}, {Name: "A", Source: "", UserName: "b"},
		{Name: "A", Source: "b", Related: []Related{{"t", "n"}}}, {Name: "A", Source: "b", Related: []Related{{"tn", ""}}},
		{Name: "A", Source: "b", Related: []Related{{"t", "n"}, {"t", "n"}}},
	}
	seen := map[*traits]bool{}
	for _, e := range events {
		seen[table.of(&e)] = true
	}
	if len(seen) != len(events) {
		t.Errorf("%d traits of %d events", len(seen), len(events))
	}
	for _, e := range events {
		if !seen[table.of(&e)] {
			t.Errorf("%+v has new traits", e)
		}
	}
}

// The file of the history does not grow for ever while the sandbox runs, and
// holds what the history does.
func TestHistoryFileIsShortened(t *testing.T) {
	name := filepath.Join(t.TempDir(), historyName)
	h := newHistory(500)
	if err := h.open(name); err != nil {
		t.Fatal(err)
	}
	longest := 0
	const events = 6000
	for i := range events {
		if err := h.add(historyEvent(t, i)); err != nil {
			t.Fatal(err)
		}
		longest = max(longest, h.file.lines)
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil || bytes.Count(text, []byte{'\n'}) != h.file.lines || longest > 2*500+1001 || h.file.lines > longest {
		t.Errorf("the file has %d lines, at most %d were counted: %v", bytes.Count(text, []byte{'\n'}), longest, err)
	}
	again := newHistory(500)
	if err := again.open(name); err != nil {
		t.Fatal(err)
	}
	defer again.close()
	page, _ := again.lookup(place{"123456789012", "us-east-1"}, window{testStart, testStart.Add(time.Hour)}, nil, 600, func(*Event) bool { return true })
	if len(page) != 500 || page[0].ID != historyEvent(t, events-1).ID || !bytes.Equal(page[499].JSON, historyEvent(t, events-500).JSON) {
		t.Errorf("%d events after the restart", len(page))
	}
}

// What cannot be written to the history's file is known and delivered all the
// same.
func TestFullDiskLosesNoEvent(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Dir = t.TempDir() })
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	if err := b.s.history.close(); err != nil { // writing fails from here on
		t.Fatal(err)
	}
	e := historyEvent(t, 1)
	if err := b.s.Record(e); err == nil {
		t.Error("nobody is told")
	}
	b.advance(5 * time.Minute)
	if got := b.delivered("us-east-1"); len(got) != 1 || got[0] != e.ID {
		t.Errorf("delivered: %v", got)
	}
	if got := ids(b.do("us-east-1", "LookupEvents", `{}`)); len(got) != 1 || got[0] != e.ID {
		t.Errorf("the history: %v", got)
	}
}
