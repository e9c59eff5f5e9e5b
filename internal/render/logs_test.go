package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"trailctl/bucket"
	"trailctl/logs"
)

func someRecords() []logs.Record {
	var list []logs.Record
	for _, raw := range []string{
		`{"eventTime":"2026-01-15T09:00:01Z","userIdentity":{"type":"IAMUser","userName":"alice"},"eventSource":"s3.amazonaws.com","eventName":"CreateBucket","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.200","resources":[{"ARN":"arn:aws:s3:::reports"},{"ARN":"arn:aws:kms:us-east-1:1:key/0a1"}]}`,
		`{"eventTime":"2026-01-15T09:00:02Z","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/release-pipeline/i-0123456789abcdef0"},"eventSource":"lambda.amazonaws.com","eventName":"UpdateFunctionCode20150331v2","awsRegion":"eu-central-1","sourceIPAddress":"cloudformation.amazonaws.com","errorCode":"AccessDeniedException"}`,
		"{\"eventTime\":\"2026-01-15T09:00:03Z\",\n  \"userIdentity\":{\"type\":\"Root\"}, \"eventName\":\"\\u001b[2J\u202e文字\",\n\"x\":8.82e-05}",
		`{"insightDetails":{"eventSource":"ec2.amazonaws.com","eventName":"RunInstances"}}`,
		`{}`,
	} {
		list = append(list, logs.Record{Raw: []byte(raw)})
	}
	return list
}

