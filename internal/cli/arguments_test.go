package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func tree() *cli.App {
	return &cli.App{Commands: []*cli.Command{
		{Name: "trail", Subcommands: []*cli.Command{
			{Name: "create", ArgsUsage: "NAME", Flags: []cli.Flag{
				&cli.StringFlag{Name: "bucket", Aliases: []string{"s3-bucket-name"}},
				&cli.BoolFlag{Name: "dry-run"},
				&cli.StringSliceFlag{Name: "tag"},
			}},
			{Name: "list", Flags: []cli.Flag{&cli.StringFlag{Name: "region"}}},
		}},
		{Name: "logs", Subcommands: []*cli.Command{
			{Name: "view", ArgsUsage: "TARGET...", Flags: []cli.Flag{&cli.IntFlag{Name: "limit"}}},
			{Name: "exec", ArgsUsage: "-- COMMAND..."},
			{Name: "show", ArgsUsage: "[NAME]"},
		}},
	}}
}

func shown(a arranged) string {
	if a.help {
		return strings.Join(append(names(a.path), "--help"), " ")
	}
	return strings.Join(a.args, " ")
}

func TestArrange(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "--help"},
		{"--help", "--help"},
		{"help", "--help"},
		{"help trail", "trail --help"},
		{"trail --help", "trail --help"},
		{"trail create -h", "trail create --help"},
		{"trail create x", "trail create -- x"},
		{"trail create x --bucket b", "trail create --bucket=b -- x"},
		{"trail create --bucket b x", "trail create --bucket=b -- x"},
		{"trail create --bucket=b x --dry-run", "trail create --bucket=b --dry-run -- x"},
		{"--bucket b trail create x", "trail create --bucket=b -- x"},
		{"trail --dry-run create x", "trail create --dry-run -- x"},
		{"trail create --s3-bucket-name -b x", "trail create --s3-bucket-name=-b -- x"},
		{"trail create --tag a=1 --tag b=2,3 x", "trail create --tag=a=1 --tag=b=2,3 -- x"},
		{"trail create --dry-run=false x", "trail create --dry-run=false -- x"},
		{"trail create -- --bucket", "trail create -- --bucket"},
		{"logs view - --limit 3", "logs view --limit=3 -- -"},
		{"logs view a b c", "logs view -- a b c"},
		{"logs exec -- ls -l", "logs exec -- ls -l"},
		{"logs show", "logs show --"},
		{"logs show x", "logs show -- x"},
	} {
		got, err := arrange(tree(), strings.Fields(c.in))
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
		} else if s := shown(got); s != c.want {
			t.Errorf("%s: got %s, want %s", c.in, s, c.want)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"trial", `did you mean "trailctl trail"`},
		{"zzz", `unknown command "zzz"`},
		{"trail", "needs a verb: create or list"},
		{"trail crate", `did you mean "trailctl trail create"`},
		{"--dry-run", "no command given"},
		{"trail create", "NAME is missing"},
		{"trail create x y", `"y" is too much`},
		{"trail list x", "takes no argument"},
		{"trail create x --bukcet b", "did you mean --bucket"},
		{"trail create x --zzz", "unknown flag --zzz"},
		{"trail create x --bucket", "--bucket needs a value"},
		{"trail create x --bucket --dry-run", "--bucket needs a value"},
		{"trail create x --bucket a --s3-bucket-name b", "given twice"},
		{"trail create x --dry-run=perhaps", "switch"},
		{"logs view", "TARGET is missing"},
		{"logs exec", "COMMAND is missing"},
		{"logs show x y", `"y" is too much`},
	} {
		got, err := arrange(tree(), strings.Fields(c.in))
		if err == nil {
			t.Errorf("%s: got %s, want an error", c.in, shown(got))
			continue
		}
		if exitCode(err) != codeUsage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v (exit code %d), want %q and 2", c.in, err, exitCode(err), c.want)
		}
	}
}

func TestEveryCommandHasItsPlace(t *testing.T) {
	walk((&app{}).root().Commands, func(c *cli.Command) {
		if c.Usage == "" {
			t.Errorf("%s has no usage line", c.Name)
		}
		if len(c.Subcommands) == 0 && c.Action == nil {
			t.Errorf("%s does nothing", c.Name)
		}
		var seen []string
		for _, f := range c.Flags {
			for _, n := range f.Names() {
				if slices.Contains(seen, n) {
					t.Errorf("%s: flag --%s is declared twice", c.Name, n)
				}
				seen = append(seen, n)
			}
			if _, isList := f.(*cli.IntSliceFlag); isList {
				t.Errorf("%s: --%v: lists are lists of strings", c.Name, f.Names())
			}
		}
	})
}

func TestExitCodes(t *testing.T) {
	inner := errors.New("inner")
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{inner, 1},
		{usagef("x"), 2},
		{exitWith(codeInvalid, nil), 3},
		{exitWith(codeNothing, inner), 4},
		{withHint(exitWith(codeInvalid, inner), "hint"), 3},
		{errors.Join(inner, exitWith(codeInvalid, inner)), 3},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("exitCode(%v) = %d, want %d", c.err, got, c.want)
		}
	}
}
