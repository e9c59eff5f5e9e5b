package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-runewidth"

	"trailctl/logs"
	"trailctl/logs/count"
)

func statsResult(t *testing.T, by, distinct string, interval time.Duration) *count.Result {
	t.Helper()
	o := count.Options{Interval: interval}
	for name, to := range map[string]*[]logs.Path{by: &o.By, distinct: &o.Distinct} {
		if name == "" {
			continue
		}
		p, err := logs.ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		*to = append(*to, p)
	}
	counter := count.New(o)
	v := counter.Visitor()
	for i := range 2000 {
		name := "DescribeNetworkInterfacePermissions"
		switch {
		case i%4 == 0:
			name = "GetObject"
		case i%100 == 1:
			name = `\u001b[2J\u202e文字`
		}
		at := time.Date(2026, 1, 15, 9+i%3+20*(i%7/6), 0, 0, 0, time.UTC).Format(time.RFC3339)
		v.Record(nil, &logs.Record{Raw: fmt.Appendf(nil, `{"eventTime":"%s","eventName":"%s","sourceIPAddress":"10.0.0.%d"}`, at, name, i%50)})
	}
	v.Record(nil, &logs.Record{Raw: []byte(`{"eventVersion":"1.08"}`)})
	return counter.Result()
}

func TestLogStatsTable(t *testing.T) {
	for _, c := range []struct {
		by, distinct string
		interval     time.Duration
		width, top   int
		want         string
	}{
		{by: "eventName", distinct: "sourceIPAddress", width: 80, top: 2, want: `
eventName                  RECORDS   SHARE  FIRST (UTC)  LAST (UTC)   # sourceI…
DescribeNetw…ePermissions    1,480  74.0 %  01-15 09:00  01-16 07:00          50
GetObject                      500  25.0 %  01-15 09:00  01-16 07:00          25
and 2 more values, 21 records
`},
		{by: "eventName", width: 120, want: `
eventName                            RECORDS   SHARE  FIRST (UTC)       LAST (UTC)
DescribeNetworkInterfacePermissions    1,480  74.0 %  2026-01-15 09:00  2026-01-16 07:00  ██████████████████████████████
GetObject                                500  25.0 %  2026-01-15 09:00  2026-01-16 07:00  ██████████▏
\x1b[2J\u202e文字                         20   1.0 %  2026-01-15 09:00  2026-01-16 07:00  ▍
(none)                                     1  <0.1 %  -                 -                 ▏
`},
		{interval: time.Hour, width: 50, want: `
FROM (UTC)   RECORDS
01-15 09:00      572  ████████████████████████████
01-15 10:00      572  ████████████████████████████
01-15 11:00      571  ████████████████████████████
… 17 empty
01-16 05:00       95  ████▋
01-16 06:00       95  ████▋
01-16 07:00       95  ████▋
`},
		{by: "eventName", interval: 24 * time.Hour, width: 60, want: `
FROM (UTC)      RECORDS  Descr…ions  GetObject  (others)
Thu 2026-01-15    1,715       1,268        429        18
Fri 2026-01-16      285         212         71         2
`},
		{distinct: "eventName", width: 80, want: `
RECORDS    SHARE  FIRST (UTC)  LAST (UTC)   # eventName
  2,001  100.0 %  01-15 09:00  01-16 07:00            3
`},
	} {
		var b bytes.Buffer
		if err := LogStats(&b, "table", Terminal{Width: c.width, Year: 2026}, Counted{}, statsResult(t, c.by, c.distinct, c.interval), c.top); err != nil {
			t.Fatal(err)
		}
		if got := "\n" + b.String(); got != c.want {
			t.Errorf("by %q at %d columns:%s", c.by, c.width, got)
		}
		for line := range strings.Lines(b.String()) {
			if w := runewidth.StringWidth(strings.TrimSuffix(line, "\n")); w > c.width {
				t.Errorf("%d columns on a terminal of %d: %s", w, c.width, line)
			}
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
