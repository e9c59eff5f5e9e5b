package render

import (
	"bufio"
	"slices"
	"strconv"
	"strings"

	"trailctl/internal/term"
	"trailctl/logs"
)

// recordTable is a table of records.
type recordTable struct {
	stream  *stream
	columns []RecordColumn
	view    cellView
	most    int // bytes of a cell that are looked at; 0: all

	present string // what times of the present year begin with; empty: it is shown
	seen    bool   // the first rows were
}

func newRecordTable(to *bufio.Writer, o RecordOptions) *recordTable {
	t := &recordTable{columns: chooseColumns(o), view: o.view()}
	var layout []Column
	for _, c := range t.columns {
		if c.name == "time" && o.Terminal.Width > 0 {
			c.layout.Head += " (" + o.zoneName() + ")"
		}
		if c.name == "address" {
			c.layout = addressLayout(c.layout, o)
		}
		layout = append(layout, c.layout)
	}
	terminal := o.Terminal
	if o.Wide {
		terminal.Width = 0
	}
	if terminal.Width > 0 {
		t.most = 1 << 10
	}
	t.stream = newStream(to, terminal, layout)
	t.stream.table.Paint = t.paint
	if terminal.Width > 0 {
		t.stream.ready = t.fitted
	}
	if terminal.Width > 0 && terminal.Width < yearWidth && o.Year > 0 {
		t.present = strconv.Itoa(o.Year) + "-"
	}
	return t
}

// addressLayout leaves room for an IPv4 address, or half of an IPv6 one, and
// for the whole when somebody asked for it.
func addressLayout(c Column, o RecordOptions) Column {
	switch {
	case len(o.Columns) > 0:
		c.Whole = true
	case o.Terminal.Width < regionWidth:
		c.Max = 15
	case o.Terminal.Width < addressWidth:
		c.Max = 20
	}
	return c
}

func (t *recordTable) write(r *logs.Record) error {
	row := make([]string, len(t.columns))
	for i, c := range t.columns {
		cell := c.cell(r, t.view)
		if t.most > 0 && len(cell) > t.most {
			cell = strings.ToValidUTF8(cell[:t.most], "") + "…"
		}
		if row[i] = term.Escape(cell); cell == "" {
			row[i] = "-"
		}
	}
	return t.stream.row(row...)
}

// fitted sees rows before the columns are fitted to the first of them.
func (t *recordTable) fitted(rows [][]string) {
	if !t.seen {
		t.giveWay(rows)
	}
	if t.present != "" {
		t.withoutYear(rows)
	}
	t.seen = true
}

// giveWay lets the event and the error give way down to what tells most of
// them.
func (t *recordTable) giveWay(rows [][]string) {
	for i, c := range t.columns {
		brief := map[string]func(string) string{"event": briefOperation, "error": briefError}[c.name]
		if brief == nil {
			continue
		}
		enough := 0
		for _, row := range rows {
			enough = max(enough, cellWidth(brief(row[i])))
		}
		t.stream.table.Columns[i].Enough = enough
	}
}

// withoutYear takes the present year off the times, when no record of the
// first ones is of another. A later one of another year has its year, and is
// longer than its column.
func (t *recordTable) withoutYear(rows [][]string) {
	i := slices.IndexFunc(t.columns, func(c RecordColumn) bool { return c.name == "time" })
	if i < 0 {
		return
	}
	if !t.seen {
		for _, row := range rows {
			if row[i] != "-" && !strings.HasPrefix(row[i], t.present) {
				t.present = ""
				break
			}
		}
	}
	for _, row := range rows {
		row[i] = strings.TrimPrefix(row[i], t.present)
	}
}

func (t *recordTable) flush() error { return t.stream.flush() }
func (t *recordTable) close() error { return t.stream.close() }

// paint makes failures red and the root user yellow.
func (t *recordTable) paint(row, column int) string {
	switch t.columns[column].name {
	case "error", "errorCode", "errorMessage":
		if cell := t.stream.table.Rows[row][column]; cell != "-" {
			return "31"
		}
	case "identity":
		if t.stream.table.Rows[row][column] == "root" {
			return "33"
		}
	}
	return ""
}
