package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// The command reference is made from the commands themselves: a flag that is
// not in it fails this test. "go test ./internal/cli -run Reference -update"
// writes it anew.
func TestReference(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "commands.md")
	want := reference((&app{}).root())
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/commands.md does not say what the commands say; run: go test ./internal/cli -run Reference -update")
	}
}

// reference is the command reference in Markdown.
func reference(root *cli.App) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Commands\n\nMade from the program's own help; do not edit.\n\n```\n%s\n```\n", root.Description)
	for _, c := range root.Commands {
		describe(&b, "trailctl", c)
	}
	return b.String()
}

func describe(b *strings.Builder, path string, c *cli.Command) {
	path += " " + c.Name
	if len(c.Subcommands) > 0 && !runs(c) {
		fmt.Fprintf(b, "\n## %s\n\n%s\n", path, sentence(c.Usage))
		for _, sub := range c.Subcommands {
			describe(b, path, sub)
		}
		return
	}
	line := synopsis(path, c.ArgsUsage, nil, c.Flags)
	fmt.Fprintf(b, "\n### %s\n\n%s\n", path, sentence(c.Usage))
	fmt.Fprintf(b, "\n```\n%s\n", line)
	if c.Description != "" {
		fmt.Fprintf(b, "\n%s\n", strings.TrimSpace(c.Description))
	}
	b.WriteString("```\n")
	defer func() {
		for _, sub := range c.Subcommands {
			describe(b, path, sub)
		}
	}()
	if len(c.Flags) == 0 {
		return
	}
	b.WriteString("\n| flag | what it does |\n|---|---|\n")
	for _, f := range c.Flags {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		left, right := describeFlag(f)
		fmt.Fprintf(b, "| `%s` | %s |\n", left, strings.ReplaceAll(right, "|", "\\|"))
	}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// The table of exit codes stands in the README, in the help and here.
func TestExitCodesAreDocumented(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for code, meaning := range map[int]string{
		codeDone: "done, or valid", codeFailed: "could not complete", codeUsage: "wrong usage",
		codeInvalid: "invalid, missing, or failed a check", codeNothing: "nothing found to validate", codeInterrupted: "interrupted",
	} {
		if row := fmt.Sprintf("| %d | %s |", code, meaning); !strings.Contains(string(readme), row) {
			t.Errorf("README.md lacks %q", row)
		}
		if text := fmt.Sprintf("%d %s", code, meaning); !strings.Contains(strings.Join(strings.Fields(description), " "), text) {
			t.Errorf("the help lacks %q", text)
		}
	}
}
