package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"trailctl/bucket"
	"trailctl/internal/when"
	"trailctl/logs"
)

// someDays has files of an account in the minutes given.
func someDays(account, region string, minutes ...string) *logs.Days {
	days := &logs.Days{}
	addDays(days, account, region, minutes...)
	return days
}

func addDays(days *logs.Days, account, region string, minutes ...string) {
	for i, m := range minutes {
		at, _ := time.Parse("02T15:04", m)
		at = at.AddDate(2026, 0, 0)
		f := logs.Found{Object: bucket.Object{Size: 150_000, Modified: at.Add(time.Duration(i) * time.Second),
			Key: fmt.Sprintf("%s_CloudTrail_%s_%s_AbCdEfGhIjKlMnOp.json.gz", account, region, at.Format("20060102T1504Z"))}}
		if f.Key, f.Log = logs.ParseName(f.Object.Key); !f.Log {
			panic(f.Object.Key)
		}
		days.Add(f)
	}
}

func TestLogDays(t *testing.T) {
	window := when.Window{
		Start: time.Date(2026, 1, 13, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 1, 16, 0, 0, 0, 0, time.UTC),
	}
	write := func(days *logs.Days, format string, width int) (string, string) {
		var b bytes.Buffer
		words, err := LogDays(&b, format, Terminal{Width: width}, days, days.Sorted(time.Hour, window), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return b.String(), words
	}
	one := someDays("111122223333", "ap-southeast-1", "14T02:05", "14T05:00", "14T05:10", "14T15:10", "14T15:12")
	for _, c := range []struct {
		width int
		want  string
	}{
		{80, "" +
			"REGION          DAY         FILES       SIZE  FIRST  LAST   HOLES\n" +
			"ap-southeast-1  2026-01-13      0        0 B  -      -      1d2h from 00:00\n" +
			"ap-southeast-1  2026-01-14      5  732.4 KiB  02:05  15:12  1d8h from 15:12 +2\n" +
			"ap-southeast-1  2026-01-15      0        0 B  -      -      no file\n"},
		{160, "" +
			"ACCOUNT       REGION          DAY         FILES       SIZE  FIRST  LAST   LAG  HOLES\n" +
			"111122223333  ap-southeast-1  2026-01-13      0        0 B  -      -        -  1d2h from 00:00\n" +
			"111122223333  ap-southeast-1  2026-01-14      5  732.4 KiB  02:05  15:12   4s  2h55m from 02:05, 10h from 05:10, 1d8h from 15:12\n" +
			"111122223333  ap-southeast-1  2026-01-15      0        0 B  -      -        -  no file\n"},
	} {
		got, words := write(one, "table", c.width)
		if got != c.want {
			t.Errorf("%d columns:\n%s", c.width, got)
		}
		if named := strings.Contains(words, "account 111122223333, 5 log files"); named != (c.width == 80) || !strings.Contains(words, " 4 holes longer than 1h") {
			t.Errorf("%d columns: %s", c.width, words)
		}
	}
	// With more accounts the size gives way, and regions stay whole.
	two := someDays("111122223333", "ap-southeast-1", "14T02:05", "14T22:00")
	addDays(two, "444455556666", "ap-southeast-2", "14T02:05")
	two.Add(logs.Found{Object: bucket.Object{Key: "records.json", Size: 3}})
	got, words := write(two, "table", 80)
	for _, row := range []string{"111122223333  ap-southeast-1  2026-01-14      2  02:05  22:00  1d2h at 22:00 +1\n", "444455556666  ap-southeast-2  2026-01-13"} {
		if !strings.Contains(got, row) {
			t.Errorf("without %q:\n%s", row, got)
		}
	}
	if !strings.HasPrefix(words, "4 log files, ") || !strings.HasSuffix(words, "; 1 of the files are in no row, because their names are not those that CloudTrail gives") {
		t.Error(words)
	}
	raw, _ := write(one, "json", 0)
	var doc logDays
	if err := json.Unmarshal([]byte(raw), &doc); err != nil || len(doc.Days) != 3 {
		t.Fatalf("%v: %s", err, raw)
	}
	if d := doc.Days[0]; d.First != nil || d.Lag != nil || d.Files != 0 || len(d.Holes) != 1 {
		t.Errorf("%+v", d)
	}
	if d := doc.Days[1]; d.First == nil || d.Lag == nil || *d.Lag != 4 || len(d.Holes) != 3 {
		t.Errorf("%+v", d)
	}
}
