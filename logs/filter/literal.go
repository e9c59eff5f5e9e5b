package filter

import (
	"bytes"
	"strings"
)

// literal is text that must stand somewhere.
type literal struct {
	text []byte
	fold bool // text is in lower case, and any case will do
	// anchor is the place of a rare byte in it: looking for that first is
	// several times as fast as bytes.Contains, which looks for the first one.
	// It is -1 when all are frequent.
	anchor int
}

func newLiteral(text []byte, fold bool) literal {
	at, rank := rarest(text)
	if rank < rare {
		at = -1
	}
	return literal{text: text, fold: fold, anchor: at}
}

func (l literal) same(other literal) bool {
	return l.fold == other.fold && bytes.Equal(l.text, other.text)
}

// in tells whether the text stands in data.
func (l *literal) in(data []byte) bool {
	switch {
	case l.fold:
		return indexFold(data, l.text) >= 0
	case l.anchor < 0:
		return bytes.Contains(data, l.text)
	}
	c, before, after := l.text[l.anchor], l.anchor, len(l.text)-l.anchor
	for i := before; i+after <= len(data); i++ {
		n := bytes.IndexByte(data[i:len(data)-after+1], c)
		if n < 0 {
			return false
		}
		i += n
		if string(data[i-before:i+after]) == string(l.text) {
			return true
		}
	}
	return false
}

// frequent are the bytes of records, the most frequent first; rare is the
// rank from which on a search for one of them is fast.
const (
	frequent = "etaoinsrc\":d-.m1u0lp,2345678/9_bAfyhISTEvRkgDwCONPLMU{}zBGFHVWKY jqxXJQZ"
	rare     = 24
)

// rarest is the place of the byte that records have least often, and its rank.
func rarest(text []byte) (at, rank int) {
	rank = -1
	for i, c := range text {
		r := strings.IndexByte(frequent, c)
		if r < 0 {
			r = len(frequent)
		}
		if r > rank {
			at, rank = i, r
		}
	}
	return at, rank
}
