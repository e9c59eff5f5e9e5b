package render

import (
	"bufio"
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
}

func newRecordTable(to *bufio.Writer, o RecordOptions) *recordTable {
	t := &recordTable{columns: chooseColumns(o), view: o.view()}
	var layout []Column
	for _, c := range t.columns {
		if c.name == "time" && o.Terminal.Width > 0 {
			c.layout.Head += " (" + o.zoneName() + ")"
			c.layout.Usual = len(t.view.layout)
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
	return t
}

func (t *recordTable) write(r *logs.Record) error {
	row := make([]string, len(t.columns))
	for i, c := range t.columns {
		cell := c.cell(r, t.view)
		if t.most > 0 && len(cell) > t.most {
			cell = strings.ToValidUTF8(cell[:t.most], "") + "…"
		}
		if row[i] = term.Escape(cell); cell == "" && c.name != "error" {
			row[i] = "-"
		}
	}
	return t.stream.row(row...)
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
