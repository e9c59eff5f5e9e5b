package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"trailctl/internal/render"
	"trailctl/trail"
	"trailctl/trail/audit"
)

type trailAuditOptions struct {
	app      *app
	name     string
	standard string
	control  string
	aws      awsOptions
	out      outputOptions
}

const trailAuditHelp = `Holds the account's trails against the CIS AWS Foundations Benchmark (the items
of v3.0.0 and v1.4.0 on CloudTrail, its bucket and its alarms), the CloudTrail
controls of AWS Security Hub and some rules of trailctl's own. Each finding
names its ids, the values it rests on (with --output json: the calls, too) and
the command that puts it right; what stands there in capitals is yours to fill
in. Nothing is changed.

With NAME, a name or an ARN, the rules for single trails are applied to that
trail only; those for the account look at all of its trails.

--control takes any id: CloudTrail.2, cis-v3.0/3.5, cis-v1.4/3.7,
trailctl.logging; a bare number such as 3.5 is an item of CIS v3.0.0.

The exit code is 3 when something fails; otherwise 1 when something could not
be read, which is never a pass; otherwise 0.`

func (a *app) trailAuditCommand() *cli.Command {
	o := &trailAuditOptions{app: a}
	return &cli.Command{
		Name:        "audit",
		Usage:       "hold trails against the CIS benchmark and Security Hub's controls",
		ArgsUsage:   "[NAME]",
		Description: trailAuditHelp,
		Flags: joinFlags([]cli.Flag{
			nameFlag(&o.name),
			&cli.StringFlag{Name: "standard", Usage: "only the rules of one `STANDARD`: cis, security-hub, or all", Value: "all", Destination: &o.standard},
			&cli.StringFlag{Name: "control", Usage: "only the rule with this `ID`", Destination: &o.control},
		}, outputFlags(&o.out, "table", "json"), awsFlags(&o.aws)),
		Action: func(c *cli.Context) (err error) {
			if c.NArg() > 0 || o.name != "" {
				if o.name, err = oneName(c, o.name); err != nil {
					return err
				}
			}
			return o.run(c.Context)
		},
	}
}

func (o *trailAuditOptions) run(ctx context.Context) error {
	a := o.app
	what := audit.Options{Standard: audit.Standard(o.standard), Control: o.control}
	if what.Standard != audit.CIS && what.Standard != audit.SecurityHub && what.Standard != audit.All {
		return usagef("--standard %s: the standards are cis, security-hub and all", o.standard)
	}
	// An id that nobody knows is said before anything is read.
	if _, err := audit.Evaluate(audit.Account{}, what); err != nil {
		return exitWith(codeUsage, withHint(err, "without --control, --output json lists every id"))
	}
	cfg, err := a.load(ctx, o.aws)
	if err != nil {
		return err
	}
	clients, err := trailClients(ctx, cfg)
	if err != nil {
		return err
	}
	if o.name != "" {
		found, err := trail.Find(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, o.name)
		if err != nil {
			return trailError(err)
		}
		what.Trail = found.ARN
	}
	account, err := audit.Read(ctx, audit.Clients{
		Clients: clients, Buckets: func(region string) audit.BucketReader { return cfg.S3(region) }, Unpaced: cfg.Local(),
	}, cfg.Region, a.now())
	if err != nil {
		return err
	}
	report, err := audit.Evaluate(account, what)
	if err != nil {
		return err
	}
	if err := o.print(report); err != nil {
		return printed(err)
	}
	if report.Partial != nil {
		a.warn("only trails that %s sees were looked at: %s", cfg.Region, plain(report.Partial))
	}
	switch {
	case report.Count(audit.Fail) > 0:
		return exitWith(codeInvalid, nil)
	case report.Count(audit.Unknown) > 0:
		return exitWith(codeFailed, errors.New("something could not be read: nothing failed of what could"))
	}
	return nil
}

func (o *trailAuditOptions) print(r audit.Report) error {
	a := o.app
	if a.format(o.out) == "json" {
		return render.AuditJSON(a.streams.Out, r)
	}
	return render.AuditText(a.streams.Out, r, a.terminal(o.out))
}
