package render

import (
	"bufio"
	"strconv"
	"strings"
	"time"

	"trailctl/logs/count"
)

// statsCSV is a row for each group, or with an interval one for each piece of
// time that a group has records in.
func statsCSV(w *bufio.Writer, r *count.Result, top int) error {
	head := []string{}
	if r.Interval > 0 {
		head = append(head, "from")
	}
	for _, name := range r.By {
		head = append(head, csvText(name))
	}
	head = append(head, "records")
	if r.Interval == 0 {
		head = append(head, "share", "first", "last")
		for _, name := range r.Distinct {
			head = append(head, csvText("distinct "+name))
		}
	}
	if err := csvRow(w, head...); err != nil {
		return err
	}
	if len(r.By) == 0 {
		return statsRows(w, r, r.Total, nil)
	}
	for g := range r.Groups(top) {
		named := make([]string, len(g.Values))
		for i, v := range g.Values {
			named[i] = csvValue(v)
		}
		if err := statsRows(w, r, g, named); err != nil {
			return err
		}
	}
	if r.Others != nil {
		named := make([]string, len(r.By))
		named[0] = "(others)"
		return statsRows(w, r, *r.Others, named)
	}
	return nil
}

func statsRows(w *bufio.Writer, r *count.Result, g count.Group, named []string) error {
	if r.Interval > 0 {
		for _, b := range g.Bins {
			row := append([]string{b.Start.Format(time.RFC3339)}, named...)
			if err := csvRow(w, append(row, strconv.FormatInt(b.Count, 10))...); err != nil {
				return err
			}
		}
		return nil
	}
	row := append(named, strconv.FormatInt(g.Count, 10),
		strconv.FormatFloat(fraction(g.Count, r.Total.Count), 'f', 6, 64), csvTime(g.First), csvTime(g.Last))
	for _, n := range g.Distinct {
		cell := strconv.Itoa(n.N)
		if n.More {
			cell = ">=" + cell
		}
		row = append(row, cell)
	}
	return csvRow(w, row...)
}

// csvValue is the cell of a value: nothing at all where there is none, which
// no text looks like. An empty one stands in quotes, by which PostgreSQL and
// DuckDB tell it from nothing.
func csvValue(v count.Value) string {
	if !v.Absent && v.Text == "" {
		return `""`
	}
	return csvText(v.Text)
}

func csvText(s string) string { return string(appendCSV(nil, s)) }

func csvTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// csvRow writes a row of cells that are as they are to stand there.
func csvRow(w *bufio.Writer, cells ...string) error {
	_, err := w.WriteString(strings.Join(cells, ",") + "\n")
	return err
}
