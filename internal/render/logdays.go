package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"trailctl/bucket"
	"trailctl/internal/term"
	"trailctl/internal/when"
	"trailctl/logs"
)

// logDays is a summary of log files in JSON.
type logDays struct {
	Version     int      `json:"version"`
	Days        []logDay `json:"days"`
	HoleSeconds int64    `json:"holeSeconds"`
	Other       logTotal `json:"other"`
	Total       logTotal `json:"total"`
}

type logDay struct {
	Account      string     `json:"account"`
	Organization string     `json:"organization,omitempty"`
	Region       string     `json:"region"`
	Kind         string     `json:"kind"`
	Day          string     `json:"day"`
	LastDay      string     `json:"lastDay,omitempty"` // of several days without a file
	Files        int        `json:"files"`
	Bytes        int64      `json:"bytes"`
	First        *time.Time `json:"first"`
	Last         *time.Time `json:"last"`
	Lag          *int64     `json:"largestLagSeconds,omitempty"`
	Holes        []timeSpan `json:"holes"`
}

type timeSpan struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// LogDays writes a summary of log files by account, region and day, as
// "table" or "json". It returns a sentence about all. hole is from which
// length on sorted has holes.
func LogDays(w io.Writer, format string, t Terminal, days *logs.Days, sorted []*logs.Day, hole time.Duration) (string, error) {
	doc := logDays{Version: 1, Days: []logDay{}, HoleSeconds: int64(hole / time.Second), Other: logTotal{int(days.Other), days.OtherBytes}}
	doc.Total = doc.Other
	for _, d := range sorted {
		doc.Total.Files += d.Files
		doc.Total.Bytes += d.Bytes
		doc.Days = append(doc.Days, dayInJSON(d))
	}
	sentence := daysInWords(&doc, sorted, hole)
	if format == "json" {
		return sentence, JSON(w, doc)
	}
	if len(sorted) == 0 {
		return sentence, nil
	}
	table := daysTable(foldEmpty(sorted), t)
	if table.Columns[0].Head != accountHead {
		sentence = "account " + term.Escape(sorted[0].Base.Account) + ", " + sentence
	}
	return sentence, table.Write(w, t.Width, t.Colour)
}

// daysInWords sums all up.
func daysInWords(doc *logDays, sorted []*logs.Day, hole time.Duration) string {
	type region struct{ base, name string }
	holes, files := 0, map[region]int{}
	for _, d := range sorted {
		holes += len(d.Holes)
		if d.Kind == bucket.LogFile {
			files[region{d.Base.String(), d.Region}] += d.Files
		}
	}
	var empty []string
	for r, n := range files {
		if n == 0 {
			empty = append(empty, term.Escape(r.name))
		}
	}
	words := fmt.Sprintf("%s, %s, %s longer than %s", Count(doc.Total.Files, "log file"), Size(doc.Total.Bytes), Count(holes, "hole"), Length(hole))
	if len(empty) > 0 {
		words += fmt.Sprintf(", %s without any (%s)", Count(len(empty), "region"), someOf(empty))
	}
	if n := doc.Other.Files; n > 0 {
		words += fmt.Sprintf("; %d of the files are in no row, because their names are not those that CloudTrail gives", n)
	}
	return words
}

// maxRegions bounds how many regions a sentence names.
const maxRegions = 20

// someOf names the different ones of some names.
func someOf(names []string) string {
	slices.Sort(names)
	names = slices.Compact(names)
	if more := len(names) - maxRegions; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxRegions], ", "), more)
	}
	return strings.Join(names, ", ")
}

// foldEmpty joins the rows of an account's regions that have had no file in
// the same time. The sentence about all names those regions.
func foldEmpty(sorted []*logs.Day) (rows []*logs.Day) {
	last := map[string]*logs.Day{} // by account
	count := map[*logs.Day]int{}
	alone := map[logs.Place]int{}
	for _, d := range sorted {
		alone[logs.Place{Base: d.Base, Region: d.Region, Kind: d.Kind}]++
	}
	for _, d := range sorted {
		if d.Files > 0 || d.Kind != bucket.LogFile || alone[logs.Place{Base: d.Base, Region: d.Region, Kind: d.Kind}] > 1 {
			rows = append(rows, d)
			continue
		}
		account := d.Base.String()
		one := last[account]
		if one == nil {
			copied := *d
			one = &copied
			last[account] = one
			rows = append(rows, one)
		}
		if count[one]++; count[one] > 1 {
			one.Region = Count(count[one], "region")
		}
	}
	return rows
}

// roomyWidth is how wide a terminal must be for all columns. On others the
// account is left out where there is only one, else the size.
const roomyWidth = 100

const accountHead = "ACCOUNT"

