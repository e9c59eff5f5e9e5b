package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestWalkKeepsTheOrder(t *testing.T) {
	b := &fakeBucket{objects: map[string][]byte{}}
	for i := range 300 {
		b.objects[fmt.Sprintf("%03d.json.gz", i)] = zip(t, `{"Records":[`+strings.Repeat(record(fmt.Sprint(i))+",", i%7)+record(fmt.Sprint(i))+`]}`)
	}
	before := runtime.NumGoroutine()
	w := &Walker{Source: b}
	i := 0
	for f := range w.Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
		if f.Err != nil || len(f.Records) != i%7+1 {
			t.Fatalf("file %d: %d records, %v", i, len(f.Records), f.Err)
		}
		for _, r := range f.Records {
			if r.ID() != fmt.Sprint(i) {
				t.Fatalf("file %d has record %s", i, r.ID())
			}
		}
		i++
	}
	if i != 300 {
		t.Errorf("%d files", i)
	}
	if n := leftBehind(before); n > 0 {
		t.Errorf("%d goroutines were left behind", n)
	}
}

// leftBehind is how many goroutines more there are than before. Those that
// have done their work may take a moment to end.
func leftBehind(before int) int {
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	return runtime.NumGoroutine() - before
}

func TestWalkStopsEarly(t *testing.T) {
	b := &fakeBucket{objects: map[string][]byte{}}
	for i := range 200 {
		b.objects[fmt.Sprintf("%03d.json", i)] = []byte(record("a"))
	}
	before := runtime.NumGoroutine()
	n := 0
	for range (&Walker{Source: b, Fetchers: 4}).Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
		if n++; n == 3 {
			break
		}
	}
	if n := leftBehind(before); n > 0 || b.gets > 20 {
		t.Errorf("%d goroutines left, %d files fetched for 3", n, b.gets)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var last error
	for f := range (&Walker{Source: b}).Files(ctx, Find(ctx, b, Query{Flat: true})) {
		last = f.Err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("after cancelling: %v", last)
	}
}

func TestWalkNamesBadFiles(t *testing.T) {
	good := zip(t, `{"Records":[`+record("a")+`,`+record("b")+`]}`)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-5] ^= 1 // in the check sum
	b := &fakeBucket{
		objects: map[string][]byte{
			"cut.json.gz":     good[:len(good)-12],
			"crc.json.gz":     flipped,
			"junk.json.gz":    append(bytes.Clone(good), "junk"...),
			"members.json.gz": append(bytes.Clone(good), good...),
			"good.json.gz":    good,
			"plain.json":      []byte(record("a")),
			"denied.json":     nil,
			"bomb.json.gz":    zip(t, "["+strings.Repeat(" ", 10000)+"]"),
			"big.json":        []byte("[" + strings.Repeat(" ", 10000) + "]"),
			"other.json":      []byte(`{"a":1}`),
			"empty.json":      nil,
			logKey(account, "us-east-1", "2026-01-01T00:00", "fake"): []byte("no JSON"),
		},
		fail: map[string]error{"denied.json": errFake},
	}
	want := map[string]struct {
		records int
		err     string
		skip    string
		note    string
	}{
		"cut.json.gz":     {-1, "cut off", "", ""},
		"crc.json.gz":     {2, "checksum", "", ""},
		"junk.json.gz":    {2, "4 bytes that are no gzip", "", ""},
		"members.json.gz": {4, "", "", "2 gzip members"},
		"good.json.gz":    {2, "", "", ""},
		"plain.json":      {1, "", "", ""},
		"denied.json":     {0, errFake.Error(), "", ""},
		"bomb.json.gz":    {0, "larger than", "", ""},
		"big.json":        {0, "larger than", "", ""},
		"other.json":      {0, "", SkipContents, ""},
		"empty.json":      {0, "", "", "empty"},
	}
	n := 0
	w := &Walker{Source: b, MaxFileSize: 5000}
	for f := range w.Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
		c, known := want[f.Object.Key]
		if !known {
			c.err = "holds no records"
		}
		n++
		if c.records >= 0 && len(f.Records) != c.records || f.Skip != c.skip || !strings.Contains(strings.Join(f.Report.Notes, ""), c.note) {
			t.Errorf("%s: %d records, skipped %q, notes %q", f.Object.Key, len(f.Records), f.Skip, f.Report.Notes)
		}
		if (f.Err == nil) != (c.err == "") || f.Err != nil && !strings.Contains(f.Err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", f.Object.Key, f.Err, c.err)
		}
	}
	if n != len(b.objects) {
		t.Errorf("%d files", n)
	}
}

func TestSingle(t *testing.T) {
	ctx := context.Background()
	for text, fails := range map[string]bool{record("a"): false, "{}": true} {
		s := Single{Name: "standard input", Stream: strings.NewReader(text)}
		for f := range (&Walker{Source: s, Named: true}).Files(ctx, s.Files(ctx)) {
			if errors.Is(f.Err, ErrNotLogFile) != fails || f.Skip != "" || !fails && len(f.Records) != 1 {
				t.Errorf("%q: %+v", text, f)
			}
		}
	}
}
