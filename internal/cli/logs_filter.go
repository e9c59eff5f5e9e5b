package cli

import (
	"github.com/urfave/cli/v2"

	"trailctl/logs/filter"
)

// filterOptions choose records.
type filterOptions struct {
	filters, grep, presets                                    cli.StringSlice
	users, roles, sourceIPs, accessKeys, eventNames, services cli.StringSlice
	any, errors, writes                                       bool
}

func filterFlags(o *filterOptions) []cli.Flag {
	list := func(name, usage string, to *cli.StringSlice, aliases ...string) cli.Flag {
		return &cli.StringSliceFlag{Name: name, Aliases: aliases, Category: "Filter", Usage: usage, Destination: to}
	}
	return []cli.Flag{
		list("filter", "only records where `FIELD=VALUE` holds; also != =~ ^= < > <= >=, FIELD exists, FIELD in A,B (may be repeated: all must hold)", &o.filters),
		&cli.BoolFlag{Name: "any", Category: "Filter", Usage: "one of the --filter and --grep is enough", Destination: &o.any},
		list("grep", "only records with `TEXT` anywhere in them", &o.grep),
		list("preset", "only records of a ready set; \"trailctl logs presets\" lists them by `NAME`", &o.presets),
		list("user", "only calls by the IAM user or identity `NAME`", &o.users),
		list("role", "only calls in sessions of the role `NAME`", &o.roles),
		list("source-ip", "only calls from the `ADDRESS`, or from a network such as 203.0.113.0/24", &o.sourceIPs),
		list("access-key", "only calls with the access key `ID`", &o.accessKeys),
		list("event-name", "only calls of `NAME`, such as RunInstances", &o.eventNames),
		list("service", "only calls to `SERVICE`, such as ec2", &o.services),
		&cli.BoolFlag{Name: "errors", Category: "Filter", Usage: "only calls that failed", Destination: &o.errors},
		&cli.BoolFlag{Name: "writes", Category: "Filter", Usage: "only calls that were to change something", Destination: &o.writes},
	}
}

// compile reads what was asked for.
func (o *filterOptions) compile() (*filter.Filter, error) {
	f, err := filter.Compile(filter.Options{
		Filters: o.filters.Value(), Any: o.any, Grep: o.grep.Value(), Presets: o.presets.Value(),
		Users: o.users.Value(), Roles: o.roles.Value(), SourceIPs: o.sourceIPs.Value(),
		AccessKeys: o.accessKeys.Value(), EventNames: o.eventNames.Value(), Services: o.services.Value(),
		Errors: o.errors, Writes: o.writes,
	})
	if err != nil {
		return nil, usagef("%s", err)
	}
	return f, nil
}
