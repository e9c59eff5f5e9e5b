package render

import (
	"encoding/csv"
	"strings"
	"testing"

	"trailctl/logs"
)

func TestCSVCell(t *testing.T) {
	for in, want := range map[string]string{
		"":                                   "",
		"alice":                              "alice",
		"=cmd|' /C calc'!A0":                 "'=cmd|' /C calc'!A0",
		"+1":                                 "'+1",
		"-1+1":                               "'-1+1",
		"@SUM(A1)":                           "'@SUM(A1)",
		"  =1":                               "'  =1",
		"\u00a0=1":                           "'\u00a0=1",
		`"=1`:                                `'"=1`,
		"'=1":                                "''=1",
		"＝1":                                 "'＝1",
		"\t=1":                               `\t=1`,
		"\r=1":                               `\r=1`,
		"a\nb":                               `a\nb`,
		"\x1b[2J\u202e":                      `\x1b[2J\u202e`,
		"x;=1;y":                             "x;'=1;y",
		"Mozilla/5.0 (X11; Linux x86_64) +a": "Mozilla/5.0 (X11; Linux x86_64) +a",
		"a=b":                                "a=b",
		"\xff=1":                             `\xff=1`,
	} {
		if got := csvCell(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Any reader of CSV gets the cells back as csvCell made them.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"", "a", "=1", `a"b`, "a,b", " a", "a;=b", "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		line := appendCSV(append(appendCSV(nil, s), ','), "end")
		rows, err := csv.NewReader(strings.NewReader(string(line))).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 2 || rows[0][0] != csvCell(s) || rows[0][1] != "end" {
			t.Fatalf("%q: %q, %v", s, rows, err)
		}
		begin := strings.TrimLeft(rows[0][0], " \"")
		if begin != "" && strings.ContainsRune("=+-@\t\r", rune(begin[0])) {
			t.Fatalf("%q: a formula: %q", s, rows[0][0])
		}
	})
}

func TestRecordCSV(t *testing.T) {
	records := append(someRecords(), logs.Record{Raw: []byte(
		`{"eventTime":"2026-01-15T09:00:04Z","userAgent":"a, \"b\"","resources":[{"ARN":"arn:aws:s3:::b/k"},{"ARN":"arn:aws:iam::1:role/x/deploy"}],"errorMessage":"=1+1"}`)})
	var b strings.Builder
	w := NewRecords(&b, RecordOptions{Format: "csv", Terminal: Terminal{Width: 80}, Columns: columnsOf(t, "time", "event", "resources", "error", "userAgent")})
	for i := range records {
		if err := w.Write(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const want = `time,event,resources,error,userAgent
2026-01-15T09:00:01Z,s3:CreateBucket,"reports, 0a1",,
2026-01-15T09:00:02Z,lambda:UpdateFunctionCode20150331v2,,AccessDeniedException,
2026-01-15T09:00:03Z,\x1b[2J\u202e文字,,,
,ec2:Insight(RunInstances),,,
,,,,
2026-01-15T09:00:04Z,,"b/k, deploy","'=1+1","a, ""b"""
`
	if b.String() != want {
		t.Errorf("%s", b.String())
	}
	if got := written(t, "csv", Terminal{}, nil); got != strings.Join(csvColumns(), ",")+"\n" {
		t.Errorf("without records: %q", got)
	}
}
