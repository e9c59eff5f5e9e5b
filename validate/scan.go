package validate

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON piece by piece and holds one string of it at a time, so
// that a document costs the same memory whatever its length. It takes what RFC
// 8259 does, and of that only what all parsers read in the same way: no
// invalid UTF-8, no half of a surrogate pair.
type scanner struct {
	in     io.Reader
	err    error // of in, its end included
	buf    []byte
	at, to int    // in buf: what is not yet read
	text   []byte // the last string
}

const (
	scanBuffer = 16 << 10
	// maxText bounds a string that is wanted. An object's key has up to 1,024
	// bytes, a signature some hundred.
	maxText = 16 << 10
	// maxNesting bounds arrays and objects in each other.
	maxNesting = 64
	// maxNames bounds the members of one object.
	maxNames = 64
)

var (
	errNotJSON  = errors.New("not JSON")
	errShort    = errors.New("the JSON ends too early")
	errLong     = errors.New("a text in it is too long")
	errNested   = errors.New("it is nested too deeply")
	errNames    = errors.New("an object in it has too many fields")
	errFollowed = errors.New("something follows the JSON object")
)

func (s *scanner) reset(in io.Reader) {
	s.in, s.err, s.at, s.to = in, nil, 0, 0
	if s.buf == nil {
		s.buf = make([]byte, scanBuffer)
	}
}

// fill reads on, and tells whether there is a byte.
func (s *scanner) fill() bool {
	for s.at == s.to {
		if s.err != nil {
			return false
		}
		s.at = 0
		s.to, s.err = s.in.Read(s.buf)
	}
	return true
}

// ended is the error for a document that ends here.
func (s *scanner) ended() error {
	if s.err != nil && s.err != io.EOF {
		return s.err
	}
	return errShort
}

// next reads a byte.
func (s *scanner) next() (byte, error) {
	if s.at == s.to && !s.fill() {
		return 0, s.ended()
	}
	s.at++
	return s.buf[s.at-1], nil
}

// token returns the next byte that is not white space, without reading it.
func (s *scanner) token() (byte, error) {
	for s.at < s.to || s.fill() {
		switch b := s.buf[s.at]; b {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return b, nil
		}
	}
	return 0, s.ended()
}

// expect reads one byte that must be there.
func (s *scanner) expect(want byte) error {
	b, err := s.token()
	if err != nil {
		return err
	}
	if b != want {
		return errNotJSON
	}
	s.at++
	return nil
}

// end makes sure that nothing follows.
func (s *scanner) end() error {
	switch _, err := s.token(); {
	case err == nil:
		return errFollowed
	case err != errShort:
		return err
	}
	return nil
}

// list reads an array or an object: open and what closes it, and item for all
// that stands between its commas.
func (s *scanner) list(open, end byte, item func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	b, err := s.token()
	if err != nil {
		return err
	}
	if b == end {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		b, err := s.token()
		if err != nil {
			return err
		}
		s.at++
		switch b {
		case end:
			return nil
		case ',':
		default:
			return errNotJSON
		}
	}
}

