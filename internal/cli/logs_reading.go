package cli

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/logs"
	"trailctl/logs/filter"
)

// reading is a walk over the records of some targets, with the count of what
// was met. Records are chosen by the window, the accounts and regions, and
// the filter, in the workers.
type reading struct {
	app     *app
	options *logsOptions
	window  when.Window
	filter  *filter.Filter
	// count, when set, makes for each worker what sees the chosen records
	// there; those for which it answers false are in no file's Records.
	count func() logs.Visitor

	// walked, when set, is called when a target has been walked over.
	walked func()

	// screen shows how far it is; one is made when there is none.
	screen *screen

	targets  []*logsTarget // that are open
	unopened string        // the target that could not be opened
	empty    []error       // of targets without any log file

	tally
	files   int   // read, those that failed included
	unread  int   // of these, not walked through: the filter told from their bytes
	records int   // in the files that were walked through
	chosen  int   // of these, in the files' Records
	bytes   int64 // uncompressed
	noTime  int   // left out, because a window was given and they have no time
	scopes  []string
}

// run walks over the targets, one after the other, and hands over each file
// that was read, with the chosen records, until each returns an error. All
// targets are looked at before the first is read.
func (w *reading) run(ctx context.Context, targets []string, each func(*logs.File) error) error {
	if err := w.open(ctx, targets); err != nil {
		return err
	}
	return w.walkAll(ctx, each)
}

// open finds out what all targets are.
func (w *reading) open(ctx context.Context, targets []string) error {
	for i, word := range targets {
		if word == "-" && slices.Contains(targets[:i], word) {
			w.close()
			return usagef("standard input (-) can be read only once: it stands there twice")
		}
		t, err := w.app.logsTarget(ctx, word, w.options)
		if err == nil {
			w.targets = append(w.targets, t)
			err = t.look(ctx)
		}
		if err != nil {
			w.close()
			w.unopened = word
			return err
		}
		w.scopes = append(w.scopes, w.options.scope(t, w.window))
	}
	return nil
}

// walkAll walks over the targets that are open, and closes them.
func (w *reading) walkAll(ctx context.Context, each func(*logs.File) error) error {
	defer w.close()
	if w.screen == nil {
		w.screen = w.app.newScreen()
	}
	defer w.screen.clear()
	for _, t := range w.targets {
		files, lists, skipped := w.files, w.lists, maps.Clone(w.skipped)
		if err := w.walk(ctx, t, each); err != nil {
			return err
		}
		if w.walked != nil {
			w.walked()
		}
		if w.lists == lists {
			if err := t.nothing(ctx, w.files-files, grown(w.skipped, skipped)); err != nil {
				w.empty = append(w.empty, err)
				continue
			}
		}
		t.sayMissing(w.app, w.window, w.files-files)
	}
	if len(w.empty) == len(w.targets) {
		return joinLines(w.empty)
	}
	return nil
}

// err is the end of a reading in which some things failed, or were not there.
func (w *reading) err() error {
	failed, empty := w.tally.err(), joinLines(w.empty)
	if failed != nil && empty != nil {
		return fmt.Errorf("%w; %s", failed, empty)
	}
	return cmp.Or(failed, empty)
}

// brokenOff says of a reading that was interrupted how far it came, and what
// became of that.
func (w *reading) brokenOff(ctx context.Context, format string, args ...any) {
	if ctx.Err() != nil {
		w.app.note("%s; broken off after %s", fmt.Sprintf(format, args...), w.extent())
	}
}

func (w *reading) close() {
	for _, t := range w.targets {
		t.close()
	}
	w.targets = nil
}

func (w *reading) walk(ctx context.Context, t *logsTarget, each func(*logs.File) error) error {
	found, walker := t.files(ctx, w.window, w.options.lag)
	if w.options.maxFileSize != "" {
		var err error
		if walker.MaxFileSize, err = parseSize(w.options.maxFileSize); err != nil {
			return err
		}
	}
	var choosers []*chooser
	walker.Visitor = func() logs.Visitor {
		c := &chooser{reading: w}
		if w.count != nil {
			c.next = w.count()
		}
		choosers = append(choosers, c)
		return c
	}
	for f := range walker.Files(ctx, found) {
		if ctx.Err() != nil {
			break
		}
		if w.meet(ctx, f) {
			if err := each(f); err != nil {
				return err
			}
			w.progress()
		}
	}
	for _, c := range choosers {
		w.noTime += c.noTime
	}
	return context.Cause(ctx)
}

// files prepares the walk over a target.
func (t *logsTarget) files(ctx context.Context, window when.Window, lag time.Duration) (iter.Seq2[logs.Found, error], *logs.Walker) {
	if t.single != nil {
		return t.single.Files(ctx), &logs.Walker{Source: t.single, Fetchers: 1, Named: true}
	}
	t.query.Window = logs.Widen(window, lag)
	walker := &logs.Walker{Source: t.source, Fetchers: t.fetchers}
	if one := t.one; one != nil {
		walker.Named = true
		return func(yield func(logs.Found, error) bool) { yield(*one, nil) }, walker
	}
	return logs.Find(ctx, t.source, t.query), walker
}

