package cli

import (
	"slices"

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
too. With a NAME they are shown whole.`,
		Flags:  outputFlags(&o.out, "table", "json"),
		Action: func(c *cli.Context) error { o.name = c.Args().First(); return o.run() },
	}
}

func (o *logsPresetsOptions) run() error {
	a, list := o.app, filter.Presets()
	if o.name != "" {
		// Compiling it answers a name that there is not.
		if _, err := filter.Compile(filter.Options{Presets: []string{o.name}}); err != nil {
			return usagef("%s", err)
		}
		list = slices.DeleteFunc(list, func(p filter.Preset) bool { return p.Name != o.name })
	}
	switch {
	case a.format(o.out) == "json":
		return printed(render.PresetsJSON(a.streams.Out, list))
	case o.name != "":
		return printed(render.Preset(a.streams.Out, list[0]))
	}
	return printed(render.Presets(a.streams.Out, list, a.terminal(o.out)))
}
