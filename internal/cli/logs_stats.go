package cli

import (
	"errors"

	"github.com/urfave/cli/v2"
)

func (a *app) logsStatsCommand() *cli.Command {
	return &cli.Command{
		Name: "stats", Usage: "count the records of log files",
		Action: func(*cli.Context) error { return errors.New("not there yet") },
	}
}
