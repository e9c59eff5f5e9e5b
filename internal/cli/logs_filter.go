package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/logs/filter"
)

// filterOptions choose records.
type filterOptions struct {
	filters, grep, presets                                    cli.StringSlice
	users, roles, sourceIPs, accessKeys, eventNames, services cli.StringSlice
	any, ignoreCase, errors, writes                           bool
}

func filterFlags(o *filterOptions) []cli.Flag {
	list := func(name, usage string, to *cli.StringSlice, aliases ...string) cli.Flag {
		return &cli.StringSliceFlag{Name: name, Aliases: aliases, Category: "Filter", Usage: usage, Destination: to}
	}
	return []cli.Flag{
		list("filter", "only records where `FIELD=VALUE` holds; also != =~ !~ ^= $= < <= > >=, FIELD exists, FIELD in A,B; * is any text (may be repeated: all must hold)", &o.filters),
		&cli.BoolFlag{Name: "any", Category: "Filter", Usage: "one of the --filter and --grep is enough", Destination: &o.any},
		list("grep", "only records with `TEXT` anywhere in them (may be repeated: all must stand there)", &o.grep),
		&cli.BoolFlag{Name: "ignore-case", Aliases: []string{"i"}, Category: "Filter", Usage: "for --grep, A and a are the same", Destination: &o.ignoreCase},
		list("preset", "only records of the ready set `NAME`; \"trailctl logs presets\" lists them (several, here and below: with commas, or repeated; one is enough)", &o.presets),
		list("user", "only calls by the IAM user, session or other identity `NAME`, which may have * in it or be an ARN", &o.users),
		list("role", "only calls in sessions of the role `NAME`, which may have * in it or be an ARN", &o.roles),
		list("source-ip", "only calls from the `ADDRESS`, from a network such as 203.0.113.0/24, a range such as 203.0.113.7-203.0.113.9, or from a service's host", &o.sourceIPs),
		list("access-key", "only calls with, by and about the access key `ID`", &o.accessKeys),
		list("event-name", "only calls of `NAME`: RunInstances, Delete*, s3:GetObject", &o.eventNames),
		list("service", "only calls to `SERVICE`, such as ec2", &o.services),
		&cli.BoolFlag{Name: "errors", Category: "Filter", Usage: "only calls and logins that failed", Destination: &o.errors},
		&cli.BoolFlag{Name: "writes", Category: "Filter", Usage: "only calls that were to change something", Destination: &o.writes},
	}
}

// commaList takes commas in the values of a flag for the ends of values. It is
// for those of which none has a comma in it; the filters look at theirs
// themselves.
func commaList(to *cli.StringSlice) func(*cli.Context, []string) error {
	return func(*cli.Context, []string) error {
		var values []string
		for _, list := range to.Value() {
			for v := range strings.SplitSeq(list, ",") {
				values = append(values, strings.TrimSpace(v))
			}
		}
		*to = *cli.NewStringSlice(values...)
		return nil
	}
}

// compile reads what was asked for.
func (o *filterOptions) compile() (*filter.Filter, error) {
	if o.ignoreCase && len(o.grep.Value()) == 0 {
		return nil, usagef("--ignore-case is for --grep: in a --filter write FIELD=~(?i)VALUE")
	}
	if o.any && len(o.filters.Value())+len(o.grep.Value()) < 2 {
		return nil, usagef("--any joins several --filter and --grep: give at least two of them")
	}
	f, err := filter.Compile(filter.Options{
		Filters: o.filters.Value(), Any: o.any, Grep: o.grep.Value(), IgnoreCase: o.ignoreCase, Presets: o.presets.Value(),
		Users: o.users.Value(), Roles: o.roles.Value(), SourceIPs: o.sourceIPs.Value(),
		AccessKeys: o.accessKeys.Value(), EventNames: o.eventNames.Value(), Services: o.services.Value(),
		Errors: o.errors, Writes: o.writes,
	})
	if err != nil {
		return nil, usagef("%s", err)
	}
	return f, nil
}