// object reads an object, and the value of each member with its name's place
// in known, or -1. A name that is there twice, or is one of the first read ones
// but for its case, is an error: parsers differ in what they make of it.
func (s *scanner) object(known []string, read int, value func(i int) error) error {
	var seen [maxNames]bool
	var others []string
	return s.list('{', '}', func() error {
		if err := s.string(maxText); err != nil {
			return err
		}
		i, err := place(known, read, s.text)
		switch {
		case err != nil:
			return err
		case i >= 0 && seen[i]:
			return fmt.Errorf("%s is there twice", known[i])
		case i >= 0:
			seen[i] = true
		case len(others) == maxNames:
			return errNames
		default:
			for _, o := range others {
				if o == string(s.text) {
					return errors.New("a field is there twice")
				}
			}
			others = append(others, string(s.text))
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return value(i)
	})
}

func place(known []string, read int, name []byte) (int, error) {
	for i, k := range known {
		if string(name) == k {
			return i, nil
		}
	}
	for _, k := range known[:read] {
		if strings.EqualFold(k, string(name)) {
			return -1, fmt.Errorf("a field is named almost %s", k)
		}
	}
	return -1, nil
}

// string reads a string into text. One that is longer than most is an error;
// with 0 it is only looked at.
func (s *scanner) string(most int) error {
	if err := s.expect('"'); err != nil {
		return err
	}
	s.text = s.text[:0]
	for {
		if s.at == s.to && !s.fill() {
			return s.ended()
		}
		from := s.at
		for s.at < s.to && s.buf[s.at] != '"' && s.buf[s.at] != '\\' && s.buf[s.at] >= ' ' {
			s.at++
		}
		s.text = append(s.text, s.buf[from:s.at]...)
		if most > 0 && len(s.text) > most {
			return errLong
		}
		if most == 0 && len(s.text) > maxText {
			if err := s.forget(); err != nil {
				return err
			}
		}
		if s.at == s.to {
			continue
		}
		s.at++
		switch s.buf[s.at-1] {
		case '"':
			if !utf8.Valid(s.text) {
				return errNotJSON
			}
			return nil
		case '\\':
			if err := s.escape(); err != nil {
				return err
			}
		default:
			return errNotJSON // a control character
		}
	}
}

// forget drops the beginning of a string that nobody wants, up to a character
// whose rest may be still to come.
func (s *scanner) forget() error {
	cut := len(s.text)
	for n := 1; n < utf8.UTFMax; n++ {
		if i := len(s.text) - n; utf8.RuneStart(s.text[i]) {
			if !utf8.FullRune(s.text[i:]) {
				cut = i
			}
			break
		}
	}
	if !utf8.Valid(s.text[:cut]) {
		return errNotJSON
	}
	s.text = append(s.text[:0], s.text[cut:]...)
	return nil
}

// escape reads what stands after a backslash.
func (s *scanner) escape() error {
	b, err := s.next()
	if err != nil {
		return err
	}
	if i := strings.IndexByte(`"\/bfnrt`, b); i >= 0 {
		s.text = append(s.text, "\"\\/\b\f\n\r\t"[i])
		return nil
	}
	if b != 'u' {
		return errNotJSON
	}
	r, err := s.hexadecimal()
	if err != nil {
		return err
	}
	if utf16.IsSurrogate(r) {
		for _, want := range []byte(`\u`) {
			if b, err := s.next(); err != nil || b != want {
				return cmp.Or(err, errNotJSON)
			}
		}
		low, err := s.hexadecimal()
		if err != nil {
			return err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return errNotJSON
		}
	}
	s.text = utf8.AppendRune(s.text, r)
	return nil
}

func (s *scanner) hexadecimal() (rune, error) {
	var r rune
	for range 4 {
		b, err := s.next()
		if err != nil {
			return 0, err
		}
		digit := strings.IndexByte("0123456789abcdef", b|0x20)
		if digit < 0 || b < '0' {
			return 0, errNotJSON
		}
		r = r<<4 | rune(digit)
	}
	return r, nil
}

// textOrNull reads a value that is to be a string; nil for null.
func (s *scanner) textOrNull(name string) (*string, error) {
	b, err := s.token()
	switch {
	case err != nil:
		return nil, err
	case b == '"':
		err := s.string(maxText)
		text := string(s.text)
		return &text, err
	case b == 'n':
		return nil, s.literal("null")
	}
	return nil, s.wrong(b, name)
}

// wrong is the error for a value of another kind than is needed.
func (s *scanner) wrong(first byte, name string) error {
	kind := kindOf(first)
	if kind == "" {
		return errNotJSON
	}
	return fmt.Errorf("%s is a JSON %s", name, kind)
}

// kindOf names the kind of a value by its first byte.
func kindOf(first byte) string {
	switch {
	case first == '{':
		return "object"
	case first == '[':
		return "array"
	case first == '"':
		return "string"
	case first == 't', first == 'f':
		return "bool"
	case first == 'n':
		return "null"
	case first == '-', first >= '0' && first <= '9':
		return "number"
	}
	return ""
}

// skip reads a value that nobody wants.
func (s *scanner) skip(nesting int) error {
	if nesting > maxNesting {
		return errNested
	}
	b, err := s.token()
	if err != nil {
		return err
	}
	switch kindOf(b) {
	case "object":
		return s.list('{', '}', func() error {
			if err := s.string(0); err != nil {
				return err
			}
			if err := s.expect(':'); err != nil {
				return err
			}
			return s.skip(nesting + 1)
		})
	case "array":
		return s.list('[', ']', func() error { return s.skip(nesting + 1) })
	case "string":
		return s.string(0)
	case "number":
		return s.number()
	case "null":
		return s.literal("null")
	}
	if b == 't' {
		return s.literal("true")
	}
	return s.literal("false")
}

func (s *scanner) literal(want string) error {
	for i := range len(want) {
		b, err := s.next()
		if err != nil {
			return err
		}
		if b != want[i] {
			return errNotJSON
		}
	}
	return nil
}

// number reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() error {
	s.one("-")
	zero := s.one("0")
	if !zero && s.digits() == 0 {
		return s.unfinished()
	}
	if s.one(".") && s.digits() == 0 {
		return s.unfinished()
	}
	if s.one("eE") {
		s.one("+-")
		if s.digits() == 0 {
			return s.unfinished()
		}
	}
	return nil
}

// unfinished is the error for a number that does not go on.
func (s *scanner) unfinished() error {
	if s.at == s.to && !s.fill() {
		return s.ended()
	}
	return errNotJSON
}

// one reads a byte if it is one of those.
func (s *scanner) one(of string) bool {
	if s.at == s.to && !s.fill() || strings.IndexByte(of, s.buf[s.at]) < 0 {
		return false
	}
	s.at++
	return true
}

func (s *scanner) digits() int {
	n := 0
	for s.one("0123456789") {
		n++
	}
	return n
}
