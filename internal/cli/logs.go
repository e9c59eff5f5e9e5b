package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/logs"
)

func (a *app) logsCommand() *cli.Command {
	return &cli.Command{
		Name:  "logs",
		Usage: "find, download, read, search, count and follow log files",
		Subcommands: []*cli.Command{
			a.logsListCommand(),
			a.logsDownloadCommand(),
			a.logsViewCommand(),
			a.logsSearchCommand(),
			a.logsPresetsCommand(),
			a.logsStatsCommand(),
			a.logsHistoryCommand(),
			a.logsTailCommand(),
			a.logsExportCommand(),
		},
	}
}

// targetHelp says what TARGET may be.
const targetHelp = `TARGET is a trail's name or ARN, or s3://BUCKET[/PREFIX]%s.
What exists here as a file or folder is taken for that; to be sure of a trail,
give its ARN.`

// logsOptions choose log files.
type logsOptions struct {
	aws      awsOptions
	window   windowOptions
	accounts cli.StringSlice

	lag         time.Duration
	maxFileSize string // only of commands that read records: see readFlags
}

func (o *logsOptions) flags() []cli.Flag {
	aws := awsFlags(&o.aws)
	for _, f := range aws {
		if s, ok := f.(*cli.StringFlag); ok && s.Name == "region" {
			s.Usage = "`REGION` to call, and the only one whose log files are wanted (default: all regions; the one to call as in AWS_REGION)"
		}
	}
	return joinFlags(
		[]cli.Flag{&cli.StringSliceFlag{
			Name: "account-id", Usage: "only log files of the account `ID` (several: with commas, or repeated)", Destination: &o.accounts, Action: commaList(&o.accounts),
		}},
		windowFlags(&o.window), []cli.Flag{o.lagFlag()}, aws)
}

// lagFlag is for windows of event times.
func (o *logsOptions) lagFlag() cli.Flag {
	return &cli.DurationFlag{
		Name: "lag", Category: "Time", Value: logs.DefaultLag, Destination: &o.lag,
		Usage: "read log files that were delivered up to `LENGTH` before and after the window: CloudTrail delivers a record some minutes after its event, " +
			"so one of 23:58 lies in a file, and a folder, of the next day; more where delivery was late",
	}
}

// readFlags are the flags of commands that read records.
func (o *logsOptions) readFlags() []cli.Flag {
	return joinFlags(o.flags(), []cli.Flag{&cli.StringFlag{
		Name: "max-file-size", Usage: "a log file that is larger than `SIZE` when uncompressed is a failure: 512M, 4G; what it is above 96M is taken of memory, a single large record up to 8 times", Value: "96M", Destination: &o.maxFileSize,
	}})
}

// regions are the regions asked for; none means all.
func (o *logsOptions) regions() []string {
	if o.aws.region == "" {
		return nil
	}
	return []string{o.aws.region}
}

// oneRegion refuses a list of regions, which would be no region's name.
func oneRegion(region string) error {
	if strings.ContainsAny(region, ", ") {
		return withHint(usagef("--region %q: it is one region; without it all are read", region),
			"--filter 'awsRegion in %s' chooses records of several", strings.Join(strings.FieldsFunc(region, func(r rune) bool { return r == ',' || r == ' ' }), ","))
	}
	return nil
}

// check looks at the flags that urfave/cli does not.
func (o *logsOptions) check() error {
	if err := oneRegion(o.aws.region); err != nil {
		return err
	}
	for _, id := range o.accounts.Value() {
		if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
			return usagef("--account-id %q: an account's ID has twelve digits", id)
		}
	}
	if o.lag < 0 {
		return usagef("--lag %s: it is a length of time, and not a negative one", o.lag)
	}
	if o.maxFileSize != "" {
		if _, err := parseSize(o.maxFileSize); err != nil {
			return usagef("--max-file-size: %s", err)
		}
	}
	return nil
}

// scope says what was looked at, for messages.
func (o *logsOptions) scope(t *logsTarget, w when.Window) string {
	words := []string{t.where}
	if !w.Start.IsZero() || !w.End.IsZero() {
		words = append(words, w.String())
	}
	if r := o.regions(); r != nil {
		words = append(words, "region "+r[0]+" only")
	}
	if ids := o.accounts.Value(); len(ids) > 0 {
		words = append(words, "account "+strings.Join(ids, ", ")+" only")
	}
	return strings.Join(words, ", ")
}

// tally counts what was passed over and what failed.
type tally struct {
	skipped map[string]int
	failed  int    // files
	lists   int    // parts of the bucket or folder
	hint    string // the last that was given
}

func (t *tally) skip(why string) {
	if t.skipped == nil {
		t.skipped = map[string]int{}
	}
	t.skipped[why]++
}

// say writes what nobody should miss. Digest files and files outside the
// window are passed over by intent: they are not worth a line.
func (t *tally) say(a *app) {
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(t.skipped)) {
		switch why {
		case logs.SkipDigest, logs.SkipWindow, logs.SkipOther, logs.SkipFolder, logs.SkipOwn:
			continue
		}
		parts = append(parts, passed(t.skipped[why], why))
	}
	if len(parts) > 0 {
		a.note("passed over: %s", strings.Join(parts, ", "))
	}
}

// err is the end of a run in which some things failed, all of which have
// been named.
func (t *tally) err() error {
	var parts []string
	if t.failed > 0 {
		parts = append(parts, render.Count(t.failed, "file"))
	}
	if t.lists > 0 {
		parts = append(parts, render.Count(t.lists, "listing"))
	}
	if len(parts) == 0 {
		return nil
	}
	return fmt.Errorf("%s failed: the result is not complete", strings.Join(parts, " and "))
}

// terminal is what the renderers may assume.
func (a *app) terminal(o outputOptions) render.Terminal {
	t := render.Terminal{Colour: a.colour(o), Year: a.now().UTC().Year()}
	if a.streams.OutTerminal {
		t.Width = a.streams.Width
	}
	return t
}

// broken tells of a failure on which the walk goes on. What to do about it is
// said once, not for each of a thousand files.
func (t *tally) broken(ctx context.Context, a *app, err error) {
	if ctx.Err() != nil {
		return
	}
	text, hint := message(err)
	if hint != t.hint {
		a.complain(err)
		t.hint = hint
		return
	}
	a.warn("%s", text)
}
