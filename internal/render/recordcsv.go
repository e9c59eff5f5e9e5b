package render

import (
	"bufio"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"trailctl/internal/term"
	"trailctl/logs"
)

// recordCSV writes records as CSV (RFC 4180, but with newlines alone at the
// ends of lines), with a line of the columns' names first.
type recordCSV struct {
	to      *bufio.Writer
	columns []RecordColumn
	view    cellView
	headed  bool
	line    []byte
}

func newRecordCSV(to *bufio.Writer, o RecordOptions) *recordCSV {
	o.Terminal.Width = 0 // all columns, and nothing cut
	return &recordCSV{to: to, columns: chooseColumns(o), view: cellView{zone: o.Zone, layout: time.RFC3339}}
}

func (w *recordCSV) write(r *logs.Record) error {
	if err := w.head(); err != nil {
		return err
	}
	w.line = w.line[:0]
	for i, c := range w.columns {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = appendCSV(w.line, c.cell(r, w.view))
	}
	_, err := w.to.Write(append(w.line, '\n'))
	return err
}

func (w *recordCSV) head() error {
	if w.headed {
		return nil
	}
	w.headed = true
	var line []byte
	for i, c := range w.columns {
		if i > 0 {
			line = append(line, ',')
		}
		line = appendCSV(line, c.name)
	}
	_, err := w.to.Write(append(line, '\n'))
	return err
}

func (w *recordCSV) flush() error { return w.to.Flush() }

func (w *recordCSV) close() error {
	if err := w.head(); err != nil {
		return err
	}
	return w.to.Flush()
}

// appendCSV appends a cell of CSV, in quotes where it needs them.
func appendCSV(to []byte, cell string) []byte {
	cell = csvCell(cell)
	if cell == "" || !strings.ContainsAny(cell, "\",; '") {
		return append(to, cell...)
	}
	to = append(to, '"')
	to = append(to, strings.ReplaceAll(cell, `"`, `""`)...)
	return append(to, '"')
}

// csvCell makes text that nobody vouches for safe in a cell of CSV: control
// characters are escaped as for a terminal, and a cell that a spreadsheet
// would take for a formula gets an apostrophe in front, as OWASP's "CSV
// injection" advises: one that begins with = + - or @, also in their wide
// forms, and also behind spaces and quotes. Spreadsheets of some languages
// take a semicolon for the end of a cell, so what follows one counts as a
// beginning, too.
func csvCell(s string) string {
	s = term.Escape(s)
	if strings.IndexByte(s, ';') < 0 {
		return withoutFormula(s)
	}
	parts := strings.Split(s, ";")
	for i, p := range parts {
		parts[i] = withoutFormula(p)
	}
	return strings.Join(parts, ";")
}

func withoutFormula(s string) string {
	begin := strings.TrimLeftFunc(s, func(r rune) bool {
		return r == '"' || r == '\'' || unicode.IsSpace(r)
	})
	switch r, _ := utf8.DecodeRuneInString(begin); r {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return "'" + s
	}
	return s
}
