package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// hostile is a file that somebody wrote to break its reader, or that broke on
// its way, and what reading it must give.
type hostile struct {
	name    string
	stored  func(t *testing.T) []byte
	records int    // that come out; -1 where it does not matter
	err     string // part of the error; empty for none
	skip    string // instead of an error
	note    string // part of a note; empty for none
}

// plainly is a file that is stored as it is.
func plainly(text string) func(*testing.T) []byte {
	return func(*testing.T) []byte { return []byte(text) }
}

func zipped(text string) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return zip(t, text) }
}

// wrap is a log file around a record.
func wrap(record string) string { return `{"Records":[` + record + `]}` }

// bent is a good gzip file that was changed.
func bent(change func(good []byte) []byte) func(*testing.T) []byte {
	return func(t *testing.T) []byte { return change(zip(t, wrap(record("a")+","+record("b")))) }
}

// bomb is gzip of many bytes between two texts.
func bomb(before string, fill byte, n int, after string) func(*testing.T) []byte {
	return func(t *testing.T) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		block := bytes.Repeat([]byte{fill}, 1<<20)
		for _, part := range [][]byte{[]byte(before), nil, []byte(after)} {
			if part == nil {
				for range n >> 20 {
					_, _ = w.Write(block)
				}
			}
			_, _ = w.Write(part)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
}

func hostiles() []hostile {
	const id = `"eventID":"x"`
	with := func(field string) func(*testing.T) []byte { return zipped(wrap(`{` + id + `,` + field + `}`)) }
	cut := func(n int) func(*testing.T) []byte {
		return bent(func(good []byte) []byte { return good[:n] })
	}
	return []hostile{
		// Size.
		{"a gzip bomb", bomb("[", ' ', 512<<20, "]"), 0, "larger than the bound", "", ""},
		{"a gzip bomb with a record before it", bomb(wrap(record("a")), ' ', 512<<20, ""), 0, "larger than the bound", "", ""},
		{"a gzip bomb of members", func(t *testing.T) []byte {
			return bytes.Repeat(bomb("", ' ', 8<<20, "")(t), 64)
		}, 0, "larger than the bound", "", ""},
		{"a gzip bomb that claims to be small", func(t *testing.T) []byte {
			b := bomb("[", ' ', 256<<20, "]")(t)
			copy(b[len(b)-4:], []byte{10, 0, 0, 0})
			return b
		}, 0, "larger than the bound", "", ""},
		{"a file that claims to be huge", bent(func(good []byte) []byte {
			copy(good[len(good)-4:], []byte{255, 255, 255, 255})
			return good
		}), 2, "compressed file", "", ""},
		{"gzip in gzip", func(t *testing.T) []byte { return zip(t, string(zip(t, wrap(record("a"))))) }, 0, "", SkipContents, ""},
		{"a string of 80 MB", bomb(`{"Records":[{"eventID":"`, 'x', 80<<20, `"}]}`), 1, "", "", ""},
		{"a key of 8 MB", bomb(`{"Records":[{`+id+`,"`, 'k', 8<<20, `":1}]}`), 1, "", "", ""},
		{"a million tiny records", zipped(wrap(strings.Repeat(`{"eventID":1},`, 999_999) + `{"eventID":1}`)), 1_000_000, "", "", ""},
		{"a million empty objects", zipped(wrap(strings.Repeat(`{},`, 999_999) + record("a"))), 1, "", "", ""},
		{"a million fields", with(strings.Repeat(`"k":1,`, 999_999) + `"k":1`), 1, "", "", ""},
		{"the same field a hundred thousand times", with(strings.Repeat(`"eventName":"n",`, 99_999) + `"eventName":"n"`), 1, "", "", "more than once"},
		// Depth.
		{"arrays in arrays", with(`"a":` + strings.Repeat("[", 1_000_000)), 0, "nested deeper", "", ""},
		{"objects in objects", with(`"a":` + strings.Repeat(`{"a":`, 1_000_000)), 0, "nested deeper", "", ""},
		{"as deep as may be", with(`"a":` + strings.Repeat("[", 9990) + strings.Repeat("]", 9990)), 1, "", "", ""},
		{"brackets without a record", zipped(strings.Repeat("[", 1_000_000)), 0, "", SkipContents, ""},
		// What a string may hold.
		{"NUL in a string", with("\"a\":\"\x00\""), 0, "control character 0x00", "", ""},
		{"NUL between records", zipped(wrap(record("a") + "\x00," + record("b"))), 1, "found byte 0x00", "", ""},
		{"an escaped NUL", with(`"userAgent":"\u0000"`), 1, "", "", ""},
		{"a raw terminal escape", with("\"userAgent\":\"\x1b[2J\""), 0, "control character 0x1b", "", ""},
		{"an escaped terminal escape", with(`"userAgent":"\u001b[2J\u001b]8;;http://x\u0007link\u001b]8;;\u0007"`), 1, "", "", ""},
		{"C1 controls", with("\"userAgent\":\"\u009b31m\""), 1, "", "", ""},
		{"bidirectional controls", with("\"userAgent\":\"\u202egnp.exe\u2066\""), 1, "", "", ""},
		{"a formula", with(`"userAgent":"=cmd()|'/c calc'!A1"`), 1, "", "", ""},
		{"lone surrogates", with(`"userAgent":"\ud800 \udc00 \ud800\ud800"`), 1, "", "", ""},
		{"bytes that are not UTF-8", with("\"userAgent\":\"\xff\xfe\xc0\x80\""), 1, "", "", ""},
		{"a newline in a string", with("\"a\":\"x\ny\""), 0, "control character 0x0a", "", ""},
		{"an escape that there is not", with(`"a":"\q"`), 0, "no escape in JSON", "", ""},
		{"half an escape", with(`"a":"\u12"`), 0, "without four hexadecimal digits", "", ""},
		// Keys.
		{"a field twice", with(`"eventName":"a","eventName":"b"`), 1, "", "", "eventName stands more than once"},
		{"a field twice, once escaped", with(`"eventName":"a","event\u004eame":"b"`), 1, "", "", "eventName stands more than once"},
		{"only an escaped key tells a record", zipped(wrap(`{"\u0065ventID":"x"}`)), 1, "", "", ""},
		{"an empty key", with(`"":1`), 1, "", "", ""},
		{"a key without quotes", with(`a:1`), 0, "expected a key in quotes", "", ""},
		{"Records twice", zipped(`{"Records":[` + record("a") + `],"Records":[` + record("b") + `]}`), 2, "a second list of records", "", ""},
		{"Records after other fields", zipped(`{"a":{"Records":[1]},"Records":[` + record("a") + `]}`), 1, "", "", ""},
		// Numbers.
		{"a number of 100,000 digits", with(`"a":` + strings.Repeat("9", 100_000)), 1, "", "", ""},
		{"a number beyond all bounds", with(`"a":1e999999`), 1, "", "", ""},
		{"a number with a leading zero", with(`"a":01`), 0, "expected ',' or '}'", "", ""},
		{"a hexadecimal number", with(`"a":0x1`), 0, "expected ',' or '}'", "", ""},
		{"NaN", with(`"a":NaN`), 0, "expected a value", "", ""},
		// Values of another kind than they should be.
		{"null for a record", zipped(wrap("null," + record("a"))), 1, "", "", ""},
		{"an array of arrays", zipped(`{"Records":[[` + record("a") + `]]}`), 0, "", SkipContents, ""},
		{"Records is an object", zipped(`{"Records":{}}`), 0, "Records is not a list", "", ""},
		{"Records is a string", zipped(`{"Records":"[]"}`), 0, "Records is not a list", "", ""},
		{"Records is a number", zipped(`{"Records":5}`), 0, "Records is not a list", "", ""},
		{"Records is null", zipped(`{"Records":null}`), 0, "Records is not a list", "", ""},
		{"eventTime is a number", with(`"eventTime":1700000000`), 1, "", "", ""},
		{"eventTime is a list", with(`"eventTime":["2026-01-02T03:04:05Z"]`), 1, "", "", ""},
		{"eventTime is no time", with(`"eventTime":"9999-99-99T99:99:99Z"`), 1, "", "", ""},
		{"userIdentity is a string", with(`"userIdentity":"root"`), 1, "", "", ""},
		{"userIdentity is a list", with(`"userIdentity":[{"type":"Root"}]`), 1, "", "", ""},
		{"userIdentity is null", with(`"userIdentity":null`), 1, "", "", ""},
		{"sessionContext is a number", with(`"userIdentity":{"type":"AssumedRole","sessionContext":1,"arn":{}}`), 1, "", "", ""},
		{"resources is an object", with(`"resources":{"ARN":"x"}`), 1, "", "", ""},
		{"sourceIPAddress is an object", with(`"sourceIPAddress":{"ip":"1.2.3.4"}`), 1, "", "", ""},
		{"readOnly is a string", with(`"readOnly":"True"`), 1, "", "", ""},
		{"insightDetails is a list", with(`"insightDetails":[1]`), 1, "", "", ""},
		{"CloudTrailEvent is no JSON", zipped(`{"Events":[{"CloudTrailEvent":"x"}]}`), 0, "CloudTrailEvent holds no record", "", ""},
		{"CloudTrailEvent in CloudTrailEvent", zipped(`{"Events":[{"CloudTrailEvent":"{\"CloudTrailEvent\":\"{}\"}"}]}`), 1, "", "", ""},
		// Structure.
		{"text after the JSON", zipped(wrap(record("a")) + "trailing"), 1, "expected a record", "", ""},
		{"a comma too many", zipped(wrap(record("a") + ",")), 1, "expected a value", "", ""},
		{"a comma too few", zipped(wrap(record("a") + record("b"))), 1, "expected ',' or ']'", "", ""},
		{"cut off in a record", zipped(`{"Records":[` + record("a") + `,{"eventID":"b"`), 1, "ends in the middle", "", ""},
		{"cut off between records", zipped(`{"Records":[` + record("a") + `,`), 1, "ends in the middle", "", ""},
		{"a bracket of the wrong kind", zipped(`{"Records":[` + record("a") + `}]`), 1, "expected ',' or ']'", "", ""},
		{"CRLF", zipped("{\r\n\"Records\":[\r\n" + record("a") + "\r\n]}\r\n"), 1, "", "", ""},
		{"a byte order mark", zipped("\ufeff" + wrap(record("a"))), 1, "", "", ""},
		{"UTF-16", zipped("\xff\xfe{\x00\"\x00"), 0, "", SkipContents, ""},
		{"an HTML error page", plainly("<!DOCTYPE html><html><body>403 Forbidden</body></html>"), 0, "", SkipContents, ""},
		{"an XML error", plainly(`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`), 0, "", SkipContents, ""},
		{"a notification of S3", zipped(wrap(`{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put"}`)), 0, "", SkipContents, ""},
		{"an empty file", plainly(""), 0, "", "", "empty"},
		{"nothing but white space", plainly(" \r\n\t\n"), 0, "", "", "empty"},
		{"nothing, zipped", zipped(""), 0, "", "", "empty"},
		{"random bytes", plainly("\x7fELF\x02\x01\x01\x00\xde\xad\xbe\xef"), 0, "", SkipContents, ""},
		// Compression.
		{"two members", func(t *testing.T) []byte {
			return append(zip(t, record("a")+"\n"), zip(t, record("b"))...)
		}, 2, "", "", "2 gzip members"},
		{"a record over two members", func(t *testing.T) []byte {
			return append(zip(t, `{"eventID"`), zip(t, `:"a"}`)...)
		}, 1, "", "", "2 gzip members"},
		{"junk behind the gzip data", bent(func(good []byte) []byte { return append(good, "junk"...) }), 2, "no gzip", "", ""},
		{"zeros behind the gzip data", bent(func(good []byte) []byte { return append(good, 0, 0, 0, 0) }), 2, "no gzip", "", ""},
		{"cut in the gzip magic", cut(1), 0, "", SkipContents, ""},
		{"cut in the gzip header", cut(5), 0, "cut off", "", ""},
		{"cut behind the gzip header", cut(10), 0, "cut off", "", ""},
		{"cut in the compressed data", cut(30), -1, "cut off", "", ""},
		{"cut before the checksum", bent(func(good []byte) []byte { return good[:len(good)-8] }), 2, "cut off", "", ""},
		{"cut in the checksum", bent(func(good []byte) []byte { return good[:len(good)-3] }), 2, "cut off", "", ""},
		{"a wrong checksum", bent(func(good []byte) []byte { good[len(good)-8] ^= 1; return good }), 2, "checksum", "", ""},
		{"a wrong size", bent(func(good []byte) []byte { good[len(good)-4] ^= 1; return good }), 2, "compressed file", "", ""},
		{"another compression method", bent(func(good []byte) []byte { good[2] = 7; return good }), 0, "header", "", ""},
		{"corrupt data", bent(func(good []byte) []byte {
			for i := 10; i < len(good)-8; i++ {
				good[i] = 0xff
			}
			return good
		}), -1, "corrupt", "", ""},
		{"zstd", plainly("\x28\xb5\x2f\xfd\x04\x00"), 0, "", SkipContents, ""},
	}
}

// Each file alone, and what stands in its records: nothing of it may end the
// walk, or take more memory than one large file.
func TestHostile(t *testing.T) {
	list := hostiles()
	b := &fakeBucket{objects: map[string][]byte{}}
	key := func(i int) string { return fmt.Sprintf("%03d.json.gz", i) }
	for i, h := range list {
		b.objects[key(i)] = h.stored(t)
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // to see what is in use, not what was
	most, stop := watchMemory()
	start := time.Now()
	got := map[string]*File{}
	records := map[string]int{}
	for f := range (&Walker{Source: b}).Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
		for i := range min(len(f.Records), 100) {
			touch(&f.Records[i])
		}
		records[f.Object.Key] += len(f.Records)
		if !f.More {
			f.Records = nil
			got[f.Object.Key] = f
		}
	}
	took := time.Since(start)
	stop()
	t.Logf("%d files in %v, %d MiB above the start", len(list), took, most()>>20)
	if most() > 150<<20 || took > time.Minute {
		t.Errorf("%d MiB and %v are too much", most()>>20, took)
	}
	for i, h := range list {
		f := got[key(i)]
		if f == nil {
			t.Errorf("%s: not yielded", h.name)
			continue
		}
		if n := records[key(i)]; h.records >= 0 && n != h.records || f.Skip != h.skip {
			t.Errorf("%s: %d records, skipped %q; want %d, %q (%v)", h.name, n, f.Skip, h.records, h.skip, f.Err)
		}
		if notes := strings.Join(f.Report.Notes, "; "); !strings.Contains(notes, h.note) || h.note == "" && notes != "" {
			t.Errorf("%s: notes %q, want %q", h.name, notes, h.note)
		}
		if (f.Err == nil) != (h.err == "") || f.Err != nil && !strings.Contains(f.Err.Error(), h.err) {
			t.Errorf("%s: error %v, want %q", h.name, f.Err, h.err)
		}
		if errors.Is(f.Err, context.Canceled) || f.Err != nil && len(f.Err.Error()) > 1000 {
			t.Errorf("%s: error %.200v", h.name, f.Err)
		}
	}
	var names []string
	for _, h := range list {
		names = append(names, h.name)
	}
	slices.Sort(names)
	if n := len(slices.Compact(names)); n != len(list) || n < 40 {
		t.Errorf("%d inputs, %d names", len(list), n)
	}
}

// touch asks a record for all that it can tell.
func touch(r *Record) {
	if len(r.Raw) > 1<<20 {
		return
	}
	_, _ = r.Time()
	_, _ = r.ReadOnly()
	_, _ = r.Insight()
	_ = r.Resources()
	_ = AppendText(nil, r)
	for _, w := range Words() {
		if p, err := ParsePath(w); err == nil {
			_ = p.First(r)
		}
	}
}

// watchMemory looks at the heap now and then, until it is told to stop.
func watchMemory() (most func() uint64, stop func()) {
	var first, m runtime.MemStats
	runtime.ReadMemStats(&first)
	done, ended := make(chan struct{}), make(chan struct{})
	var highest uint64
	go func() {
		defer close(ended)
		for {
			runtime.ReadMemStats(&m)
			highest = max(highest, m.HeapAlloc)
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { return highest - min(highest, first.HeapAlloc) }, func() { close(done); <-ended }
}
