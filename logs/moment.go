package logs

import "time"

// parseTime reads a time of RFC 3339. Those that CloudTrail writes, of the
// form 2006-01-02T15:04:05Z, cost no allocation.
func parseTime(text []byte) (time.Time, bool) {
	if t, ok := parseUTC(text); ok {
		return t, true
	}
	if len(text) == 0 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, string(text))
	return t.UTC(), err == nil
}

func parseUTC(text []byte) (time.Time, bool) {
	const form = "dddd-dd-ddTdd:dd:ddZ"
	if len(text) != len(form) {
		return time.Time{}, false
	}
	for i, c := range text {
		if form[i] == 'd' && !isDigit(c) || form[i] != 'd' && form[i] != c {
			return time.Time{}, false
		}
	}
	two := func(i int) int { return int(text[i]-'0')*10 + int(text[i+1]-'0') }
	month, day := two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	t := time.Date(two(0)*100+two(2), time.Month(month), day, hour, minute, second, 0, time.UTC)
	// A day that there is not would have become another one.
	sound := month >= 1 && month <= 12 && t.Day() == day && day > 0 && hour < 24 && minute < 60 && second < 60
	return t, sound
}
