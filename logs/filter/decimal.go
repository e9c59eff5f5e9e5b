package filter

import (
	"bytes"
	"strconv"
)

// decimal is a number as it is written, so that comparing two of them is
// exact whatever their size, and a number such as 1e999999999 costs nothing.
type decimal struct {
	negative bool
	digits   []byte // without zeroes at either end; empty for zero
	dot      int    // how many digits stand before the point, zeroes counted
}

// maxNumber bounds the length of what is taken for a number, in bytes.
const maxNumber = 400

// parseDecimal reads a JSON number: -12, 0.5, 8.82e-05. A plus sign and
// zeroes at the start are no harm.
func parseDecimal(s []byte) (decimal, bool) {
	var d decimal
	if len(s) == 0 || len(s) > maxNumber {
		return d, false
	}
	if s[0] == '-' || s[0] == '+' {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	mantissa, exponent := s, 0
	if e := bytes.IndexAny(s, "eE"); e >= 0 {
		n, err := strconv.ParseInt(string(s[e+1:]), 10, 32)
		if err != nil {
			return d, false
		}
		mantissa, exponent = s[:e], int(n)
	}
	point := bytes.IndexByte(mantissa, '.')
	whole, fraction := mantissa, []byte(nil)
	if point >= 0 {
		whole, fraction = mantissa[:point], mantissa[point+1:]
		if len(fraction) == 0 {
			return d, false
		}
	}
	if len(whole) == 0 || !allDigits(whole) || !allDigits(fraction) {
		return d, false
	}
	d.dot = len(whole) + exponent
	d.digits = whole
	if point >= 0 {
		d.digits = append(append(make([]byte, 0, len(mantissa)), whole...), fraction...)
	}
	trimmed := bytes.TrimLeft(d.digits, "0")
	d.dot -= len(d.digits) - len(trimmed)
	d.digits = bytes.TrimRight(trimmed, "0")
	if len(d.digits) == 0 {
		return decimal{}, true
	}
	return d, true
}

func allDigits(s []byte) bool {
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// compare is -1, 0 or 1.
func (d decimal) compare(e decimal) int {
	switch {
	case d.sign() != e.sign():
		return order(d.sign(), e.sign())
	case d.dot != e.dot:
		return d.sign() * order(d.dot, e.dot)
	}
	// Neither ends in zeroes, so that the longer of two with the same
	// beginning is the larger.
	return d.sign() * bytes.Compare(d.digits, e.digits)
}

func (d decimal) sign() int {
	switch {
	case len(d.digits) == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func order(a, b int) int {
	if a < b {
		return -1
	}
	return 1
}
