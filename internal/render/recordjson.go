package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"trailctl/internal/term"
	"trailctl/logs"
)

// jsonLines writes the bytes of each record on a line.
type jsonLines struct {
	to   *bufio.Writer
	term Terminal
	buf  bytes.Buffer
}

func (w *jsonLines) write(r *logs.Record) error {
	if _, err := w.to.Write(w.line(r.Raw)); err != nil {
		return err
	}
	return w.to.WriteByte('\n')
}

func (w *jsonLines) flush() error { return w.to.Flush() }
func (w *jsonLines) close() error { return w.to.Flush() }

// line is JSON on one line. What spans lines loses the white space between
// its parts, and nothing else. On a terminal, characters that would act on it
// are written as JSON escapes.
func (w *jsonLines) line(raw []byte) []byte {
	if bytes.IndexByte(raw, '\n') >= 0 || bytes.IndexByte(raw, '\r') >= 0 {
		w.buf.Reset()
		if err := json.Compact(&w.buf, raw); err == nil {
			raw = w.buf.Bytes()
		}
	}
	if w.term.Width > 0 {
		return escapeJSON(raw)
	}
	return raw
}

// jsonArray writes one array, with an element a line.
type jsonArray struct {
	lines jsonLines
	any   bool
}

func (w *jsonArray) write(r *logs.Record) error { return w.element(r.Raw) }

func (w *jsonArray) element(raw []byte) error {
	lead := ",\n"
	if !w.any {
		lead = "[\n"
	}
	w.any = true
	if _, err := w.lines.to.WriteString(lead); err != nil {
		return err
	}
	_, err := w.lines.to.Write(w.lines.line(raw))
	return err
}

func (w *jsonArray) flush() error { return w.lines.flush() }

func (w *jsonArray) close() error {
	end := "[]\n"
	if w.any {
		end = "\n]\n"
	}
	if _, err := w.lines.to.WriteString(end); err != nil {
		return err
	}
	return w.lines.to.Flush()
}

// escapeJSON makes JSON safe to show on a terminal. Whatever term.Escape
// would change can only stand inside strings.
func escapeJSON(raw []byte) []byte {
	if s := string(raw); term.Escape(s) == s {
		return raw
	}
	var b strings.Builder
	for _, r := range string(raw) { // bytes that are not UTF-8 come as U+FFFD
		switch {
		case term.Escape(string(r)) == string(r), r == '\t':
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return []byte(b.String())
}
