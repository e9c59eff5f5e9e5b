package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
)

func (a *app) trailSelectorsCommand() *cli.Command {
	return &cli.Command{
		Name:  "selectors",
		Usage: "see and change what a trail records",
		Subcommands: []*cli.Command{
			a.selectorsGetCommand(),
			a.selectorsPutCommand(),
			a.selectorsTypesCommand(),
		},
	}
}

type selectorsGetOptions struct {
	app  *app
	name string
	aws  awsOptions
	out  outputOptions
}

func (a *app) selectorsGetCommand() *cli.Command {
	o := &selectorsGetOptions{app: a}
	return &cli.Command{
		Name:      "get",
		Usage:     "show a trail's event selectors",
		ArgsUsage: "[NAME]",
		Description: `The table says in words what is recorded: an event is, when one row wants it.
JSON is what "aws cloudtrail get-event-selectors" answers, and what
"trailctl trail selectors put" takes.`,
		Flags: joinFlags([]cli.Flag{selectorsNameFlag(&o.name)}, outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = selectorsName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

// selectorsNameFlag also goes by the name that the AWS CLI has for it here.
func selectorsNameFlag(to *string) cli.Flag {
	return &cli.StringFlag{Name: "name", Aliases: []string{"trail-name"}, Usage: "the trail's `NAME`, in place of the argument", Destination: to}
}

func selectorsName(c *cli.Context, flag string) (string, error) {
	if c.NArg() == 0 && flag == "" {
		return "", usagef("NAME is missing: trailctl trail selectors %s NAME", c.Command.Name)
	}
	return oneName(c, flag)
}

func (o *selectorsGetOptions) run(ctx context.Context) error {
	a := o.app
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	t, err := findTrail(ctx, cfg, o.name, "\"trailctl trail create\" makes one")
	if err != nil {
		return err
	}
	s, err := trail.ReadSelectors(ctx, cfg.CloudTrail(t.HomeRegion), t.ARN)
	if err != nil {
		return err
	}
	if a.format(o.out) == "json" {
		return printed(render.SelectorsJSON(a.streams.Out, t.ARN, s))
	}
	return printed(render.SelectorsTable(a.streams.Out, s, a.terminal(o.out)))
}

type selectorsPutOptions struct {
	planOptions
	name, file string
	recording  recordingOptions
}

const selectorsPutHelp = `Changes what a trail records, and nothing else of it. FILE holds event selectors
as JSON, basic or advanced, as "trailctl trail selectors get" and the AWS CLI
write them; - is standard input. They take the place of all that the trail has,
and are checked before anything is sent.

With flags in place of FILE only the kind of events that is named changes:
management events, data events, network activity. What is named of a kind is all
that is recorded of it afterwards: --data-events s3 ends those of other types.
What comes to an end is said. Of --management-events and --exclude the one that
is not named stays, and without --resources a type that is recorded already stays
as it is.

Basic selectors come out where they say it all, which is so for management events
alone; otherwise advanced ones. A trail cannot have both. Selectors that say the
same already are not written again.

"--resources account" narrows data events to the account's own resources, as
ARNs tell them. Those of S3 objects do not, so the buckets that the account has
now are named: run the same command again when there are new ones.`

func (a *app) selectorsPutCommand() *cli.Command {
	o := &selectorsPutOptions{planOptions: planOptions{app: a}}
	return &cli.Command{
		Name:        "put",
		Usage:       "change a trail's event selectors",
		ArgsUsage:   "[NAME] [FILE]",
		Description: selectorsPutHelp,
		Flags:       joinFlags([]cli.Flag{selectorsNameFlag(&o.name)}, recordingFlags(&o.recording), o.planOptions.flags()),
		Action: func(c *cli.Context) error {
			if err := o.arguments(c.Args().Slice()); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

// arguments are NAME and FILE, or FILE alone beside --name.
func (o *selectorsPutOptions) arguments(args []string) error {
	if o.name == "" && len(args) > 0 {
		o.name, args = args[0], args[1:]
	}
	switch {
	case o.name == "":
		return usagef("NAME is missing: trailctl trail selectors put NAME FILE")
	case len(args) > 1:
		return usagef("two trails are named: %s, and --name %s", args[0], o.name)
	case len(args) == 1:
		o.file = args[0]
	}
	return nil
}

// spec is what is asked of the selectors.
func (o *selectorsPutOptions) spec() (trail.Spec, error) {
	var s trail.Spec
	if o.file == "" {
		err := o.recording.apply(&s)
		if err == nil && s.Recording == nil && s.Selectors == nil && s.Insights == nil {
			err = usagef("what is to be recorded is missing: a FILE, or flags such as --management-events")
		}
		return s, err
	}
	asked := o.recording
	asked.insights = ""
	if asked != (recordingOptions{}) {
		return s, usagef("%s says all that is recorded: leave the flags for it away", o.file)
	}
	text, err := selectorsText(o.file, o.app.streams.In)
	if err != nil {
		return s, err
	}
	if err := o.recording.parsed(&s, text); err != nil {
		return s, err
	}
	return s, o.recording.applyInsights(&s)
}

func (o *selectorsPutOptions) run(ctx context.Context) error {
	spec, err := o.spec()
	if err != nil {
		return err
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	t, err := findTrail(ctx, cfg, o.name, "\"trailctl trail create\" makes one")
	if err != nil {
		return err
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	plan, err := trail.PlanSelectors(ctx, clients, t, spec)
	if err != nil {
		return trailError(err)
	}
	return o.carryOut(ctx, clients, plan)
}

type selectorsTypesOptions struct {
	app *app
	out outputOptions
}

func (a *app) selectorsTypesCommand() *cli.Command {
	o := &selectorsTypesOptions{app: a}
	return &cli.Command{
		Name:  "types",
		Usage: "list the resource types that data events can be recorded for",
		Description: `SHORT is the name that --data-events takes; it takes TYPE, too, also one that is
not listed. ACCOUNT tells whether --resources account works for the type: whether
it can be told whose a resource is.`,
		Flags: outputFlags(&o.out, "table", "json"),
		Action: func(*cli.Context) error {
			if a.format(o.out) == "json" {
				return printed(render.TypesJSON(a.streams.Out, trail.ResourceTypes()))
			}
			return printed(render.TypesTable(a.streams.Out, trail.ResourceTypes(), a.terminal(o.out)))
		},
	}
}
