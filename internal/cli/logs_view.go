package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/logs"
	"trailctl/logs/filter"
)

// logsViewOptions are those of view, and of search, which is view with
// something to look for.
type logsViewOptions struct {
	logsOptions
	app     *app
	targets []string
	filter  filterOptions
	pick    pickOptions
	show    showOptions
	search  bool
}

// readingHelp says what can be read, and how.
const readingHelp = `Files may be gzipped or plain, as CloudTrail delivers them, bare records,
arrays or lines of them, answers of LookupEvents, EventBridge events, or the
text form that --output text writes. Each record is judged by its own time;
files are chosen by their names in a window that is an hour wider on both
sides, because records are delivered later than they happen. Records come file
by file, as each file has them. The files of a trail or bucket come in the
order of the delivery times in their names, over all accounts and regions;
where there are more than 64 places to look (accounts x regions, log files and
Insights apart), one place after the other. Those of a folder come in the order
of their paths.

A file that cannot be read is named, its readable records are shown, the
others follow, and the exit code is 1. So it is when an --event-id is nowhere.`

func (a *app) logsViewCommand() *cli.Command {
	o := &logsViewOptions{app: a}
	return &cli.Command{
		Name: "view", Usage: "show the records of log files", ArgsUsage: "TARGET...",
		Description: fmt.Sprintf(targetHelp, ",\na folder, a file, or - for standard input") + "\n\n" + readingHelp + "\n\n" + showHelp,
		Flags:       joinFlags(pickFlags(&o.pick), filterFlags(&o.filter), showFlags(&o.show), o.readFlags()),
		Action:      func(c *cli.Context) error { o.targets = c.Args().Slice(); return o.run(c.Context) },
	}
}

// errEnough ends a walk early.
var errEnough = errors.New("enough")

func (o *logsViewOptions) run(ctx context.Context) error {
	if err := o.show.check(); err != nil {
		return err
	}
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	chosen, err := o.filter.compile()
	if err != nil {
		return err
	}
	if slices.Contains(o.pick.eventIDs.Value(), "") {
		return usagef("--event-id is empty: name an event's ID")
	}
	if err := o.checkSearch(chosen); err != nil {
		return err
	}
	defer o.tightMemory()()
	interrupted := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &reading{app: o.app, options: &o.logsOptions, window: window, filter: chosen, screen: o.app.newScreen()}
	if err := w.open(ctx, o.targets); err != nil {
		if word := aText(o.targets); word != "" && word == w.unopened && chosen.All() {
			return withHint(err, "to search for text, --grep %s; \"trailctl trail list\" shows the trails there are", word)
		}
		return err
	}
	o.show.page = len(o.pick.eventIDs.Value()) > 0
	out, err := o.app.sinkTo(w.screen.rows(o.app), &o.show, func(err error) { cancel(printed(err)) })
	if err != nil {
		return err
	}
	s := o.shower(out, w)
	walked := w.walkAll(ctx, func(f *logs.File) error {
		for i := range f.Records {
			if err := s.show(&f.Records[i]); err != nil {
				return err
			}
		}
		return nil
	})
	// What was shown stays shown, also after Ctrl+C. An empty answer where
	// nothing could be listed would say that there is nothing.
	if w.lists == 0 || w.files > 0 || s.shown > 0 {
		if err := out.Close(); err != nil {
			return written(err)
		}
	}
	stopped := errors.Is(walked, errEnough)
	if walked != nil && !stopped {
		said := "shown"
		if o.search {
			said = "found"
		}
		w.brokenOff(interrupted, "%s %s", render.Number(s.shown, "record"), said)
		return walked
	}
	if o.search {
		w.found(s.shown, stopped, time.Since(w.screen.begin))
	} else if !stopped || s.shown == 0 {
		w.summary(s.shown)
	}
	o.sayWhole(s)
	o.app.sayFolded(s.dedupe)
	if err := s.notFound(w.scope()); err != nil && w.err() == nil {
		return err
	}
	return w.err()
}

// checkSearch: a search for nothing would be a view.
func (o *logsViewOptions) checkSearch(chosen *filter.Filter) error {
	if !o.search || !chosen.All() || len(o.pick.eventIDs.Value()) > 0 {
		return nil
	}
	err := usagef("nothing to search for: give --filter, --grep, --preset, --user or another filter (\"trailctl logs search --help\"); \"trailctl logs view\" shows all records")
	if word := aText(o.targets); word != "" {
		return withHint(err, "to search for text, --grep %s", word)
	}
	return err
}

// fewRecords are those of which somebody may want to see one whole.
const fewRecords = 25

// sayWhole tells how one of the events in a table is shown whole.
func (o *logsViewOptions) sayWhole(s *shower) {
	switch {
	case !o.app.streams.OutTerminal || o.app.recordFormat(&o.show) != "table" || o.show.page:
	case s.shown == 1 && plainID(s.first):
		o.app.note("the whole event: --event-id %s", s.first)
	case s.shown > 0 && s.shown <= fewRecords:
		o.app.note("one event whole: --event-id ID; --columns time,event,id shows the IDs")
	}
}

// shower makes what shows the records that the reading chooses.
func (o *logsViewOptions) shower(out recordSink, w *reading) *shower {
	s := &shower{out: out, limit: o.show.limit}
	if o.pick.dedupe {
		s.dedupe = &logs.Dedupe{}
	}
	if ids := o.pick.eventIDs.Value(); len(ids) > 0 {
		s.missing = map[string]bool{}
		for _, id := range ids {
			s.missing[id] = true
		}
		w.count = func() logs.Visitor { return newIDVisitor(ids) }
	}
	return s
}
