package term

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress is one line on a terminal that is written again and again while
// work goes on. The zero value, and one made for something that is not a
// terminal, shows nothing.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	last  time.Time
	shown bool
	width int
}

// progressInterval keeps the line readable and the terminal idle.
const progressInterval = 100 * time.Millisecond

// NewProgress makes a progress line on s.Err when that is a terminal.
func NewProgress(s Streams, now func() time.Time) *Progress {
	p := &Progress{now: now, width: s.Width}
	if s.ErrTerminal {
		p.w = s.Err
	}
	if p.width <= 0 {
		p.width = defaultWidth
	}
	return p
}

// Due tells whether Show would write something now: what takes effort to put
// together need not be when it does not.
func (p *Progress) Due() bool {
	if p == nil || p.w == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.shown || p.now().Sub(p.last) >= progressInterval
}

// Show replaces the line, at most ten times a second.
func (p *Progress) Show(format string, args ...any) {
	if p == nil || p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.shown && now.Sub(p.last) < progressInterval {
		return
	}
	p.last, p.shown = now, true
	line := []rune(fmt.Sprintf(format, args...))
	if len(line) >= p.width {
		line = line[:p.width-1]
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", string(line))
}

// Clear takes the line away, so that something else can be written.
func (p *Progress) Clear() {
	if p == nil || p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		io.WriteString(p.w, "\r\x1b[K")
		p.shown = false
	}
}
