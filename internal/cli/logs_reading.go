package cli

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

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

	tally
	files   int // read, those that failed included
	unread  int // of these, not walked through: the filter told from their bytes
	records int // read
	noTime  int // left out, because a window was given and they have no time
	scopes  []string
}

// run walks over the targets, one after the other, and hands over each file
// that was read, with the chosen records, until each returns an error.
func (w *reading) run(ctx context.Context, targets []string, each func(*logs.File) error) error {
	for _, word := range targets {
		t, err := w.app.logsTarget(ctx, word, w.options)
		if err != nil {
			return err
		}
		w.scopes = append(w.scopes, w.options.scope(t, w.window))
		err = w.walk(ctx, t, each)
		t.close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *reading) walk(ctx context.Context, t *logsTarget, each func(*logs.File) error) error {
	found, walker := t.files(ctx, w.window)
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
		}
	}
	for _, c := range choosers {
		w.noTime += c.noTime
	}
	return context.Cause(ctx)
}

// files prepares the walk over a target.
func (t *logsTarget) files(ctx context.Context, window when.Window) (iter.Seq2[logs.Found, error], *logs.Walker) {
	if t.single != nil {
		return t.single.Files(ctx), &logs.Walker{Source: t.single, Fetchers: 1, Named: true}
	}
	t.query.Window = logs.Widen(window, logs.DefaultLag)
	walker := &logs.Walker{Source: t.source, Fetchers: t.fetchers}
	if t.bucket != "" && t.query.Base == nil {
		if one := t.object(ctx); one != nil {
			walker.Named = true
			return func(yield func(logs.Found, error) bool) { yield(*one, nil) }, walker
		}
	}
	return logs.Find(ctx, t.source, t.query), walker
}

// object finds the one object that s3://BUCKET/KEY names, if it does.
func (t *logsTarget) object(ctx context.Context) *logs.Found {
	key := t.query.Prefix
	if key == "" || key[len(key)-1] == '/' {
		return nil
	}
	for o, err := range t.source.List(ctx, key, "") {
		if err != nil || o.Key != key {
			break
		}
		f := logs.Found{Object: o}
		f.Key, f.Log = logs.ParseName(key)
		return &f
	}
	return nil
}

// meet tells of a file what there is to tell, and whether it has anything to
// show.
func (w *reading) meet(ctx context.Context, f *logs.File) bool {
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

// summary says at the end what was searched and what was found there.
func (w *reading) summary(shown int) {
	if w.noTime > 0 {
		w.app.warn("%s without a readable eventTime left out, because a window was given", render.Count(w.noTime, "record"))
	}
	read := fmt.Sprintf("%s, %s read", render.Count(w.records, "record"), render.Count(w.files, "log file"))
	switch {
	case shown == 0 && w.failed+w.lists == 0:
		w.app.note("no records: searched %s; %s with %s", w.scope(), render.Count(w.files, "log file"), render.Count(w.records, "record"))
	case shown > 0 && w.app.streams.OutTerminal:
		w.app.note("%s: %d of %s", w.scope(), shown, read)
	}
	w.say(w.app)
}
