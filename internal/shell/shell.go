// Package shell writes words so that a shell takes them as they are: command
// lines for people to copy, and scripts. It runs nothing and reads no command
// lines.
package shell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain are the characters that mean nothing to a shell wherever they stand,
// but for "=" at the beginning of a word, with which zsh looks for commands.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@+="

// Quote is one word of a POSIX shell, on one line. What is not plain is put
// between single quotes, in which nothing is expanded, not even "!". A word
// that holds control characters, characters that cannot be seen (such as those
// that turn the direction of the line around), or bytes that are no UTF-8 is
// written as $'...' with octal escapes (POSIX.1-2024, 2.2.4): what is copied
// from a terminal is then what stands there. No shell has words with a NUL in
// them: bash ends the word there.
func Quote(word string) string {
	switch {
	case word != "" && word[0] != '=' && strings.Trim(word, plain) == "":
		return word
	case strings.ContainsFunc(word, unseen):
		return dollarQuoted(word)
	}
	return Verbatim(word)
}

// Line is a command line of words.
func Line(args []string) string {
	words := make([]string, len(args))
	for i, w := range args {
		words[i] = Quote(w)
	}
	return strings.Join(words, " ")
}

// Verbatim is a text between single quotes, with whatever lines it has. It is
// for documents in scripts, of which the writer knows that they hold no control
// characters but ends of lines.
func Verbatim(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// unseen tells what a terminal does not show, or acts on; bytes that are no
// UTF-8 are among it.
func unseen(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

func dollarQuoted(word string) string {
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRuneInString(word[i:])
		if unseen(r) || strings.ContainsRune(`'\!`, r) {
			for _, c := range []byte(word[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		} else {
			b.WriteString(word[i : i+size])
		}
		i += size
	}
	b.WriteByte('\'')
	return b.String()
}
