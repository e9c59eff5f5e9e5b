package when

import (
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"now", "2026-02-03T12:00:00Z"},
		{"2h", "2026-02-03T10:00:00Z"},
		{"2h ago", "2026-02-03T10:00:00Z"},
		{"1h30m", "2026-02-03T10:30:00Z"},
		{"7d", "2026-01-27T12:00:00Z"},
		{"2w", "2026-01-20T12:00:00Z"},
		{"2026-01-31", "2026-01-31T00:00:00Z"},
		{"2026-01-31T13:00", "2026-01-31T13:00:00Z"},
		{"2026-01-31 13:00:05", "2026-01-31T13:00:05Z"},
		{"2026-01-31T13:00:00Z", "2026-01-31T13:00:00Z"},
		// The reference tool reads this as 13:00Z.
		{"2026-01-31T13:00:00+05:00", "2026-01-31T08:00:00Z"},
		{"2026-01-31T13:00+05:00", "2026-01-31T08:00:00Z"},
	} {
		got, err := Parse(c.in, noon)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.in, err)
		} else if s := got.Format(time.RFC3339); s != c.want {
			t.Errorf("Parse(%q) = %s, want %s", c.in, s, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	// "10" means the 10th of this month to the reference tool: nobody's guess.
	for _, in := range []string{"", "10", "yesterday", "13:00", "-2h", "31/01/2026", "2026-02-30", "2026-1-1", "1e9h", "999999w999999w"} {
		if got, err := Parse(in, noon); err == nil {
			t.Errorf("Parse(%q) = %s, want an error", in, got)
		}
	}
}

func TestParseWindow(t *testing.T) {
	for _, c := range []struct{ start, end, since, want string }{
		{"", "", "", "the beginning to now"},
		{"2026-01-01", "", "", "2026-01-01T00:00:00Z to now"},
		{"2026-01-01", "2026-01-02", "", "2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z"},
		{"", "", "2h", "2026-02-03T10:00:00Z to now"},
		{"", "1h", "2h", "2026-02-03T10:00:00Z to 2026-02-03T11:00:00Z"},
		{"", "", "2026-01-01", "2026-01-01T00:00:00Z to now"},
	} {
		w, err := ParseWindow(c.start, c.end, c.since, noon)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
		} else if w.String() != c.want {
			t.Errorf("%+v: got %s", c, w)
		}
	}
	for _, c := range []struct{ start, end, since, want string }{
		{"2026-01-01", "", "2h", "give one of them"},
		{"2026-01-02", "2026-01-01", "", "empty"},
		{"2026-01-02", "2026-01-02", "", "empty"},
		{"x", "", "", "--start-time"},
		{"", "x", "", "--end-time"},
		{"", "", "x", "--since"},
	} {
		if _, err := ParseWindow(c.start, c.end, c.since, noon); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want an error with %q", c, err, c.want)
		}
	}
}

func TestContains(t *testing.T) {
	w := Window{Start: noon, End: noon.Add(time.Hour)}
	for _, c := range []struct {
		at   time.Duration
		want bool
	}{{-1, false}, {0, true}, {time.Hour - 1, true}, {time.Hour, false}} {
		if got := w.Contains(noon.Add(c.at)); got != c.want {
			t.Errorf("at %s: %v", c.at, got)
		}
	}
	if !(Window{}).Contains(noon) {
		t.Error("an open window contains everything")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"now", "2h", "7d", "2026-01-31", "2026-01-31T13:00+05:00", "999999w"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s, noon)
		if err == nil && got.Location() != time.UTC {
			t.Errorf("Parse(%q) is not in UTC: %s", s, got)
		}
		if d, err := ParseAgo(s); err == nil && d < 0 {
			t.Errorf("ParseAgo(%q) = %s", s, d)
		}
	})
}
