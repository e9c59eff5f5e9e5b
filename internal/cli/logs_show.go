package cli

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/logs"
	"trailctl/logs/filter"
)

// showOptions say how records are shown.
type showOptions struct {
	output  outputOptions
	columns cli.StringSlice
	wide    bool
	local   bool
	query   string
	limit   int

	// What check reads out of them.
	parsedColumns []render.RecordColumn
	parsedQuery   *render.Query
	page          bool // on a terminal, a record is a page of its own
}

// recordSink is where records go. Flush shows at once what would otherwise be
// shown a moment later.
type recordSink interface {
	Write(r *logs.Record) error
	Flush() error
	Close() error
}

func showFlags(o *showOptions) []cli.Flag {
	return joinFlags([]cli.Flag{
		&cli.IntFlag{Name: "limit", Category: "Output", Usage: "stop after `N` records (0: no limit)", Destination: &o.limit},
		&cli.StringSliceFlag{Name: "columns", Category: "Output", Usage: "columns of a table or of CSV, `NAME,NAME...`: time, identity, event, address, region, resources, error, id, account, user, role, service, or any field, such as userIdentity.arn or resources[].ARN", Destination: &o.columns},
		&cli.BoolFlag{Name: "wide", Category: "Output", Usage: "a table with all usual columns and the eventID, in which nothing is cut", Destination: &o.wide},
		&cli.BoolFlag{Name: "local", Category: "Output", Usage: "times in the time zone of this machine, in tables, cards and CSV", Destination: &o.local},
		&cli.StringFlag{Name: "query", Category: "Output", Usage: "write what the JMESPath `EXPRESSION` finds in each record: eventName, or Records[].eventName", Destination: &o.query},
	}, outputFlags(&o.output, "table", "card", "json", "jsonl", "text", "csv"))
}

// showHelp says what the formats are.
const showHelp = `Formats: table; card, a page for each record; json, one array; jsonl, each
record's bytes on a line; text, a line of eventID eventName eventSource
awsRegion sourceIPAddress User-Agent=... for each record; csv. A table has the
columns time, identity, event, address, region, resources and error; a terminal
narrower than 130 columns leaves out the resources, below 120 the year when it
is the present one, below 100 the region; where an event does not fit, its service
goes before its operation does. CSV has time, identity,
userIdentity.arn, userIdentity.accessKeyId, event, address, userAgent, region,
account, resources, error and id. --columns chooses others, a field's path being
its column's name; a field that is newer than this program is written with a dot
before it. IDs, ARNs and addresses that are asked for are not cut: lines are
longer than the terminal rather. The error of a sign-in that failed without an
errorCode is Failure. In CSV, what a spreadsheet would take for a formula gets
an apostrophe in front.

--query takes JMESPath as the AWS CLI does, and writes json, jsonl or text. The
expression is about one record (eventName, "{who: userIdentity.arn, at:
eventTime}"), and what is null is left out; or it begins with the list of all
records, Records[] or [] or with a condition Records[?errorCode], and takes each
by itself (Records[].[eventTime, eventName]). Records are not gathered, so
nothing can be sorted or counted in it: "trailctl logs stats" counts.`

// check looks at the flags that urfave/cli does not.
func (o *showOptions) check() error {
	if o.limit < 0 {
		return usagef("--limit %d: it cannot be negative", o.limit)
	}
	if err := o.parseColumns(); err != nil {
		return err
	}
	if o.query != "" {
		q, err := render.ParseQuery(o.query)
		if err != nil {
			return usagef("--query %s", err)
		}
		o.parsedQuery = q
	}
	return o.agree()
}

// agree refuses flags that have no effect on the chosen format.
func (o *showOptions) agree() error {
	format := o.output.format
	for _, c := range []struct {
		flag  string
		given bool
		with  []string
	}{
		{"--query", o.query != "", []string{"json", "jsonl", "text"}},
		{"--columns", len(o.parsedColumns) > 0, []string{"table", "csv"}},
		{"--wide", o.wide, []string{"table"}},
		{"--local", o.local, []string{"table", "card", "csv"}},
	} {
		if !c.given {
			continue
		}
		if format != "" && !slices.Contains(c.with, format) {
			return usagef("%s has no effect on --output %s: it goes with %s", c.flag, format, strings.Join(c.with, ", "))
		}
		if o.query != "" && c.flag != "--query" {
			return usagef("%s has no effect on what --query finds", c.flag)
		}
	}
	return nil
}

func (o *showOptions) parseColumns() error {
	o.parsedColumns = nil
	for _, list := range o.columns.Value() {
		for name := range strings.SplitSeq(list, ",") {
			c, err := parseColumn(strings.TrimSpace(name))
			if err != nil {
				return err
			}
			o.parsedColumns = append(o.parsedColumns, c)
		}
	}
	return nil
}

// parseColumn takes the names that --filter takes, and the columns' own.
func parseColumn(name string) (render.RecordColumn, error) {
	if !slices.Contains(render.RecordColumnNames(), name) {
		path, err := filter.ParseField(name)
		if err != nil {
			return render.RecordColumn{}, usagef("--columns: %s", err)
		}
		name = path.String()
	}
	c, err := render.ParseRecordColumn(name)
	if err != nil {
		return c, usagef("--columns: %s", err)
	}
	return c, nil
}

// recordFormat is the output format that is in force.
func (a *app) recordFormat(o *showOptions) string {
	switch {
	case o.output.format != "":
		return o.output.format
	case o.query != "":
		return "json"
	case o.page && a.streams.OutTerminal && len(o.parsedColumns) == 0 && !o.wide:
		return "card"
	case len(o.parsedColumns) > 0 || o.wide || o.local:
		return "table" // in a pipe, too: nothing else has columns and local times
	}
	return a.format(o.output)
}

// sink makes what the records are written to. The options must have been
// checked.
func (a *app) sink(o *showOptions) (recordSink, error) { return a.sinkTo(a.streams.Out, o, nil) }

// sinkTo is sink for a writer of its own; failed hears of writes that fail
// while no record is written.
func (a *app) sinkTo(w io.Writer, o *showOptions, failed func(error)) (recordSink, error) {
	r := render.RecordOptions{
		Format: a.recordFormat(o), Terminal: a.terminal(o.output),
		Columns: o.parsedColumns, Wide: o.wide, Query: o.parsedQuery, Failed: failed, Year: a.now().UTC().Year(),
	}
	if o.local {
		r.Year = a.now().Local().Year()
		r.Zone, r.ZoneName = time.Local, zoneName(time.Local, a.now().Year())
	}
	return render.NewRecords(w, r), nil
}

// written adds the reason to a failed write of records; an expression that
// fails says its own.
func written(err error) error {
	var query *render.QueryError
	if errors.As(err, &query) {
		return err
	}
	return printed(err)
}

// zoneName names a time zone: by both its abbreviations where it has two in
// a year.
func zoneName(zone *time.Location, year int) string {
	winter, _ := time.Date(year, time.January, 1, 0, 0, 0, 0, zone).Zone()
	summer, _ := time.Date(year, time.July, 1, 0, 0, 0, 0, zone).Zone()
	if winter == summer {
		return winter
	}
	return winter + "/" + summer
}
