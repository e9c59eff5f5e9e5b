package describe

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of texts in a record, in bytes. CloudTrail cuts an error message at
// 1 KB ("CloudTrail record contents", errorMessage).
const (
	maxWord    = 128
	maxMessage = 1 << 10
)

// word is a name that somebody chose, fit for a record: an operation or an
// error code.
func word(s string) string { return clean(s, maxWord) }

// clean makes a text fit for a record: one line of valid UTF-8 without control
// characters, and at most so many bytes.
func clean(s string, most int) string {
	if len(s) > 4*most { // no need to look at more
		s = s[:4*most]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Cf):
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	for len(s) > most {
		_, n := utf8.DecodeLastRuneInString(s[:most+1])
		s = s[:most+1-n]
	}
	return s
}

// lowerFirst is a member's name as records carry it.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
