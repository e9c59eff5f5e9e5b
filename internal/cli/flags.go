package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/when"
)

// The flags that several commands share. They are made anew for each command:
// urfave/cli reads a flag as empty when it is declared both on the app and on
// a command.

func joinFlags(groups ...[]cli.Flag) []cli.Flag { return slices.Concat(groups...) }

// awsOptions say where AWS is and who asks.
type awsOptions struct {
	profile, region, endpoint string
	debug                     bool
}

func awsFlags(o *awsOptions) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "profile", Category: "AWS", Usage: "`NAME` of a profile of the shared configuration files", Destination: &o.profile},
		&cli.StringFlag{Name: "region", Category: "AWS", Usage: "`REGION` to call (default: AWS_REGION, or the profile's)", Destination: &o.region},
		&cli.StringFlag{Name: "endpoint-url", Category: "AWS", Usage: "`URL` that every AWS call goes to (default: AWS_ENDPOINT_URL)", Destination: &o.endpoint},
		&cli.BoolFlag{Name: "debug", Category: "AWS", Usage: "log each AWS call to standard error", Destination: &o.debug},
	}
}

// outputOptions say how the result is written.
type outputOptions struct {
	format  string // "" means: table on a terminal, JSON in a pipe
	noColor bool
}

func outputFlags(o *outputOptions, formats ...string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "output", Category: "Output",
			Usage:       fmt.Sprintf("`FORMAT`: %s (default: table on a terminal, json in a pipe)", strings.Join(formats, ", ")),
			Destination: &o.format,
			Action: func(_ *cli.Context, v string) error {
				if !slices.Contains(formats, v) {
					return usagef("--output %s: the formats are %s", v, strings.Join(formats, ", "))
				}
				return nil
			},
		},
		&cli.BoolFlag{Name: "no-color", Category: "Output", Usage: "no colours (also: NO_COLOR)", Destination: &o.noColor},
	}
}

// windowOptions are the texts of the flags that choose a window of time.
type windowOptions struct {
	start, end, since string
}

func windowFlags(o *windowOptions) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "start-time", Category: "Time", Usage: "`TIME` from which on: 2026-01-31, 2026-01-31T13:00:00Z (UTC unless it says otherwise), or how long ago: 2h, 7d", Destination: &o.start},
		&cli.StringFlag{Name: "end-time", Category: "Time", Usage: "`TIME` up to which, itself not included (default: now)", Destination: &o.end},
		&cli.StringFlag{Name: "since", Category: "Time", Usage: "the last `LENGTH` of time: 90s, 15m, 2h, 7d, 2w", Destination: &o.since},
	}
}

func (o windowOptions) window(now time.Time) (when.Window, error) {
	w, err := when.ParseWindow(o.start, o.end, o.since, now)
	if err != nil {
		return w, usagef("%s", err)
	}
	return w, nil
}
