package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// arranged is a command line that was understood.
type arranged struct {
	path []*cli.Command // empty: the program itself
	help bool           // its help is asked for
	args []string       // what urfave/cli is given otherwise
}

// arrange checks a command line against the command tree and puts it into the
// one order that urfave/cli reads without surprises: command names, flags,
// "--", arguments. It answers every mistake with a usage error of its own.
//
// A command's ArgsUsage is the rule for its arguments: words in brackets may
// be left out, and a word that ends in "..." may be repeated.
func arrange(root *cli.App, args []string) (arranged, error) {
	path, rest, help, err := findCommand(root, args)
	if err != nil {
		return arranged{}, err
	}
	if help || len(path) == 0 {
		return arranged{path: path, help: true}, nil
	}
	leaf := path[len(path)-1]
	flags, positional, help, err := splitFlags(names(path), leaf, rest)
	if err != nil || help {
		return arranged{path: path, help: help}, err
	}
	if err := countArguments(names(path), leaf, positional); err != nil {
		return arranged{}, err
	}
	if len(positional) > 0 && command(leaf.Subcommands, positional[0]) != nil {
		return arranged{}, isCommand(path, positional[0])
	}
	return arranged{path: path, args: slices.Concat(names(path), flags, []string{"--"}, positional)}, nil
}

// runs tells of a command with commands below it that it can be run itself.
func runs(c *cli.Command) bool { return c.Action != nil }

// isCommand is the error of an argument that has the name of a command.
func isCommand(path []*cli.Command, word string) error {
	line := "trailctl " + strings.Join(names(path), " ")
	return withHint(usagef("%q is a command: see \"%s %s --help\"", word, line, word),
		"a trail of that name is given by its ARN, and a folder as ./%s", word)
}

func names(path []*cli.Command) []string {
	var n []string
	for _, c := range path {
		n = append(n, c.Name)
	}
	return n
}

func isHelp(arg string) bool { return arg == "--help" || arg == "-h" || arg == "-help" }

// findCommand walks down the tree. Flags before the verb are carried along.
func findCommand(root *cli.App, args []string) (path []*cli.Command, rest []string, help bool, err error) {
	level := root.Commands
	around := level // the commands whose flags may stand here
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case len(level) == 0:
			return path, append(rest, args[i:]...), false, nil
		case isHelp(arg), arg == "help" && len(rest) == 0 && i == len(path):
			help = true
			continue
		case arg == "--version" && len(path) == 0:
			arg = "version"
		case strings.HasPrefix(arg, "-") && arg != "-" && arg != "--":
			rest = append(rest, arg)
			// Which flags there are is not known before the verb; one that
			// takes a value takes the next word along.
			if anyTakesValue(around, arg) && i+1 < len(args) {
				i++
				rest = append(rest, args[i])
			}
			continue
		}
		next := command(level, arg)
		if next == nil && len(path) > 0 && runs(path[len(path)-1]) {
			return path, append(rest, args[i:]...), false, nil
		}
		if next == nil && len(path) > 1 && runs(path[len(path)-2]) && len(rest) > 0 {
			return nil, nil, false, isCommand(path[:len(path)-1], path[len(path)-1].Name)
		}
		if next == nil && len(rest) > 0 && !anyHas(level, rest[len(rest)-1]) {
			return nil, nil, false, unknownFlag(names(path), everyFlag(level), rest[len(rest)-1], "")
		}
		if next == nil {
			return nil, nil, false, unknownCommand(root.Commands, names(path), level, arg)
		}
		path, level = append(path, next), next.Subcommands
		if around = level; runs(next) {
			around = []*cli.Command{next}
		}
	}
	if help {
		return path, rest, true, nil
	}
	if len(level) > 0 && (len(path) > 0 || len(rest) > 0) {
		switch {
		case len(path) == 0:
			return nil, nil, false, usagef("no command given; see \"trailctl --help\"")
		case runs(path[len(path)-1]):
			return path, rest, false, nil
		case len(path) > 1 && runs(path[len(path)-2]):
			return nil, nil, false, isCommand(path[:len(path)-1], path[len(path)-1].Name)
		}
		return nil, nil, false, usagef("%s needs a verb: %s; see \"trailctl %s --help\"",
			strings.Join(names(path), " "), alternatives(level), strings.Join(names(path), " "))
	}
	return path, rest, false, nil
}

