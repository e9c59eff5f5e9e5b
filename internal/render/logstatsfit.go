package render

import (
	"strings"
	"time"

	"trailctl/logs/count"
)

// countTable is a table of counts that is to fit a terminal. Its first columns
// name what was counted, and two others are times, which are written whole.
type countTable struct {
	Table
	keys  int  // how many columns name it
	first int  // the column of the first time; the last is next to it
	year  bool // a time is of another year than the present one
}

// fullTime is how times are written first: to the minute. The short forms are
// cut out of it.
const fullTime = "2006-01-02 15:04"

// stamp is a time in a table, to the minute on a terminal.
func (t *countTable) stamp(at time.Time, to Terminal) string {
	switch {
	case at.IsZero():
		return "-"
	case to.Width == 0:
		return at.Format(time.RFC3339)
	}
	t.year = t.year || at.Year() != to.Year
	return at.Format(fullTime)
}

// shortTime leaves out the year when all times are of the present one, and
// the time of the day otherwise.
func (t *countTable) shortTime(cell string) string {
	if len(cell) != len(fullTime) {
		return cell
	}
	if t.year {
		return cell[:len(time.DateOnly)]
	}
	return cell[len("2006-"):]
}

// fitted is the table as it fits best: with whole times, with short ones, with
// the middle of long names left out, without times, and at last with lines
// that are longer than the terminal. Names that differ look different.
func (t *countTable) fitted(to Terminal) Table {
	table := t.Table
	if to.Width == 0 {
		return table
	}
	if (t.year || to.Width >= narrow) && sumWidths(table.Widths(0)) <= to.Width {
		return table
	}
	table = t.mapTimes(func(before, times, after []string) []string {
		row := append([]string{}, before...)
		for _, cell := range times {
			row = append(row, t.shortTime(cell))
		}
		return append(row, after...)
	})
	if t.tells(table, to.Width) {
		return table
	}
	table = t.mapTimes(func(before, _, after []string) []string { return append(append([]string{}, before...), after...) })
	columns := t.Columns
	table.Columns = append(append([]Column{}, columns[:t.first]...), columns[t.first+2:]...)
	if !t.tells(table, to.Width) && t.longest() <= longestWhole {
		for i := range t.keys {
			table.Columns[i].Whole = true
		}
	}
	return table
}

// longestWhole bounds the names that are written on a terminal whatever its
// width.
const longestWhole = 512

func (t *countTable) longest() int {
	longest := 0
	for _, row := range t.Rows {
		for i := range min(t.keys, len(row)) {
			longest = max(longest, cellWidth(row[i]))
		}
	}
	return longest
}

// mapTimes is the table with other times.
func (t *countTable) mapTimes(change func(before, times, after []string) []string) Table {
	table := t.Table
	table.Rows = make([][]string, len(t.Rows))
	for i, row := range t.Rows {
		if table.Rows[i] = row; len(row) > t.first+1 {
			table.Rows[i] = change(row[:t.first], row[t.first:t.first+2], row[t.first+2:])
		}
	}
	return table
}

// tells tells whether a table fits into width with names that can be told
// apart.
func (t *countTable) tells(table Table, width int) bool {
	widths := table.Widths(width)
	if sumWidths(widths) > width {
		return false
	}
	shown := map[string]string{}
	for _, row := range table.Rows {
		var cut, whole strings.Builder
		for i := range min(t.keys, len(row)) {
			cell, _ := table.Columns[i].fit(row[i], widths[i])
			cut.WriteString(cell + "\n")
			whole.WriteString(row[i] + "\n")
		}
		if other, found := shown[cut.String()]; found && other != whole.String() {
			return false
		}
		shown[cut.String()] = whole.String()
	}
	return true
}

// timeColumns are those of the first and the last time of a count.
func timeColumns(to Terminal) []Column {
	return []Column{{Head: zoned("FIRST", to), Whole: true}, {Head: zoned("LAST", to), Whole: true}}
}

// otherYear tells whether one of the pieces of time is not of the present
// year.
func otherYear(bins []count.Bin, to Terminal) bool {
	for _, b := range bins {
		if b.Start.Year() != to.Year {
			return true
		}
	}
	return false
}
