// Package render writes results: tables for people, JSON for programs. Each
// result has both forms, made from the same value. It decides nothing about
// the results and reads nothing.
package render

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"

	"github.com/mattn/go-runewidth"
)

// Column is one column of a table.
type Column struct {
	Head  string
	Min   int  // never narrower than this when the table must shrink; 0: not narrower than the head
	Max   int  // never wider than this on a terminal; 0: as wide as its widest cell
	Usual int  // at least this wide when it is fixed before all cells are known
	Right bool // numbers
	Keep  bool // gives way only when no other column can
	// Enough, when set, is a width down to which the column gives way before
	// those that are to be kept do, and Least one below Min to which it does
	// then.
	Enough, Least int
	// Middle cuts a long cell in the middle: its end tells as much as its
	// beginning.
	Middle bool
	// Short, when set, shortens a cell to a width instead.
	Short func(cell string, width int) string
	// Whole never gives way, and cuts no cell: it is there to be copied. A
	// line becomes longer than the terminal rather.
	Whole bool
	// Wrap goes on below with what does not fit, and cuts nothing.
	Wrap bool
}

// Table is rows under columns. Cells are plain text: escape what comes from
// outside before it is put in.
type Table struct {
	Columns []Column
	Rows    [][]string
	// Paint, when set, gives the colour of a cell (an SGR parameter such as
	// "31"), or "" for none. It is only asked on a terminal with colour.
	Paint func(row, column int) string
}

const gap = "  "

// cellWidth is how many columns of a terminal a text takes. Most is ASCII,
// which needs no look at its graphemes.
func cellWidth(s string) int {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return runewidth.StringWidth(s)
		}
	}
	return len(s)
}

// Write writes the table. width is the terminal's; 0 means that the output is
// no terminal, and then nothing is cut. A cell that does not fit ends in "…";
// columns that may shrink give way from the widest on.
func (t Table) Write(w io.Writer, width int, colour bool) error {
	return t.WriteRows(w, t.Widths(width), true, colour)
}

// Widths fits the columns into width.
func (t Table) Widths(width int) []int { return t.fit(width, false) }

// fit fits the columns into width; with usual they are made as wide as rows
// that are not there yet will want them.
func (t Table) fit(width int, usual bool) []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = cellWidth(c.Head)
		if usual {
			widths[i] = max(widths[i], c.Usual)
		}
	}
	for _, row := range t.Rows {
		for i := range t.Columns {
			if i < len(row) {
				widths[i] = max(widths[i], cellWidth(row[i]))
			}
		}
	}
	if width <= 0 {
		return widths
	}
	for i, c := range t.Columns {
		if c.Max > 0 && !c.Whole {
			widths[i] = min(widths[i], max(c.Max, cellWidth(c.Head)))
		}
	}
	for total := sumWidths(widths); total > width; total-- {
		i := t.yields(widths)
		if i < 0 {
			break // it does not fit: a terminal this narrow wraps
		}
		widths[i]--
	}
	return widths
}

// yields is the column that gives way next; -1 when none can.
func (t Table) yields(widths []int) int {
	for _, floor := range []func(Column) int{
		func(c Column) int { return c.floor(!c.Keep, max(c.Min, c.Enough)) },
		func(c Column) int { return c.floor(c.Enough > 0, max(c.Min, c.Enough)) },
		func(c Column) int { return c.floor(c.Least > 0, c.Least) },
		func(c Column) int { return c.floor(true, c.Min) },
	} {
		if i := t.widest(widths, floor); i >= 0 {
			return i
		}
	}
	return -1
}

// floor is down to what width a column gives way, when it does.
func (c Column) floor(gives bool, least int) int {
	switch {
	case !gives || c.Whole:
		return math.MaxInt
	case c.Min == 0:
		return max(least, cellWidth(c.Head))
	}
	return least
}

// widest is the widest column that is wider than its floor; -1 when there is
// none.
func (t Table) widest(widths []int, floor func(Column) int) int {
	found := -1
	for i, c := range t.Columns {
		if (found < 0 || widths[i] > widths[found]) && widths[i] > floor(c) {
			found = i
		}
	}
	return found
}

// sumWidths is how wide columns are together.
func sumWidths(widths []int) int {
	sum := max(0, len(widths)-1) * len(gap)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// WriteRows writes rows with given widths, with or without the heads: for
// tables that are written in pieces.
func (t Table) WriteRows(w io.Writer, widths []int, heads, colour bool) error {
	b := bufio.NewWriter(w)
	if heads {
		head := make([]string, len(t.Columns))
		for i, c := range t.Columns {
			head[i] = c.Head
		}
		t.line(b, widths, head, func(int) string {
			if colour {
				return "1"
			}
			return ""
		})
	}
	for r, row := range t.Rows {
		t.line(b, widths, row, func(c int) string {
			if colour && t.Paint != nil {
				return t.Paint(r, c)
			}
			return ""
		})
	}
	return b.Flush()
}

// line writes a row, on several lines when cells wrap.
func (t Table) line(b *bufio.Writer, widths []int, cells []string, paint func(int) string) {
	for more := true; more; {
		var line strings.Builder
		var below []string
		for i, c := range t.Columns {
			cell := ""
			if i < len(cells) {
				cell = cells[i]
			}
			if i > 0 {
				line.WriteString(gap)
			}
			cell, rest := c.fit(cell, widths[i])
			if rest != "" {
				if below == nil {
					below = make([]string, len(t.Columns))
				}
				below[i] = rest
			}
			pad := strings.Repeat(" ", max(0, widths[i]-cellWidth(cell)))
			if sgr := paint(i); sgr != "" && cell != "" {
				cell = "\x1b[" + sgr + "m" + cell + "\x1b[0m"
			}
			if c.Right {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
		cells, more = below, below != nil
	}
}

// fit is what a cell shows in a width, and what goes on below.
func (c Column) fit(cell string, width int) (shown, below string) {
	switch {
	case cellWidth(cell) <= width || c.Whole:
		return cell, ""
	case c.Wrap && width > 1: // no character is wider than two
		shown = runewidth.Truncate(cell, width, "")
		if i := strings.LastIndexAny(shown, ":.-/ "); i >= len(shown)/2 {
			shown = shown[:i+1]
		}
		return shown, cell[len(shown):]
	case c.Short != nil:
		return c.Short(cell, width), ""
	}
	return cut(cell, width, c.Middle), ""
}

// cut shortens a cell to a width and marks where something is missing.
func cut(cell string, width int, middle bool) string {
	if !middle || width < 5 {
		return runewidth.Truncate(cell, width, "…")
	}
	end := (width - 1) / 2
	whole := cellWidth(cell)
	return runewidth.Truncate(cell, width-1-end, "") + "…" + runewidth.TruncateLeft(cell, whole-end, "")
}

// JSON writes one value, indented, with a newline. Characters such as < and &
// stay themselves; those that would act on a terminal come as \u escapes.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	to := bufio.NewWriter(w)
	for line := range bytes.Lines(b.Bytes()) {
		to.Write(escapeJSON(bytes.TrimSuffix(line, []byte("\n"))))
		to.WriteByte('\n')
	}
	return to.Flush()
}
