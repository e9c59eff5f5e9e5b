// Package term is the terminal: the three streams and what they can show,
// escaping of text that nobody vouches for, and progress lines. It knows
// nothing of what is written.
package term

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are where a command reads and writes, and what those places are.
type Streams struct {
	In  io.Reader
	Out io.Writer // results
	Err io.Writer // everything else

	InTerminal, OutTerminal, ErrTerminal bool

	// Width is the number of columns of the terminal behind Out, 0 when Out
	// is none.
	Width int
}

// defaultWidth is used when a terminal does not tell its width.
const defaultWidth = 80

// Standard are the process's own streams.
func Standard() Streams {
	s := Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	if s.OutTerminal {
		s.Width = defaultWidth
		if w, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && w > 0 {
			s.Width = w
		}
	}
	return s
}
