package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"trailctl/bucket"
)

func TestReadAll(t *testing.T) {
	text := strings.Repeat("0123456789", 100_000) // more than is trusted
	for _, c := range []struct {
		name        string
		size, limit int64
		want        int
		err         error
	}{
		{"the size is right", int64(len(text)), 1 << 30, len(text), nil},
		{"the size is not known", -1, 1 << 30, len(text), nil},
		{"as large as may be", -1, int64(len(text)), len(text), nil},
		{"too large", -1, int64(len(text)) - 1, 0, ErrTooLarge},
		{"fewer bytes come than announced", int64(len(text)) + 1, 1 << 30, len(text), nil},
	} {
		got, err := readAll(&bucket.Body{ReadCloser: io.NopCloser(strings.NewReader(text)), Size: c.size}, c.limit, nil)
		if len(got) != c.want || !errors.Is(err, c.err) || !strings.HasPrefix(text, string(got)) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
	}
	got, err := readAll(&bucket.Body{ReadCloser: io.NopCloser(strings.NewReader(text)), Size: 10}, 1<<30, nil)
	if err != nil || len(got) <= 10 {
		t.Errorf("more bytes come than announced: %d, %v", len(got), err)
	}
}

func TestReadAllDoesNotTrustTheSize(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readAll(&bucket.Body{ReadCloser: io.NopCloser(strings.NewReader("x")), Size: 1 << 30}, 1<<30, nil); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
		t.Errorf("%d bytes were allocated for one that came", n)
	}
}

// Damage to the compression is said once, with the place in the file as it is
// stored.
func TestWalkSaysGzipDamageOnce(t *testing.T) {
	good := zip(t, `{"Records":[`+record("a")+`]}`)
	junk := bytes.Clone(good)
	for i := 12; i < len(junk)-8; i++ {
		junk[i] = 0xff
	}
	for _, c := range []struct {
		name   string
		stored []byte
		want   string
	}{
		{"corrupt", junk, "s3://fake/a.json.gz: damaged at byte 1"},
		{"cut in the header", good[:7], "s3://fake/a.json.gz: damaged at byte 7 of the compressed file: the gzip data is cut off"},
		{"junk behind", append(bytes.Clone(good), "junk"...), " of the compressed file: 4 bytes that are no gzip"},
	} {
		b := &fakeBucket{objects: map[string][]byte{"a.json.gz": c.stored}}
		for f := range (&Walker{Source: b}).Files(context.Background(), Find(context.Background(), b, Query{Flat: true})) {
			if f.Err == nil || !strings.Contains(f.Err.Error(), c.want) || !strings.Contains(f.Err.Error(), "of the compressed file") || strings.Contains(f.Err.Error(), "flate") || len(f.Report.Notes) > 0 {
				t.Errorf("%s: %v; notes %q", c.name, f.Err, f.Report.Notes)
			}
		}
	}
}
