package render

import (
	"fmt"
	"io"
	"time"

	"trailctl/internal/term"
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
	Files        int        `json:"files"`
	Bytes        int64      `json:"bytes"`
	First        time.Time  `json:"first"`
	Last         time.Time  `json:"last"`
	Holes        []timeSpan `json:"holes"`
}

type timeSpan struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// LogDays writes a summary of log files by account, region and day, as
// "table" or "json". It returns a sentence about all.
func LogDays(w io.Writer, format string, t Terminal, days *logs.Days, hole time.Duration) (string, error) {
	sorted := days.Sorted(hole)
	doc := logDays{Version: 1, Days: []logDay{}, HoleSeconds: int64(hole / time.Second), Other: logTotal{int(days.Other), days.OtherBytes}}
	doc.Total = doc.Other
	holes := 0
	for _, d := range sorted {
		doc.Total.Files += d.Files
		doc.Total.Bytes += d.Bytes
		holes += len(d.Holes)
		doc.Days = append(doc.Days, dayInJSON(d))
	}
	sentence := fmt.Sprintf("%s, %s, %s longer than %s", Count(doc.Total.Files, "log file"), Size(doc.Total.Bytes), Count(holes, "hole"), Length(hole))
	if format == "json" {
		return sentence, JSON(w, doc)
	}
	if len(sorted) == 0 {
		return sentence, nil
	}
	table := Table{Columns: []Column{
		{Head: "ACCOUNT", Min: 12, Keep: true}, {Head: "REGION", Min: 9}, {Head: "DAY", Min: 10, Keep: true},
		{Head: "FILES", Min: 5, Right: true, Keep: true}, {Head: "SIZE", Min: 7, Right: true, Keep: true},
		{Head: "FIRST", Min: 5, Keep: true}, {Head: "LAST", Min: 5, Keep: true}, {Head: "HOLES", Min: 8},
	}}
	for _, d := range sorted {
		region := d.Region
		if kind := d.Kind.String(); kind != "log file" {
			region += " " + kind + "s"
		}
		table.Rows = append(table.Rows, []string{
			term.Escape(d.Base.Account), term.Escape(region), d.Day.Format(time.DateOnly), fmt.Sprint(d.Files), Size(d.Bytes),
			d.First.Format("15:04"), d.Last.Format("15:04"), holesInWords(d),
		})
	}
	return sentence, table.Write(w, t.Width, t.Colour)
}

func dayInJSON(d *logs.Day) logDay {
	day := logDay{
		Account: d.Base.Account, Organization: d.Base.Org, Region: d.Region, Kind: d.Kind.String(), Day: d.Day.Format(time.DateOnly),
		Files: d.Files, Bytes: d.Bytes, First: d.First, Last: d.Last, Holes: []timeSpan{},
	}
	for _, h := range d.Holes {
		day.Holes = append(day.Holes, timeSpan{h.Start, h.End})
	}
	return day
}

// holesInWords names the longest hole of a day.
func holesInWords(d *logs.Day) string {
	if len(d.Holes) == 0 {
		return "-"
	}
	longest := d.Holes[0]
	for _, h := range d.Holes {
		if h.End.Sub(h.Start) > longest.End.Sub(longest.Start) {
			longest = h
		}
	}
	words := fmt.Sprintf("%s from %s", Length(longest.End.Sub(longest.Start)), longest.Start.Format("15:04"))
	if n := len(d.Holes) - 1; n > 0 {
		words += fmt.Sprintf(" and %d more", n)
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
