package seed

import (
	"sort"
	"time"
)

// rhythm is how busy an account is over time: working days more than
// weekends, working hours (UTC) more than nights.
type rhythm struct {
	start time.Time
	step  time.Duration
	sums  []float64 // activity up to the end of each step
}

// byHour is how busy each hour of a working day is.
var byHour = [24]float64{2, 2, 2, 2, 2, 3, 4, 7, 11, 14, 15, 14, 11, 13, 15, 15, 13, 11, 8, 6, 5, 4, 3, 2}

func newRhythm(start, end time.Time) rhythm {
	r := rhythm{start: start, step: 10 * time.Minute}
	total := 0.0
	for t := start; t.Before(end); t = t.Add(r.step) {
		busy := byHour[t.UTC().Hour()]
		if day := t.UTC().Weekday(); day == time.Saturday || day == time.Sunday {
			busy = 2 + busy/5
		}
		// The last step may be shorter.
		total += busy * float64(min(r.step, end.Sub(t))) / float64(r.step)
		r.sums = append(r.sums, total)
	}
	return r
}

// moment is the time before which a share of all activity, 0 to 1, lies.
func (r rhythm) moment(share float64) time.Time {
	if len(r.sums) == 0 {
		return r.start
	}
	want := share * r.sums[len(r.sums)-1]
	i := sort.SearchFloat64s(r.sums, want)
	i = min(i, len(r.sums)-1)
	before := 0.0
	if i > 0 {
		before = r.sums[i-1]
	}
	within := (want - before) / (r.sums[i] - before)
	return r.start.Add(time.Duration(i)*r.step + time.Duration(within*float64(r.step)))
}
