package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
)

type trailShowOptions struct {
	app  *app
	name string
	aws  awsOptions
	out  outputOptions
}

const trailShowHelp = `Reads the trail and all that belongs to it: status, tags, selectors, Insights,
the bucket with its settings, policy and notifications, the SNS topic, the log
group, its role with its policies, and the KMS key.

What is missing, or may not be read with these credentials, is named on standard
error and in the result, and the rest is shown. The exit code is 1 when something
could not be read.`

func (a *app) trailShowCommand() *cli.Command {
	o := &trailShowOptions{app: a}
	return &cli.Command{
		Name:        "show",
		Usage:       "show a trail with everything around it",
		ArgsUsage:   "[NAME]",
		Description: trailShowHelp,
		Flags:       joinFlags([]cli.Flag{nameFlag(&o.name)}, outputFlags(&o.out, "table", "json", "yaml"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if o.name, err = oneName(c, o.name); err != nil {
				return err
			}
			return o.run(c.Context)
		},
	}
}

func (o *trailShowOptions) run(ctx context.Context) error {
	a := o.app
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	t, err := findTrail(ctx, cfg, o.name, "\"trailctl trail create\" makes one")
	if err != nil {
		return err
	}
	a.noteCopies(ctx, cfg, o.name, t, func(regions string) string {
		first, _, _ := strings.Cut(regions, ",")
		return ": --region " + first + " shows that one"
	})
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	whole, err := trail.ReadWhole(ctx, clients, t)
	if err != nil {
		return err
	}
	if err := o.print(whole); err != nil {
		return printed(err)
	}
	failed := false
	for _, part := range slices.Sorted(maps.Keys(whole.Unread)) {
		err := whole.Unread[part]
		a.warn("the %s of trail %s: %s", part, t.Name, plain(err))
		failed = failed || !errors.Is(err, trail.ErrGone)
	}
	if failed {
		return exitWith(codeFailed, nil)
	}
	return nil
}

func (o *trailShowOptions) print(whole trail.Whole) error {
	a := o.app
	switch a.format(o.out) {
	case "json":
		return render.WholeJSON(a.streams.Out, whole)
	case "yaml":
		return render.WholeYAML(a.streams.Out, whole)
	}
	return render.Whole(a.streams.Out, whole, a.terminal(o.out))
}
