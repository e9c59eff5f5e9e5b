package count

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Keys of several values stay apart, whatever is in the values.
func TestKeys(t *testing.T) {
	texts := []string{"", "\x00", "\x01a", "a", strings.Repeat("x", 300), "aa", "\x80\x80"}
	var combinations [][]Value
	for _, a := range append(texts, "absent") {
		for _, b := range texts {
			combinations = append(combinations, []Value{{Text: a}, {Text: b}})
			if a == "absent" {
				combinations[len(combinations)-1][0] = Value{Absent: true}
			}
		}
	}
	seen := map[string]bool{}
	var keys []string
	for _, want := range combinations {
		key := keyOf(want)
		if seen[key] {
			t.Errorf("%q is the key of two", key)
		}
		seen[key] = true
		if got := values([]byte(key)); !slices.Equal(got, want) {
			t.Errorf("%v came back as %v", want, got)
		}
		keys = append(keys, key)
	}
	for i, a := range keys {
		for j, b := range keys {
			want := slices.CompareFunc(combinations[i], combinations[j], compareValues)
			if got := compareKeys([]byte(a), []byte(b)); got != want {
				t.Errorf("%v and %v: %d, want %d", combinations[i], combinations[j], got, want)
			}
		}
	}
}

// keyOf makes a key as a tally does.
func keyOf(values []Value) string {
	var key []byte
	for _, v := range values {
		if v.Absent {
			key = appendAbsent(key)
		} else {
			key = appendValue(key, []byte(v.Text))
		}
	}
	return string(key)
}

func compareValues(a, b Value) int {
	return cmp.Or(compareBools(a.Absent, b.Absent), strings.Compare(a.Text, b.Text))
}

// A store finds each key again, also when it was added up of two.
func TestStore(t *testing.T) {
	a, b := &store{seed: maphash.MakeSeed()}, &store{}
	b.seed = a.seed
	want := map[string]int64{}
	for i := range 5000 {
		key := strings.Repeat("k", i%7) + strconv.Itoa(i%1700)
		if i%500 == 0 {
			key = strings.Repeat("long", blockKeys) + key
		}
		want[key]++
		s := a
		if i%3 == 0 {
			s = b
		}
		g := s.find([]byte(key))
		if g == nil {
			g = s.add([]byte(key))
		}
		g.count++
	}
	a.take(b)
	if a.n != len(want) {
		t.Errorf("%d groups, want %d", a.n, len(want))
	}
	for key, n := range want {
		if g := a.find([]byte(key)); g == nil || g.count != n || string(a.key(g)) != key {
			t.Errorf("%.20q: %+v, want %d", key, g, n)
		}
	}
	if a.find([]byte("absent")) != nil || (&store{}).find(nil) != nil {
		t.Error("a group that was not added")
	}
	list := a.sorted(func(x, y *group) int { return cmp.Compare(y.count, x.count) })
	for i := range list[1:] {
		if a.group(int(list[i])).count < a.group(int(list[i+1])).count {
			t.Fatal("not sorted")
		}
	}
}
