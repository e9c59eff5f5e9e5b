package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (a *app) logsSearchCommand() *cli.Command {
	o := &logsViewOptions{app: a, search: true}
	return &cli.Command{
		Name: "search", Usage: "search the records of log files", ArgsUsage: "TARGET...",
		Description: fmt.Sprintf(targetHelp, ",\na folder, a file, or - for standard input") + `

Shows the records that all filters choose, as they are found, and tells on
standard error how many that is of how many that were looked at. Nothing is
kept: log files of a trail or bucket are read in memory. With the same filters
"trailctl logs view" shows the same records; search wants at least one, and
always tells what was searched.

Examples:
  trailctl logs search audit --since 24h --errors --columns time,identity,event
  trailctl logs search audit --since 7d --preset trail-tampering
  trailctl logs search s3://audit-logs --access-key AKIAIOSFODNN7EXAMPLE
  trailctl logs search evidence/ --filter 'eventName=Delete*' --output jsonl

A file whose bytes show that no record in it can be chosen is not walked
through; damage in its middle is then not noticed. "trailctl logs view" reads
every file whole.

` + readingHelp + "\n\n" + showHelp,
		Flags:  joinFlags(filterFlags(&o.filter), pickFlags(&o.pick), showFlags(&o.show), o.readFlags()),
		Action: func(c *cli.Context) error { o.targets = c.Args().Slice(); return o.run(c.Context) },
	}
}
