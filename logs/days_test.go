package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
	"trailctl/internal/when"
)

func TestDays(t *testing.T) {
	var keys []string
	for _, file := range []string{
		"us-east-1 2026-01-01T10:00", "us-east-1 2026-01-01T10:59", "us-east-1 2026-01-01T12:00", "us-east-1 2026-01-01T12:00",
		"us-east-1 2026-01-01T23:30", "us-east-1 2026-01-02T00:20", "us-east-1 2026-01-05T07:00",
		"eu-west-1 2026-01-01T00:00", "eu-west-1 2026-01-01T01:00",
	} {
		region, minute, _ := strings.Cut(file, " ")
		keys = append(keys, logKey(account, region, minute, fmt.Sprintf("n%d", len(keys))))
	}
	keys = append(keys, logKey(other, "us-east-1", "2026-01-01T03:00", "x"), "some/other.json")
	want := []string{
		"123456789012 eu-west-1 2026-01-01 2 files 20 B 00:00-01:00",
		"123456789012 us-east-1 2026-01-01 5 files 50 B 10:00-23:30 10:59..12:00 12:00..23:30",
		"123456789012 us-east-1 2026-01-02 1 files 10 B 00:20-00:20 00:20..07:00",
		"123456789012 us-east-1 2026-01-03 to 2026-01-04 no files",
		"123456789012 us-east-1 2026-01-05 1 files 10 B 07:00-07:00",
		"210987654321 us-east-1 2026-01-01 1 files 10 B 03:00-03:00",
	}
	for range 2 { // in whatever order they come
		var days Days
		for _, k := range keys {
			f := Found{Object: bucket.Object{Key: k, Size: 10}}
			f.Key, f.Log = ParseName(k)
			days.Add(f)
		}
		var got []string
		for _, d := range days.Sorted(time.Hour, when.Window{}) {
			line := dayLine(d)
			got = append(got, line)
		}
		if !slices.Equal(got, want) || days.Other != 1 || days.OtherBytes != 10 {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		slices.Reverse(keys)
	}
}

func dayLine(d *Day) string {
	line := fmt.Sprintf("%s %s %s", d.Base.Account, d.Region, d.Day.Format("2006-01-02"))
	if !d.LastDay.Equal(d.Day) {
		line += d.LastDay.Format(" to 2006-01-02")
	}
	if d.Files == 0 {
		line += " no files"
	} else {
		line += fmt.Sprintf(" %d files %d B %s-%s", d.Files, d.Bytes, d.First.Format("15:04"), d.Last.Format("15:04"))
	}
	for _, h := range d.Holes {
		line += " " + h.Start.Format("15:04") + ".." + h.End.Format("15:04")
	}
	return line
}

// With a window its edges count, and so do days and regions without a file.
func TestDaysOfAWindow(t *testing.T) {
	quiet := Place{bucket.Base{Account: account}, "eu-west-1", bucket.LogFile}
	insights := Place{bucket.Base{Account: account}, "eu-west-1", bucket.Insight}
	for _, c := range []struct {
		name, start, end string
		files            []string
		want             []string
	}{
		{"full", "2026-01-02T10:00", "2026-01-02T13:00", []string{"2026-01-02T10:30", "2026-01-02T11:30", "2026-01-02T12:30"}, []string{
			"us-east-1 2026-01-02 3 files 0 B 10:30-12:30",
		}},
		{"it stopped", "2026-01-02T10:00", "2026-01-02T18:00", []string{"2026-01-02T10:30", "2026-01-02T11:00"}, []string{
			"us-east-1 2026-01-02 2 files 0 B 10:30-11:00 11:00..18:00",
		}},
		{"it began late", "2026-01-02T10:00", "2026-01-02T18:00", []string{"2026-01-02T17:30"}, []string{
			"us-east-1 2026-01-02 1 files 0 B 17:30-17:30 10:00..17:30",
		}},
		{"days before", "2026-01-02T10:00", "2026-01-05T00:00", []string{"2026-01-04T00:00", "2026-01-04T23:59"}, []string{
			"us-east-1 2026-01-02 to 2026-01-03 no files 10:00..00:00",
			"us-east-1 2026-01-04 2 files 0 B 00:00-23:59 00:00..23:59",
		}},
		{"days after, and an hour of the last", "2026-01-02T10:00", "2026-01-05T01:00", []string{"2026-01-02T10:00", "2026-01-03T10:00"}, []string{
			"us-east-1 2026-01-02 1 files 0 B 10:00-10:00 10:00..10:00",
			"us-east-1 2026-01-03 1 files 0 B 10:00-10:00 10:00..01:00",
			"us-east-1 2026-01-04 to 2026-01-05 no files",
		}},
		{"a minute before the start", "2026-01-03T00:00", "2026-01-03T00:30", []string{"2026-01-02T23:59", "2026-01-03T00:10"}, []string{
			"us-east-1 2026-01-02 1 files 0 B 23:59-23:59",
			"us-east-1 2026-01-03 1 files 0 B 00:10-00:10",
		}},
		{"only a start", "2026-01-02T10:00", "", []string{"2026-01-02T12:30"}, []string{
			"us-east-1 2026-01-02 1 files 0 B 12:30-12:30 10:00..12:30",
		}},
		{"only an end", "", "2026-01-03T01:00", []string{"2026-01-02T12:30"}, []string{
			"us-east-1 2026-01-02 1 files 0 B 12:30-12:30 12:30..01:00",
			"us-east-1 2026-01-03 no files",
		}},
		{"no file at all", "2026-01-02T10:00", "2026-01-04T12:00", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var days Days
			for i, minute := range c.files {
				f := Found{Object: bucket.Object{Key: logKey(account, "us-east-1", minute, fmt.Sprint("n", i))}}
				f.Key, f.Log = ParseName(f.Object.Key)
				days.Add(f)
			}
			var window when.Window
			if c.start != "" {
				window.Start = at(c.start)
			}
			if c.end != "" {
				window.End = at(c.end)
			}
			places := []Place{insights}
			want := slices.Clone(c.want)
			if c.start != "" && c.end != "" { // a region of which only the folder is known
				places = append(places, quiet)
				line := "eu-west-1 " + c.start[:10]
				if last := window.End.Add(-1).Format("2006-01-02"); last != c.start[:10] {
					line += " to " + last
				}
				line += " no files"
				if window.End.Sub(window.Start) > time.Hour {
					line += " " + c.start[11:] + ".." + c.end[11:]
				}
				want = append([]string{line}, want...)
			}
			for range 2 { // asking does not change it
				var got []string
				for _, d := range days.Sorted(time.Hour, window, places...) {
					got = append(got, strings.TrimPrefix(dayLine(d), account+" "))
				}
				if !slices.Equal(got, want) {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
		})
	}
}
