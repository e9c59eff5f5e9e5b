package describe

import (
	"strings"
	"testing"
)

func TestCleanCutsBetweenCharacters(t *testing.T) {
	rows := []struct {
		in   string
		most int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"aé", 2, "a"},
		{"aaaé", 4, "aaa"},
		{"aa世", 3, "aa"},
		{"aa世", 4, "aa"},
		{"aa世b", 5, "aa世"},
		{"a😀", 2, "a"},
		{"a😀", 3, "a"},
		{"a😀", 4, "a"},
		{"😀", 3, ""},
		{"a\nb\x1b[0m\x00", 9, "a b[0m"},
		{strings.Repeat("世", 400), maxWord, strings.Repeat("世", maxWord/3)},
	}
	for _, row := range rows {
		if got := clean(row.in, row.most); got != row.want {
			t.Errorf("%.20q at %d is %q", row.in, row.most, got)
		}
	}
}