func written(t *testing.T, format string, to Terminal, records []logs.Record) string {
	t.Helper()
	var b bytes.Buffer
	w := NewRecords(&b, RecordOptions{Format: format, Terminal: to, Year: 2026})
	for i := range records {
		if err := w.Write(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRecordsTable(t *testing.T) {
	for _, c := range []struct {
		name string
		to   Terminal
		want string
	}{
		{"80 columns", Terminal{Width: 80}, "" +
			"TIME (UTC)      IDENTITY    EVENT                  ADDRESS         ERROR\n" +
			"01-15 09:00:01  alice       s3:CreateBucket        198.51.100.200  -\n" +
			"01-15 09:00:02  release-p…  UpdateFunctionCode…    cloudformation  AccessDenied…\n" +
			"01-15 09:00:03  root        \\x1b[2J\\u202e文字      -               -\n" +
			"-               -           Insight(RunInstances)  -               -\n" +
			"-               -           -                      -               -\n"},
		{"160 columns", Terminal{Width: 160}, "" +
			"TIME (UTC)           IDENTITY                              EVENT                                ADDRESS         REGION        RESOURCES   ERROR\n" +
			"2026-01-15 09:00:01  alice                                 s3:CreateBucket                      198.51.100.200  us-east-1     reports +1  -\n" +
			"2026-01-15 09:00:02  release-pipeline/i-0123456789abcdef0  lambda:UpdateFunctionCode20150331v2  cloudformation  eu-central-1  -           AccessDeniedException\n" +
			"2026-01-15 09:00:03  root                                  \\x1b[2J\\u202e文字                    -               -             -           -\n" +
			"-                    -                                     ec2:Insight(RunInstances)            -               -             -           -\n" +
			"-                    -                                     -                                    -               -             -           -\n"},
		{"a pipe", Terminal{}, "" +
			"TIME                  IDENTITY                              EVENT                                ADDRESS         REGION        RESOURCES     ERROR\n" +
			"2026-01-15T09:00:01Z  alice                                 s3:CreateBucket                      198.51.100.200  us-east-1     reports, 0a1  -\n" +
			"2026-01-15T09:00:02Z  release-pipeline/i-0123456789abcdef0  lambda:UpdateFunctionCode20150331v2  cloudformation  eu-central-1  -             AccessDeniedException\n" +
			"2026-01-15T09:00:03Z  root                                  \\x1b[2J\\u202e文字                    -               -             -             -\n" +
			"-                     -                                     ec2:Insight(RunInstances)            -               -             -             -\n" +
			"-                     -                                     -                                    -               -             -             -\n"},
	} {
		if got := written(t, "table", c.to, someRecords()); got != c.want {
			t.Errorf("%s:\n%s", c.name, got)
		}
	}
}

// A table whose first rows come alone leaves room for what later ones want.
func TestRecordsTableFlushed(t *testing.T) {
	var b bytes.Buffer
	w := NewRecords(&b, RecordOptions{Format: "table", Terminal: Terminal{Width: 100}, Year: 2026})
	records := someRecords()
	for i := range records[:2] {
		if err := w.Write(&records[i]); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	const want = "" +
		"TIME (UTC)      IDENTITY        EVENT                ADDRESS          REGION          ERROR\n" +
		"01-15 09:00:01  alice           s3:CreateBucket      198.51.100.200   us-east-1       -\n" +
		"01-15 09:00:02  release-pipel…  UpdateFunctionCode…  cloudformation   eu-central-1    AccessDenied…\n"
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
}

// A narrow terminal shows the year when the first records are of another one,
// and that of a later record in any case. Long addresses go on below.
func TestRecordsTableYears(t *testing.T) {
	for _, c := range []struct {
		times []string
		want  []string
	}{
		{[]string{"2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"}, []string{"2026-01-01 00:00:00  -", "2025-12-31 23:59:59  -"}},
		{[]string{"2024-01-01T00:00:00Z"}, []string{"2024-01-01 00:00:00  -"}},
		{[]string{"2026-01-01T00:00:00Z", "flush", "2025-12-31T23:59:59Z"}, []string{"01-01 00:00:00  -", "2025-12-31 23:59:59  -"}},
	} {
		var b strings.Builder
		w := NewRecords(&b, RecordOptions{Format: "table", Terminal: Terminal{Width: 80}, Year: 2026})
		for _, at := range c.times {
			if at == "flush" {
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if err := w.Write(&logs.Record{Raw: []byte(`{"eventTime":"` + at + `","sourceIPAddress":"2600:1f18:243e:1300:4685:5a7:7c28:c53a"}`)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), "\n"+want) {
				t.Errorf("%v: %q is not in\n%s", c.times, want, b.String())
			}
		}
		if joined := strings.Join(strings.Fields(b.String()), ""); !strings.Contains(joined, "7c28:c53a") || strings.Contains(joined, "…") {
			t.Errorf("%v: an address was cut:\n%s", c.times, b.String())
		}
	}
}

// What is asked for to be copied is never cut.
func TestRecordsTableWhole(t *testing.T) {
	const id, arn = "a57067ce-fbd1-4c2e-9c5f-000000000001", "arn:aws:iam::123456789012:role/a-role-with-a-rather-long-name"
	var b strings.Builder
	w := NewRecords(&b, RecordOptions{Format: "table", Terminal: Terminal{Width: 80}, Year: 2026, Columns: columnsOf(t, "time", "event", "address", "eventID", "id", "userIdentity.arn")})
	err := w.Write(&logs.Record{Raw: []byte(`{"eventTime":"2026-01-01T00:00:00Z","eventName":"` + strings.Repeat("x", 40) + `","eventID":"` + id + `","sourceIPAddress":"2600:1f18:243e:1300:4685:5a7:7c28:c53a","userIdentity":{"arn":"` + arn + `"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "  2600:1f18:243e:1300:4685:5a7:7c28:c53a  " + id + "  " + id + "  " + arn + "\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("%s", b.String())
	}
}

// heard tells of what a Records writes by itself.
type heard struct{ lines chan string }

func (h heard) Write(p []byte) (int, error) { h.lines <- string(p); return len(p), nil }

// A record is shown soon, however long the next one takes, in every format.
func TestRecordsDoNotWait(t *testing.T) {
	for _, format := range []string{"table", "card", "csv", "text", "json", "jsonl"} {
		h := heard{make(chan string, 10)}
		w := NewRecords(h, RecordOptions{Format: format})
		if err := w.Write(&someRecords()[0]); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-h.lines:
			if !strings.Contains(got, "CreateBucket") {
				t.Errorf("%s: %q", format, got)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: nothing was written", format)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A reader that goes away is noticed although no further record comes.
func TestRecordsTellOfFailure(t *testing.T) {
	gone := errors.New("gone")
	failed := make(chan error, 1)
	w := NewRecords(broken{gone}, RecordOptions{Format: "jsonl", Failed: func(err error) { failed <- err }})
	records := someRecords()
	if err := w.Write(&records[0]); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		if !errors.Is(err, gone) || !errors.Is(w.Write(&records[1]), gone) || !errors.Is(w.Close(), gone) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody heard")
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// A table goes on in the columns that its first rows fixed, and never grows
// out of the terminal.
func TestRecordsTableInChunks(t *testing.T) {
	var records []logs.Record
	for i := range chunk + 50 {
		name := "A"
		if i > chunk {
			name = strings.Repeat("B", 60)
		}
		records = append(records, logs.Record{Raw: fmt.Appendf(nil, `{"eventName":%q}`, name)})
	}
	got := written(t, "table", Terminal{Width: 80, Colour: true}, records)
	if strings.Count(got, "TIME") != 1 || strings.Count(got, "\n") != len(records)+1 {
		t.Errorf("%d lines", strings.Count(got, "\n"))
	}
	for line := range strings.Lines(strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(got)) {
		if runewidth.StringWidth(strings.TrimSuffix(line, "\n")) > 80 {
			t.Fatalf("too wide: %q", line)
		}
	}
}

func TestRecordsColour(t *testing.T) {
	got := written(t, "table", Terminal{Width: 160, Colour: true}, someRecords())
	for _, want := range []string{"\x1b[31mAccessDeniedException\x1b[0m", "\x1b[33mroot\x1b[0m"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%q", want, got)
		}
	}
}

func TestRecordsJSON(t *testing.T) {
	records := someRecords()
	got := written(t, "jsonl", Terminal{}, records)
	lines := strings.Split(got, "\n")
	if len(lines) != len(records)+1 || lines[0] != string(records[0].Raw) || lines[1] != string(records[1].Raw) {
		t.Errorf("the bytes of records on one line must not change:\n%s", got)
	}
	if want := "{\"eventTime\":\"2026-01-15T09:00:03Z\",\"userIdentity\":{\"type\":\"Root\"},\"eventName\":\"\\u001b[2J\u202e文字\",\"x\":8.82e-05}"; lines[2] != want {
		t.Errorf("%s\nwant %s", lines[2], want)
	}
	onTerminal := written(t, "jsonl", Terminal{Width: 80}, records)
	if strings.ContainsRune(onTerminal, '\u202e') || !strings.Contains(onTerminal, `[2J\u202e文字`) {
		t.Errorf("not escaped: %q", onTerminal)
	}
	for _, n := range []int{0, 1, len(records)} {
		var list []map[string]any
		if err := json.Unmarshal([]byte(written(t, "json", Terminal{}, records[:n])), &list); err != nil || len(list) != n {
			t.Errorf("%d records: %d, %v", n, len(list), err)
		}
	}
	if got := written(t, "text", Terminal{}, records[4:]); got != "- - - - - User-Agent=-\n" {
		t.Errorf("%q", got)
	}
}

func TestEscapeJSON(t *testing.T) {
	in := "{\"a\":\"\u009b31m \U000e0041 \xff \t\"}"
	out := escapeJSON([]byte(in))
	var v map[string]string
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(out), "\t", " ")), &v); err != nil || v["a"] != "\u009b31m \U000e0041 \ufffd  " {
		t.Errorf("%q: %q, %v", out, v["a"], err)
	}
}

func TestLogFiles(t *testing.T) {
	files := []logs.Found{
		{Object: bucket.Object{Key: "AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/123456789012_CloudTrail_us-east-1_20260115T0905Z_AbCdEfGhIjKlMnOp.json.gz", Size: 1536}},
		{Object: bucket.Object{Key: "odd/evil\x1b[2J.json", Size: 7, Modified: time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC)}},
	}
	for i := range files {
		files[i].Key, files[i].Log = logs.ParseName(files[i].Object.Key)
	}
	list := func(format string, to Terminal, files []logs.Found) (string, string) {
		var b bytes.Buffer
		l := NewLogFiles(&b, format, to, true, func(k string) string { return "s3://b/" + k })
		for _, f := range files {
			if err := l.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return b.String(), l.Total()
	}
	const want = "" +
		"DELIVERED (UTC)   REGION     ACCOUNT          SIZE  FILE\n" +
		"2026-01-15 09:05  us-east-1  123456789012  1.5 KiB  20260115T0…hIjKlMnOp.json.gz\n" +
		"-                 -          -                 7 B  odd/evil\\x1b[2J.json\n"
	if got, total := list("table", Terminal{Width: 80}, files); got != want || total != "2 log files, 1.5 KiB" {
		t.Errorf("%s\n%s", got, total)
	}
	for n := range len(files) + 1 {
		got, _ := list("json", Terminal{}, files[:n])
		var doc struct {
			Version int
			Files   []logFile
			Total   logTotal
		}
		if err := json.Unmarshal([]byte(got), &doc); err != nil || doc.Version != 1 || len(doc.Files) != n || doc.Total.Files != n {
			t.Errorf("%v: %s", err, got)
		}
		if n > 0 && (doc.Files[0].Region != "us-east-1" || doc.Files[0].Delivered == nil || doc.Files[0].Kind != "log file") {
			t.Errorf("%+v", doc.Files[0])
		}
	}
}

// Rows never look alike, and a key that fits can be pasted.
func TestLogFilesNames(t *testing.T) {
	const day = "AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/"
	name := func(unique string) string {
		return "123456789012_CloudTrail_us-east-1_20260115T0905Z_" + unique + ".json.gz"
	}
	list := func(width, n int) []string {
		var b bytes.Buffer
		l := NewLogFiles(&b, "table", Terminal{Width: width}, true, func(k string) string { return k })
		for i := range n {
			f := logs.Found{Object: bucket.Object{Key: day + name(fmt.Sprintf("AbCdEfGhIj%06d", i)), Size: 1}}
			f.Key, f.Log = logs.ParseName(f.Object.Key)
			if err := l.Write(f); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")[1:]
	}
	for _, c := range []struct {
		width int
		want  string // how the first row ends
	}{
		{80, "  20260115T090…GhIj000000.json.gz"},
		{100, "  20260115T0905Z_AbCdEfGhIj000000.json.gz"},
		{150, "  20260115T0905Z_AbCdEfGhIj000000.json.gz"},
		{190, "  " + day + name("AbCdEfGhIj000000")},
		{0, "  " + day + name("AbCdEfGhIj000000")},
	} {
		rows := list(c.width, chunk+50)
		seen := map[string]bool{}
		for _, r := range rows {
			seen[r] = true
			if c.width > 0 && runewidth.StringWidth(r) > c.width {
				t.Errorf("%d columns: too wide: %s", c.width, r)
			}
		}
		if len(seen) != chunk+50 || !strings.HasSuffix(rows[0], c.want) {
			t.Errorf("%d columns: %d different rows, the first %q", c.width, len(seen), rows[0])
		}
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB", 1 << 40: "1.0 TiB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
