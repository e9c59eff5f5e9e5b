package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// What people type who come from the AWS CLI or other programs.
func TestSuggestions(t *testing.T) {
	root := (&app{}).root()
	for _, c := range []struct{ in, want string }{
		{"search x", `did you mean "trailctl logs search"?`},
		{"stats", `did you mean "trailctl logs stats"?`},
		{"download", `did you mean "trailctl logs download"?`},
		{"tail demo", `did you mean "trailctl logs tail"?`},
		{"history", `did you mean "trailctl logs history"?`},
		{"list", `did you mean "trailctl trail list" or "trailctl logs list"?`},
		{"ls", `did you mean "trailctl logs list" or "trailctl trail list"?`},
		{"list-trails", `did you mean "trailctl trail list"?`},
		{"create-trail", `did you mean "trailctl trail create"?`},
		{"lookup-events", `did you mean "trailctl logs history"?`},
		{"validate-logs", `did you mean "trailctl validate"?`},
		{"serch", `did you mean "trailctl logs search"?`},
		{"trial", `did you mean "trailctl trail"?`},
		{"frobnicate", `see "trailctl --help"`},
		{"xy", `see "trailctl --help"`},
		{"logs ls", `did you mean "trailctl logs list"?`},
		{"trail ls", `did you mean "trailctl trail list"?`},
		{"logs validate", `did you mean "trailctl validate"?`},
		{"trail tail", `did you mean "trailctl logs tail"?`},
		{"logs serach", `did you mean "trailctl logs search"?`},
		{"trail selectors types2", `did you mean "trailctl trail selectors types"?`},

		{"logs view x -o jsonl", "unknown flag -o for logs view: did you mean --output?"},
		{"trail list -o json", "unknown flag -o for trail list: did you mean --output?"},
		{"logs view x -n 5", "unknown flag -n for logs view: did you mean --limit?"},
		{"logs stats x -n 5", "did you mean --top?"},
		{"logs view x --max-results 5", "unknown flag --max-results for logs view: did you mean --limit?"},
		{"logs tail x -f", "unknown flag -f for logs tail: it follows anyway"},
		{"logs view x --follow", `unknown flag --follow for logs view: "trailctl logs tail" follows`},
		{"logs search x --ip 1.2.3.4", "did you mean --source-ip?"},
		{"logs search x --user-name=a", "unknown flag --user-name for logs search: did you mean --user?"},
		{"logs search x --identity alice", "did you mean --user?"},
		{"logs search x --resource orders-a", "did you mean --filter?"},
		{"logs download x --output-dir d", "did you mean --dest?"},
		{"logs export x --out d", "did you mean --dest?"},
		{"logs download x --destination d", "did you mean --dest?"},
		{"logs download x ./d", `"./d" is too much: write --dest ./d`},
		{"trail list json", `"json" is too much: write --output json`},
		{"trail show x y", `"y" is too much: trailctl trail show`},
		{"logs stats x --group-by user", "did you mean --by?"},
		{"logs view x --json", "did you mean --output json?"},
		{"logs view x --jsonl", "did you mean --output jsonl?"},
		{"trail list --jsonl", "see \"trailctl trail list --help\""},
		{"logs view x --from 2h", "did you mean --start-time?"},
		{"logs history --to now", "did you mean --end-time?"},
		{"logs tail x --start-time 2h", "did you mean --since?"},
		{"logs tail x --end-time 2h", "did you mean --for?"},
		{"logs search --bucket b", "a bucket is a TARGET: s3://BUCKET"},
		{"validate --bucket b", "did you mean --s3-bucket?"},
		{"logs view x --sort time", "records come in the order of the files"},
		{"logs history --reverse", "records come newest first"},
		{"logs list x --human-readable", "--output table"},
		{"logs history --attributes a", "did you mean --lookup-attributes?"},
		{"logs view x --id a", `see "trailctl logs view --help"`}, // --account-id or --event-id
		{"logs view x -z", `see "trailctl logs view --help"`},
		{"trail create x --buckt b", "did you mean --bucket?"},
		{"-o json trail list", "unknown flag -o for trailctl: did you mean --output?"},
		{"trail -z list2", `unknown flag -z for trail; see "trailctl trail --help"`},
		{"--region list2", "no command given"},
		{"trail delete x --force", "did you mean --yes?"},
	} {
		_, err := arrange(root, strings.Fields(c.in))
		if err == nil || exitCode(err) != codeUsage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.in, err, c.want)
		}
	}
}

// What is suggested exists.
func TestHabitsNameWhatThereIs(t *testing.T) {
	root := (&app{}).root().Commands
	commands := wholeCommands(root, "")
	for typed, meant := range commandHabits() {
		for _, m := range meant {
			if !slices.Contains(commands, m) {
				t.Errorf("%s: there is no %q", typed, m)
			}
		}
	}
	var flags []string
	walk(root, func(c *cli.Command) {
		for _, f := range c.Flags {
			flags = append(flags, f.Names()...)
		}
	})
	for _, h := range flagHabits() {
		for _, f := range strings.Fields(h.flags) {
			if !slices.Contains(flags, f) {
				t.Errorf("%s: there is no --%s", h.typed, f)
			}
		}
	}
}