func command(level []*cli.Command, name string) *cli.Command {
	for _, c := range level {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func alternatives(level []*cli.Command) string {
	var n []string
	for _, c := range level {
		if !c.Hidden {
			n = append(n, c.Name)
		}
	}
	if len(n) < 2 {
		return strings.Join(n, "")
	}
	return strings.Join(n[:len(n)-1], ", ") + " or " + n[len(n)-1]
}

func anyTakesValue(level []*cli.Command, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	takes := false
	walk(level, func(c *cli.Command) {
		if f := lookup(c, name); f != nil && takesValue(f) {
			takes = true
		}
	})
	return takes
}

// anyHas tells of a word that it is no flag, or one of some command.
func anyHas(level []*cli.Command, word string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	return !strings.HasPrefix(word, "-") || lookup(everyFlag(level), name) != nil
}

// everyFlag is a command with the flags of all.
func everyFlag(level []*cli.Command) *cli.Command {
	all := &cli.Command{}
	walk(level, func(c *cli.Command) { all.Flags = append(all.Flags, c.Flags...) })
	return all
}

func lookup(c *cli.Command, name string) cli.Flag {
	for _, f := range c.Flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// splitFlags tells flags and arguments apart. After "--" everything is an
// argument.
func splitFlags(path []string, leaf *cli.Command, args []string) (flags, positional []string, help bool, err error) {
	seen := map[string]bool{}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			positional = append(positional, args[i+1:]...)
			break
		}
		if isHelp(arg) {
			return nil, nil, true, nil
		}
		if !strings.HasPrefix(arg, "-") || arg == "-" {
			positional = append(positional, arg)
			continue
		}
		name, value, inline := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		f := lookup(leaf, name)
		if f == nil {
			typed, _, _ := strings.Cut(arg, "=")
			if !inline && i+1 < len(args) {
				value = args[i+1]
			}
			return nil, nil, false, unknownFlag(path, leaf, typed, value)
		}
		if err := onlyOnce(seen, f, name); err != nil {
			return nil, nil, false, err
		}
		switch {
		case !takesValue(f) && inline && value != "true" && value != "false":
			return nil, nil, false, usagef("--%s is a switch: it takes no value, or true or false", name)
		case takesValue(f) && !inline:
			if i+1 >= len(args) || isFlagOf(leaf, args[i+1]) {
				return nil, nil, false, usagef("--%s needs a value; see \"trailctl %s --help\"", name, strings.Join(path, " "))
			}
			i++
			value, inline = args[i], true
		}
		if inline {
			if value, err = flagValue(f, name, value); err != nil {
				return nil, nil, false, err
			}
			flags = append(flags, "--"+name+"="+value)
		} else {
			flags = append(flags, "--"+name)
		}
	}
	return flags, positional, false, nil
}

// onlyOnce refuses a flag that is given twice and is not a list: which of the
// two counts would be a guess.
func onlyOnce(seen map[string]bool, f cli.Flag, name string) error {
	if _, list := f.(*cli.StringSliceFlag); list {
		return nil
	}
	first := f.Names()[0]
	if seen[first] {
		return usagef("--%s is given twice", name)
	}
	seen[first] = true
	return nil
}

// isFlagOf tells whether a word that stands where a value should is one of
// the command's own flags, so that a forgotten value is noticed.
func isFlagOf(c *cli.Command, arg string) bool {
	if !strings.HasPrefix(arg, "--") {
		return false
	}
	name, _, _ := strings.Cut(arg[2:], "=")
	return lookup(c, name) != nil
}

func countArguments(path []string, leaf *cli.Command, positional []string) error {
	least, most := 0, 0
	var missing string
	for _, word := range strings.Fields(leaf.ArgsUsage) {
		if word == "--" {
			continue
		}
		most++
		if !strings.HasPrefix(word, "[") {
			if least == len(positional) {
				missing = strings.TrimSuffix(word, "...")
			}
			least++
		}
		if strings.HasSuffix(strings.TrimSuffix(word, "]"), "...") {
			most = len(positional) + least
		}
	}
	line := "trailctl " + strings.Join(path, " ")
	switch {
	case len(positional) < least:
		return usagef("%s is missing: %s %s", missing, line, leaf.ArgsUsage)
	case len(positional) > most && flagFor(leaf, positional[most]) != "":
		return usagef("%q is too much: write %s", positional[most], flagFor(leaf, positional[most]))
	case len(positional) > most && most == 0:
		return usagef("%q is too much: %s takes no argument", positional[0], line)
	case len(positional) > most:
		return usagef("%q is too much: %s %s", positional[most], line, leaf.ArgsUsage)
	}
	for _, p := range positional[:least] {
		if strings.TrimSpace(p) == "" {
			return usagef("an argument is empty: %s", fmt.Sprintf("%s %s", line, leaf.ArgsUsage))
		}
	}
	return nil
}
