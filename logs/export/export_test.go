package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"trailctl/bucket"
	"trailctl/logs"
)

// corpus writes log files into a folder, each a list of records.
func corpus(t *testing.T, files ...[]string) string {
	t.Helper()
	dir := t.TempDir()
	for i, records := range files {
		text := `{"Records":[` + strings.Join(records, ",") + `]}`
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.json", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read walks over a folder into an export.
func read(t *testing.T, e *Export, dir string, keep func(*logs.Record) bool) {
	t.Helper()
	src, err := bucket.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	w := &logs.Walker{Source: src, Fetchers: 2, Visitor: e.Visitor}
	for f := range w.Files(t.Context(), logs.Find(t.Context(), src, logs.Query{Flat: true})) {
		if err := e.Add(f, keep); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, o Options, dir string) *Manifest {
	t.Helper()
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	read(t, e, dir, nil)
	m, err := e.Finish(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, f := range m.Files {
		sum += f.Records
	}
	if sum != m.Written {
		t.Errorf("the files have %d records, %d were written", sum, m.Written)
	}
	return m
}

func paths(m *Manifest) []string {
	list := []string{}
	for _, f := range m.Files {
		list = append(list, fmt.Sprintf("%s %d", f.Path, f.Records))
	}
	return list
}

// tree lists all files below a folder.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	list := []string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, p)
			list = append(list, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return list
}

func unpacked(t *testing.T, dir, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var from io.Reader = bytes.NewReader(raw)
	switch filepath.Ext(name) {
	case ".gz":
		from, err = gzip.NewReader(from)
	case ".zst":
		from, err = zstd.NewReader(from)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func aRecord(id, time string) string {
	if time == "" {
		return fmt.Sprintf(`{"eventID":%q}`, id)
	}
	return fmt.Sprintf(`{"eventID":%q,"eventTime":%q}`, id, time)
}

func TestSplit(t *testing.T) {
	dir := corpus(t,
		[]string{aRecord("a", "2026-01-15T23:59:59Z"), aRecord("b", "2026-01-16T00:00:00Z"), aRecord("c", ""), aRecord("d", "1969-12-31T23:00:00Z")},
		[]string{aRecord("e", "2026-01-16T01:00:00+02:00"), aRecord("f", "2026-01-15T07:00:00Z"), aRecord("g", "soon")},
	)
	for _, c := range []struct {
		split Split
		rows  int
		want  []string
	}{
		{ByDay, 0, []string{
			"event_date=1969-12-31/part-00000.jsonl 1", "event_date=2026-01-15/part-00000.jsonl 3",
			"event_date=2026-01-16/part-00000.jsonl 1", "event_date=__HIVE_DEFAULT_PARTITION__/part-00000.jsonl 2",
		}},
		{ByHour, 0, []string{
			"event_date=1969-12-31/event_hour=23/part-00000.jsonl 1", "event_date=2026-01-15/event_hour=07/part-00000.jsonl 1",
			"event_date=2026-01-15/event_hour=23/part-00000.jsonl 2", "event_date=2026-01-16/event_hour=00/part-00000.jsonl 1",
			"event_date=__HIVE_DEFAULT_PARTITION__/event_hour=__HIVE_DEFAULT_PARTITION__/part-00000.jsonl 2",
		}},
		{None, 3, []string{"part-00000.jsonl 3", "part-00001.jsonl 3", "part-00002.jsonl 1"}},
	} {
		to := filepath.Join(t.TempDir(), "out")
		m := run(t, Options{Folder: to, Format: JSONL, Split: c.split, MaxRows: c.rows}, dir)
		if got := paths(m); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.split, got, c.want)
		}
		if m.Written != 7 || m.WithoutTime != 2 {
			t.Errorf("%s: %+v", c.split, m.Counts)
		}
		if c.split == None {
			if got, want := unpacked(t, to, "part-00001.jsonl"), aRecord("d", "1969-12-31T23:00:00Z")+"\n"+aRecord("e", "2026-01-16T01:00:00+02:00")+"\n"+aRecord("f", "2026-01-15T07:00:00Z")+"\n"; got != want {
				t.Errorf("the second file: %s", got)
			}
		}
		if got := tree(t, to); len(got) != len(c.want)+1 || !slices.Contains(got, ManifestName) {
			t.Errorf("%s: the folder has %v", c.split, got)
		}
	}
}

// Many more rows than a chunk and a budget hold, of several days in turn,
// come out whole, in order, and the same every time.
func TestChunks(t *testing.T) {
	var records []string
	want := map[string]*strings.Builder{}
	for i := range 30_000 {
		day := fmt.Sprintf("2026-01-%02d", 1+i%20)
		r := fmt.Sprintf(`{"eventTime":"%sT00:00:00Z","n":%d,"pad":%q}`, day, i, strings.Repeat("x", i%1500))
		if want[day] == nil {
			want[day] = &strings.Builder{}
		}
		want[day].WriteString(r + "\n")
		records = append(records, r)
	}
	dir := corpus(t, records[:20_000], records[20_000:])
	for _, c := range []Compression{Plain, Gzip, Zstd} {
		to := filepath.Join(t.TempDir(), "out")
		ext := map[Compression]string{Plain: "", Gzip: ".gz", Zstd: ".zst"}[c]
		if m := run(t, Options{Folder: to, Format: JSONL, Compression: c}, dir); len(m.Files) != 20 {
			t.Fatalf("%s: %d files", c, len(m.Files))
		}
		for day, text := range want {
			if got := unpacked(t, to, "event_date="+day+"/part-00000.jsonl"+ext); got != text.String() {
				t.Errorf("%s: %s differs", c, day)
			}
		}
	}
}

func TestKeep(t *testing.T) {
	dir := corpus(t, []string{aRecord("a", ""), aRecord("b", ""), aRecord("a", "")})
	e, err := Open(Options{Folder: filepath.Join(t.TempDir(), "out"), Format: JSONL, Split: None})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var once logs.Dedupe
	read(t, e, dir, func(r *logs.Record) bool { return !once.Seen(r) })
	if m, err := e.Finish(t.Context(), nil); err != nil || m.Written != 2 {
		t.Errorf("%+v, %v", m, err)
	}
}

// parquetRows reads all rows of a file as maps.
func parquetRows(t *testing.T, name string) []map[string]any {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := parquet.NewReader(file)
	defer r.Close()
	var rows []map[string]any
	for {
		row := map[string]any{}
		if err := r.Read(&row); errors.Is(err, io.EOF) {
			return rows
		} else if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func TestParquet(t *testing.T) {
	one := `{"eventTime":"2026-01-15T09:00:00Z","eventName":"RunInstances","errorCode":"","readOnly":"True","resources":[{"ARN":"arn:a","type":"T"},{"arn":"","accountId":"1"}],"responseElements":""}`
	dir := corpus(t, []string{one, `{"eventID":"b","resources":[]}`, "{\"eventName\":\"\xff\",\"userIdentity\":\"x\"}"})
	to := filepath.Join(t.TempDir(), "out")
	m := run(t, Options{Folder: to, Format: Parquet, Split: None}, dir)
	if m.Repaired != 1 || m.Compression != Zstd {
		t.Errorf("%+v", m)
	}
	rows := parquetRows(t, filepath.Join(to, "part-00000.parquet"))
	if len(rows) != 3 {
		t.Fatalf("%d rows: %v, %+v", len(rows), rows, m)
	}
	for _, c := range []struct {
		row    int
		column string
		want   string
	}{
		{0, "event_time", "1768467600000"},
		{0, "event_name", "RunInstances"},
		{0, "error_code", ""},
		{0, "error_message", "<nil>"},
		{0, "read_only", "true"},
		{0, "response_elements", `""`},
		{0, "raw", one},
		{1, "event_time", "<nil>"},
		{1, "event_name", "<nil>"},
		{2, "event_name", "\ufffd"},
		{2, "raw", "{\"eventName\":\"\ufffd\",\"userIdentity\":\"x\"}"},
		{2, "user_identity_type", "<nil>"},
		{2, "log_file", filepath.Join(dir, "0.json")},
	} {
		got := fmt.Sprint(rows[c.row][c.column])
		if b, ok := rows[c.row][c.column].([]byte); ok {
			got = string(b)
		}
		if got != c.want {
			t.Errorf("row %d, %s: got %q, want %q", c.row, c.column, got, c.want)
		}
	}
	if got := resources(t, filepath.Join(to, "part-00000.parquet")); !reflect.DeepEqual(got, []string{`[["arn:a",null,"T"],["","1",null]]`, `[]`, `null`}) {
		t.Errorf("resources: %q", got)
	}
}

// resources reads that column with a type of its own.
func resources(t *testing.T, name string) []string {
	t.Helper()
	rows, err := parquet.ReadFile[struct {
		Resources []resource `parquet:"resources,optional,list"`
	}](name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows {
		list := [][]*string{}
		for _, e := range r.Resources {
			list = append(list, []*string{e.ARN, e.AccountID, e.Type})
		}
		raw, _ := json.Marshal(list)
		if r.Resources == nil {
			raw = []byte("null")
		}
		out = append(out, string(raw))
	}
	return out
}

// More rows than a row group takes, and files that end inside of a chunk.
func TestParquetGroups(t *testing.T) {
	var records []string
	for i := range 3000 {
		records = append(records, fmt.Sprintf(`{"eventName":"n%d","pad":%q}`, i, strings.Repeat("x", 10_000)))
	}
	dir := corpus(t, records)
	to := filepath.Join(t.TempDir(), "out")
	m := run(t, Options{Folder: to, Format: Parquet, Split: None, MaxRows: 2900}, dir)
	if got := paths(m); !slices.Equal(got, []string{"part-00000.parquet 2900", "part-00001.parquet 100"}) {
		t.Errorf("%v", got)
	}
	n := 0
	for _, f := range m.Files {
		for _, row := range parquetRows(t, filepath.Join(to, f.Path)) {
			if got := fmt.Sprint(row["event_name"]); got != fmt.Sprintf("n%d", n) {
				t.Fatalf("row %d is %s", n, got)
			}
			n++
		}
	}
	if n != 3000 {
		t.Errorf("%d rows", n)
	}
}

func TestFolder(t *testing.T) {
	dir := corpus(t, []string{aRecord("a", "2026-01-15T09:00:00Z")})
	to := filepath.Join(t.TempDir(), "out")
	o := Options{Folder: to, Format: JSONL}
	run(t, o, dir)

	var full *NotEmptyError
	if _, err := Open(o); !errors.As(err, &full) || !full.Export {
		t.Errorf("a second export: %v", err)
	}
	if err := os.WriteFile(filepath.Join(to, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	replaced := Options{Folder: to, Format: CSV, Split: ByHour, Replace: true}
	run(t, replaced, dir)
	if got, want := tree(t, to), []string{ManifestName, "event_date=2026-01-15/event_hour=09/part-00000.csv", "mine.txt"}; !slices.Equal(got, want) {
		t.Errorf("after a replacement: %v", got)
	}

	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "mine.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, replace := range []bool{false, true} {
		if _, err := Open(Options{Folder: other, Format: JSONL, Replace: replace}); !errors.As(err, &full) || full.Export {
			t.Errorf("a folder with other files: %v", err)
		}
	}
	if got := tree(t, other); !slices.Equal(got, []string{"mine.txt"}) {
		t.Errorf("a refused folder: %v", got)
	}
	if _, err := Open(Options{Folder: filepath.Join(other, "mine.txt"), Format: JSONL}); err == nil {
		t.Error("a file is no folder")
	}
}

// A manifest is a file that anybody can write.
func TestManifestLeadsNowhereElse(t *testing.T) {
	dir := corpus(t, []string{aRecord("a", "")})
	parent := t.TempDir()
	to, precious := filepath.Join(parent, "out"), filepath.Join(parent, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, Options{Folder: to, Format: JSONL}, dir)
	evil := fmt.Sprintf(`{"version":1,"format":"jsonl","files":[{"path":"../precious"},{"path":%q}]}`, precious)
	if err := os.WriteFile(filepath.Join(to, ManifestName), []byte(evil), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := Open(Options{Folder: to, Format: JSONL, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	read(t, e, dir, nil)
	_, _ = e.Finish(t.Context(), nil)
	_ = e.Close()
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// What a killed run leaves is cleared by the next one, also when it was
// killed while it gave files their names.
func TestKilled(t *testing.T) {
	dir := corpus(t, []string{aRecord("a", "2026-01-15T09:00:00Z")})
	for _, moved := range []bool{false, true} {
		to := filepath.Join(t.TempDir(), "out")
		e, err := Open(Options{Folder: to, Format: JSONL})
		if err != nil {
			t.Fatal(err)
		}
		read(t, e, dir, nil)
		if moved {
			p := e.files()[0]
			e.staging.flush(p)
			e.staging.stop()
			names, _ := json.Marshal([]string{ManifestName, p.name, "event_date=2026-01-16/part-00000.jsonl"})
			if err := errors.Join(os.WriteFile(filepath.Join(to, moving), names, 0o600), e.folder.move(p.temp, p.name)); err != nil {
				t.Fatal(err)
			}
		}
		// Nobody closes it.
		run(t, Options{Folder: to, Format: CSV}, dir)
		if got, want := tree(t, to), []string{ManifestName, "event_date=2026-01-15/part-00000.csv"}; !slices.Equal(got, want) {
			t.Errorf("moved %v: %v", moved, got)
		}
		if _, err := os.Stat(filepath.Join(to, tempFolder)); err == nil {
			t.Error("the temporary folder is there")
		}
	}
}

func TestCancelled(t *testing.T) {
	dir := corpus(t, []string{aRecord("a", "2026-01-15T09:00:00Z")})
	for _, f := range Formats() {
		to := filepath.Join(t.TempDir(), "out")
		e, err := Open(Options{Folder: to, Format: Format(f)})
		if err != nil {
			t.Fatal(err)
		}
		read(t, e, dir, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := e.Finish(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", f, err)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: something is left: %v", f, tree(t, to))
		}
	}
}

// A file that comes by that name meanwhile is not written over.
func TestForeignFile(t *testing.T) {
	dir := corpus(t, []string{aRecord("a", "")})
	to := filepath.Join(t.TempDir(), "out")
	e, err := Open(Options{Folder: to, Format: JSONL, Split: None})
	if err != nil {
		t.Fatal(err)
	}
	read(t, e, dir, nil)
	name := filepath.Join(to, "part-00000.jsonl")
	if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Finish(t.Context(), nil); err == nil {
		t.Error("it was written over")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if raw, err := os.ReadFile(name); err != nil || string(raw) != "mine" {
		t.Errorf("%q, %v", raw, err)
	}
}

func TestNothing(t *testing.T) {
	to := filepath.Join(t.TempDir(), "out")
	if m := run(t, Options{Folder: to, Format: Parquet}, corpus(t)); len(m.Files) != 0 {
		t.Errorf("%+v", m)
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("a folder is there")
	}
}

// Real log files: every record is there in every format.
func TestRealData(t *testing.T) {
	dir := os.Getenv("TRAILCTL_REAL_DATA")
	if dir == "" {
		t.Skip("TRAILCTL_REAL_DATA is not set")
	}
	counts := map[string]int{}
	for _, f := range Formats() {
		to := filepath.Join(t.TempDir(), "out")
		m := run(t, Options{Folder: to, Format: Format(f)}, dir)
		for _, file := range m.Files {
			name := filepath.Join(to, file.Path)
			switch Format(f) {
			case Parquet:
				counts[f] += len(parquetRows(t, name))
			case OCSF:
				for line := range strings.Lines(unpacked(t, to, file.Path)) {
					var e map[string]any
					if err := json.Unmarshal([]byte(line), &e); err != nil {
						t.Fatal(err)
					}
					checkRequired(t, e)
					counts[f]++
				}
			default:
				counts[f] += strings.Count(unpacked(t, to, file.Path), "\n")
				if Format(f) == CSV {
					counts[f]-- // the head
				}
			}
		}
		if counts[f] != m.Written || m.Written < 5000 {
			t.Errorf("%s: %d records of %d", f, counts[f], m.Written)
		}
	}
}
