package render

import (
	"fmt"
	"time"

	"trailctl/logs/count"
)

// mostRows is how many rows for pieces of time a terminal gets unasked.
const mostRows = 500

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// longerSteps are the lengths of pieces of time that people think in.
var longerSteps = [...]time.Duration{
	5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
	time.Hour, 6 * time.Hour, day, week, 4 * week, 52 * week,
}

// bounded is a length that is made of whole pieces of the given one and needs
// no more rows than mostRows: one that people think in, unless it is much
// longer than need be.
func bounded(bins []count.Bin, step time.Duration) time.Duration {
	fits := func(length time.Duration) bool { return rowsOf(together(bins, step, length), length) <= mostRows }
	if fits(step) {
		return step
	}
	doubled := 2 * step
	for doubled <= maxStep && !fits(doubled) {
		doubled *= 2
	}
	for _, longer := range longerSteps {
		if longer > step && longer <= 8*doubled && longer%step == 0 && fits(longer) {
			return longer
		}
	}
	return doubled
}

// maxStep is where the doubling of a length ends: 36 years.
const maxStep = time.Duration(1) << 60

// rowsOf is how many rows pieces of time take, those without records between
// them included.
func rowsOf(bins []count.Bin, step time.Duration) int {
	rows := len(bins)
	for i := 1; i < len(bins); i++ {
		if empty := emptyBetween(bins[i-1].Start, bins[i].Start, step); empty > mostEmpty {
			rows++
		} else {
			rows += int(empty)
		}
	}
	return rows
}

// emptyBetween is how many pieces lie between two.
func emptyBetween(from, to time.Time, step time.Duration) int64 {
	return (to.Unix()-from.Unix())/int64(step/time.Second) - 1
}

// together puts pieces of time together to longer ones. These begin where
// count has those of their length begin, weeks on Monday, as far as the
// shorter pieces allow it.
func together(bins []count.Bin, step, longer time.Duration) []count.Bin {
	if step == longer {
		return bins
	}
	const toMonday = 4 * day // from the beginning of 1970
	shift := int64(0)
	if step%week == 0 || longer%week == 0 && toMonday%step == 0 {
		shift = int64(toMonday / time.Second)
	}
	var out []count.Bin
	for _, b := range bins {
		at, length := b.Start.Unix()-shift, int64(longer/time.Second)
		start := time.Unix(b.Start.Unix()-(at%length+length)%length, 0).UTC()
		if n := len(out); n > 0 && out[n-1].Start.Equal(start) {
			out[n-1].Count += b.Count
		} else {
			out = append(out, count.Bin{Start: start, Count: b.Count})
		}
	}
	return out
}

// stepWords writes a length of pieces of time as --interval takes it.
func stepWords(step time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{week, "w"}, {day, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if step%unit.length == 0 {
			return fmt.Sprintf("%d%s", step/unit.length, unit.name)
		}
	}
	return fmt.Sprintf("%ds", step/time.Second)
}
