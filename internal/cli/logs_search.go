package cli

import (
	"errors"

	"github.com/urfave/cli/v2"
)

func (a *app) logsSearchCommand() *cli.Command {
	return &cli.Command{
		Name: "search", Usage: "search the records of log files",
		Action: func(*cli.Context) error { return errors.New("not there yet") },
	}
}
