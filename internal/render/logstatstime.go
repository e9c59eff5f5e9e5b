package render

import (
	"bufio"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"trailctl/logs/count"
)

// mostEmpty is how many rows without records stand one below the other;
// longer gaps are told in one row.
const mostEmpty = 6

// histogram is the table of an interval: a row for each piece of time.
type histogram struct {
	table  Table
	layout string
	asked  time.Duration         // the length of the pieces that were counted
	step   time.Duration         // and of those that are shown
	counts []int64               // of the rows
	series []map[time.Time]int64 // of the columns after the first two
}

// histogramTable is a row for each piece of time: with a bar, or with a
// column for each of the most frequent values. On a terminal the pieces are
// longer where there would be too many, unless top is 0.
func histogramTable(w *bufio.Writer, t Terminal, r *count.Result, top int) error {
	if len(r.Total.Bins) == 0 {
		return nil
	}
	h := &histogram{asked: r.Interval, step: r.Interval}
	if t.Width > 0 && top > 0 {
		h.step = bounded(r.Total.Bins, r.Interval)
	}
	if err := h.write(w, t, r, top); err != nil || h.step == h.asked {
		return err
	}
	_, err := fmt.Fprintf(w, "in pieces of %s, because those of %s are %s rows: --top 0 shows them\n",
		stepWords(h.step), stepWords(h.asked), thousands(rowsOf(r.Total.Bins, h.asked)))
	return err
}

func (h *histogram) write(w *bufio.Writer, t Terminal, r *count.Result, top int) error {
	bins := together(r.Total.Bins, h.asked, h.step)
	h.layout = binLayout(t, h.step, otherYear(bins, t))
	h.table.Columns = []Column{{Head: zoned("FROM", t), Min: wholeNumber}, {Head: "RECORDS", Right: true, Min: wholeNumber}}
	most := int64(0)
	for _, b := range bins {
		most = max(most, b.Count)
	}
	if len(r.By) > 0 {
		h.columns(t, r, top)
	}
	for i, b := range bins {
		if i > 0 {
			h.gap(bins[i-1].Start, b.Start)
		}
		h.row(b)
	}
	if len(r.By) == 0 {
		h.table.bars(h.counts, most, t.Width)
	}
	return h.table.Write(w, t.Width, t.Colour)
}

// binLayout writes the beginnings of pieces of time no finer than they are,
// on a narrow terminal without the year unless some are of another one.
func binLayout(t Terminal, step time.Duration, year bool) string {
	layout := time.DateTime
	switch {
	case t.Width == 0:
		return time.RFC3339
	case step%(24*time.Hour) == 0:
		return "Mon " + time.DateOnly
	case step%time.Minute == 0:
		layout = "2006-01-02 15:04"
	}
	if t.Width < narrow && !year {
		return strings.TrimPrefix(layout, "2006-")
	}
	return layout
}

// columns gives the most frequent values columns: as many as fit, but one at
// least, and leaves room for one of the others.
func (h *histogram) columns(t Terminal, r *count.Result, top int) {
	number := len(thousands(r.Total.Count))
	most, left := 14, t.Width-max(len(h.layout), len("FROM (UTC)"))-len(gap)-max(number, len("RECORDS"))
	switch {
	case t.Width == 0:
		most, left = 40, 400
	case t.Width < narrow:
		most = 10
	}
	left -= len(gap) + max(number, len("(others)"))
	groups, heads := h.heads(r, top, most, left)
	for ; most < longestHead && repeated(heads); most += 8 {
		groups, heads = h.heads(r, top, most, left)
	}
	for i, g := range groups {
		h.table.Columns = append(h.table.Columns, Column{Head: heads[i], Right: true, Min: wholeNumber})
		h.series = append(h.series, h.byTime(g.Bins))
	}
	shown := len(groups)
	if r.Len() > shown || r.Others != nil {
		h.table.Columns = append(h.table.Columns, Column{Head: "(others)", Right: true, Min: wholeNumber})
		h.series = append(h.series, h.otherBins(r, shown))
	}
}

// longestHead is to what width heads grow until they can be told apart.
const longestHead = 64

// heads are the groups that have room, and the heads of their columns.
func (h *histogram) heads(r *count.Result, top, most, left int) (groups []count.Group, heads []string) {
	for g := range r.Groups(top) {
		head := seriesHead(g, most)
		left -= len(gap) + max(runewidth.StringWidth(head), len(thousands(g.Count)))
		if left < 0 && len(groups) > 0 {
			break
		}
		groups, heads = append(groups, g), append(heads, head)
	}
	return groups, heads
}

func repeated(heads []string) bool {
	sorted := slices.Sorted(slices.Values(heads))
	return len(slices.Compact(sorted)) < len(heads)
}

func seriesHead(g count.Group, most int) string {
	words := make([]string, len(g.Values))
	for i, v := range g.Values {
		words[i] = valueWords(v)
	}
	head := strings.Join(words, " ")
	if runewidth.StringWidth(head) > most {
		return cut(head, most, true)
	}
	return head
}

func (h *histogram) byTime(bins []count.Bin) map[time.Time]int64 {
	m := map[time.Time]int64{}
	for _, b := range together(bins, h.asked, h.step) {
		m[b.Start] = b.Count
	}
	return m
}

// otherBins adds up the groups that have no column.
func (h *histogram) otherBins(r *count.Result, shown int) map[time.Time]int64 {
	sum := map[time.Time]int64{}
	for i := shown; i < r.Len(); i++ {
		for _, b := range together(r.Group(i).Bins, h.asked, h.step) {
			sum[b.Start] += b.Count
		}
	}
	if r.Others != nil {
		for _, b := range together(r.Others.Bins, h.asked, h.step) {
			sum[b.Start] += b.Count
		}
	}
	return sum
}

func (h *histogram) row(b count.Bin) {
	row := []string{b.Start.Format(h.layout), thousands(b.Count)}
	for _, s := range h.series {
		cell := ""
		if n := s[b.Start]; n > 0 {
			cell = thousands(n)
		}
		row = append(row, cell)
	}
	h.table.Rows = append(h.table.Rows, row)
	h.counts = append(h.counts, b.Count)
}

// gap fills the time between two pieces that have records. It may be long:
// a wrong clock is enough.
func (h *histogram) gap(from, to time.Time) {
	empty := emptyBetween(from, to, h.step)
	if empty > mostEmpty {
		h.table.Rows = append(h.table.Rows, []string{"… " + thousands(empty) + " empty"})
		h.counts = append(h.counts, 0)
		return
	}
	for range empty {
		from = from.Add(h.step)
		h.row(count.Bin{Start: from})
	}
}
