package export

import (
	"bytes"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"trailctl/logs"
)

// csvWriter writes records as in RFC 4180: null is nothing between two
// commas, an empty text two quotes. What would act on a terminal or a
// spreadsheet does not come out as it is: see appendCSV.
type csvWriter struct {
	reader *reader
	raw    bool
}

func csvHead(raw bool) []byte {
	var head []byte
	for i, c := range Columns() {
		if c.Name == columnRaw && !raw {
			continue
		}
		if i > 0 {
			head = append(head, ',')
		}
		head = append(head, c.Name...)
	}
	return append(head, "\r\n"...)
}

func (w *csvWriter) write(to []byte, f *logs.File, r *logs.Record) ([]byte, bool) {
	w.reader.read(f.URI, r)
	for i, c := range w.reader.columns {
		if c.Name == columnRaw && !w.raw {
			continue
		}
		if i > 0 {
			to = append(to, ',')
		}
		at := w.reader.cells[i]
		switch {
		case !at.set:
		case c.kind == moment:
			to = time.UnixMilli(at.number).UTC().AppendFormat(to, time.RFC3339Nano)
		case c.kind == flag && at.number == 1:
			to = append(to, "true"...)
		case c.kind == flag:
			to = append(to, "false"...)
		case c.kind == list:
			to = appendCSV(to, oneLine(at.bytes))
		default:
			to = appendCSV(to, at.bytes)
		}
	}
	return append(to, "\r\n"...), w.reader.repaired
}

// appendCSV appends a field. An apostrophe keeps a spreadsheet from taking
// text for a formula (OWASP's "CSV injection"): at the beginning and, because
// spreadsheets of some languages end a cell there, behind each semicolon;
// spaces and quotes in front do not hide one. Control characters, and those
// that turn the writing direction or cannot be seen, are written as \n, \x1b
// or \u202e.
func appendCSV(to, text []byte) []byte {
	quote, plain := len(text) == 0, true
	for _, c := range text {
		switch {
		case c == '"', c == ',', c == ';', c == '\'':
			quote = true
		case c < 0x20, c >= 0x7f:
			plain = false
		}
	}
	if !plain {
		text = visible(text)
	}
	if quote {
		to = append(to, '"')
	}
	begins := true
	for i, c := range text {
		if begins && formula(text[i:]) {
			to = append(to, '\'')
		}
		if begins = c == ';'; c == '"' {
			to = append(to, '"')
		}
		to = append(to, c)
	}
	if quote {
		to = append(to, '"')
	}
	return to
}

// formula tells whether a spreadsheet would take text for a formula. Tabs and
// line ends were escaped before.
func formula(text []byte) bool {
	text = bytes.TrimLeftFunc(text, func(r rune) bool { return r == '"' || r == '\'' || unicode.IsSpace(r) })
	switch r, _ := utf8.DecodeRune(text); r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

// visible escapes what cannot be seen.
func visible(text []byte) []byte {
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		switch {
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r < 0x20 || r == 0x7f:
			out = fmt.Appendf(out, `\x%02x`, r)
		case hidden(r) && r <= 0xffff:
			out = fmt.Appendf(out, `\u%04x`, r)
		case hidden(r):
			out = fmt.Appendf(out, `\U%08x`, r)
		default:
			out = append(out, text[i:i+n]...)
		}
		i += n
	}
	return out
}

func hidden(r rune) bool {
	return (r >= 0x80 && r < 0xa0) || r == '\u2028' || r == '\u2029' || unicode.In(r, unicode.Cf, unicode.Co)
}
