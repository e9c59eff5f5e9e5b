package cli

import (
	"errors"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/internal/when"
)

// flagValue reads the value of a flag that is a number or a length of time,
// and writes it as the flag package takes it: "7d" is a length of time here,
// and what cannot be read gets an answer of its own.
func flagValue(f cli.Flag, name, value string) (string, error) {
	switch f.(type) {
	case *cli.DurationFlag:
		d, err := when.ParseAgo(value)
		if n, ok := time.ParseDuration(value); ok == nil && n < 0 {
			return value, nil // the command says why it cannot be negative
		}
		if err != nil {
			return "", usagef("--%s: %s", name, err)
		}
		return d.String(), nil
	case *cli.IntFlag:
		_, err := strconv.Atoi(value)
		if errors.Is(err, strconv.ErrRange) {
			return "", usagef("--%s %s: that is too large", name, value)
		}
		if err != nil {
			return "", usagef("--%s: %q is not a whole number", name, value)
		}
	}
	return value, nil
}
