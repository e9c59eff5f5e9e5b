package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/logs"
	"trailctl/logs/count"
	"trailctl/logs/filter"
)

type logsStatsOptions struct {
	logsOptions
	app          *app
	targets      []string
	filter       filterOptions
	output       outputOptions
	by, distinct cli.StringSlice
	interval     string
	top          int
	topSet       bool
	dedupe       bool
}

func (a *app) logsStatsCommand() *cli.Command {
	o := &logsStatsOptions{app: a}
	words := logs.Words()
	half := len(words) / 2
	return &cli.Command{
		Name: "stats", Usage: "count the records of log files", ArgsUsage: "TARGET...",
		Description: fmt.Sprintf(targetHelp, ",\na folder, a file, or - for standard input") + `

Examples:
  trailctl logs stats audit --since 24h
  trailctl logs stats audit --since 7d --errors --by identity --distinct address
  trailctl logs stats audit --since 7d --by service,event --writes
  trailctl logs stats audit --since 7d --interval 1h --source-ip 203.0.113.0/24
  trailctl logs stats ./downloaded --preset login-without-mfa --by user,address

Without --by, --distinct and --interval an overview: how many records and from
when to when, calls that changed something, failures (what --errors chooses),
use of the root user, console logins, those of them that failed and those
without MFA (what the preset login-without-mfa chooses), and the most frequent
accounts, regions, services, events, identities, addresses and errors.

--by counts by the values of fields: the path of any field, such as eventName,
userIdentity.type, requestParameters.bucketName or resources[].ARN, or one of
the words
` + strings.Join(words[:half], ", ") + ",\n" + strings.Join(words[half:], ", ") + `.
Several fields, with commas between them, count by their combinations. A record
that has several values of a field counts once for each different one. Records
without a value are "(none)", in JSON null and in CSV an empty cell (an empty
value is "" there). Shares are of all counted records.

--distinct counts the different values of other fields among the records of
each row: --by identity --distinct address.

--interval counts by eventTime. The pieces begin at full hours, at midnight
UTC, weeks on Monday; those that do not divide a day evenly are counted from
1 January 1970. Only pieces that have records are in JSON and CSV. With --by a
table has a column for each of the most frequent values. On a terminal, pieces
are made longer where there would be more than 500 rows of them, unless
--top 0 asks for all.

Memory is bounded: where there are too many different values for it, records
with further ones are counted together as "(others)", which is said, and the
counts of the values that are shown are the least they can be.`,
		Flags: joinFlags([]cli.Flag{
			&cli.StringSliceFlag{Name: "by", Category: "Counting", Usage: "count by the values of `FIELD[,FIELD]`", Destination: &o.by},
			&cli.StringSliceFlag{Name: "distinct", Category: "Counting", Usage: "count the different values of `FIELD[,FIELD]`, too", Destination: &o.distinct},
			&cli.StringFlag{Name: "interval", Category: "Counting", Usage: "count by eventTime, in pieces of `LENGTH`: 1m, 15m, 1h, 1d, 1w", Destination: &o.interval},
			dedupeFlag(&o.dedupe),
			&cli.IntFlag{Name: "top", Category: "Counting", Usage: "only the `N` most frequent values, 0 for all (default: 5 of each kind in an overview; 20 in a table on a terminal; else all)", Destination: &o.top},
		}, filterFlags(&o.filter), outputFlags(&o.output, "table", "json", "csv"), o.readFlags()),
		Action: func(c *cli.Context) error {
			o.targets, o.topSet = c.Args().Slice(), c.IsSet("top")
			return o.run(c.Context)
		},
	}
}

