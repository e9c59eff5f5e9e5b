package cli

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestFlagValue(t *testing.T) {
	length, number := &cli.DurationFlag{Name: "lag"}, &cli.IntFlag{Name: "limit"}
	for _, c := range []struct {
		flag      cli.Flag
		in, want  string
		complaint string
	}{
		{length, "7d", "168h0m0s", ""},
		{length, "90s", "1m30s", ""},
		{length, "1h30m", "1h30m0s", ""},
		{length, "-1h", "-1h", ""},
		{length, "soon", "", "use 90s, 15m, 2h, 7d or 2w"},
		{length, "", "", "length of time"},
		{number, "12", "12", ""},
		{number, "-1", "-1", ""},
		{number, "99999999999999999999", "", "too large"},
		{number, "many", "", `"many" is not a whole number`},
		{&cli.StringFlag{Name: "since"}, "x", "x", ""},
	} {
		got, err := flagValue(c.flag, c.flag.Names()[0], c.in)
		if got != c.want || (err != nil) != (c.complaint != "") || err != nil && !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("flagValue(%s, %q) = %q, %v", c.flag.Names()[0], c.in, got, err)
		}
	}
}
