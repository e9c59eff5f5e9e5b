package cli

import (
	"errors"

	"github.com/urfave/cli/v2"
)

func (a *app) logsHistoryCommand() *cli.Command {
	return &cli.Command{
		Name: "history", Usage: "search the event history of an account",
		Action: func(*cli.Context) error { return errors.New("not there yet") },
	}
}
