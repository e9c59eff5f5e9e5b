package count

import (
	"math"
	"time"
)

// A moment is a time in microseconds since 1970, UTC: it holds every year
// that RFC 3339 can write.

// noMoment stands for an eventTime that is absent or cannot be read.
const noMoment = math.MinInt64

// canonical is how CloudTrail writes times: 2006-01-02T15:04:05Z.
const canonical = len("2006-01-02T15:04:05Z")

// moment reads an eventTime as logs.Record.Time does.
func moment(text []byte) int64 {
	if at, ok := quick(text); ok {
		return at
	}
	t, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return noMoment
	}
	return t.UnixMicro()
}

// quick reads a time in the canonical form, unless something about it is odd.
func quick(s []byte) (int64, bool) {
	if len(s) != canonical || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' || s[16] != ':' || s[19] != 'Z' {
		return 0, false
	}
	century, y := two(s), two(s[2:])
	month, day := two(s[5:]), two(s[8:])
	hour, minute, second := two(s[11:]), two(s[14:]), two(s[17:])
	if century|y|month|day|hour|minute|second < 0 {
		return 0, false
	}
	year := century*100 + y
	if month < 1 || month > 12 || day < 1 || day > 28 && day > daysIn(month, year) || hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	days := daysTo(year, month, day)
	return int64((days*24+hour)*60+minute)*60e6 + int64(second)*1e6, true
}

// two reads two digits; less than 0 when they are none.
func two(s []byte) int {
	a, b := s[0]-'0', s[1]-'0'
	if a > 9 || b > 9 {
		return -1
	}
	return int(a)*10 + int(b)
}

func daysIn(month, year int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysTo counts the days from 1970 to a date of the Gregorian calendar. Years
// are taken to begin in March, so that the leap day is their last, and are
// counted in eras of 400, which all have as many days.
func daysTo(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := (year + 400) / 400 // the year before 0 is in an era of its own
	of := year + 400 - era*400
	inYear := (153*(month-3)+2)/5 + day - 1
	return (era-1)*146097 + of*365 + of/4 - of/100 + inYear - 719468
}

// Pieces of weeks begin on Mondays; 1970 began on a Thursday.
const (
	day       = 24 * time.Hour
	week      = 7 * day
	toMonday  = 4 * day
	microsecs = int64(time.Microsecond)
)

// start is where the piece of time begins that a moment lies in. Pieces are
// counted from midnight UTC of 1 January 1970, those of whole weeks from the
// Monday after it: those of an hour begin at full hours, those of a day at
// midnight.
func start(at int64, interval time.Duration) int64 {
	step, shift := int64(interval)/microsecs, int64(0)
	if interval%week == 0 {
		shift = int64(toMonday) / microsecs
	}
	rest := (at - shift) % step
	if rest < 0 {
		rest += step
	}
	return at - rest
}

func toTime(at int64) time.Time { return time.UnixMicro(at).UTC() }
