package filter

import (
	"fmt"
	"testing"
	"time"

	"trailctl/internal/when"
	"trailctl/logs"
)

var oddTimes = []string{
	`"2026-01-31T13:30:00Z"`, `"2026-01-31T13:30:00.5Z"`, `"2026-01-31T15:30:00+02:00"`, `"2026-01-31T13:30:00"`, `"Jan 31, 2026 1:30:00 PM"`,
	`"Jan 31, 2026, 1:30:00 PM"`, `"2026-01-31 13:30:00"`, `"2026-01-31T13:60:00Z"`, `"2026-01-31T23:59:60Z"`, `"2026-02-30T00:00:00Z"`,
	`"2026-01-31"`, `"2026-01-31T13:30:00Z "`, `"2026-01-31t13:30:00z"`, `"9999-12-31T23:59:59Z"`, `"2h"`, `"now"`, `1769866200`, `"bad"`, `""`, `null`,
}

// A filter for eventTime chooses as a window does, whatever the record has
// there.
func TestEventTimeAsTheWindow(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range oddTimes {
		r := logs.Record{Raw: fmt.Appendf(nil, `{"eventVersion":"1.08","eventTime":%s}`, text)}
		at, ok := r.Time()
		want := ok && when.Window{Start: start}.Contains(at)
		for _, field := range []string{"eventTime", `"eventTime"`, "$.eventTime", "time"} {
			f := mustCompile(t, Options{Filters: []string{field + ">=2026-01-01"}})
			if got := f.Match(&r); got != want {
				t.Errorf("%s of %s: %v, the window says %v", field, text, got, want)
			}
		}
	}
}

// Other fields have times in further forms; what is no time is in none.
func TestOtherTimes(t *testing.T) {
	f := mustCompile(t, Options{Filters: []string{"responseElements.expiration>=2026-01-01"}})
	for text, want := range map[string]bool{
		"2026-01-31T13:30:00Z": true, "2026-01-31T13:30:00": true, "2026-01-31 13:30:00": true, "2026-01-31": true,
		"Nov 2, 2026, 7:45:54 PM": true, "Nov 2, 2026 7:45:54 PM": true, "Nov 2, 2026, 7:45:54\u202fPM": true,
		"2026-01-31T13:60:00Z": false, "2026-01-31T24:00:00Z": false, "2026-02-30T00:00:00Z": false, "2026-13-01T00:00:00Z": false,
		"9999-99-99T99:99:99Z": false, "2026-01-31 ago": false, "Nov 31, 2026, 7:45:54 PM": false, "now": false, "999999h": false,
	} {
		r := logs.Record{Raw: fmt.Appendf(nil, `{"responseElements":{"expiration":%q}}`, text)}
		if got := f.Match(&r); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
