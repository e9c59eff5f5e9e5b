package filter

import (
	"bytes"
	"strconv"
)

// A file can be passed over when a text that every match holds stands nowhere
// in it. Two things make that less simple than a search. First, JSON may
// spell any character as an escape, and so may the text form; in an answer of
// LookupEvents, where records are strings in JSON, even the characters of an
// escape can be spelled so. But an escape always stands for at least one
// character, so a text can only hide when one of its characters is spelled.
// Second, records that come from the text form have JSON around their values
// that the file has not.

// absent tells that none of the texts can stand in the values of a file's
// records.
func (c *condition) absent(data []byte, spelled *spelling) bool {
	if c.literals == nil {
		return false
	}
	for i := range c.literals {
		if c.literals[i].in(data) {
			return false
		}
	}
	if c.whole && !isJSON(data) {
		return false
	}
	if !spelled.known {
		spelled.read(data)
	}
	for i := range c.literals {
		if spelled.mayHide(c.literals[i].text) {
			return false
		}
	}
	return true
}

// isJSON tells a file in one of the JSON forms from one in the text form, as
// logs.Split does.
func isJSON(data []byte) bool {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), " \n\r\t")
	return len(data) > 0 && (data[0] == '{' || data[0] == '[')
}

// spelling is which characters the escapes of a file stand for.
type spelling struct {
	known bool
	any   bool      // perhaps every character
	ascii [128]bool // these
	wide  bool      // some that are not ASCII
}

// read looks at every escape. Of a row of backslashes the last counts: each
// layer of escapes halves the row.
func (s *spelling) read(data []byte) {
	s.known = true
	for i := 0; !s.any; {
		n := bytes.IndexByte(data[i:], '\\')
		if n < 0 {
			return
		}
		i += n
		start := i
		for i < len(data) && data[i] == '\\' {
			i++
		}
		if i-start > 1 {
			s.ascii['\\'] = true
		}
		if i == len(data) {
			return
		}
		s.escape(data[i:])
	}
}

// escape notes what the escape stands for whose backslash stands before rest.
func (s *spelling) escape(rest []byte) {
	digits := 0
	switch c := rest[0]; c {
	case 'b', 'f', 'n', 'r', 't':
		s.ascii["\b\f\n\r\t"[bytes.IndexByte([]byte("bfnrt"), c)]] = true
		return
	case 'u':
		digits = 4
	case 'x':
		digits = 2
	case 'U':
		digits = 8
	default:
		if c < 128 {
			s.ascii[c] = true
		}
		return
	}
	if len(rest) <= digits {
		s.any = true
		return
	}
	n, err := strconv.ParseUint(string(rest[1:1+digits]), 16, 32)
	switch {
	case err != nil, n < 128 && partOfEscape(byte(n)):
		s.any = true
	case n < 128:
		s.ascii[n] = true
	default:
		s.wide = true
	}
}

// partOfEscape tells the characters of which escapes are made: where they are
// spelled themselves, anything may be.
func partOfEscape(c byte) bool {
	return c == '\\' || c == '/' || c == '"' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

// mayHide tells whether a character of a text is one that is spelled.
func (s *spelling) mayHide(text []byte) bool {
	if s.any || bytes.ContainsRune(text, '\uFFFD') { // which also stands for bytes that are no UTF-8
		return true
	}
	for _, c := range text {
		if c < 128 && s.ascii[c] || c >= 128 && s.wide {
			return true
		}
	}
	return false
}
