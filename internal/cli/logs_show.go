package cli

import (
	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/logs"
)

// showOptions say how records are shown.
type showOptions struct {
	output  outputOptions
	columns cli.StringSlice
	wide    bool
	local   bool
	query   string
	limit   int
	dedupe  bool
}

// recordSink is where records go. Flush shows what is waiting: a table holds
// its first rows back until it knows how wide they are.
type recordSink interface {
	Write(r *logs.Record) error
	Flush() error
	Close() error
}

func showFlags(o *showOptions) []cli.Flag {
	return joinFlags([]cli.Flag{
		&cli.IntFlag{Name: "limit", Category: "Output", Usage: "stop after `N` records (0: no limit)", Destination: &o.limit},
	}, outputFlags(&o.output, "table", "json", "jsonl", "text"))
}

// check looks at the flags that urfave/cli does not.
func (o *showOptions) check() error {
	if o.limit < 0 {
		return usagef("--limit %d: it cannot be negative", o.limit)
	}
	return nil
}

// sink makes what the records are written to.
func (a *app) sink(o *showOptions) (recordSink, error) {
	return render.NewRecords(a.streams.Out, a.format(o.output), a.terminal(o.output)), nil
}
