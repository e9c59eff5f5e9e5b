package term

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain text", "plain text"},
		{"größe 文字 🙂", "größe 文字 🙂"},
		{"\x1b[31mred", `\x1b[31mred`},
		{"a\nb\r\tc", `a\nb\r\tc`},
		{"\x00\x7f", `\x00\x7f`},
		{"\u009b31m", `\u009b31m`}, // the C1 form of ESC [
		{"a\u202eb", `a\u202eb`},   // turns the writing direction
		{"a\u200bb", `a\u200bb`},   // has no width
		{"\U000e0041", `\U000e0041`},
		{"\u2028", `\u2028`},
		{"bad \xff byte", `bad \xff byte`},
		{"\x1b]8;;http://x\x07link\x1b]8;;\x07", `\x1b]8;;http://x\x07link\x1b]8;;\x07`},
	} {
		if got := Escape(c.in); got != c.want {
			t.Errorf("Escape(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("\x1b[2J")
	f.Add("plain")
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool {
			return r < 0x20 || r == 0x7f || unsafeRune(r)
		}) {
			t.Errorf("Escape(%q) = %q", s, got)
		}
	})
}
