package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/trail"
)

type bucketPolicyOptions struct {
	bucketPlan
	trails       []string
	prefix       string
	prefixGiven  bool
	account      string
	organization string
	merge        bool
}

const bucketPolicyHelp = `Prints the bucket policy that CloudTrail needs to deliver: as JSON, nothing but
its own statements, bound to the trails' ARNs. Without --trail it is for all
trails that deliver to the bucket now.

--trail takes a name, or an ARN, which need not exist yet: the policy can stand
before the trail does. For a bucket of another account (central logging), give
the printed statements to its owner, or run this with the owner's credentials
and --merge.

--merge puts them into the bucket's policy. A statement that allows it already,
whatever its name, is enough. CloudTrail's own statement for the same folder, or
for the same trails, is written anew with what is missing in its list; otherwise
a new one goes beside it, so that no trail gets to write into another's folder.
Every other statement stays, byte for byte. S3 has no lock for policies: this
one is read right before it is written, and again after; what somebody else
writes in the moment between that read and the write is lost.`

func (a *app) bucketPolicyCommand() *cli.Command {
	o := &bucketPolicyOptions{bucketPlan: bucketPlan{app: a}}
	var trails cli.StringSlice
	return &cli.Command{
		Name:        "policy",
		Usage:       "print the policy that lets CloudTrail deliver, or merge it",
		ArgsUsage:   "BUCKET",
		Description: bucketPolicyHelp,
		Flags: o.flags(
			&cli.StringSliceFlag{Name: "trail", Usage: "`TRAIL` by name or ARN; may be given more than once", Destination: &trails},
			&cli.StringFlag{Name: "prefix", Aliases: []string{"s3-key-prefix"}, Usage: "`PREFIX` of the keys, before AWSLogs/ (default: the trail's)", Destination: &o.prefix},
			&cli.StringFlag{Name: "account-id", Usage: "the `ACCOUNT` whose log files are delivered (default: the trail's)", Destination: &o.account},
			&cli.StringFlag{Name: "organization-id", Usage: "also the folder of the organization `ID`, for an organization trail", Destination: &o.organization},
			&cli.BoolFlag{Name: "merge", Usage: "write them into the bucket's policy", Destination: &o.merge},
		),
		Action: func(c *cli.Context) error {
			o.bucket = bucketName(c.Args().First())
			o.trails, o.prefixGiven = trails.Value(), c.IsSet("prefix")
			return o.run(c.Context)
		},
	}
}

var (
	accountPattern      = regexp.MustCompile(`^[0-9]{12}$`)
	organizationPattern = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
)

func (o *bucketPolicyOptions) check() error {
	switch {
	case o.account != "" && !accountPattern.MatchString(o.account):
		return usagef("--account-id %q: an account is twelve digits", o.account)
	case o.organization != "" && !organizationPattern.MatchString(o.organization):
		return usagef("--organization-id %q: an organization's id is like o-exampleorgid", o.organization)
	case !o.merge && o.dryRun:
		return usagef("--dry-run goes with --merge: without it nothing is changed anyway")
	}
	return nil
}

func (o *bucketPolicyOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	trails, err := o.find(ctx, cfg)
	if err != nil {
		return err
	}
	list, err := o.access(trails)
	if err != nil {
		return err
	}
	if !o.merge {
		return o.print(list)
	}
	clients, err := bucketClients(ctx, cfg)
	if err != nil {
		return err
	}
	p, err := bucket.PlanPolicy(ctx, clients, o.bucket, list)
	if err != nil {
		return bucketError(err, o.bucket)
	}
	return o.carryOut(ctx, clients, p)
}

func (o *bucketPolicyOptions) print(list []bucket.TrailAccess) error {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(bucket.PolicyFor(list)), "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := b.WriteTo(o.app.streams.Out)
	return printed(err)
}

// find are the trails that are meant.
func (o *bucketPolicyOptions) find(ctx context.Context, cfg *awsconf.Config) ([]trail.Trail, error) {
	if len(o.trails) == 0 {
		trails, err := trailsInto(ctx, cfg, o.bucket)
		switch {
		case err != nil:
			return nil, withHint(err, "name the trails with --trail")
		case len(trails) == 0:
			return nil, withHint(errors.New("no trail delivers to bucket "+o.bucket), "name the trails with --trail; an ARN need not exist yet")
		}
		return trails, nil
	}
	var trails []trail.Trail
	for _, name := range o.trails {
		t, err := o.findOne(ctx, cfg, name)
		if err != nil {
			return nil, err
		}
		trails = append(trails, t)
	}
	return trails, nil
}

// findOne looks a trail up. An ARN that nobody knows (yet), or of another
// account, is taken as it is.
func (o *bucketPolicyOptions) findOne(ctx context.Context, cfg *awsconf.Config, nameOrARN string) (trail.Trail, error) {
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return findTrail(ctx, cfg, nameOrARN, "for one that does not exist yet, name its ARN")
	}
	given := trail.Trail{ARN: nameOrARN}
	if !accountPattern.MatchString(given.Account()) || !trailARN.MatchString(nameOrARN) {
		return given, usagef("--trail %q is not the ARN of a trail: arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME", nameOrARN)
	}
	found, err := trail.Find(ctx, func(region string) trail.Finder { return cfg.CloudTrail(region) }, cfg.Region, nameOrARN)
	switch {
	case ctx.Err() != nil:
		return given, err
	case err != nil && !errors.Is(err, trail.ErrNotFound):
		o.app.warn("%s could not be looked up and is taken as it is: %s", nameOrARN, plain(err))
		return given, nil
	case err != nil:
		return given, nil
	}
	return found, nil
}

// access is what each trail needs of the bucket; trails that deliver to the
// same place share their statements.
func (o *bucketPolicyOptions) access(trails []trail.Trail) ([]bucket.TrailAccess, error) {
	var list []bucket.TrailAccess
	for _, t := range trails {
		base := bucket.Base{Prefix: t.Prefix, Account: t.Account(), Org: o.organization}
		if o.prefixGiven {
			base.Prefix = strings.Trim(o.prefix, "/")
		}
		if o.account != "" {
			base.Account = o.account
		}
		if t.Organization && base.Org == "" {
			return nil, withHint(usagef("%s is an organization trail: --organization-id is missing", t.Name),
				"aws organizations describe-organization shows the id")
		}
		list = append(list, bucket.TrailAccess{
			Bucket: o.bucket, Partition: strings.Split(t.ARN, ":")[1], Base: base, Trails: []string{t.ARN},
		})
	}
	return list, nil
}
