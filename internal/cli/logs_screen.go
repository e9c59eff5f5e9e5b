package cli

import (
	"io"
	"sync"
	"time"

	"trailctl/internal/term"
)

// screen lets rows and a line of progress share a terminal: the line is taken
// away before rows are written, and is not shown in the middle of a row.
type screen struct {
	progress *term.Progress
	begin    time.Time

	mu     sync.Mutex
	out    io.Writer
	inLine bool // what was written last has no end of line yet
}

// progressAfter is how long a command may take without saying anything.
const progressAfter = 500 * time.Millisecond

func (a *app) newScreen() *screen {
	return &screen{out: a.streams.Out, progress: term.NewProgress(a.streams, time.Now), begin: time.Now()}
}

// rows is where rows are written. Those that do not go to the terminal are
// not in the way of the progress line.
func (s *screen) rows(a *app) io.Writer {
	if a.streams.OutTerminal {
		return s
	}
	return a.streams.Out
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress.Clear()
	n, err := s.out.Write(p)
	if n > 0 {
		s.inLine = p[n-1] != '\n'
	}
	return n, err
}

// show shows the progress.
func (s *screen) show(format string, args ...any) {
	if time.Since(s.begin) < progressAfter {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inLine {
		s.progress.Show(format, args...)
	}
}

// clear makes room for a message.
func (s *screen) clear() { s.progress.Clear() }
