package render

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

func sample() Table {
	return Table{
		Columns: []Column{{Head: "NAME"}, {Head: "BUCKET", Min: 8}, {Head: "SIZE", Right: true}},
		Rows: [][]string{
			{"one", "aws-cloudtrail-logs-123456789012-0a1b2c3d", "7"},
			{"文字文字", "b", "12345"},
		},
	}
}

func TestTable(t *testing.T) {
	for _, c := range []struct {
		name  string
		width int
		want  string
	}{
		{"a pipe is never cut", 0, "" +
			"NAME      BUCKET                                      SIZE\n" +
			"one       aws-cloudtrail-logs-123456789012-0a1b2c3d      7\n" +
			"文字文字  b                                          12345\n"},
		{"the widest column gives way", 40, "" +
			"NAME      BUCKET                    SIZE\n" +
			"one       aws-cloudtrail-logs-12…      7\n" +
			"文字文字  b                        12345\n"},
		{"no column goes below its least width", 10, "" +
			"NAME  BUCKET    SIZE\n" +
			"one   aws-clo…     7\n" +
			"文…   b         123…\n"},
	} {
		var b strings.Builder
		if err := sample().Write(&b, c.width, false); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, b.String(), c.want)
		}
		for line := range strings.Lines(b.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); c.width >= 40 && w > c.width {
				t.Errorf("%s: %d columns: %q", c.name, w, line)
			}
		}
	}
}

func TestCutInTheMiddle(t *testing.T) {
	table := Table{Columns: []Column{{Head: "BUCKET", Min: 6, Middle: true}}, Rows: [][]string{
		{"aws-cloudtrail-logs-123456789012-0a1b2c3d"}, {"short"}, {"文字文字文字文字文字文字文字文字"},
	}}
	var b strings.Builder
	if err := table.Write(&b, 20, false); err != nil {
		t.Fatal(err)
	}
	if want := "BUCKET\naws-cloudt…-0a1b2c3d\nshort\n文字文字文… 文字文字\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	for line := range strings.Lines(b.String()) {
		if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > 20 {
			t.Errorf("%d columns: %q", w, line)
		}
	}
}

func TestTableColours(t *testing.T) {
	table := sample()
	table.Paint = func(row, column int) string {
		if row == 0 && column == 0 {
			return "31"
		}
		return ""
	}
	var plain, coloured strings.Builder
	if err := table.Write(&plain, 80, false); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Errorf("colour where none is wanted: %q", plain.String())
	}
	if err := table.Write(&coloured, 80, true); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(coloured.String(), "\x1b[31mone\x1b[0m") {
		t.Errorf("the cell is not coloured: %q", coloured.String())
	}
}

func TestJSONKeepsCharacters(t *testing.T) {
	var b strings.Builder
	if err := JSON(&b, map[string]string{"a": "<&>"}); err != nil {
		t.Fatal(err)
	}
	if want := "{\n  \"a\": \"<&>\"\n}\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestJSONShowsNothingThatActsOnTerminals(t *testing.T) {
	in := map[string]any{"a\u009b31m": []string{"\x7f", "\u202e<", "\U000e0041", "line\n\ttab", "größe 文字 🙂"}}
	var b strings.Builder
	if err := JSON(&b, in); err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"a\\u009b31m\": [\n    \"\\u007f\",\n    \"\\u202e<\",\n    \"\\udb40\\udc41\",\n" +
		"    \"line\\n\\ttab\",\n    \"größe 文字 🙂\"\n  ]\n}\n"
	if b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(b.String()), &out); err != nil || !strings.Contains(fmt.Sprint(out), "\u009b31m:[\x7f \u202e< \U000e0041") {
		t.Errorf("it reads as %q, %v", out, err)
	}
}
