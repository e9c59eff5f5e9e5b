package logs

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
	"trailctl/internal/when"
)

// Day sums up the files of one account, region and kind that were delivered
// on one UTC day, as their names tell; or it stands for days without any file.
type Day struct {
	Base   bucket.Base
	Region string
	Kind   bucket.Kind
	Day    time.Time // its midnight

	Files       int
	Bytes       int64
	First, Last time.Time // delivery minutes; zero without files
	// LastDay is the midnight of the last one of several days in a row without
	// a file; else it is Day.
	LastDay time.Time
	// Lag is the largest time from the minute in a name to when S3 took the
	// file; negative where no file tells it.
	Lag time.Duration
	// Holes are the stretches without a file that begin on this day and reach
	// to the next file, on whatever day that is, or to the end of the window.
	Holes []when.Window

	minutes [24 * 60 / 8]byte // in which there were files
}

// Days sums files up by day. It holds one Day for each, whatever the number
// of files.
type Days struct {
	days map[dayKey]*Day
	// Other counts what is not named as CloudTrail names its files.
	Other, OtherBytes int64
}

type dayKey struct {
	bucket.Base
	region string
	kind   bucket.Kind
	day    int64
}

// Add counts a file.
func (d *Days) Add(f Found) {
	if !f.Log {
		d.Other++
		d.OtherBytes += f.Object.Size
		return
	}
	at := f.Key.Time.UTC()
	key := dayKey{f.Key.Base, f.Key.Region, f.Key.Kind, midnight(at).Unix()}
	day := d.days[key]
	if day == nil {
		if d.days == nil {
			d.days = map[dayKey]*Day{}
		}
		day = &Day{Base: f.Key.Base, Region: f.Key.Region, Kind: f.Key.Kind, Day: midnight(at), First: at, Last: at, Lag: -1}
		d.days[key] = day
	}
	day.Files++
	day.Bytes += f.Object.Size
	if at.Before(day.First) {
		day.First = at
	}
	if at.After(day.Last) {
		day.Last = at
	}
	if lag, ok := f.Lag(); ok {
		day.Lag = max(day.Lag, lag)
	}
	minute := int(at.Sub(day.Day) / time.Minute)
	day.minutes[minute/8] |= 1 << (minute % 8)
}

// Sorted returns the days of each place in turn, with the holes that are
// longer than hole. Where the window has a start, or an end, what lies between
// it and the first, or the last, log file of a region counts as well, and a
// region of which only its place is known has had no file in all the window.
// Days in a row without any file are one Day.
func (d *Days) Sorted(hole time.Duration, window when.Window, places ...Place) []*Day {
	groups := map[Place][]*Day{}
	for _, p := range places {
		if p.Kind == bucket.LogFile && !window.Start.IsZero() && !window.End.IsZero() {
			groups[p] = nil
		}
	}
	for _, day := range d.days {
		p := Place{day.Base, day.Region, day.Kind}
		groups[p] = append(groups[p], day)
	}
	var days []*Day
	for p, group := range groups {
		slices.SortFunc(group, func(a, b *Day) int { return a.Day.Compare(b.Day) })
		within := window
		if p.Kind != bucket.LogFile { // Insights are rare
			within = when.Window{}
		}
		days = append(days, p.fill(group, within, hole)...)
	}
	slices.SortStableFunc(days, (*Day).comparePlace)
	return days
}

// fill puts what stands for days without a file between those that have some,
// and finds the holes.
func (p Place) fill(group []*Day, window when.Window, hole time.Duration) []*Day {
	var days []*Day
	var owner *Day       // of a hole that begins at last
	last := window.Start // of the files so far, or where the window starts
	reach := func(day *Day, until, end time.Time) {
		if empty := p.between(owner, last, end); empty != nil {
			days = append(days, empty)
			if owner == nil {
				owner = empty
			}
		}
		if day != nil {
			days = append(days, day)
			if owner == nil {
				owner = day
			}
		}
		if !last.IsZero() && until.Sub(last) > hole {
			owner.Holes = append(owner.Holes, when.Window{Start: last, End: until})
		}
	}
	for _, day := range group {
		day.Holes, day.LastDay = nil, day.Day
		reach(day, day.First, day.Day)
		owner, last = day, day.First
		for minute := range day.all() {
			if minute.Sub(last) > hole {
				day.Holes = append(day.Holes, when.Window{Start: last, End: minute})
			}
			last = minute
		}
	}
	if window.End.After(last) {
		reach(nil, window.End, midnight(window.End.Add(-1)).AddDate(0, 0, 1))
	}
	return days
}

// between are the days without a file from the last one that had some, or else
// from the start, to the midnight end; nil when there is none.
func (p Place) between(before *Day, start, end time.Time) *Day {
	first := midnight(start)
	if before != nil {
		first = before.LastDay.AddDate(0, 0, 1)
	}
	if start.IsZero() || !first.Before(end) {
		return nil
	}
	return &Day{Base: p.Base, Region: p.Region, Kind: p.Kind, Day: first, LastDay: end.AddDate(0, 0, -1), Lag: -1}
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func (d *Day) comparePlace(other *Day) int {
	return cmp.Or(
		strings.Compare(d.Base.String(), other.Base.String()),
		strings.Compare(d.Region, other.Region),
		cmp.Compare(d.Kind, other.Kind),
	)
}

// all yields the minutes in which there were files.
func (d *Day) all() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for minute := range 24 * 60 {
			if d.minutes[minute/8]&(1<<(minute%8)) != 0 && !yield(d.Day.Add(time.Duration(minute)*time.Minute)) {
				return
			}
		}
	}
}
