package cli

import (
	"errors"

	"github.com/urfave/cli/v2"
)

func (a *app) logsPresetsCommand() *cli.Command {
	return &cli.Command{
		Name: "presets", Usage: "list the ready sets of filters",
		Action: func(*cli.Context) error { return errors.New("not there yet") },
	}
}
