package logs

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ name, record, line string }{
		{"a whole record",
			`{"eventID":"1","eventName":"RunInstances","eventSource":"ec2.amazonaws.com","awsRegion":"us-east-1","sourceIPAddress":"1.2.3.4","userAgent":"Mozilla/5.0 aws-cli/1.7.28"}`,
			`1 RunInstances ec2.amazonaws.com us-east-1 1.2.3.4 User-Agent=Mozilla/5.0 aws-cli/1.7.28`},
		{"nothing", `{}`, `- - - - - User-Agent=-`},
		{"null and empty", `{"eventID":null,"eventName":"","userAgent":""}`, `- "" - - - User-Agent=""`},
		{"what stands for nothing", `{"eventID":"-","eventName":"\"\"","userAgent":"-"}`, `\x2d \x22" - - - User-Agent=\x2d`},
		{"spaces", `{"eventID":"a b","sourceIPAddress":"AWS Internal","userAgent":" AWS  Internal "}`, `a\x20b - - - AWS\x20Internal User-Agent= AWS  Internal `},
		{"what would break the line", `{"userAgent":"a\nb\r\tc\\n\u2028\u001b[31m\u202e\u00a0"}`, `- - - - - User-Agent=a\nb\r\tc\\n\u2028\x1b[31m\u202e\u00a0`},
		{"what looks like JSON", `{"eventID":"{x","eventName":"{y"}`, `\x7bx {y - - - User-Agent=-`},
		{"other scripts", `{"eventName":"größe文"}`, `- größe文 - - - User-Agent=-`},
		{"a tag character", `{"userAgent":"` + "\U000e0041" + `"}`, `- - - - - User-Agent=\U000e0041`},
	} {
		t.Run(test.name, func(t *testing.T) {
			line := string(AppendText(nil, &Record{Raw: []byte(test.record)}))
			if line != test.line {
				t.Fatalf("%s\nwant %s", line, test.line)
			}
			var again []string
			Split([]byte(line+"\n"), func(r Record) bool {
				again = append(again, string(AppendText(nil, &r)))
				return true
			})
			if len(again) != 1 || again[0] != line {
				t.Errorf("read back: %q", again)
			}
		})
	}
}

// The line form as it is found in documents: plain backslashes, CRLF, an
// empty line, and a last line that breaks off in its last field.
func TestTextOfOthers(t *testing.T) {
	in := "1 A s r 1.2.3.4 User-Agent=Windows\\7 C:\\new\r\n\n2 B s r 1.2.3.4 User\n"
	var got []string
	report := Split([]byte(in), func(r Record) bool {
		got = append(got, r.ID()+" "+r.Name()+" "+r.UserAgent())
		return true
	})
	if report.Err() != nil || len(report.Notes) != 1 {
		t.Errorf("error %v, notes %q", report.Err(), report.Notes)
	}
	want := []string{"1 A Windows\\7 C:\new", "2 B "}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzText(f *testing.F) {
	f.Add("id", "Mozilla/5.0 (X11)")
	f.Add("-", `""`)
	f.Add("a b\n\\x20", "\xff\u2028 \\")
	f.Fuzz(func(t *testing.T, id, agent string) {
		raw := append([]byte(`{"eventID":`), appendJSONString(nil, id)...)
		raw = append(append(append(raw, `,"userAgent":`...), appendJSONString(nil, agent)...), '}')
		want := Record{Raw: raw}
		line := AppendText(nil, &want)
		n := 0
		report := Split(append(line, '\n'), func(got Record) bool {
			n++
			if got.ID() != want.ID() || got.UserAgent() != want.UserAgent() {
				t.Errorf("%q %q came back as %q %q", want.ID(), want.UserAgent(), got.ID(), got.UserAgent())
			}
			return true
		})
		if n != 1 || report.Err() != nil {
			t.Errorf("%q: %d records, %v", line, n, report.Err())
		}
	})
}
