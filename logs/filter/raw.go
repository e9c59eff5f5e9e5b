package filter

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"trailctl/logs"
)

// grep finds text anywhere in a record: in its bytes as they are, and in
// these with the JSON escapes undone, so that a policy inside a string is
// found as it is written in a policy.
func grep(text string, ignoreCase bool) (*condition, error) {
	if text == "" {
		return nil, fmt.Errorf("the text is empty: every record has it")
	}
	needle := []byte(text)
	if ignoreCase {
		needle = lowered(needle)
	}
	l := newLiteral(needle, ignoreCase)
	c := &condition{text: "grep " + strconv.Quote(text), cost: costRaw, literals: []literal{l}, whole: true}
	c.match = func(r *logs.Record) bool {
		if l.in(r.Raw) {
			return true
		}
		if bytes.IndexByte(r.Raw, '\\') < 0 {
			return false
		}
		return l.in(unescaped(r.Raw))
	}
	return c, nil
}

// unescaped is JSON text with the escapes undone, wherever they stand: no
// JSON any more. A lone surrogate becomes U+FFFD.
func unescaped(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for {
		n := bytes.IndexByte(raw, '\\')
		if n < 0 || n+1 == len(raw) {
			return append(out, raw...)
		}
		out = append(out, raw[:n]...)
		c := raw[n+1]
		raw = raw[n+2:]
		switch c {
		case 'b', 'f', 'n', 'r', 't':
			out = append(out, "\b\f\n\r\t"[bytes.IndexByte([]byte("bfnrt"), c)])
		case 'u':
			r, used := hexRune(raw)
			out = utf8.AppendRune(out, r)
			raw = raw[used:]
		default:
			out = append(out, c)
		}
	}
}

// hexRune reads the digits behind \u, and a second escape where the two are
// one character. used is how many bytes that took.
func hexRune(b []byte) (r rune, used int) {
	r, ok := hex4(b)
	if !ok {
		return utf8.RuneError, 0
	}
	if utf16.IsSurrogate(r) && len(b) >= 10 && b[4] == '\\' && b[5] == 'u' {
		if low, ok := hex4(b[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, 10
			}
		}
	}
	return r, 4
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 32)
	return rune(n), err == nil
}
