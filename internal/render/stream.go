package render

import (
	"bufio"

	"github.com/mattn/go-runewidth"
)

// chunk is how many rows are looked at before a table's columns are fixed,
// when they come fast. Later rows are fitted into the same columns.
const chunk = 200

// heldBytes bounds the cells of the rows that wait.
const heldBytes = 1 << 20

// stream is a table that is written while its rows come in.
type stream struct {
	table  Table
	to     *bufio.Writer
	term   Terminal
	widths []int
	held   int  // bytes in the rows that wait
	whole  bool // no more rows come
	middle int  // the column whose cells are cut in their middle; -1 for none

	// ready, when set, sees rows before the columns are fitted to them.
	ready func(rows [][]string)
}

func newStream(w *bufio.Writer, t Terminal, columns []Column) *stream {
	return &stream{table: Table{Columns: columns}, to: w, term: t, middle: -1}
}

func (s *stream) row(cells ...string) error {
	s.table.Rows = append(s.table.Rows, cells)
	for _, c := range cells {
		s.held += len(c)
	}
	if len(s.table.Rows) < chunk && s.held < heldBytes {
		return nil
	}
	return s.flush()
}

// flush writes the rows at hand. The heads come with the first ones. When
// more rows may come, columns are made as wide as they usually need to be.
func (s *stream) flush() error {
	if len(s.table.Rows) == 0 {
		return s.to.Flush()
	}
	if s.ready != nil {
		s.ready(s.table.Rows)
	}
	heads := s.widths == nil
	if heads {
		s.widths = s.table.fit(s.term.Width, !s.whole)
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
	clear(s.table.Rows)
	s.table.Rows, s.held = s.table.Rows[:0], 0
	return s.to.Flush()
}

// close writes the last rows.
func (s *stream) close() error {
	s.whole = true
	return s.flush()
}

// cutMiddle leaves both ends of a cell, more of the last.
func cutMiddle(cell string, width int) string {
	whole := cellWidth(cell)
	if whole <= width || width < 3 {
		return cell
	}
	head := runewidth.Truncate(cell, (width-1)*2/5, "")
	left := width - 1 - cellWidth(head)
	return head + "…" + runewidth.TruncateLeft(cell, whole-left, "")
}
