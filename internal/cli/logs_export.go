package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/term"
	"trailctl/logs"
	"trailctl/logs/export"
)

type logsExportOptions struct {
	logsOptions
	app     *app
	targets []string
	filter  filterOptions
	output  outputOptions
	dedupe  bool

	dest, format, split, compress string
	maxRows                       int
	raw, replace                  bool
}

const exportHelp = `Records become files that other programs read: parquet, for DuckDB, Athena and
Spark, with a column for each common field and the whole record; csv, the same
columns; jsonl, each record's bytes on a line; ocsf, events of the Open
Cybersecurity Schema Framework %s, a JSON object on a line. docs/export.md
describes every column and shows queries.

FOLDER is on this machine; docs/export.md shows how to copy it to S3. The files
of a day lie in FOLDER/event_date=2026-01-31/, those of an hour in
event_hour=07/ below it, by eventTime in UTC. Records without an eventTime have
the folder %s, which query
engines read as null. Memory is bounded, however many days there are.

Nothing appears under its name before all is written, and _export.json, which
lists the files, comes last: an export that was interrupted leaves nothing, and
one that was killed a hidden folder that the next run clears. FOLDER must be
empty or not there; with --replace, an earlier export in it gives way to the new
one, and what else is there stays. Where nothing is found nothing is written.

A log file that cannot be read is named, its readable records are exported, the
others follow, and the exit code is 1.

Examples:
  trailctl logs export TRAIL --since 30d --format parquet --dest lake
  trailctl logs export s3://BUCKET --preset root --format csv --dest root
  trailctl logs export FOLDER --format jsonl --compress zstd --dest lines`

func (a *app) logsExportCommand() *cli.Command {
	o := &logsExportOptions{app: a}
	return &cli.Command{
		Name: "export", Usage: "write records as Parquet, CSV, JSON Lines or OCSF", ArgsUsage: "TARGET...",
		Description: fmt.Sprintf(targetHelp, ",\na folder, a file, or - for standard input") + "\n\n" +
			fmt.Sprintf(exportHelp, export.OCSFVersion, "event_date=__HIVE_DEFAULT_PARTITION__"),
		Flags: joinFlags([]cli.Flag{
			&cli.StringFlag{Name: "dest", Usage: "`FOLDER` to write to (required)", Destination: &o.dest},
			&cli.StringFlag{Name: "format", Usage: "`FORMAT`: " + strings.Join(export.Formats(), ", ") + " (required)", Destination: &o.format},
			&cli.StringFlag{Name: "split", Usage: "folders by `UNIT` of eventTime: " + strings.Join(export.Splits(), ", "), Value: string(export.ByDay), Destination: &o.split},
			&cli.StringFlag{Name: "compress", Usage: "csv, jsonl and ocsf files with `HOW`: " + strings.Join(export.Compressions(), ", ") + " (parquet has zstd inside)", Value: string(export.Plain), Destination: &o.compress},
			&cli.IntFlag{Name: "max-rows", Usage: "begin another file after `N` records of a day or hour", Value: export.DefaultMaxRows, Destination: &o.maxRows},
			&cli.BoolFlag{Name: "raw", Usage: "the whole record in csv and ocsf, too", Destination: &o.raw},
			&cli.BoolFlag{Name: "replace", Usage: "take away the export that is in the folder", Destination: &o.replace},
			dedupeFlag(&o.dedupe),
		}, filterFlags(&o.filter), o.tellFlags(), o.readFlags()),
		Action: func(c *cli.Context) error { o.targets = c.Args().Slice(); return o.run(c.Context) },
	}
}

// tellFlags are those of what is told at the end, which are no formats of the
// files.
func (o *logsExportOptions) tellFlags() []cli.Flag {
	flags := outputFlags(&o.output, "table", "json")
	for _, f := range flags {
		if s, ok := f.(*cli.StringFlag); ok && s.Name == "output" {
			check := s.Action
			s.Action = func(c *cli.Context, v string) error {
				if slices.Contains(export.Formats(), v) {
					return withHint(usagef("--output %s: the formats of what is told are table, json", v), "--format %s says what is written", v)
				}
				return check(c, v)
			}
		}
	}
	return flags
}

// exportResult is the JSON form of what was done: the manifest, and what was
// read for it.
type exportResult struct {
	export.Manifest
	Folder      string `json:"folder"`
	LogFiles    int    `json:"logFilesRead"`
	Records     int    `json:"recordsRead"`
	Duplicates  int    `json:"duplicates"`
	LeftOut     int    `json:"leftOutWithoutTime"`
	Failed      int    `json:"logFilesFailed"`
	ListsFailed int    `json:"listsFailed"`
}

