package export

import (
	"strconv"
	"unicode/utf8"

	"trailctl/logs"
)

// object writes one JSON object. Members without a value, and objects and
// lists without members, are left out.
type object struct {
	buf  []byte
	open []int // where the objects begin that are open, with their names
}

func (w *object) key(name string) {
	if c := w.buf[len(w.buf)-1]; c != '{' && c != '[' {
		w.buf = append(w.buf, ',')
	}
	w.buf = appendQuoted(w.buf, name)
	w.buf = append(w.buf, ':')
}

// begin begins the outermost object.
func (w *object) begin() { w.buf = append(w.buf, '{') }

// end ends it.
func (w *object) end() { w.buf = append(w.buf, '}') }

// in begins an object, or an element of a list when it has no name; out ends
// it.
func (w *object) in(name string) {
	w.open = append(w.open, len(w.buf))
	if name != "" {
		w.key(name)
	} else if w.buf[len(w.buf)-1] != '[' {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '{')
}

func (w *object) out() { w.leave('{', '}') }

// list begins a list; done ends it.
func (w *object) list(name string) {
	w.open = append(w.open, len(w.buf))
	w.key(name)
	w.buf = append(w.buf, '[')
}

func (w *object) done() { w.leave('[', ']') }

func (w *object) leave(opening, closing byte) {
	last := len(w.open) - 1
	begin := w.open[last]
	w.open = w.open[:last]
	if w.buf[len(w.buf)-1] == opening {
		w.buf = w.buf[:begin]
		return
	}
	w.buf = append(w.buf, closing)
}

// text writes a value as a string: what is none, as the JSON it is.
func (w *object) text(name string, value []byte) {
	switch {
	case isNull(value):
	case isString(value):
		w.key(name)
		w.buf = append(w.buf, value...)
	default:
		w.str(name, string(plain(value)))
	}
}

func (w *object) str(name, s string) {
	if s != "" {
		w.key(name)
		w.buf = appendQuoted(w.buf, s)
	}
}

// quote writes bytes as a string.
func (w *object) quote(name string, text []byte) {
	w.key(name)
	w.buf = appendQuoted(w.buf, text)
}

func (w *object) number(name string, n int64) {
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, n, 10)
}

func (w *object) truth(name string, value []byte) {
	if is, ok := boolean(value); ok {
		w.key(name)
		w.buf = strconv.AppendBool(w.buf, is == 1)
	}
}

// json writes a value as it is.
func (w *object) json(name string, value []byte) {
	if !isNull(value) {
		w.key(name)
		w.buf = append(w.buf, oneLine(value)...)
	}
}

// appendQuoted appends text as a JSON string.
func appendQuoted[T string | []byte](to []byte, s T) []byte {
	const digits = "0123456789abcdef"
	to = append(to, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			to = append(to, '\\', c)
		case c < 0x20:
			to = append(to, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			to = append(to, c)
		}
	}
	return append(to, '"')
}

// strict makes JSON that every reader takes: bytes that are not UTF-8, and
// halves of a surrogate pair that stand alone, become U+FFFD.
func strict(line []byte, from int) (out []byte, repaired bool) {
	if !utf8.Valid(line[from:]) {
		fixed, _ := repair(line[from:])
		line, repaired = append(line[:from:from], fixed...), true
	}
	for i := from; i+6 <= len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		if line[i+1] != 'u' || line[i+2]|0x20 != 'd' || line[i+3] < '8' {
			i++
			continue
		}
		pair := line[i+3]|0x20 <= 'b' && i+12 <= len(line) &&
			line[i+6] == '\\' && line[i+7] == 'u' && line[i+8]|0x20 == 'd' && line[i+9]|0x20 >= 'c'
		if pair {
			i += 11
			continue
		}
		copy(line[i:], `\ufffd`)
		repaired = true
		i += 5
	}
	return line, repaired
}

// asText is the text of a string value, for comparisons.
func asText(value []byte) string {
	if isNull(value) {
		return ""
	}
	if isString(value) {
		return string(logs.Unquote(value))
	}
	return string(value)
}
