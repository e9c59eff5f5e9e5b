package filter

import (
	"strings"
	"time"

	"trailctl/internal/when"
)

// moment is a time to compare with.
type moment struct {
	at   time.Time
	text string // as CloudTrail writes it, when it is a whole second
}

const cloudTrailTime = "2006-01-02T15:04:05Z"

// maxTime bounds the length of what is taken for a time, in bytes.
const maxTime = 64

func newMoment(at time.Time) moment {
	m := moment{at: at}
	if text := at.Format(cloudTrailTime); at.Nanosecond() == 0 && len(text) == len(cloudTrailTime) {
		m.text = text
	}
	return m
}

// compare is -1, 0 or 1 as text is before, at or after the moment; false when
// it is no time.
func (m moment) compare(text []byte) (int, bool) {
	if m.text != "" && isCloudTrailTime(text) {
		switch { // no conversion here costs an allocation
		case string(text) == m.text:
			return 0, true
		case string(text) < m.text:
			return -1, true
		}
		return 1, true
	}
	at, ok := parseTime(text)
	return at.Compare(m.at), ok
}

// isCloudTrailTime tells times of the usual form, which can be compared as
// text. That some are no days of the calendar does not matter to their order.
func isCloudTrailTime(text []byte) bool {
	if len(text) != len(cloudTrailTime) {
		return false
	}
	for i, c := range text {
		if want := cloudTrailTime[i]; want >= '0' && want <= '9' {
			if c < '0' || c > '9' {
				return false
			}
		} else if c != want {
			return false
		}
	}
	return true
}

// recordLayouts are how records write times, besides the forms that people
// type: responseElements and requestParameters hold Java's.
var recordLayouts = []string{
	"Jan 2, 2006, 3:04:05 PM",
	"Jan 2, 2006 3:04:05 PM",
}

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
	if s == "now" {
		return true
	}
	_, err := when.ParseAgo(strings.TrimSuffix(s, " ago"))
	return err == nil
}
