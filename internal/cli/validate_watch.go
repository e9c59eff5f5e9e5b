package cli

import (
	"bufio"
	"fmt"
	"strings"
	"sync"
	"time"

	"trailctl/internal/render"
	"trailctl/internal/term"
	"trailctl/validate"
)

// validateWatch sees each file as it has been checked: it shows how far the
// check is and, with --verbose, names the file.
type validateWatch struct {
	options  *validateOptions
	progress *term.Progress
	outlook  validate.Outlook
	done     chan struct{}
	ticking  sync.WaitGroup

	mu      sync.Mutex // guards what follows, and the terminal
	count   validateCount
	recent  []validateCount // a second apart, the oldest first
	stream  *render.ValidationFiles
	lines   *bufio.Writer
	row     bool // the lines are for a person
	flushed time.Time
	err     error // of writing files
}

// validateCount is how far a check was at a moment.
type validateCount struct {
	at                        time.Time
	digests, logs, bad, again int // again: proved in an earlier run
	bytes                     int64
}

// progressTick is how often the line is looked at when nothing is heard.
const progressTick = 250 * time.Millisecond

// watch begins to show progress. stop ends it.
func (o *validateOptions) watch() *validateWatch {
	w := &validateWatch{
		options: o, progress: term.NewProgress(o.app.streams, time.Now),
		done: make(chan struct{}), flushed: time.Now(),
	}
	w.count.at = time.Now()
	w.recent = []validateCount{w.count}
	switch {
	case o.verbose && o.app.format(o.output) == "json":
		w.stream = render.NewValidationFiles(o.app.streams.Out)
	case o.verbose:
		w.row = o.app.streams.OutTerminal && o.app.format(o.output) == "table"
		w.lines = bufio.NewWriterSize(o.app.streams.Out, 64<<10)
	}
	w.ticking.Go(w.tick)
	return w
}

func (w *validateWatch) tick() {
	ticker := time.NewTicker(progressTick)
	defer ticker.Stop()
	for {
		select {
		case <-w.done:
			return
		case now := <-ticker.C:
			w.mu.Lock()
			w.show(now)
			w.flush(now)
			w.mu.Unlock()
		}
	}
}

// stop takes the line away. Lines of files may still wait to be written.
func (w *validateWatch) stop() {
	close(w.done)
	w.ticking.Wait()
	w.progress.Clear()
}

// file hears of a file.
func (w *validateWatch) file(f validate.File) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.count.digests+w.count.logs == 0 {
		w.recent[0].at = time.Now() // what came before says nothing of the rate
	}
	w.count.add(f)
	if f.Status == validate.Invalid || f.Status == validate.Missing {
		w.options.bad.Store(true)
	}
	switch {
	case w.err != nil:
	case w.stream != nil:
		w.err = w.stream.File(f)
	case w.lines != nil && w.row:
		w.err = render.ValidatedRow(w.lines, f, w.options.app.terminal(w.options.output))
		w.flush(time.Now())
	case w.lines != nil:
		w.err = render.ValidatedLine(w.lines, f)
	}
}

func (c *validateCount) add(f validate.File) {
	switch {
	case f.Digest:
		c.digests++
	case f.Before:
		c.logs, c.again = c.logs+1, c.again+1
	default:
		c.logs, c.bytes = c.logs+1, c.bytes+f.Bytes
	}
	if f.Status == validate.Invalid || f.Status == validate.Missing {
		c.bad++
	}
}

// flush writes lines that wait, at once on a terminal and each second else.
func (w *validateWatch) flush(now time.Time) {
	terminal := w.options.app.streams.OutTerminal
	if w.err != nil || w.lines == nil && w.stream == nil || !terminal && now.Sub(w.flushed) < time.Second {
		return
	}
	w.flushed = now
	switch {
	case w.stream != nil:
		w.err = w.stream.Flush()
	case w.lines.Buffered() > 0:
		w.progress.Clear()
		w.err = w.lines.Flush()
	}
}

// rateWindow is the time over which the rate is taken: long enough to be
// steady, short enough to follow a server that slows down.
const rateWindow = 20

// show replaces the line.
func (w *validateWatch) show(now time.Time) {
	w.count.at = now
	if n := len(w.recent); now.Sub(w.recent[n-1].at) >= time.Second {
		if w.recent = append(w.recent, w.count); n >= rateWindow {
			w.recent = w.recent[1:]
		}
	}
	text := progressText(w.count, w.recent[0], w.outlook.Guess())
	w.progress.Show("%s", fitting(text, w.options.app.streams.Width))
}

// fitting leaves the last parts of a line out that a terminal has no room for.
func fitting(text string, width int) string {
	if width <= 0 {
		width = 80
	}
	for len(text) >= width {
		i := strings.LastIndex(text, ", ")
		if i < 0 {
			break
		}
		text = text[:i]
	}
	return text
}

// progressText says the most important first: what does not fit the line is
// left out.
func progressText(now, before validateCount, g validate.Guess) string {
	switch {
	case g.Units == 0:
		return "looking for digest files"
	case now.digests == 0:
		return fmt.Sprintf("listing digest files: %d of %s", g.Begun, render.Count(g.Units, "region"))
	}
	var parts []string
	total, done := g.LogFiles, now.logs
	if g.LogFiles == 0 {
		total, done = g.Digests, now.digests
	}
	if total > 0 {
		parts = append(parts, fmt.Sprintf("%d%%", min(99, done*100/total)))
	}
	passed := now.at.Sub(before.at).Seconds()
	rate := func(n int) float64 { return float64(n) / max(passed, 0.001) }
	perSecond := rate(done - (before.logs))
	if g.LogFiles == 0 {
		perSecond = rate(done - before.digests)
	}
	if left := total - done; left > 0 && perSecond > 0 && passed > 1 {
		parts = append(parts, "about "+wait(time.Duration(float64(left)/perSecond*float64(time.Second)))+" left")
	}
	if now.bad > 0 {
		parts = append(parts, fmt.Sprintf("%d INVALID", now.bad))
	}
	logs := render.Count(now.logs, "log file")
	if now.logs < g.LogFiles {
		logs = fmt.Sprintf("%d of about %d log files", now.logs, g.LogFiles)
	}
	parts = append(parts, logs, fmt.Sprintf("%.0f/s", rate(now.logs-before.logs)), render.Size(now.bytes), render.Count(now.digests, "digest file"))
	if now.again > 0 {
		parts = append(parts, fmt.Sprintf("%d proved before", now.again))
	}
	return strings.Join(parts, ", ")
}
