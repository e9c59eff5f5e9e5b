// Package when reads the times and windows that people type: RFC 3339 times,
// dates, "2h" ago, "now". It never looks at a clock by itself: the caller
// says what time it is.
package when

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Window is a half-open range of time, Start included and End not. A zero
// Start or End leaves that side open.
type Window struct {
	Start, End time.Time
}

// Contains tells whether t lies in the window.
func (w Window) Contains(t time.Time) bool {
	return (w.Start.IsZero() || !t.Before(w.Start)) && (w.End.IsZero() || t.Before(w.End))
}

func (w Window) String() string {
	side := func(t time.Time, open string) string {
		if t.IsZero() {
			return open
		}
		return t.UTC().Format(time.RFC3339)
	}
	return side(w.Start, "the beginning") + " to " + side(w.End, "now")
}

// layouts are tried in this order; those without a zone are UTC.
var layouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05",
	"2006-01-02 15:04",
	"2006-01-02",
}

// Parse reads one time: RFC 3339, a date and time or a date (UTC), "now", or
// how long ago ("90s", "15m", "2h", "7d", "2w"). The result is in UTC.
func Parse(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "now" {
		return now.UTC(), nil
	}
	s = strings.TrimSuffix(s, " ago")
	if d, err := ParseAgo(s); err == nil {
		return now.UTC().Add(-d), nil
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time: use 2026-01-31, 2026-01-31T13:00:00Z, 2h, 7d or now", s)
}

var agoPattern = regexp.MustCompile(`^(\d{1,6})(s|m|h|d|w)$`)

var units = map[string]time.Duration{
	"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// ParseAgo reads a length of time: a Go duration ("1h30m") or a number of
// days or weeks ("7d", "2w").
func ParseAgo(s string) (time.Duration, error) {
	if m := agoPattern.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil && time.Duration(n) <= (1<<63-1)/units[m[2]] {
			return time.Duration(n) * units[m[2]], nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a length of time: use 90s, 15m, 2h, 7d or 2w", s)
	}
	return d, nil
}

// ParseWindow reads the texts of --start-time, --end-time and --since, each
// of which may be empty.
func ParseWindow(start, end, since string, now time.Time) (Window, error) {
	var w Window
	if since != "" && start != "" {
		return w, fmt.Errorf("--since and --start-time both say where to start: give one of them")
	}
	var err error
	if since != "" {
		// A moment works too: --since 2026-01-31.
		if w.Start, err = Parse(since, now); err != nil {
			return w, fmt.Errorf("--since: %w", err)
		}
		if w.Start.Equal(now) && since != "now" {
			return w, fmt.Errorf("--since %s: that is no time at all: use 90s, 15m, 2h, 7d or 2w", since)
		}
	}
	if start != "" {
		if w.Start, err = Parse(start, now); err != nil {
			return w, fmt.Errorf("--start-time: %w", err)
		}
	}
	if end != "" {
		if w.End, err = Parse(end, now); err != nil {
			return w, fmt.Errorf("--end-time: %w", err)
		}
	}
	if !w.Start.IsZero() && !w.End.IsZero() && !w.Start.Before(w.End) {
		return w, fmt.Errorf("the window is empty: it starts at %s and ends at %s",
			w.Start.Format(time.RFC3339), w.End.Format(time.RFC3339))
	}
	return w, nil
}
