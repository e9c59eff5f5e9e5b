package render

import "strings"

// Terminal is what a table may assume about where it goes.
type Terminal struct {
	Width  int // 0: no terminal, nothing is cut
	Colour bool
	// Year is the present one, which counts on a narrow terminal do not show; 0
	// shows every year.
	Year int
}

// narrow is the width below which times go without their year, to leave room
// for what else is on the line.
const narrow = 100

// zoned heads a column of times. On a terminal the cells leave the zone to
// it; in a pipe each says it.
func zoned(head string, to Terminal) string {
	if to.Width > 0 {
		return head + " (UTC)"
	}
	return head
}

// withoutDomain is a service's name.
func withoutDomain(host string) string { return strings.TrimSuffix(host, ".amazonaws.com") }

// Thousands is a number for people: 4,511.
func Thousands(n int) string { return thousands(n) }

// Number is how many there are of something, for people: "1 record", "4,511
// records".
func Number(n int, noun string) string { return amount(int64(n), noun) }
