package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// chooser keeps some records, and may say that a file holds none.
type chooser struct{ file, record func([]byte) bool }

func (c chooser) File(_ *File, data []byte) bool { return c.file(data) }
func (c chooser) Record(_ *File, r *Record) bool { return c.record(r.Raw) }
func (c chooser) visitor() Visitor               { return c }
func (c chooser) walk(b *fakeBucket) func(func(*File) bool) {
	w := &Walker{Source: b, Visitor: c.visitor}
	return w.Files(context.Background(), Find(context.Background(), b, Query{Flat: true}))
}

// The records of a file come in pieces when they are many, and each once.
func TestWalkHandsOverPieces(t *testing.T) {
	const n = 2*pieceRecords + 10
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"eventID":"%d"}`, i))
	}
	text := `{"Records":[` + strings.Join(list, ",") + `]}`
	b := &fakeBucket{objects: map[string][]byte{"a.json.gz": zip(t, text), "b.json": []byte(text), "c.json": []byte(record("last"))}}
	seen, yields := map[string]int{}, map[string]int{}
	for f := range (&Walker{Source: b}).Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
		key := f.Object.Key
		for i := range f.Records {
			if id := f.Records[i].ID(); key != "c.json" && id != fmt.Sprint(seen[key]) {
				t.Fatalf("%s: record %s as number %d", key, id, seen[key])
			}
			seen[key]++
		}
		yields[key]++
		if f.More != (yields[key] < 3 && key != "c.json") || !f.More && f.Report.Records != seen[key] {
			t.Errorf("%s, piece %d: more %v, %d records reported", key, yields[key], f.More, f.Report.Records)
		}
	}
	if seen["a.json.gz"] != n || seen["b.json"] != n || seen["c.json"] != 1 {
		t.Errorf("%v", seen)
	}
	// Ending in the middle of a file leaves nothing behind.
	for range (&Walker{Source: b}).Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	var last error
	for f := range (&Walker{Source: b}).Files(ctx, Find(ctx, b, Query{Flat: true})) {
		cancel()
		last = f.Err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled between pieces: %v", last)
	}
	cancel()
}

// A file that a visitor wants nothing of is walked through all the same when
// it does not look sound, so that its damage is told.
func TestWalkLeavesSoundFilesUnread(t *testing.T) {
	good := wrap(record("a") + "," + record("b"))
	b := &fakeBucket{objects: map[string][]byte{
		"good.json.gz":   zip(t, good),
		"space.json":     []byte(good + "\r\n "),
		"cut.json":       []byte(good[:len(good)-1]),
		"behind.json":    []byte(good + "x"),
		"indented.json":  []byte(strings.Replace(good, ":", " : ", 1)),
		"first.json":     []byte(strings.Replace(good, `"eventID"`, `eventID`, 1)),
		"service.json":   []byte(wrap(`{"eventSource":"aws:s3","eventVersion":"2.1"}`)),
		"crc.json.gz":    bent(func(z []byte) []byte { z[len(z)-8] ^= 1; return z })(t),
		"wanted.json.gz": zip(t, wrap(record("wanted"))),
	}}
	c := chooser{func(data []byte) bool { return bytes.Contains(data, []byte("wanted")) }, func(raw []byte) bool { return bytes.Contains(raw, []byte("wanted")) }}
	for f := range c.walk(b) {
		key := f.Object.Key
		if unread := key == "good.json.gz" || key == "space.json"; f.Unread != unread {
			t.Errorf("%s: unread %v", key, f.Unread)
		}
		if failed := key == "cut.json" || key == "behind.json" || key == "first.json" || key == "crc.json.gz"; (f.Err != nil) != failed {
			t.Errorf("%s: %v", key, f.Err)
		}
		if wanted := key == "wanted.json.gz"; (len(f.Records) == 1) != wanted {
			t.Errorf("%s: %d records", key, len(f.Records))
		}
		if (f.Skip != "") != (key == "service.json") {
			t.Errorf("%s: skipped %q", key, f.Skip)
		}
	}
}

// Whatever is stored, a walk ends, and yields the records that Split finds.
func FuzzWalk(f *testing.F) {
	good := wrap(record("a") + "," + record("b"))
	f.Add([]byte(good))
	f.Add([]byte("{\"eventID\":1}\n{bad\n{\"eventID\":2}"))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Fuzz(func(t *testing.T, stored []byte) {
		b := &fakeBucket{objects: map[string][]byte{"a.json": stored, "b.json.gz": zip(t, string(stored))}}
		n := 0
		want := Split(stored, func(Record) bool { return true })
		for f := range (&Walker{Source: b, MaxFileSize: 1 << 20}).Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
			n++
			gzipped := bytes.HasPrefix(stored, gzipMagic)
			if f.Skip == "" && !gzipped && (len(f.Records) != want.Records || (f.Err == nil) != (want.Err() == nil)) {
				t.Fatalf("%s: %d records and %v, want %d and %v", f.Object.Key, len(f.Records), f.Err, want.Records, want.Err())
			}
		}
		if n != 2 {
			t.Fatalf("%d files", n)
		}
	})
}