func daysTable(sorted []*logs.Day, t Terminal) Table {
	one := true
	for _, d := range sorted {
		one = one && d.Base.Account == sorted[0].Base.Account
	}
	narrow := t.Width > 0 && t.Width < roomyWidth
	lag := !narrow && slices.ContainsFunc(sorted, func(d *logs.Day) bool { return d.Lag >= 0 })
	columns := []struct {
		Column
		show bool
		cell func(*logs.Day) string
	}{
		{Column{Head: accountHead, Min: 12, Keep: true}, !narrow || !one, func(d *logs.Day) string { return term.Escape(d.Base.Account) }},
		{Column{Head: "REGION", Min: 9, Keep: true}, true, regionAndKind},
		{Column{Head: "DAY", Min: 10, Keep: true}, true, func(d *logs.Day) string { return d.Day.Format(time.DateOnly) }},
		{Column{Head: "FILES", Min: 5, Right: true, Keep: true}, true, func(d *logs.Day) string { return strconv.Itoa(d.Files) }},
		{Column{Head: "SIZE", Min: 7, Right: true, Keep: true}, !narrow || one, func(d *logs.Day) string { return Size(d.Bytes) }},
		{Column{Head: "FIRST", Min: 5, Keep: true}, true, func(d *logs.Day) string { return clock(d.First) }},
		{Column{Head: "LAST", Min: 5, Keep: true}, true, func(d *logs.Day) string { return clock(d.Last) }},
		{Column{Head: "LAG", Min: 5, Right: true, Keep: true}, lag, lagInWords},
	}
	var table Table
	table.Rows = make([][]string, len(sorted))
	for _, c := range columns {
		if !c.show {
			continue
		}
		table.Columns = append(table.Columns, c.Column)
		for i, d := range sorted {
			table.Rows[i] = append(table.Rows[i], c.cell(d))
		}
	}
	room := 0 // without bounds
	if t.Width > 0 {
		room = t.Width
		for _, w := range table.Widths(0) {
			room -= w + len(gap)
		}
		room = max(room, 8)
	}
	table.Columns = append(table.Columns, Column{Head: "HOLES", Min: 8})
	for i, d := range sorted {
		table.Rows[i] = append(table.Rows[i], holesInWords(d, room))
	}
	return table
}

func regionAndKind(d *logs.Day) string {
	region := term.Escape(d.Region)
	if d.Kind != bucket.LogFile {
		region += " " + d.Kind.String() + "s"
	}
	return region
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Format("15:04")
}

func lagInWords(d *logs.Day) string {
	if d.Lag < 0 {
		return "-"
	}
	return Length(d.Lag)
}

func dayInJSON(d *logs.Day) logDay {
	day := logDay{
		Account: d.Base.Account, Organization: d.Base.Org, Region: d.Region, Kind: d.Kind.String(), Day: d.Day.Format(time.DateOnly),
		Files: d.Files, Bytes: d.Bytes, Holes: []timeSpan{},
	}
	if d.LastDay.After(d.Day) {
		day.LastDay = d.LastDay.Format(time.DateOnly)
	}
	if d.Files > 0 {
		day.First, day.Last = &d.First, &d.Last
	}
	if d.Lag >= 0 {
		seconds := int64(d.Lag / time.Second)
		day.Lag = &seconds
	}
	for _, h := range d.Holes {
		day.Holes = append(day.Holes, timeSpan{h.Start, h.End})
	}
	return day
}

// maxHoles bounds how many holes of a day a table names.
const maxHoles = 24

// holesInWords names the longest holes of a day in the order of their times,
// as many as there is room for, one at least.
func holesInWords(d *logs.Day, room int) string {
	if len(d.Holes) == 0 {
		if d.Files > 0 {
			return "-"
		}
		if n := int(d.LastDay.Sub(d.Day)/(24*time.Hour)) + 1; n > 1 {
			return "no file for " + Count(n, "day")
		}
		return "no file"
	}
	longest := slices.Clone(d.Holes)
	slices.SortStableFunc(longest, func(a, b when.Window) int { return cmp.Compare(b.End.Sub(b.Start), a.End.Sub(a.Start)) })
	words := ""
	for n := 1; n <= min(len(longest), maxHoles); n++ {
		these := slices.Clone(longest[:n])
		slices.SortFunc(these, func(a, b when.Window) int { return a.Start.Compare(b.Start) })
		var parts []string
		for _, h := range these {
			parts = append(parts, fmt.Sprintf("%s from %s", Length(h.End.Sub(h.Start)), h.Start.Format("15:04")))
		}
		more := strings.Join(parts, ", ")
		if left := len(longest) - n; left > 0 {
			more += fmt.Sprintf(" +%d", left)
		}
		if n > 1 && room > 0 && len(more) > room {
			break
		}
		words = more
	}
	if room > 0 && len(words) > room { // one that has hardly room
		words = strings.Replace(words, " from ", " at ", 1)
	}
	return words
}

// Length is a length of time for people, in its two largest units.
func Length(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return pair(int(d/day), "d", int(d%day/time.Hour), "h")
	case d >= time.Hour:
		return pair(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "m")
	case d >= time.Minute:
		return pair(int(d/time.Minute), "m", int(d%time.Minute/time.Second), "s")
	}
	return fmt.Sprintf("%ds", int(d/time.Second))
}

func pair(n int, unit string, m int, smaller string) string {
	if m == 0 {
		return fmt.Sprintf("%d%s", n, unit)
	}
	return fmt.Sprintf("%d%s%d%s", n, unit, m, smaller)
}