func (o *logsStatsOptions) run(ctx context.Context) error {
	asked, err := o.asked()
	if err != nil {
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
	overview := len(asked.By) == 0 && len(asked.Distinct) == 0 && asked.Interval == 0
	if o.dedupe {
		asked.Memory = count.DefaultMemory / 4 // the eventIDs need the rest
	}
	counter := count.New(asked)
	if overview {
		counter = count.NewOverview(asked.Memory)
	}
	defer o.tightMemory()()
	w := &reading{app: o.app, options: &o.logsOptions, window: window, filter: chosen, walked: counter.Walked}
	each := func(*logs.File) error { return nil }
	var once *logs.Dedupe
	if o.dedupe {
		once = &logs.Dedupe{}
		each = firsts(once, counter.Visitor())
	} else {
		w.count = counter.Visitor
	}
	if err := w.run(ctx, o.targets, each); err != nil {
		w.brokenOff(ctx, "no counts are shown")
		return err
	}
	if overview {
		err = o.showOverview(w, once, counter.Overview())
	} else {
		err = o.show(w, once, counter.Result())
	}
	if err != nil {
		return err
	}
	o.app.sayFolded(once)
	return w.err()
}

// firsts hands over those records only that did not come before. It counts
// where files come in order and not in the workers, of which now one is
// faster and now another: records with the same eventID may differ.
func firsts(once *logs.Dedupe, to logs.Visitor) func(*logs.File) error {
	return func(f *logs.File) error {
		for i := range f.Records {
			if r := &f.Records[i]; !once.Seen(r) {
				to.Record(f, r)
			}
		}
		return nil
	}
}

// asked reads the flags that say what to count.
func (o *logsStatsOptions) asked() (count.Options, error) {
	var asked count.Options
	var err error
	if o.top < 0 {
		return asked, usagef("--top %d: it cannot be negative", o.top)
	}
	if i := slices.Index(o.targets, "-"); i >= 0 && slices.Contains(o.targets[i+1:], "-") {
		return asked, usagef("- stands there twice: standard input can be read once")
	}
	if asked.By, err = fieldPaths("--by", o.by.Value()); err != nil {
		return asked, err
	}
	if asked.Distinct, err = fieldPaths("--distinct", o.distinct.Value()); err != nil {
		return asked, err
	}
	if o.interval != "" {
		asked.Interval, err = when.ParseAgo(o.interval)
		if err != nil {
			return asked, usagef("--interval: %s", err)
		}
		if asked.Interval < time.Second || asked.Interval%time.Second != 0 {
			return asked, usagef("--interval %s: it is a number of whole seconds, from 1s on", o.interval)
		}
	}
	return asked, nil
}

// fieldPaths reads the paths in the values of a flag, each of which may hold
// several.
func fieldPaths(flag string, values []string) ([]logs.Path, error) {
	var paths []logs.Path
	for _, word := range values {
		for name := range strings.SplitSeq(word, ",") {
			name = strings.TrimSpace(name)
			if name == "" {
				return nil, usagef("%s %q: a field is missing", flag, word)
			}
			p, err := filter.ParseField(name)
			if err != nil {
				return nil, usagef("%s: %s", flag, err)
			}
			if slices.ContainsFunc(paths, func(q logs.Path) bool { return q.String() == p.String() }) {
				return nil, usagef("%s: %s stands there twice", flag, p)
			}
			paths = append(paths, p)
		}
	}
	return paths, nil
}

func (o *logsStatsOptions) show(w *reading, once *logs.Dedupe, r *count.Result) error {
	top := o.top
	if !o.topSet && o.app.streams.OutTerminal && o.app.format(o.output) == "table" {
		top = 20
	}
	if err := render.LogStats(o.app.streams.Out, o.app.format(o.output), o.app.terminal(o.output), o.counted(w, once, r.Total), r, top); err != nil {
		return printed(err)
	}
	o.app.limits(r)
	if r.Interval > 0 && r.NoTime > 0 {
		o.app.warn("%s without a readable eventTime: in no piece of time", render.Count(int(r.NoTime), "record"))
	}
	w.summary(int(r.Total.Count))
	return nil
}

func (o *logsStatsOptions) showOverview(w *reading, once *logs.Dedupe, v *count.Overview) error {
	top := 5
	if o.topSet {
		top = o.top
	}
	if err := render.LogOverview(o.app.streams.Out, o.app.format(o.output), o.app.terminal(o.output), o.counted(w, once, v.Total), v, top); err != nil {
		return printed(err)
	}
	for _, r := range []*count.Result{v.Accounts, v.Regions, v.Services, v.Events, v.Identities, v.Addresses, v.Errors} {
		o.app.limits(r)
	}
	w.summary(int(v.Total.Count))
	return nil
}

// counted is what was read and what became of it: the sum is right.
func (o *logsStatsOptions) counted(w *reading, once *logs.Dedupe, total count.Group) render.Counted {
	c := render.Counted{Files: w.files, Unread: w.unread, Records: w.records}
	if once != nil {
		c.Folded = once.Counts().Folded
	}
	c.LeftOut = w.records - int(total.Count) - c.Folded
	return c
}

// limits says where a count is not exact.
func (a *app) limits(r *count.Result) {
	if r.Others != nil {
		a.warn("too many different values of %s to keep them all: %s are counted together as \"(others)\", and the other counts are the least they can be",
			strings.Join(r.By, ","), render.Count(int(r.Others.Count), "record"))
	}
	if r.Unbinned {
		a.warn("too many pieces of time to keep them all: their counts are the least they can be")
	}
	if r.Cut {
		a.warn("a record has too many values: not all combinations of them are counted")
	}
}