// meet tells of a file what there is to tell, and whether it has anything to
// show.
func (w *reading) meet(ctx context.Context, f *logs.File) bool {
	if f.More { // it comes again, and is counted then
		w.chosen += len(f.Records)
		return true
	}
	switch {
	case f.Skip != "":
		w.skip(f.Skip)
		return false
	case f.Err != nil && f.Object.Key == "":
		w.lists++
	case f.Err != nil:
		w.failed++
		w.files++
	default:
		w.files++
	}
	if f.Unread {
		w.unread++
	}
	w.records += f.Report.Records
	w.chosen += len(f.Records)
	w.bytes += f.Size
	if f.Err != nil || len(f.Report.Notes) > 0 || f.Report.Foreign > 0 {
		w.screen.clear()
	}
	if f.Err != nil {
		w.broken(ctx, w.app, f.Err)
	}
	for _, n := range f.Report.Notes {
		w.app.note("%s: %s", f.URI, n)
	}
	if f.Report.Foreign > 0 && f.Report.LogFile {
		w.app.note("%s: %s beside the records that are none", f.URI, render.Count(f.Report.Foreign, "JSON value"))
	}
	return f.Object.Key != ""
}

// scope says what was looked at, for messages.
func (w *reading) scope() string { return strings.Join(w.scopes, "; ") }

// chooser chooses in one worker.
type chooser struct {
	reading *reading
	next    logs.Visitor
	noTime  int
}

func (c *chooser) File(f *logs.File, data []byte) bool {
	if c.reading.filter.Absent(data) {
		return false
	}
	return c.next == nil || c.next.File(f, data)
}

func (c *chooser) Record(f *logs.File, r *logs.Record) bool {
	return c.inWindow(r) && c.inScope(f, r) && c.reading.filter.Match(r) && (c.next == nil || c.next.Record(f, r))
}

func (c *chooser) inWindow(r *logs.Record) bool {
	window := c.reading.window
	if window.Start.IsZero() && window.End.IsZero() {
		return true
	}
	at, ok := r.Time()
	if !ok {
		c.noTime++
	}
	return ok && window.Contains(at)
}

// inScope: the name of a delivered file says whose it is; other files are
// judged by each record.
func (c *chooser) inScope(f *logs.File, r *logs.Record) bool {
	ids, regions := c.reading.options.accounts.Value(), c.reading.options.regions()
	if len(ids) == 0 && regions == nil {
		return true
	}
	account, region := f.Key.Account, f.Key.Region
	if !f.Log {
		account, region = r.Account(), r.Region()
	}
	return (len(ids) == 0 || slices.Contains(ids, account)) && (regions == nil || slices.Contains(regions, region))
}

// progress shows how far the walk is.
func (w *reading) progress() {
	rate := float64(w.bytes) / max(time.Since(w.screen.begin).Seconds(), 0.001)
	line := fmt.Sprintf("%s, %s, %s/s", render.Count(w.files, "log file"), render.Size(w.bytes), render.Size(int64(rate)))
	if w.count == nil && !w.filter.All() {
		line = fmt.Sprintf("%s in %s", render.Count(w.chosen, "record"), line)
	}
	w.screen.show("%s", line)
}

// extent says what was read: records are counted in the files that were
// walked through.
func (w *reading) extent() string {
	files := fmt.Sprintf("%s (%s)", render.Number(w.files, "log file"), render.Size(w.bytes))
	switch {
	case w.unread == 0:
		return fmt.Sprintf("%s with %s", files, render.Number(w.records, "record"))
	case w.unread == w.files && w.files == 1:
		return files + ", which could not hold a match"
	case w.unread == w.files:
		return files + ", none of which could hold a match"
	}
	return fmt.Sprintf("%s, of which %s could not hold a match, and %s in the others",
		files, render.Thousands(w.unread), render.Number(w.records, "record"))
}

// summary says at the end what was read and what was shown of it.
func (w *reading) summary(shown int) {
	w.sayNoTime()
	switch {
	case shown == 0 && w.failed+w.lists == 0:
		w.app.note("no records in %s: read %s", w.scope(), w.extent())
	case shown > 0 && w.app.streams.OutTerminal && w.unread == 0:
		w.app.note("%s: %s of %s, %s read", w.scope(), render.Thousands(shown), render.Number(w.records, "record"), render.Number(w.files, "log file"))
	case shown > 0 && w.app.streams.OutTerminal:
		w.app.note("%s: %s; searched %s", w.scope(), render.Number(shown, "record"), w.extent())
	}
	w.say(w.app)
}

// found is the summary of a search, which always tells. stopped: there may
// be more, because enough was found.
func (w *reading) found(shown int, stopped bool, took time.Duration) {
	w.sayNoTime()
	text := render.Number(shown, "record") + " found"
	if shown == 0 {
		text = "no records found"
	}
	then := ""
	if stopped {
		then = ", then stopped"
	}
	w.app.note("%s in %s%s: searched %s; %s", text, w.scope(), then, w.extent(), seconds(took))
	w.say(w.app)
}

func (w *reading) sayNoTime() {
	if w.noTime > 0 {
		w.app.warn("%s without a readable eventTime left out, because a window was given", render.Count(w.noTime, "record"))
	}
}

// seconds is a length of time with as many digits as matter.
func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
