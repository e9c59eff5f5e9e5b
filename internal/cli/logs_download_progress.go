package cli

import (
	"fmt"
	"strings"
	"time"

	"trailctl/internal/render"
	"trailctl/internal/term"
	"trailctl/logs"
)

// downloadProgress is what a terminal shows while files are fetched.
type downloadProgress struct {
	line  *term.Progress
	now   func() time.Time
	start time.Time
	width int
}

func newDownloadProgress(a *app) *downloadProgress {
	// The clock on the wall: what the sandbox's says is no measure of speed.
	return &downloadProgress{line: term.NewProgress(a.streams, time.Now), now: time.Now, start: time.Now(), width: a.streams.Width}
}

func (p *downloadProgress) show(l *logs.Ledger) {
	if p.line.Due() {
		p.line.Show("%s", fitting(p.text(l), p.width))
	}
}

// text tells how far it is, how fast, and how long it will take, which can
// be told when all objects are listed.
func (p *downloadProgress) text(l *logs.Ledger) string {
	passed := p.now().Sub(p.start)
	of := fmt.Sprintf("%d of %d listed so far", l.Listed, l.Total)
	if l.AllListed {
		of = fmt.Sprintf("%d of %d", l.Listed, l.Total)
	}
	parts := []string{of, render.Size(l.Bytes)}
	if l.Present > 0 {
		parts = append(parts, fmt.Sprintf("%d already there", l.Present))
	}
	if n := l.Failed + l.Different; n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	if seconds := passed.Seconds(); seconds > 0.5 {
		parts = append(parts, fmt.Sprintf("%.0f files/s", float64(l.Listed)/seconds), render.Size(int64(float64(l.Bytes)/seconds))+"/s")
		if left := l.Total - l.Listed; l.AllListed && l.Listed > 0 && left > 0 {
			parts = append(parts, wait(time.Duration(float64(passed)*float64(left)/float64(l.Listed)))+" left")
		}
	}
	return strings.Join(parts, ", ")
}

// wait is a length of time that is guessed anyway.
func wait(d time.Duration) string {
	if d < time.Hour {
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
