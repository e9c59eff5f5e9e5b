package filter

import (
	"strings"
	"time"

	"trailctl/internal/when"
)

// maxTime bounds the length of what is taken for a time, in bytes.
const maxTime = 64

// recordLayouts are how records write times, besides the forms that people
// type: responseElements and requestParameters hold Java's.
var recordLayouts = []string{
	"Jan 2, 2006, 3:04:05 PM",
	"Jan 2, 2006 3:04:05 PM",
}

// parseTime reads a time of the form that people type or that records have
// below their top. It is lenient: what has no zone is UTC. The eventTime is
// not read by it: see isEventTime.
func parseTime(text []byte) (time.Time, bool) {
	if len(text) < len("2006-01-02") || len(text) > maxTime {
		return time.Time{}, false
	}
	s := string(text)
	if t, err := when.Parse(s, time.Time{}); err == nil {
		return t, !relative(s)
	}
	// Newer versions of Java put a narrow no-break space before AM and PM.
	s = strings.ReplaceAll(s, "\u202f", " ")
	for _, l := range recordLayouts {
		if t, err := time.Parse(l, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// relative tells times that depend on the clock.
func relative(s string) bool {
	s = strings.TrimSpace(s)
	if s == "now" || strings.HasSuffix(s, " ago") {
		return true
	}
	_, err := when.ParseAgo(s)
	return err == nil
}

// isEventTime tells the field by which a window chooses. A filter must judge
// its values as the window does, so both ask logs.Record.Time.
func isEventTime(path string) bool {
	return path == "eventTime" || path == `"eventTime"` || path == "time"
}
