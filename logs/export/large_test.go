package export

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/logs"
)

// TestLargeRecords: a record that is too large to be kept beside its text
// comes out as any other does, in its place.
func TestLargeRecords(t *testing.T) {
	var records []string
	for i := range 12 {
		r := aRecord(fmt.Sprint("e", i), "2026-01-31T13:00:00Z")
		if i%4 == 1 {
			filler := strings.Repeat(`x\"y `, (largeRecord+i*chunk/3)/6)
			r = strings.TrimSuffix(r, "}") + `,"requestParameters":{"s":"` + filler + `"}}`
		}
		records = append(records, r)
	}
	src := corpus(t, records[:7], records[7:])
	for _, o := range []Options{{Format: JSONL}, {Format: CSV}, {Format: CSV, Raw: true}, {Format: OCSF}, {Format: OCSF, Raw: true}, {Format: JSONL, Compression: Zstd}} {
		t.Run(fmt.Sprint(o.Format, o.Raw, o.Compression), func(t *testing.T) {
			o.Folder = t.TempDir()
			m := run(t, o, src)
			want := o.head()
			for i, r := range records {
				f := &logs.File{URI: filepath.Join(src, fmt.Sprint(i/7, ".json"))}
				want, _ = o.rowWriter().write(want, f, &logs.Record{Raw: []byte(r)})
			}
			if m.Written != len(records) || len(m.Files) != 1 || unpacked(t, o.Folder, m.Files[0].Path) != string(want) {
				t.Errorf("%d records in %d files, or other bytes", m.Written, len(m.Files))
			}
		})
	}
	t.Run("parquet", func(t *testing.T) {
		o := Options{Format: Parquet, Folder: t.TempDir()}
		m := run(t, o, src)
		var raws []string
		for _, row := range parquetRows(t, filepath.Join(o.Folder, m.Files[0].Path)) {
			raws = append(raws, fmt.Sprint(row[columnRaw]))
		}
		if !slices.Equal(raws, records) {
			t.Errorf("got %d rows, or other records", len(raws))
		}
	})
}

// TestManyFields: the time that an event takes grows with its fields, not with
// their square.
func TestManyFields(t *testing.T) {
	var r strings.Builder
	r.WriteString(`{"eventVersion":"1","eventID":"e"`)
	for i := range 200_000 {
		fmt.Fprintf(&r, `,"k%d":0`, i)
	}
	r.WriteString(`,"k7":1}`)
	begin := time.Now()
	text, _ := (&ocsfWriter{}).write(nil, &logs.File{}, &logs.Record{Raw: []byte(r.String())})
	if n := strings.Count(string(text), `"k7":`); n != 1 {
		t.Errorf("a field is there %d times", n)
	}
	if took := time.Since(begin); took > 15*time.Second {
		t.Errorf("it took %s", took)
	}
}
