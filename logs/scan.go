package logs

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// maxDepth bounds the nesting of a document; encoding/json has the same bound.
const maxDepth = 10000

// scanner walks JSON text byte by byte without building anything. It accepts
// exactly what RFC 8259 calls JSON, save that it does not look at UTF-8.
// Its methods take the position to start at and return the one after what
// they walked over.
type scanner struct {
	data []byte
	// One bit for each open bracket: 1 for an object, 0 for an array.
	open  []uint64
	depth int
	// careful goes without skim, for tests that compare the two.
	careful bool
}

func (s *scanner) fail(at int, format string, args ...any) *DamageError {
	if at >= len(s.data) {
		return &DamageError{int64(len(s.data)), "the file ends in the middle of a JSON value"}
	}
	return &DamageError{int64(at), fmt.Sprintf(format, args...)}
}

// at describes the byte at a position.
func (s *scanner) at(i int) string {
	if c := s.data[i]; c > ' ' && c < 0x7f {
		return fmt.Sprintf("%q", c)
	}
	return fmt.Sprintf("byte 0x%02x", s.data[i])
}

func (s *scanner) space(i int) int {
	for i < len(s.data) {
		switch s.data[i] {
		case ' ', '\n', '\r', '\t':
			i++
		default:
			return i
		}
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// marks has the highest bit of each byte set that is a quote, a backslash or
// a control character. The lowest marked byte is exact, higher ones may not
// be.
func marks(x uint64) uint64 {
	low := x ^ ones*2 // the quote changes place with the blank
	slash := x ^ ones*'\\'
	return ((low-ones*0x21)&^low | (slash-ones)&^slash) & highs
}

// str walks over a string whose opening quote is at i. escaped tells whether
// it holds a backslash.
func (s *scanner) str(i int) (end int, escaped bool, err *DamageError) {
	data := s.data
	i++
	for {
		// Eight bytes at a time.
		for i+8 <= len(data) {
			if m := marks(binary.LittleEndian.Uint64(data[i:])); m != 0 {
				i += bits.TrailingZeros64(m) / 8
				if data[i] == '"' {
					return i + 1, escaped, nil
				}
				break
			}
			i += 8
		}
		for i < len(data) && data[i] >= 0x20 && data[i] != '"' && data[i] != '\\' {
			i++
		}
		if i >= len(data) {
			return i, escaped, s.fail(i, "")
		}
		switch data[i] {
		case '"':
			return i + 1, escaped, nil
		case '\\':
			escaped = true
			if i, err = s.escape(i); err != nil {
				return i, escaped, err
			}
		default:
			return i, escaped, s.fail(i, "control character 0x%02x in a string", data[i])
		}
	}
}

// escape walks over a backslash and what belongs to it.
func (s *scanner) escape(i int) (int, *DamageError) {
	if i+1 >= len(s.data) {
		return i, s.fail(len(s.data), "")
	}
	switch s.data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2, nil
	case 'u':
		for j := i + 2; j < i+6; j++ {
			if j >= len(s.data) || !isHex(s.data[j]) {
				return j, s.fail(j, `\u without four hexadecimal digits`)
			}
		}
		return i + 6, nil
	}
	return i, s.fail(i+1, `no escape in JSON: \ and %s`, s.at(i+1))
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// scalar walks over a number, true, false or null.
func (s *scanner) scalar(i int) (int, *DamageError) {
	if i >= len(s.data) {
		return i, s.fail(i, "")
	}
	switch c := s.data[i]; {
	case c == '-' || isDigit(c):
		return s.number(i)
	case c == 't':
		return s.word(i, "true")
	case c == 'f':
		return s.word(i, "false")
	case c == 'n':
		return s.word(i, "null")
	}
	return i, s.fail(i, "expected a value, found %s", s.at(i))
}

func (s *scanner) word(i int, w string) (int, *DamageError) {
	for j := range len(w) {
		if i+j >= len(s.data) || s.data[i+j] != w[j] {
			return i + j, s.fail(i+j, "expected %s, found %s", w, s.found(i+j))
		}
	}
	return i + len(w), nil
}

// found is at, for positions that may lie behind the end.
func (s *scanner) found(i int) string {
	if i >= len(s.data) {
		return "the end"
	}
	return s.at(i)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (s *scanner) number(i int) (int, *DamageError) {
	if s.data[i] == '-' {
		i++
	}
	if i < len(s.data) && s.data[i] == '0' {
		i++
	} else {
		var err *DamageError
		if i, err = s.digits(i); err != nil {
			return i, err
		}
	}
	var err *DamageError
	if i < len(s.data) && s.data[i] == '.' {
		if i, err = s.digits(i + 1); err != nil {
			return i, err
		}
	}
	if i < len(s.data) && (s.data[i] == 'e' || s.data[i] == 'E') {
		i++
		if i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		return s.digits(i)
	}
	return i, nil
}

func (s *scanner) digits(i int) (int, *DamageError) {
	if i >= len(s.data) || !isDigit(s.data[i]) {
		return i, s.fail(i, "expected a digit, found %s", s.found(i))
	}
	for i < len(s.data) && isDigit(s.data[i]) {
		i++
	}
	return i, nil
}

func (s *scanner) push(i int, object uint64) *DamageError {
	if s.depth >= maxDepth {
		return s.fail(i, "nested deeper than %d levels", maxDepth)
	}
	word, bit := s.depth/64, uint(s.depth%64)
	if word == len(s.open) {
		s.open = append(s.open, 0)
	}
	s.open[word] = s.open[word]&^(1<<bit) | object<<bit
	s.depth++
	return nil
}

func (s *scanner) inObject() bool {
	d := s.depth - 1
	return s.open[d/64]>>(uint(d)%64)&1 == 1
}

// value walks over one value of any kind.
func (s *scanner) value(i int) (int, *DamageError) {
	i = s.space(i)
	if i >= len(s.data) {
		return i, s.fail(i, "")
	}
	switch s.data[i] {
	case '"':
		end, _, err := s.str(i)
		return end, err
	case '{', '[':
		if !s.careful {
			if end := s.skim(i); end > 0 {
				return end, nil
			}
		}
		return s.composite(i)
	}
	return s.scalar(i)
}

// composite walks over an object or array that starts at i.
func (s *scanner) composite(i int) (int, *DamageError) {
	base := s.depth
	i, ended, err := s.enter(i)
	if err == nil {
		i, err = s.finish(i, base, ended)
	}
	if err != nil {
		s.depth = base
	}
	return i, err
}

// enter walks over an opening bracket and, in an object, the first key.
// ended tells that the bracket was closed at once.
func (s *scanner) enter(i int) (next int, ended bool, err *DamageError) {
	object := s.data[i] == '{'
	var bit uint64
	if object {
		bit = 1
	}
	if err := s.push(i, bit); err != nil {
		return i, false, err
	}
	i = s.space(i + 1)
	switch {
	case i >= len(s.data):
		return i, false, s.fail(i, "")
	case object && s.data[i] == '}', !object && s.data[i] == ']':
		s.depth--
		return i + 1, true, nil
	case object:
		i, err = s.key(i)
		return i, false, err
	}
	return i, false, nil
}

// key walks over a key and its colon.
func (s *scanner) key(i int) (int, *DamageError) {
	if i >= len(s.data) || s.data[i] != '"' {
		return i, s.fail(i, "expected a key in quotes, found %s", s.found(i))
	}
	i, _, err := s.str(i)
	if err != nil {
		return i, err
	}
	return s.colon(i)
}

func (s *scanner) colon(i int) (int, *DamageError) {
	i = s.space(i)
	if i >= len(s.data) || s.data[i] != ':' {
		return i, s.fail(i, "expected ':' after a key, found %s", s.found(i))
	}
	return i + 1, nil
}

// finish walks until no more than base brackets are open. after tells that a
// value has just ended at i; otherwise one is to begin there.
func (s *scanner) finish(i, base int, after bool) (int, *DamageError) {
	var err *DamageError
	for {
		if !after {
			if i < len(s.data) && s.data[i] <= ' ' {
				i = s.space(i)
			}
			if i >= len(s.data) {
				return i, s.fail(i, "")
			}
			switch s.data[i] {
			case '"':
				i, _, err = s.str(i)
			case '{', '[':
				var ended bool
				if i, ended, err = s.enter(i); err == nil && !ended {
					continue
				}
			default:
				i, err = s.scalar(i)
			}
			if err != nil {
				return i, err
			}
		}
		if s.depth == base {
			return i, nil
		}
		if i, after, err = s.next(i); err != nil {
			return i, err
		}
	}
}

// next walks over what follows a value inside brackets: a comma (and in an
// object the next key), or the closing bracket.
func (s *scanner) next(i int) (end int, closed bool, err *DamageError) {
	if i < len(s.data) && s.data[i] <= ' ' {
		i = s.space(i)
	}
	if i >= len(s.data) {
		return i, false, s.fail(i, "")
	}
	object := s.inObject()
	switch c := s.data[i]; {
	case c == ',' && object:
		end, err = s.key(s.space(i + 1))
		return end, false, err
	case c == ',':
		return i + 1, false, nil
	case c == '}' && object, c == ']' && !object:
		s.depth--
		return i + 1, true, nil
	}
	closing := "',' or ']'"
	if object {
		closing = "',' or '}'"
	}
	return i, false, s.fail(i, "expected %s after a value, found %s", closing, s.at(i))
}

// loose walks over an object with no eye for anything but brackets and
// strings: it finds the end of a record that is damaged inside. It answers
// false when there is no such end.
func (s *scanner) loose(i int) (int, bool) {
	depth := 0
	for ; i < len(s.data); i++ {
		switch s.data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case '"':
			for i++; i < len(s.data) && s.data[i] != '"'; i++ {
				if s.data[i] == '\\' {
					i++
				}
			}
		}
	}
	return i, false
}
