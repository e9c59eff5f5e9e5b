package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"trailctl/logs"
	"trailctl/logs/count"
)

func countOf(t *testing.T, by string, values, times []string) *count.Result {
	t.Helper()
	p, err := logs.ParsePath(by)
	if err != nil {
		t.Fatal(err)
	}
	counter := count.New(count.Options{By: []logs.Path{p}})
	v := counter.Visitor()
	for _, value := range values {
		for _, at := range times {
			v.Record(nil, &logs.Record{Raw: fmt.Appendf(nil, `{"eventTime":"%s","eventName":"%s","userIdentity":{"arn":"%s"}}`, at, value, value)})
		}
	}
	return counter.Result()
}

func statsTable(t *testing.T, width int, r *count.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := LogStats(&b, "table", Terminal{Width: width, Year: 2026}, Counted{}, r, 0); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A count shows the year of times that are not all of the present one, and
// never a part of a time.
func TestTimesOfCountsAreWhole(t *testing.T) {
	old, now := []string{"2015-06-17T00:47:00Z", "2022-11-10T16:24:00Z"}, []string{"2026-01-15T09:00:00Z"}
	long := []string{"DescribeNetworkInterfacePermissions", strings.Repeat("Name", 12)}
	for _, c := range []struct {
		width  int
		values []string
		times  []string
		want   []string
	}{
		{80, []string{"root"}, old, []string{"2015-06-17 00:47  2022-11-10 16:24"}},
		{80, []string{"root"}, append(old, now...), []string{"2015-06-17 00:47  2026-01-15 09:00"}},
		{80, long, old, []string{"2015-06-17   2022-11-10"}},
		{80, []string{"root"}, now, []string{"  01-15 09:00  01-15 09:00"}},
		{100, []string{"root"}, now, []string{"2026-01-15 09:00  2026-01-15 09:00"}},
		{100, long, now, []string{"  01-15 09:00  01-15 09:00", long[1]}},
		{140, long, now, []string{"2026-01-15 09:00  2026-01-15 09:00", long[1]}},
	} {
		got := statsTable(t, c.width, countOf(t, "eventName", c.values, c.times))
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%q is not in\n%s", want, got)
			}
		}
		for line := range strings.Lines(got) {
			if w := cellWidth(strings.TrimSuffix(line, "\n")); w > c.width {
				t.Errorf("%d columns on %d: %s", w, c.width, line)
			}
		}
	}
}

// Values that differ look different, whatever the width.
func TestCountedValuesAreToldApart(t *testing.T) {
	const role = "arn:aws:sts::123456789012:assumed-role/"
	for name, values := range map[string][]string{
		"sessions":     {role + "a-role-with-a-long-name/alice", role + "a-role-with-a-long-name/bob", role + "a-role-with-a-long-name/carol"},
		"roles":        {role + "one-role-with-a-long-name/session", role + "two-role-with-a-long-name/session"},
		"in the midst": {role + "a-role-with-a-long-name-1-and-more-of-it/a-session-with-a-long-name-at-the-end-of-it", role + "a-role-with-a-long-name-2-and-more-of-it/a-session-with-a-long-name-at-the-end-of-it"},
	} {
		for _, width := range []int{40, 60, 80, 100, 120, 160, 250} {
			got := statsTable(t, width, countOf(t, "userIdentity.arn", values, []string{"2026-01-15T09:00:00Z"}))
			shown := map[string]bool{}
			for _, line := range strings.Split(got, "\n")[1:] {
				if line != "" {
					shown[strings.Fields(line)[0]] = true
				}
			}
			if len(shown) != len(values) {
				t.Errorf("%s at %d columns:\n%s", name, width, got)
			}
		}
	}
}