// check looks at the flags that urfave/cli does not.
func (o *logsExportOptions) check() error {
	for _, c := range []struct {
		flag, value string
		among       []string
	}{
		{"format", o.format, export.Formats()},
		{"split", o.split, export.Splits()},
		{"compress", o.compress, export.Compressions()},
	} {
		if c.value == "" {
			return usagef("--%s is missing: it is one of %s", c.flag, strings.Join(c.among, ", "))
		}
		if !slices.Contains(c.among, c.value) {
			return usagef("--%s %s: it is one of %s", c.flag, c.value, strings.Join(c.among, ", "))
		}
	}
	format := export.Format(o.format)
	if err := checkDest(o.dest); err != nil {
		return err
	}
	switch {
	case o.dest == "":
		return usagef("--dest is missing: name the folder to write to")
	case o.maxRows < 1:
		return usagef("--max-rows %d: it is at least 1", o.maxRows)
	case format == export.Parquet && export.Compression(o.compress) != export.Plain:
		return usagef("--compress %s has no effect on parquet, which has zstd inside", o.compress)
	case o.raw && (format == export.Parquet || format == export.JSONL):
		return usagef("--raw has no effect on %s, which has the whole record always", o.format)
	}
	return nil
}

func (o *logsExportOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
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
	if err := outside(o.dest, o.targets); err != nil {
		return err
	}
	// Garbage is collected twice as often as usual: what is kept in buffers
	// would otherwise count double.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	defer o.tightMemory()()
	e, err := export.Open(export.Options{
		Folder: o.dest, Format: export.Format(o.format), Split: export.Split(o.split),
		Compression: export.Compression(o.compress), MaxRows: o.maxRows, Raw: o.raw, Replace: o.replace,
	})
	if err != nil {
		return o.refused(err)
	}
	var once *logs.Dedupe
	if o.dedupe {
		once = &logs.Dedupe{}
	}
	w := &reading{app: o.app, options: &o.logsOptions, window: window, filter: chosen, count: e.Visitor, screen: o.app.newScreen()}
	made, err := o.make(ctx, e, w, once)
	if e := e.Close(); err == nil && e != nil {
		err = fmt.Errorf("clearing the temporary files in %s: %w", o.dest, e)
	}
	if err != nil {
		w.brokenOff(ctx, "nothing was written")
		return err
	}
	if err := o.tell(made, w, once); err != nil {
		return err
	}
	return w.err()
}

// make reads and writes.
func (o *logsExportOptions) make(ctx context.Context, e *export.Export, w *reading, once *logs.Dedupe) (*export.Manifest, error) {
	var keep func(*logs.Record) bool
	if once != nil {
		keep = func(r *logs.Record) bool { return !once.Seen(r) }
	}
	err := w.run(ctx, o.targets, func(f *logs.File) error { return e.Add(f, keep) })
	if err != nil {
		return nil, err
	}
	made, err := e.Finish(ctx, func(whole, all int) {
		w.screen.show("%d of %s written", whole, render.Count(all, "file"))
	})
	w.screen.clear()
	return made, err
}

// refused says what to do about a folder that cannot be exported to.
func (o *logsExportOptions) refused(err error) error {
	var full *export.NotEmptyError
	switch {
	case errors.As(err, &full) && full.Export:
		return withHint(fmt.Errorf("--dest %w", err), "--replace puts the new export in its place")
	case errors.As(err, &full):
		return withHint(fmt.Errorf("--dest %w", err), "name a folder that is empty or does not exist")
	}
	return fmt.Errorf("--dest %s cannot be written to: %w", o.dest, err)
}

func (o *logsExportOptions) tell(m *export.Manifest, w *reading, once *logs.Dedupe) error {
	result := exportResult{
		Manifest: *m, Folder: o.dest, LogFiles: w.files, Records: w.records,
		LeftOut: w.noTime, Failed: w.failed, ListsFailed: w.lists,
	}
	if once != nil {
		result.Duplicates = once.Counts().Folded
	}
	o.summary(m, w)
	o.app.sayFolded(once)
	if o.app.format(o.output) == "json" {
		return printed(render.JSON(o.app.streams.Out, result))
	}
	t := render.Table{Columns: []render.Column{
		{Head: "FILE", Min: 20}, {Head: "RECORDS", Right: true}, {Head: "SIZE", Min: 7, Right: true},
	}}
	for _, f := range m.Files {
		t.Rows = append(t.Rows, []string{term.Escape(f.Path), strconv.Itoa(f.Records), render.Size(f.Bytes)})
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return printed(t.Write(o.app.streams.Out, o.app.terminal(o.output).Width, o.app.colour(o.output)))
}

func (o *logsExportOptions) summary(m *export.Manifest, w *reading) {
	w.sayNoTime()
	if m.Written == 0 {
		o.app.note("no records, so nothing was written: searched %s; %s", w.scope(), w.extent())
		w.say(o.app)
		return
	}
	size := int64(0)
	for _, f := range m.Files {
		size += f.Bytes
	}
	o.app.note("%s: %s of %s to %s: %s, %s", w.scope(), render.Count(m.Written, "record"), w.extent(),
		o.dest, render.Count(len(m.Files), "file"), render.Size(size))
	if m.WithoutTime > 0 {
		o.app.note("%s without a readable eventTime", render.Count(m.WithoutTime, "record"))
	}
	if m.Repaired > 0 {
		o.app.note("%s with bytes that are not UTF-8: each run of them is U+FFFD now", render.Count(m.Repaired, "record"))
	}
	w.say(o.app)
}
