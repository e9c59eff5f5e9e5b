package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
)

// helpWidth is how wide help is written: terminals have 80 columns or more.
const helpWidth = 80

// writeHelp writes the help of the command at the end of path, or of the
// whole program when path is empty.
func writeHelp(w io.Writer, root *cli.App, path []*cli.Command) error {
	var b strings.Builder
	line, usage, text, below := root.Name, root.Usage, root.Description, root.Commands
	var flags []cli.Flag
	arguments := ""
	if len(path) > 0 {
		c := path[len(path)-1]
		line = strings.Join(append([]string{root.Name}, names(path)...), " ")
		usage, text, below, flags, arguments = c.Usage, c.Description, c.Subcommands, c.Flags, c.ArgsUsage
	}
	if len(path) > 0 && runs(path[len(path)-1]) && len(below) > 0 {
		fmt.Fprintf(&b, "%s: %s\n\nUsage: %s\n       %s COMMAND\n", line, usage, synopsis(line, arguments, nil, flags), line)
	} else {
		fmt.Fprintf(&b, "%s: %s\n\nUsage: %s\n", line, usage, synopsis(line, arguments, below, flags))
	}
	if text != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(text))
	}
	if len(below) > 0 {
		writeCommands(&b, len(path) == 0, below)
		word := "VERB"
		if len(path) == 0 {
			word = "NOUN [VERB]"
		}
		fmt.Fprintf(&b, "\n\"%s %s --help\" tells more of each.\n", line, word)
	}
	writeFlags(&b, flags)
	_, err := io.WriteString(w, b.String())
	return printed(err)
}

func synopsis(line, arguments string, below []*cli.Command, flags []cli.Flag) string {
	switch {
	case len(below) > 0 && !strings.Contains(line, " "):
		return line + " NOUN VERB [ARGUMENTS] [FLAGS]"
	case len(below) > 0:
		return line + " VERB [ARGUMENTS] [FLAGS]"
	case strings.HasPrefix(arguments, "--"): // flags after it belong to somebody else
		return line + " [FLAGS] " + arguments
	}
	if arguments != "" {
		line += " " + arguments
	}
	if len(flags) > 0 {
		line += " [FLAGS]"
	}
	return line
}

func writeCommands(b *strings.Builder, verbs bool, commands []*cli.Command) {
	var rows [][2]string
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		name, usage := c.Name, c.Usage
		if verbs && len(c.Subcommands) > 0 {
			below := strings.ReplaceAll(strings.ReplaceAll(alternatives(c.Subcommands), ", ", "|"), " or ", "|")
			if runs(c) {
				below = "[" + below + "]"
			}
			name += " " + below
		}
		rows = append(rows, [2]string{name, usage})
	}
	b.WriteString("\nCommands:\n")
	writeRows(b, rows)
}

// writeFlags writes flags by category, the command's own first.
func writeFlags(b *strings.Builder, flags []cli.Flag) {
	var order []string
	rows := map[string][][2]string{}
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		category := ""
		if c, ok := f.(cli.CategorizableFlag); ok {
			category = c.GetCategory()
		}
		if !slices.Contains(order, category) {
			order = append(order, category)
		}
		left, right := describeFlag(f)
		rows[category] = append(rows[category], [2]string{left, right})
	}
	for _, category := range order {
		title := category + " flags"
		if category == "" {
			title = "Flags"
		}
		fmt.Fprintf(b, "\n%s:\n", title)
		writeRows(b, rows[category])
	}
}

// describeFlag is a flag with the placeholder of its value, and what it does:
// usage text, other names, default.
func describeFlag(f cli.Flag) (left, right string) {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return "", ""
	}
	usage := d.GetUsage()
	left = "--" + f.Names()[0]
	if d.TakesValue() {
		value := "VALUE"
		if _, rest, ok := strings.Cut(usage, "`"); ok {
			value, _, _ = strings.Cut(rest, "`")
		}
		left += " " + value
	}
	right = strings.ReplaceAll(usage, "`", "")
	if other := f.Names()[1:]; len(other) > 0 {
		right += " (also " + strings.Join(dashed(other), ", ") + ")"
	}
	if text := defaultOf(f); text != "" {
		right += " (default: " + text + ")"
	}
	return left, right
}

func dashed(names []string) []string {
	var list []string
	for _, n := range names {
		if len(n) == 1 {
			list = append(list, "-"+n)
		} else {
			list = append(list, "--"+n)
		}
	}
	return list
}

// defaultOf is a flag's default where it says something.
func defaultOf(f cli.Flag) string {
	switch f := f.(type) {
	case *cli.StringFlag:
		if f.DefaultText != "" {
			return f.DefaultText
		}
		return f.Value
	case *cli.IntFlag:
		if f.DefaultText == "" && f.Value != 0 {
			return fmt.Sprint(f.Value)
		}
		return f.DefaultText
	case *cli.Uint64Flag:
		if f.Value != 0 {
			return fmt.Sprint(f.Value)
		}
	case *cli.DurationFlag:
		if f.Value != 0 {
			return shortDuration(f.Value.String())
		}
	}
	return ""
}

// shortDuration drops the zeroes at the end of 1h0m0s.
func shortDuration(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// writeRows writes two columns, the right one wrapped.
func writeRows(b *strings.Builder, rows [][2]string) {
	const most = 28 // a longer left side gets a line of its own
	left := 0
	for _, r := range rows {
		if n := len(r[0]); n <= most {
			left = max(left, n)
		}
	}
	for _, r := range rows {
		indent := strings.Repeat(" ", 2+left+2)
		start := "  " + r[0] + strings.Repeat(" ", max(0, left-len(r[0]))) + "  "
		if len(r[0]) > left {
			start = "  " + r[0] + "\n" + indent
		}
		b.WriteString(start)
		for i, l := range render.Wrap(r[1], helpWidth-len(indent)) {
			if i > 0 {
				b.WriteString(indent)
			}
			b.WriteString(l + "\n")
		}
	}
}
