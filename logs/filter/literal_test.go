package filter

import (
	"bytes"
	"testing"
)

func FuzzLiteral(f *testing.F) {
	for _, c := range [][2]string{{"x", "xyz"}, {"zz", "zzz"}, {"aZ", "aaZ"}, {"Za", "Z"}, {"aXb", "aaXXbaXb"}, {"q", ""}, {"eta", "etet"}} {
		f.Add([]byte(c[0]), []byte(c[1]))
	}
	f.Fuzz(func(t *testing.T, text, data []byte) {
		if len(text) == 0 {
			return
		}
		l := newLiteral(text, false)
		if got, want := l.in(data), bytes.Contains(data, text); got != want {
			t.Errorf("%q in %q: %v", text, data, got)
		}
		low := lowered(text)
		if got, want := indexFold(data, low), bytes.Index(lowered(data), low); got != want {
			t.Errorf("%q in %q: %d, want %d", low, data, got, want)
		}
	})
}
