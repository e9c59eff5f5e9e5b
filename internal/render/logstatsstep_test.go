package render

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"trailctl/logs/count"
)

// every makes pieces of time of one record each, from one Friday on.
func every(step time.Duration, n int) []count.Bin {
	bins := make([]count.Bin, n)
	for i := range bins {
		bins[i] = count.Bin{Start: time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * step), Count: 1}
	}
	return bins
}

func TestBounded(t *testing.T) {
	for _, c := range []struct {
		step  time.Duration
		n     int
		want  string
		start string // of the first piece
	}{
		{5 * time.Second, 500, "5s", "2026-01-16T00:00:00Z"},
		{5 * time.Second, 501, "15s", "2026-01-16T00:00:00Z"},
		{5 * time.Second, 120_960, "1h", "2026-01-16T00:00:00Z"},
		{7 * time.Second, 1900, "28s", "2026-01-15T23:59:40Z"}, // as 7s divide nothing round but a week
		{40 * time.Minute, 1000, "6h", "2026-01-16T00:00:00Z"},
		{day, 600, "1w", "2026-01-12T00:00:00Z"}, // Monday
		{3 * day, 900, "6d", "2026-01-13T00:00:00Z"},
		{time.Hour, 24 * 365 * 30, "4w", "2025-12-22T00:00:00Z"},
	} {
		bins := every(c.step, c.n)
		got := bounded(bins, c.step)
		longer := together(bins, c.step, got)
		if stepWords(got) != c.want || longer[0].Start.Format(time.RFC3339) != c.start {
			t.Errorf("%d pieces of %s become %s, the first at %s", c.n, stepWords(c.step), stepWords(got), longer[0].Start)
		}
		sum := int64(0)
		for _, b := range longer {
			sum += b.Count
		}
		if sum != int64(c.n) || rowsOf(longer, got) > mostRows {
			t.Errorf("%d pieces of %s: %d records in %d rows", c.n, c.want, sum, rowsOf(longer, got))
		}
	}
}

func TestRowsOf(t *testing.T) {
	bins := every(time.Hour, 20)
	if got := rowsOf([]count.Bin{bins[0], bins[7], bins[19]}, time.Hour); got != 3+6+1 {
		t.Errorf("%d rows", got) // six empty ones stand there, eleven are told in one
	}
}

// A terminal is not flooded; a pipe and --top 0 have every piece.
func TestHistogramIsBounded(t *testing.T) {
	r := &count.Result{Interval: 5 * time.Second, Total: count.Group{Count: 17_280, Bins: every(5*time.Second, 17_280)}}
	for _, c := range []struct {
		width, top, lines int
		last              string
	}{
		{80, 20, 1 + 288 + 1, "in pieces of 5m, because those of 5s are 17,280 rows: --top 0 shows them\n"},
		{80, 0, 1 + 17_280, ""},
		{0, 20, 1 + 17_280, ""},
	} {
		var b bytes.Buffer
		if err := LogStats(&b, "table", Terminal{Width: c.width}, Counted{}, r, c.top); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(b.String(), "\n"); got != c.lines || !strings.HasSuffix(b.String(), c.last) {
			t.Errorf("%d columns, top %d: %d lines, want %d with %q at the end", c.width, c.top, got, c.lines, c.last)
		}
	}
}
