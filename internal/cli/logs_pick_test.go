package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"trailctl/internal/term"
	"trailctl/logs"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"4096": 4096, "1k": 1 << 10, "512M": 512 << 20, "512MB": 512 << 20, "2GiB": 2 << 30, "1.5G": 3 << 29, " 7 K ": 7 << 10, "4G": 4 << 30,
		"": 0, "0": 0, "-1": 0, "M": 0, "5G": 0, "NaN": 0, "inf": 0, "1e99": 0, "12 apples": 0, "0.1": 0,
	} {
		got, err := parseSize(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
}

// A file without an eventID in its bytes is passed over, and no other is.
func TestIDVisitor(t *testing.T) {
	for _, c := range []struct {
		id, data string
		want     bool
	}{
		{"a-1", `{"eventID":"a-1"}`, true},
		{"a-1", `{"eventID":"a-2"}`, false},
		{"a-1", `{"eventID":"a-2","x":"\u003c\u0026\u2028\u00e4\u001b\u0000"}`, false},
		{"a-1", `{"eventID":"\u0061-1"}`, true},
		{"a-1", `{"eventID":"a\u002D1"}`, true},
		{"a-1", `{"eventID":"a-\u0031"}`, true},
		{"Z", `{"eventID":"\u005a"}`, true},
		{"p", `{"eventID":"\u0070"}`, true},
		{"a-1", `\u00`, false},
		{"a/1", `{"eventID":"a\/1"}`, true},
		{"é", `{"eventID":"\u00e9"}`, true},
	} {
		if got := newIDVisitor([]string{c.id}).File(nil, []byte(c.data)); got != c.want {
			t.Errorf("%s in %s: %v", c.id, c.data, got)
		}
	}
	v := newIDVisitor([]string{"a", "b"})
	for raw, want := range map[string]bool{`{"eventID":"a"}`: true, `{"eventID":"\u0062"}`: true, `{"eventID":"c"}`: false, `{}`: false} {
		if got := v.Record(nil, &logs.Record{Raw: []byte(raw)}); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}

// Rows take the progress line away first, and it never stands in a row.
func TestScreen(t *testing.T) {
	var b bytes.Buffer
	a := &app{streams: term.Streams{Out: &b, Err: &b, OutTerminal: true, ErrTerminal: true, Width: 80}}
	s := a.newScreen()
	s.show("too early")
	s.begin = s.begin.Add(-time.Hour)
	s.show("%d files", 1)
	rows := s.rows(a)
	rows.Write([]byte("half a "))
	s.show("%d files", 2)
	rows.Write([]byte("row\n"))
	time.Sleep(110 * time.Millisecond) // the line changes ten times a second
	s.show("%d files", 3)
	s.clear()
	const line = "\r\x1b[K"
	if want := line + "1 files" + line + "half a row\n" + line + "3 files" + line; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}

	// A pipe is not the terminal that the line is on.
	var rowsTo bytes.Buffer
	a.streams.Out, a.streams.OutTerminal = &rowsTo, false
	b.Reset()
	s = a.newScreen()
	s.begin = s.begin.Add(-time.Hour)
	s.show("x")
	s.rows(a).Write([]byte("row"))
	s.show("y")
	if strings.Contains(rowsTo.String(), "\r") || b.String() != line+"x" {
		t.Errorf("%q, %q", rowsTo.String(), b.String())
	}
}

func TestZoneName(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones on this machine")
	}
	if got := zoneName(berlin, 2026); got != "CET/CEST" {
		t.Error(got)
	}
	if got := zoneName(time.FixedZone("X", 3600), 2026); got != "X" {
		t.Error(got)
	}
}
