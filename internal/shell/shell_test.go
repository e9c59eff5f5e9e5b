package shell

import (
	"os/exec"
	"strings"
	"testing"
	"unicode"
)

func TestQuote(t *testing.T) {
	for _, tt := range []struct{ word, want string }{
		{"", "''"},
		{"--region", "--region"},
		{"owner=a", "owner=a"},
		{"=ls", "'=ls'"},
		{"~/x", "'~/x'"},
		{"it's $HOME", `'it'\''s $HOME'`},
		{"x; touch PWNED $(id) `id` !!", "'x; touch PWNED $(id) `id` !!'"},
		{"häuser", "'häuser'"},
		{"a\nb", `$'a\012b'`},
		{"a\x1b[2Jb", `$'a\033[2Jb'`},
		{"it's\u202e!\\", `$'it\047s\342\200\256\041\134'`},
		{"\u009bx", `$'\302\233x'`},
		{"\xff", `$'\377'`},
		{"\u00a0", `$'\302\240'`},
	} {
		if got := Quote(tt.word); got != tt.want {
			t.Errorf("Quote(%q) = %s, want %s", tt.word, got, tt.want)
		}
	}
}

func TestLine(t *testing.T) {
	if got, want := Line([]string{"trailctl", "trail", "create", "a b", "--tag", "x=;"}), "trailctl trail create 'a b' --tag 'x=;'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The shell is the judge: it must hand the word on as it was, whatever it
// holds.
func TestShellTakesTheWordAsItIs(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	for _, word := range []string{
		"", "plain", "x; touch PWNED $(id)", "it's", "a\nb\n", "tab\there", "\x1b]0;x\a", "\u009b31m", "\u202eabc", "\xff\xfe", `\n\x41\'`,
		"!!", "$'x'", "*", "{a,b}", "#", "&&", "a'\n'b", "=ls", "~",
	} {
		for name, quoted := range map[string]string{"Quote": Quote(word), "Verbatim": Verbatim(word)} {
			out, err := exec.Command(bash, "-c", "printf '%s|' "+quoted+" end").Output()
			if err != nil || string(out) != word+"|end|" {
				t.Errorf("%s(%q) = %s: bash says %q, %v", name, word, quoted, out, err)
			}
		}
	}
}

func FuzzQuote(f *testing.F) {
	f.Add("it's $HOME")
	f.Add("\u202e\x9b'")
	f.Fuzz(func(t *testing.T, word string) {
		got := Quote(word)
		if strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: %q holds what cannot be seen", word, got)
		}
		bare := got != "" && strings.Trim(got, plain) == "" && got == word
		single := strings.HasPrefix(got, "'") && strings.HasSuffix(got, "'") && strings.ReplaceAll(got[1:len(got)-1], `'\''`, "") == strings.ReplaceAll(word, "'", "")
		dollar := strings.HasPrefix(got, "$'") && strings.HasSuffix(got, "'") && !strings.Contains(got[2:len(got)-1], "'")
		if !bare && !single && !dollar {
			t.Errorf("%q: %s is no single word", word, got)
		}
	})
}
