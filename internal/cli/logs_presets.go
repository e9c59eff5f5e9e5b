package cli

import (
	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/logs/filter"
)

type logsPresetsOptions struct {
	app  *app
	name string
	out  outputOptions
}

func (a *app) logsPresetsCommand() *cli.Command {
	o := &logsPresetsOptions{app: a}
	return &cli.Command{
		Name: "presets", Usage: "list the ready sets of filters for --preset", ArgsUsage: "[NAME]",
		Description: `Each ready set answers a question and is made of filters that --filter takes,
too. With a NAME they are shown whole.

Examples:
  trailctl logs presets
  trailctl logs presets public-access
  trailctl logs search audit --since 7d --preset root --preset console-login
  trailctl logs stats audit --since 7d --preset denied --by identity,event`,
		Flags:  outputFlags(&o.out, "table", "json"),
		Action: func(c *cli.Context) error { o.name = c.Args().First(); return o.run() },
	}
}

func (o *logsPresetsOptions) run() error {
	a, list := o.app, filter.Presets()
	if o.name != "" {
		one, err := filter.FindPreset(o.name)
		if err != nil {
			return usagef("%q: %s", o.name, err)
		}
		list = []filter.Preset{one}
	}
	switch {
	case a.format(o.out) == "json":
		return printed(render.PresetsJSON(a.streams.Out, list))
	case o.name != "":
		return printed(render.Preset(a.streams.Out, list[0]))
	}
	return printed(render.Presets(a.streams.Out, list, a.terminal(o.out)))
}
