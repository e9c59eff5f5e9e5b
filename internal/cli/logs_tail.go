package cli

import (
	"errors"

	"github.com/urfave/cli/v2"
)

func (a *app) logsTailCommand() *cli.Command {
	return &cli.Command{
		Name: "tail", Usage: "follow the records of a trail as they come",
		Action: func(*cli.Context) error { return errors.New("not there yet") },
	}
}
