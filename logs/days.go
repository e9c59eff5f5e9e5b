package logs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
	"trailctl/internal/when"
)

// Day sums up the files of one account, region and kind that were delivered
// on one UTC day, as their names tell.
type Day struct {
	Base   bucket.Base
	Region string
	Kind   bucket.Kind
	Day    time.Time // its midnight

	Files       int
	Bytes       int64
	First, Last time.Time // delivery minutes
	// Holes are the stretches without a file that begin on this day and reach
	// to the next file, on whatever day that is. Before the first file and
	// after the last one of a region there is none.
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
	midnight := at.Truncate(24 * time.Hour)
	key := dayKey{f.Key.Base, f.Key.Region, f.Key.Kind, midnight.Unix()}
	day := d.days[key]
	if day == nil {
		if d.days == nil {
			d.days = map[dayKey]*Day{}
		}
		day = &Day{Base: f.Key.Base, Region: f.Key.Region, Kind: f.Key.Kind, Day: midnight, First: at, Last: at}
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
	minute := int(at.Sub(midnight) / time.Minute)
	day.minutes[minute/8] |= 1 << (minute % 8)
}

// Sorted returns the days of each place in turn, with the holes that are
// longer than hole.
func (d *Days) Sorted(hole time.Duration) []*Day {
	days := make([]*Day, 0, len(d.days))
	for _, day := range d.days {
		days = append(days, day)
	}
	slices.SortFunc(days, func(a, b *Day) int {
		return cmp.Or(a.comparePlace(b), a.Day.Compare(b.Day))
	})
	for i, day := range days {
		var next *Day
		if i+1 < len(days) && day.comparePlace(days[i+1]) == 0 {
			next = days[i+1]
		}
		day.Holes = day.holes(next, hole)
	}
	return days
}

func (d *Day) comparePlace(other *Day) int {
	return cmp.Or(
		strings.Compare(d.Base.String(), other.Base.String()),
		strings.Compare(d.Region, other.Region),
		cmp.Compare(d.Kind, other.Kind),
	)
}

func (d *Day) holes(next *Day, hole time.Duration) []when.Window {
	var holes []when.Window
	last := d.First
	meet := func(at time.Time) {
		if at.Sub(last) > hole {
			holes = append(holes, when.Window{Start: last, End: at})
		}
		last = at
	}
	for minute := range 24 * 60 {
		if d.minutes[minute/8]&(1<<(minute%8)) != 0 {
			meet(d.Day.Add(time.Duration(minute) * time.Minute))
		}
	}
	if next != nil {
		meet(next.First)
	}
	return holes
}
