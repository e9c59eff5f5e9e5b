package filter

import (
	"math/big"
	"testing"
)

func TestDecimalsInOrder(t *testing.T) {
	// Each is less than the next.
	rising := []string{"-1e999999999", "-10", "-9.5", "-0.05", "-8.82e-05", "0", "8.82e-05", "0.05", "0.5", "1", "9", "10", "10.01", "11",
		"9007199254740992", "9007199254740993", "1e100", "1e999999999"}
	for i, a := range rising {
		for j, b := range rising {
			x, ok := parseDecimal([]byte(a))
			y, also := parseDecimal([]byte(b))
			if !ok || !also {
				t.Fatalf("%s or %s is no number", a, b)
			}
			want := 0
			if i != j {
				want = order(i, j)
			}
			if got := x.compare(y); got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestEqualDecimals(t *testing.T) {
	for _, c := range [][2]string{{"1", "1.0"}, {"100", "1e2"}, {"0", "-0.00"}, {"007", "7"}, {"0.5", "5e-1"}, {"+1", "1"}, {"1E+2", "100"}} {
		x, ok := parseDecimal([]byte(c[0]))
		y, also := parseDecimal([]byte(c[1]))
		if !ok || !also || x.compare(y) != 0 {
			t.Errorf("%s is not %s", c[0], c[1])
		}
	}
}

func TestNoDecimals(t *testing.T) {
	for _, s := range []string{"", "-", ".5", "1.", "1e", "e1", "0x10", "1_000", "1e99999999999", "Infinity", "NaN", "1 ", "--1"} {
		if _, ok := parseDecimal([]byte(s)); ok {
			t.Errorf("%q is taken for a number", s)
		}
	}
}

// FuzzDecimal holds the order against math/big's, for numbers that are small
// enough for that.
func FuzzDecimal(f *testing.F) {
	f.Add("1.50", "15e-1")
	f.Add("-0.001", "-1e-3")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, ok := parseDecimal([]byte(a))
		y, also := parseDecimal([]byte(b))
		if !ok || !also || x.dot > 1000 || x.dot < -1000 || y.dot > 1000 || y.dot < -1000 {
			return
		}
		// A fraction of nothing but zeroes may have any exponent.
		if x.sign() == 0 || y.sign() == 0 {
			return
		}
		p, ok := new(big.Rat).SetString(a)
		q, also := new(big.Rat).SetString(b)
		if !ok || !also {
			t.Fatalf("math/big reads %q or %q otherwise", a, b)
		}
		if got, want := x.compare(y), p.Cmp(q); got != want {
			t.Errorf("%s and %s: %d, want %d", a, b, got, want)
		}
	})
}
