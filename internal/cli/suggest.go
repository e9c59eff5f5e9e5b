package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// What somebody meant who typed a command or a flag that there is none of. A
// name that stands elsewhere in the program comes first, then what people
// bring along from the AWS CLI and other programs, and only then a name that
// looks alike.

// unknownCommand is the error of a word at which the command line leaves the
// tree. path has led there, and level are the commands that could follow.
func unknownCommand(root []*cli.Command, path []string, level []*cli.Command, word string) error {
	if say := sandboxWord(path, word); say != "" {
		return usagef("unknown command %q: %s", word, say)
	}
	if meant := meantCommands(root, path, level, word); len(meant) > 0 {
		for i, m := range meant {
			meant[i] = "\"trailctl " + m + "\""
		}
		return usagef("unknown command %q: did you mean %s?", word, strings.Join(meant, " or "))
	}
	if len(path) == 0 {
		return usagef("unknown command %q; see \"trailctl --help\"", word)
	}
	return usagef("unknown command %q: %s has %s; see \"trailctl %s --help\"",
		word, strings.Join(path, " "), alternatives(level), strings.Join(path, " "))
}

// meantCommands are whole commands, without the program's name.
func meantCommands(root []*cli.Command, path []string, level []*cli.Command, word string) []string {
	all := wholeCommands(root, "")
	same := slices.DeleteFunc(slices.Clone(all), func(c string) bool { return lastWord(c) != word })
	if len(same) == 0 {
		habits := commandHabits()[word]
		same = slices.DeleteFunc(slices.Clone(habits), func(c string) bool { return !slices.Contains(all, c) })
	}
	if len(path) > 0 { // a command of the same noun is likelier
		noun := func(c string) bool { return strings.HasPrefix(c, path[0]+" ") }
		if slices.ContainsFunc(same, noun) {
			same = slices.DeleteFunc(same, func(c string) bool { return !noun(c) })
		}
	}
	if len(same) > 0 {
		return same
	}
	var here []string
	for _, c := range level {
		if !c.Hidden {
			here = append(here, c.Names()...)
		}
	}
	if near := nearest(word, here); near != "" {
		return []string{strings.Join(append(slices.Clone(path), near), " ")}
	}
	if len(path) > 0 {
		return nil
	}
	var verbs []string
	for _, c := range all {
		verbs = append(verbs, lastWord(c))
	}
	if near := nearest(word, verbs); near != "" {
		return slices.DeleteFunc(all, func(c string) bool { return lastWord(c) != near })
	}
	return nil
}

// wholeCommands are the commands that can be run.
func wholeCommands(level []*cli.Command, before string) (list []string) {
	for _, c := range level {
		switch {
		case c.Hidden:
		case len(c.Subcommands) == 0:
			list = append(list, before+c.Name)
		default:
			if runs(c) {
				list = append(list, before+c.Name)
			}
			list = append(list, wholeCommands(c.Subcommands, before+c.Name+" ")...)
		}
	}
	return list
}

func lastWord(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }

// commandHabits are the names that commands have in the AWS CLI and in other
// programs.
func commandHabits() map[string][]string {
	return map[string][]string{
		"create-trail":          {"trail create"},
		"update-trail":          {"trail update"},
		"delete-trail":          {"trail delete"},
		"get-trail":             {"trail show"},
		"describe-trails":       {"trail list"},
		"list-trails":           {"trail list"},
		"trails":                {"trail list"},
		"get-trail-status":      {"trail status"},
		"start-logging":         {"trail start"},
		"stop-logging":          {"trail stop"},
		"get-event-selectors":   {"trail selectors get"},
		"put-event-selectors":   {"trail selectors put"},
		"get-insight-selectors": {"trail selectors get"},
		"put-insight-selectors": {"trail selectors put"},
		"lookup-events":         {"logs history"},
		"lookup":                {"logs history"},
		"events":                {"logs history"},
		"validate-logs":         {"validate"},
		"verify":                {"validate"},
		"ls":                    {"logs list", "trail list"},
		"cp":                    {"logs download"},
		"sync":                  {"logs download"},
		"fetch":                 {"logs download"},
		"get":                   {"logs download", "trail show"},
		"cat":                   {"logs view"},
		"read":                  {"logs view"},
		"show":                  {"logs view", "trail show"},
		"grep":                  {"logs search"},
		"find":                  {"logs search"},
		"query":                 {"logs search"},
		"filter":                {"logs search"},
		"count":                 {"logs stats"},
		"summary":               {"logs stats"},
		"top":                   {"logs stats"},
		"follow":                {"logs tail"},
		"watch":                 {"logs tail"},
		"convert":               {"logs export"},
		"describe":              {"trail show"},
		"rm":                    {"trail delete"},
		"remove":                {"trail delete"},
		"mb":                    {"bucket create"},
	}
}

// unknownFlag is the error of a flag that a command does not have. typed is
// the flag with its dashes, but without its value; what
// follows it is its value perhaps.
func unknownFlag(path []string, leaf *cli.Command, typed, value string) error {
	if err := sandboxFlag(path, typed, value); err != nil {
		return err
	}
	line := strings.Join(path, " ")
	if line == "" {
		line = "trailctl"
	}
	if meant := meantFlag(path, leaf, strings.TrimLeft(typed, "-")); meant != "" {
		return usagef("unknown flag %s for %s: %s", typed, line, meant)
	}
	return usagef("unknown flag %s for %s; see \"%s --help\"", typed, line, strings.Join(append([]string{"trailctl"}, path...), " "))
}

