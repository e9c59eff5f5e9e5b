package count

import (
	"bytes"
	"cmp"
	"encoding/binary"
)

// A key holds the values of a group: each as the length of its text and 1, as
// a varint, and the text; an absent one as a 0.

func appendValue(key, text []byte) []byte {
	key = binary.AppendUvarint(key, uint64(len(text))+1)
	return append(key, text...)
}

func appendAbsent(key []byte) []byte { return append(key, 0) }

// nextValue reads the first value of a key.
func nextValue(key []byte) (text []byte, absent bool, rest []byte) {
	n, size := binary.Uvarint(key)
	if key = key[size:]; n == 0 {
		return nil, true, key
	}
	return key[:n-1], false, key[n-1:]
}

// values takes a key apart.
func values(key []byte) []Value {
	var list []Value
	for len(key) > 0 {
		var text []byte
		var absent bool
		text, absent, key = nextValue(key)
		list = append(list, Value{string(text), absent})
	}
	return list
}

// compareKeys compares the values of two keys of as many, one after the
// other. An absent value comes after all others.
func compareKeys(a, b []byte) int {
	for len(a) > 0 {
		var v, w []byte
		var noV, noW bool
		v, noV, a = nextValue(a)
		w, noW, b = nextValue(b)
		if c := cmp.Or(compareBools(noV, noW), bytes.Compare(v, w)); c != 0 {
			return c
		}
	}
	return 0
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
