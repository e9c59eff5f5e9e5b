package render

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"

	"trailctl/logs/count"
)

// wide is the width from which on a table of counts has bars, too.
const wide = 120

// groupsTable is a row for each group, or one for all records.
func groupsTable(w *bufio.Writer, t Terminal, r *count.Result, top int) error {
	if len(r.By) > 0 && r.Len() == 0 {
		return nil
	}
	table := countTable{Table: Table{Columns: statsColumns(t, r)}, keys: len(r.By), first: len(r.By) + 2}
	most := int64(0)
	add := func(g count.Group, named []string) {
		most = max(most, g.Count)
		row := append(named, thousands(g.Count), percent(g.Count, r.Total.Count), table.stamp(g.First, t), table.stamp(g.Last, t))
		for _, n := range g.Distinct {
			row = append(row, numberWords(n))
		}
		table.Rows = append(table.Rows, row)
	}
	if len(r.By) == 0 {
		add(r.Total, nil)
	}
	counts := []int64{}
	for g := range r.Groups(top) {
		named := make([]string, len(g.Values))
		for i, v := range g.Values {
			named[i] = valueWords(v)
		}
		add(g, named)
		counts = append(counts, g.Count)
	}
	if r.Others != nil {
		named := make([]string, len(r.By))
		named[0] = "(others)"
		add(*r.Others, named)
		counts = append(counts, r.Others.Count)
	}
	fits := table.fitted(t)
	if t.Width >= wide && len(r.By) > 0 {
		fits.bars(counts, most, min(t.Width, tableWidth(fits, t)+len(gap)+mostBar))
	}
	if err := fits.Write(w, t.Width, t.Colour); err != nil {
		return err
	}
	if n, records := r.Rest(top); top > 0 && n > 0 {
		fmt.Fprintf(w, "and %s, %s\n", amount(int64(n), "more value"), amount(records, "record"))
	}
	return nil
}

// wholeNumber is the Min of columns whose numbers are not to be cut: more
// than any of them has digits.
const wholeNumber = 30

func statsColumns(t Terminal, r *count.Result) []Column {
	var columns []Column
	for _, name := range r.By {
		columns = append(columns, Column{Head: name, Min: 12, Keep: true, Middle: true})
	}
	columns = append(columns,
		Column{Head: "RECORDS", Right: true, Min: wholeNumber},
		Column{Head: "SHARE", Right: true, Min: wholeNumber})
	columns = append(columns, timeColumns(t)...)
	for _, name := range r.Distinct {
		columns = append(columns, Column{Head: "# " + name, Right: true, Min: 10})
	}
	return columns
}

const (
	leastBar = 10
	mostBar  = 60
)

// bars adds a column that shows the counts of the rows, in what room a
// terminal of this width leaves; 0 is no terminal.
func (t *Table) bars(counts []int64, most int64, width int) {
	left := mostBar
	if width > 0 {
		left = width - len(t.Columns)*len(gap)
		for _, w := range t.Widths(width) {
			left -= w
		}
	}
	if left < leastBar {
		return
	}
	t.Columns = append(t.Columns, Column{})
	for i, n := range counts {
		t.Rows[i] = append(t.Rows[i], bar(n, most, left))
	}
}

// tableWidth is how wide a table comes out.
func tableWidth(table Table, t Terminal) int { return sumWidths(table.Widths(t.Width)) }

// bar is n as a bar, most as one of the given width.
func bar(n, most int64, width int) string {
	if n <= 0 || most <= 0 {
		return ""
	}
	const full = "█"
	eighths := max(1, int(float64(n)/float64(most)*float64(width/runewidth.StringWidth(full))*8+0.5))
	parts := []string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}
	return strings.Repeat(full, eighths/8) + parts[eighths%8]
}
