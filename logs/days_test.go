package logs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
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
		for _, d := range days.Sorted(time.Hour) {
			line := fmt.Sprintf("%s %s %s %d files %d B %s-%s", d.Base.Account, d.Region, d.Day.Format("2006-01-02"), d.Files, d.Bytes, d.First.Format("15:04"), d.Last.Format("15:04"))
			for _, h := range d.Holes {
				line += " " + h.Start.Format("15:04") + ".." + h.End.Format("15:04")
			}
			got = append(got, line)
		}
		if !slices.Equal(got, want) || days.Other != 1 || days.OtherBytes != 10 {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		slices.Reverse(keys)
	}
}
