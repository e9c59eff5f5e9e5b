package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"trailctl/internal/term"
	"trailctl/logs"
)

// Terminal is what a table may assume about where it goes.
type Terminal struct {
	Width  int // 0: no terminal, nothing is cut
	Colour bool
}

// chunk is how many rows are looked at before a table's columns are fixed.
// Later rows are fitted into the same columns.
const chunk = 200

// stream is a table that is written while its rows come in.
type stream struct {
	table  Table
	to     *bufio.Writer
	term   Terminal
	widths []int
	middle int // the column whose cells are cut in their middle; -1 for none
}

func newStream(w *bufio.Writer, t Terminal, columns []Column) *stream {
	return &stream{table: Table{Columns: columns}, to: w, term: t, middle: -1}
}

func (s *stream) row(cells ...string) error {
	s.table.Rows = append(s.table.Rows, cells)
	if len(s.table.Rows) < chunk {
		return nil
	}
	return s.flush()
}

// flush writes the rows at hand. The heads come with the first ones.
func (s *stream) flush() error {
	if len(s.table.Rows) == 0 {
		return s.to.Flush()
	}
	heads := s.widths == nil
	if heads {
		s.widths = s.table.Widths(s.term.Width)
	}
	if s.term.Width == 0 { // nothing is cut, so later rows may be wider
		for i, w := range s.table.Widths(0) {
			s.widths[i] = max(s.widths[i], w)
		}
	}
	if s.middle >= 0 {
		for _, row := range s.table.Rows {
			row[s.middle] = cutMiddle(row[s.middle], s.widths[s.middle])
		}
	}
	if err := s.table.WriteRows(s.to, s.widths, heads, s.term.Colour); err != nil {
		return err
	}
	s.table.Rows = s.table.Rows[:0]
	return s.to.Flush()
}

// cutMiddle leaves both ends of a cell, more of the last.
func cutMiddle(cell string, width int) string {
	whole := runewidth.StringWidth(cell)
	if whole <= width || width < 3 {
		return cell
	}
	head := runewidth.Truncate(cell, (width-1)*2/5, "")
	left := width - 1 - runewidth.StringWidth(head)
	return head + "…" + runewidth.TruncateLeft(cell, whole-left, "")
}

// Records writes records as they come, in one of the forms "table", "json"
// (one array), "jsonl" (the bytes of each record on a line) and "text" (see
// logs.AppendText). Close ends it.
type Records struct {
	format string
	term   Terminal
	to     *bufio.Writer
	table  *stream
	any    bool
	buf    bytes.Buffer
}

// NewRecords makes the writer of a format.
func NewRecords(w io.Writer, format string, t Terminal) *Records {
	r := &Records{format: format, term: t, to: bufio.NewWriterSize(w, 64<<10)}
	if format == "table" {
		r.table = newStream(r.to, t, recordColumns(t))
		r.table.table.Paint = r.table.paintRecord
	}
	return r
}

// Write writes one record.
func (w *Records) Write(r *logs.Record) error {
	switch w.format {
	case "table":
		return w.table.row(recordRow(r, w.term)...)
	case "text":
		line := append(logs.AppendText(w.to.AvailableBuffer(), r), '\n')
		return w.write(line)
	case "json":
		lead := ",\n"
		if !w.any {
			lead = "[\n"
		}
		w.any = true
		if err := w.write([]byte(lead)); err != nil {
			return err
		}
		return w.write(w.line(r))
	}
	if err := w.write(w.line(r)); err != nil {
		return err
	}
	return w.to.WriteByte('\n')
}

func (w *Records) write(b []byte) error {
	_, err := w.to.Write(b)
	return err
}

// line is a record's bytes on one line. A record that spans lines loses the
// white space between its parts, and nothing else. On a terminal, characters
// that would act on it are written as JSON escapes.
func (w *Records) line(r *logs.Record) []byte {
	raw := r.Raw
	if bytes.ContainsAny(raw, "\n\r") {
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

// Flush writes what waits.
func (w *Records) Flush() error {
	if w.table != nil {
		return w.table.flush()
	}
	return w.to.Flush()
}

// Close writes what is left.
func (w *Records) Close() error {
	switch {
	case w.table != nil:
		return w.table.flush()
	case w.format == "json" && w.any:
		if err := w.write([]byte("\n]\n")); err != nil {
			return err
		}
	case w.format == "json":
		if err := w.write([]byte("[]\n")); err != nil {
			return err
		}
	}
	return w.to.Flush()
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

// narrow is the width below which times go without their year, to leave room
// for whole addresses.
const narrow = 100

func recordColumns(to Terminal) []Column {
	return []Column{
		{Head: zoned("TIME", to), Min: 14},
		{Head: "IDENTITY", Min: 8, Max: 40},
		{Head: "EVENT", Min: 15, Max: 48, Keep: true},
		{Head: "ADDRESS", Min: 15, Max: 39},
		{Head: "REGION", Min: 10, Max: 16},
		{Head: "ERROR", Min: 8, Max: 32},
	}
}

// zoned heads a column of times. On a terminal the cells leave the zone to
// it; in a pipe each says it.
func zoned(head string, to Terminal) string {
	if to.Width > 0 {
		return head + " (UTC)"
	}
	return head
}

// recordRow is a record in words. The event is written like an action in a
// policy: service and name.
func recordRow(r *logs.Record, to Terminal) []string {
	at, layout := "-", time.RFC3339
	switch {
	case to.Width > 0 && to.Width < narrow:
		layout = "01-02 15:04:05"
	case to.Width > 0:
		layout = time.DateTime
	}
	if t, ok := r.Time(); ok {
		at = t.Format(layout)
	}
	name, source := r.Name(), r.Source()
	if insight, from := r.Insight(); name == "" && insight != "" {
		name, source = "Insight("+insight+")", from
	}
	event := name
	if s := withoutDomain(source); s != "" {
		event = s + ":" + name
	}
	failure := r.ErrorCode()
	if failure == "" {
		failure = r.ErrorMessage()
	}
	row := []string{at, r.Identity().Words(), event, withoutDomain(r.SourceAddress()), r.Region(), failure}
	for i, cell := range row {
		row[i] = term.Escape(cell)
		if cell == "" && i < len(row)-1 {
			row[i] = "-"
		}
	}
	return row
}

// withoutDomain is a service's name.
func withoutDomain(host string) string { return strings.TrimSuffix(host, ".amazonaws.com") }

// paintRecord makes failures red and the root user yellow.
func (s *stream) paintRecord(row, column int) string {
	cells := s.table.Rows[row]
	switch {
	case column == 5:
		return "31"
	case column == 1 && cells[1] == "root":
		return "33"
	}
	return ""
}
