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
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// lowerFirst is a member's name as records carry it.
func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}
