package cli

import (
	"errors"

	"github.com/urfave/cli/v2"
)

func (a *app) logsExportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write records as Parquet, CSV, JSON Lines or OCSF",
		Action: func(*cli.Context) error { return errors.New("not there yet") },
	}
}