func meantFlag(path []string, leaf *cli.Command, name string) string {
	for _, h := range flagHabits() {
		if !slices.Contains(strings.Fields(h.typed), name) {
			continue
		}
		if meant := h.meant(path, leaf); meant != "" {
			return meant
		}
	}
	if f := lookup(leaf, "output"); f != nil && slices.Contains(formatsOf(f), name) {
		return "did you mean --output " + name + "?"
	}
	var known []string
	for _, f := range leaf.Flags {
		known = append(known, f.Names()...)
	}
	if near := nearest(name, known); near != "" {
		return "did you mean --" + near + "?"
	}
	if whole := partOf(name, known); whole != "" {
		return "did you mean --" + whole + "?"
	}
	return ""
}

// flagFor is the flag for a word that stands where none is taken: a folder
// after what is copied, as for "aws s3 cp", or a format.
func flagFor(leaf *cli.Command, word string) string {
	if f := lookup(leaf, "output"); f != nil && slices.Contains(formatsOf(f), word) {
		return "--output " + word
	}
	if lookup(leaf, "dest") != nil && word != "" {
		return "--dest " + word
	}
	return ""
}

// formatsOf are the words in the usage text of --output.
func formatsOf(f cli.Flag) []string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return nil
	}
	usage, _, _ := strings.Cut(d.GetUsage(), "(")
	return strings.FieldsFunc(usage, func(r rune) bool { return strings.ContainsRune("`:, ", r) })
}

// partOf is the one known name of which word is a part between hyphens.
func partOf(word string, known []string) string {
	var whole []string
	for _, k := range known {
		if slices.Contains(strings.Split(k, "-"), word) {
			whole = append(whole, k)
		}
	}
	if len(whole) != 1 {
		return ""
	}
	return whole[0]
}

// flagHabit is what flags are called elsewhere.
type flagHabit struct {
	typed string // names, without dashes
	flags string // ours: the first that the command has is meant
	// say is what to do in place of a flag, for commands that begin with on or
	// take an argument of that name; with no on, for all.
	on, say string
}

func (h flagHabit) meant(path []string, leaf *cli.Command) string {
	line := strings.Join(path, " ")
	for _, f := range strings.Fields(h.flags) {
		if lookup(leaf, f) != nil {
			return "did you mean --" + f + "?"
		}
	}
	if h.say == "" || !strings.HasPrefix(line, h.on) && !strings.Contains(leaf.ArgsUsage, h.on) {
		return ""
	}
	return h.say
}

// flagHabits are tried in this order.
func flagHabits() []flagHabit {
	return []flagHabit{
		{typed: "seed", flags: "seed-events"},
		{typed: "endpoint-url endpoint url", flags: "upstream"},
		{typed: "o format", flags: "output"},
		{typed: "n limit max max-items max-results page-size head lines count", flags: "limit top"},
		{typed: "n limit max-items max-results page-size", on: "trail list", say: "all trails are listed"},
		{typed: "f follow", on: "logs tail", say: "it follows anyway"},
		{typed: "f follow w watch", on: "logs", say: "\"trailctl logs tail\" follows"},
		{typed: "u username user-name identity caller", flags: "user"},
		{typed: "resource resources resource-name", flags: "filter"},
		{typed: "ip src-ip source source-ip-address address", flags: "source-ip"},
		{typed: "event eventname", flags: "event-name"},
		{typed: "event-source eventsource", flags: "service"},
		{typed: "e g match pattern text search", flags: "grep"},
		{typed: "filter-pattern where", flags: "filter"},
		{typed: "error failed", flags: "errors"},
		{typed: "fields field", flags: "columns"},
		{typed: "d out output-dir output-directory outdir directory destination folder", flags: "dest dir"},
		{typed: "group-by groupby group", flags: "by"},
		{typed: "from start begin after", flags: "start-time since"},
		{typed: "start-time", flags: "since"}, // logs tail
		{typed: "to until end before", flags: "end-time"},
		{typed: "to until end before end-time", on: "logs tail", say: "did you mean --for?"},
		{typed: "days hours last", flags: "since"},
		{typed: "account account-ids accounts", flags: "account-id"},
		{typed: "p", flags: "profile"},
		{typed: "r regions", flags: "region"},
		{typed: "v", flags: "verbose debug"},
		{typed: "verbose", flags: "debug"},
		{typed: "y force f no-confirm", flags: "yes"},
		{typed: "dryrun n", flags: "dry-run"},
		{typed: "b bucket s3-bucket s3-bucket-name bucket-name", flags: "bucket s3-bucket", on: "TARGET", say: "a bucket is a TARGET: s3://BUCKET"},
		{typed: "b bucket s3-bucket s3-bucket-name bucket-name", on: "BUCKET", say: "the bucket's name stands without a flag"},
		{typed: "trail trail-name trail-arn name", flags: "name", on: "TARGET", say: "a trail's name or ARN is a TARGET: it stands without a flag"},
		{typed: "sort sort-by order order-by reverse", on: "logs history", say: "records come newest first"},
		{typed: "sort sort-by order order-by reverse", on: "logs tail", say: "records come in the order in which they arrive"},
		{typed: "sort sort-by order order-by reverse", on: "logs stats", say: "the most frequent come first"},
		{typed: "sort sort-by order order-by reverse", on: "logs", say: "records come in the order of the files; logs history shows the newest first"},
		{typed: "human human-readable H", on: "logs", say: "the table is for people: --output table"},
	}
}

// nearest finds the known word that somebody who typed word meant, if any.
// Words of one or two letters look like anything.
func nearest(word string, known []string) string {
	if len(word) < 3 {
		return ""
	}
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if strings.HasPrefix(k, word) {
			return k
		}
		d := smetrics.WagnerFischer(word, k, 1, 1, 1)
		if d < distance && 2*d < max(len(word), len(k)) {
			best, distance = k, d
		}
	}
	return best
}
