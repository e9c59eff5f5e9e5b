package render

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"trailctl/internal/term"
	"trailctl/logs"
)

// hostile are texts that act on a terminal, or on a table or a spreadsheet.
func hostile() map[string]string {
	return map[string]string{
		"clear the screen":           "\x1b[2J",
		"window title":               "\x1b]0;owned\a",
		"link (OSC 8)":               "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
		"clipboard (OSC 52)":         "\x1b]52;c;ZXZpbA==\a",
		"C1 control sequence":        "\u009b31m",
		"C1 as a byte":               "\x9b31m",
		"carriage return":            "good\rbad",
		"newline":                    "one\ntwo",
		"backspaces":                 "good\b\b\b\bbad",
		"NUL":                        "a\x00b",
		"DEL":                        "a\x7fb",
		"tab":                        "a\tb",
		"vertical tab and form feed": "\v\f",
		"right to left override":     "\u202etxt.exe",
		"isolates":                   "\u2066x\u2069",
		"zero width":                 "a\u200bb\ufeff",
		"line separator":             "a\u2028b\u2029c",
		"tags":                       "\U000e0041",
		"private use":                "\ue000",
		"invalid UTF-8":              "\xff\xfe\xc3",
		"formula":                    "=cmd|' /C calc'!A0",
	}
}

// asJSON quotes a text with raw bytes where JSON lets them stand, as
// somebody would who writes a file to harm its reader.
func asJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c < 0x20:
			b.WriteString(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

// Whatever stands in a record, in names as in values, nothing acts on the
// terminal, in any format. CSV and text are safe in files, too.
func TestHostileRecords(t *testing.T) {
	for name, text := range hostile() {
		v := asJSON(text)
		raw := `{"eventTime":` + v + `,"eventID":` + v + `,"eventName":` + v + `,"eventSource":` + v + `,"awsRegion":` + v +
			`,"sourceIPAddress":` + v + `,"userAgent":` + v + `,"errorCode":` + v + `,"resources":[{"ARN":` + v + `}],` + v + `:{` + v + `:[` + v + `]},` +
			`"userIdentity":{"type":"IAMUser","userName":` + v + `,` + v + `:1},"requestParameters":{` + v + `:` + v + `},"responseElements":` + v + `}`
		records := []logs.Record{{Raw: []byte(raw)}}
		for _, format := range []string{"table", "card", "csv", "text", "json", "jsonl", "query json", "query text"} {
			for _, to := range []Terminal{{Width: 80, Colour: false}, {Width: 160}, {}} {
				piped := to.Width == 0
				if piped && (strings.Contains(format, "json")) {
					continue // bytes for programs, as they were
				}
				o := RecordOptions{Format: format, Terminal: to, Columns: columnsOf(t, "time", "identity", "event", "address", "region", "resources", "error", "eventID", "requestParameters", "userIdentity.userName")}
				if f, query := strings.CutPrefix(format, "query "); query {
					q, err := ParseQuery("@")
					if err != nil {
						t.Fatal(err)
					}
					o.Format, o.Query = f, q
				}
				var b bytes.Buffer
				w := NewRecords(&b, o)
				if err := w.Write(&records[0]); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(b.String()) {
					line = strings.TrimSuffix(line, "\n")
					if format == "query text" {
						line = strings.ReplaceAll(line, "\t", " ") // between values
					}
					if term.Escape(line) != line || !utf8.ValidString(line) {
						t.Errorf("%s, %s, %d columns: %q", name, format, to.Width, line)
					}
				}
				if format == "csv" && text == hostile()["formula"] && strings.Contains(b.String(), ",=") {
					t.Errorf("a formula: %s", b.String())
				}
			}
		}
	}
}
