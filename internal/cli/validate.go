package cli

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/render"
	"trailctl/validate"
)

type validateOptions struct {
	app      *app
	target   string
	aws      awsOptions
	output   outputOptions
	window   windowOptions
	accounts cli.StringSlice

	trailARN, bucket, prefix, keys string
	junit, resume, manifestSHA     string
	prefixSet                      bool
	concurrency                    int
	verbose, unlisted, follow      bool
	every                          time.Duration

	junitFile atomic.Pointer[junitFile] // nil when none is wanted, or it was written
	bad       atomic.Bool               // something invalid or missing was found
}

func (a *app) validateCommand() *cli.Command {
	o := &validateOptions{app: a}
	return &cli.Command{
		Name: "validate", Usage: "prove that log files and digest files are as CloudTrail delivered them", ArgsUsage: "[TARGET]",
		Description: `TARGET is a trail's name or ARN, or s3://BUCKET[/PREFIX], or a folder that holds
a copy of a bucket, as "trailctl logs download" makes it. What exists here as a
folder is taken for that; to be sure of a trail, give its ARN.

All regions and accounts of the trail that the bucket holds are validated:
signatures, the links between digest files, and the hash of each log file.
Every digest file that overlaps the window is proved; without a window, all
there are. Public keys are asked for in each region. In a folder they are read
from public-keys.json beside AWSLogs.

A file that cannot be read is counted as not checked, never as invalid.

Formats: table; json, one object, see docs/validate.md; text, the lines of
"aws cloudtrail validate-logs".

The exit code is 0 when all is valid, 3 when something is invalid or missing,
1 when something could not be checked and nothing is invalid, 4 when there is
nothing to validate.`,
		Flags:       o.flags(),
		Action:      func(c *cli.Context) error { return o.action(c) },
		Subcommands: []*cli.Command{a.validateKeysCommand()},
	}
}

func (o *validateOptions) flags() []cli.Flag {
	aws := awsFlags(&o.aws)
	for _, f := range aws {
		if s, ok := f.(*cli.StringFlag); ok && s.Name == "region" {
			s.Usage = "`REGION` to call, and the only one whose files are validated (default: all regions; the one to call as in AWS_REGION)"
		}
	}
	return joinFlags([]cli.Flag{
		&cli.StringFlag{Name: "trail-arn", Usage: "the `ARN` of the trail, instead of TARGET or beside s3://BUCKET or a folder to choose one of its trails", Destination: &o.trailARN},
		&cli.StringSliceFlag{Name: "account-id", Usage: "only files of the account `ID` (may be repeated)", Destination: &o.accounts},
		&cli.StringFlag{Name: "s3-bucket", Usage: "`BUCKET` to look into instead of the trail's own; the trail itself need not exist any more", Destination: &o.bucket},
		&cli.StringFlag{Name: "s3-prefix", Usage: "`PREFIX` above AWSLogs/ instead of the trail's own", Destination: &o.prefix},
		&cli.StringFlag{Name: "public-keys", Usage: "`FILE` of saved public keys, instead of asking CloudTrail", Destination: &o.keys},
		&cli.StringFlag{Name: "manifest-sha256", Usage: "the SHA-256 `HEX` of the folder's manifest, as it was noted when it was made", Destination: &o.manifestSHA},
		&cli.IntFlag{Name: "concurrency", Usage: "check `N` log files at a time (default: as many as it pays to have, up to 256; of a folder 32)", Destination: &o.concurrency},
		&cli.BoolFlag{Name: "unlisted", Usage: "also look for log files that no digest file lists", Destination: &o.unlisted},
		&cli.StringFlag{Name: "junit", Usage: "also write the result to `FILE` in JUnit's form", Destination: &o.junit},
		&cli.StringFlag{Name: "resume", Usage: "keep in `FILE` which log files were proved, and do not hash those again", Destination: &o.resume},
		&cli.BoolFlag{Name: "follow", Usage: "go on, prove each digest file as it comes, and end with exit code 3 at the first finding", Destination: &o.follow},
		&cli.DurationFlag{Name: "every", Usage: "with --follow, look for digest files after each `DURATION`", Value: defaultEvery, Destination: &o.every},
		&cli.BoolFlag{Name: "verbose", Usage: "name valid files, too", Destination: &o.verbose},
	}, windowFlags(&o.window), outputFlags(&o.output, "table", "json", "text"), aws)
}

func (o *validateOptions) action(c *cli.Context) error {
	o.target, o.prefixSet = c.Args().First(), c.IsSet("s3-prefix")
	if c.IsSet("concurrency") && (o.concurrency < 1 || o.concurrency > maxConcurrency) {
		return usagef("--concurrency %d: from 1 to %d", o.concurrency, maxConcurrency)
	}
	if err := o.checkFollow(c); err != nil {
		return err
	}
	if err := o.checkManifestFlag(); err != nil {
		return err
	}
	if o.target == "" && o.trailARN == "" {
		return usagef("TARGET is missing: trailctl validate TRAIL, s3://BUCKET or a folder")
	}
	for _, id := range o.accounts.Value() {
		if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
			return usagef("--account-id %q: an account's ID has twelve digits", id)
		}
	}
	if o.junit == "" {
		return o.insist(c.Context, o.run)
	}
	return o.runJUnit(c.Context)
}

const maxConcurrency = 512

// defaultEvery is short beside the hour that a digest file covers.
const defaultEvery = 5 * time.Minute

func (o *validateOptions) run(ctx context.Context) error {
	now := o.app.now()
	window, err := o.window.window(now)
	if err != nil {
		return err
	}
	if window.End.IsZero() && !window.Start.Before(now) {
		return usagef("the window is empty: it starts at %s and now is %s", stamp(window.Start), stamp(now))
	}
	t, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer t.close()
	for _, n := range t.notes {
		o.app.note("%s", n)
	}
	check := t.options
	check.Start, check.End, check.Now = window.Start, window.End, now
	check.Accounts, check.Unlisted = o.accounts.Value(), o.unlisted
	if o.concurrency > 0 {
		check.Workers = o.concurrency
	}
	proofs, err := o.openProofs(ctx, t)
	if err != nil {
		return err
	}
	if proofs != nil {
		defer o.closeProofs(proofs)
		check.Proved = proofs
	}
	if o.follow {
		return o.followTrail(ctx, t, check)
	}

	seen := o.watch()
	check.OnFile, check.Outlook = seen.file, &seen.outlook
	report, err := validate.Check(ctx, check)
	seen.stop()
	if report == nil && check.Copy {
		return unreadable(err)
	}
	if report == nil {
		return err
	}
	return o.finish(report, t, seen, err)
}

// incomplete is the error of a check that could not see everything.
func incomplete(r *validate.Report) error {
	n := 0
	var first validate.Finding
	for _, f := range r.Findings {
		if f.Severity != validate.SeverityUnchecked {
			continue
		}
		if n++; n == 1 {
			first = f
		}
	}
	why := strings.TrimPrefix(first.Message, "could not check: ")
	err := fmt.Errorf("could not complete: %s: %s", first.URI, why)
	if n > 1 {
		err = fmt.Errorf("could not complete: %s could not be checked, the first because: %s", render.Count(n, "object"), why)
	}
	code, _, _ := strings.Cut(why, ":")
	here := !strings.HasPrefix(first.URI, "s3://") // a copy
	switch {
	case first.Code == validate.CodeNoKeys && here:
		return withHint(err, "\"trailctl validate keys export\" fetches the keys for any copy; --public-keys names the file")
	case here && why == bucket.ErrDenied.Error():
		return withHint(err, "%s", folderHint)
	case here:
		return err
	case first.Code == validate.CodeNoKeys:
		return withHint(err, "CloudTrail keeps the keys of each region: check the region, the window and the permission cloudtrail:ListPublicKeys; saved keys are given with --public-keys")
	case awsHints()[code] != "":
		return withHint(err, "%s", awsHints()[code])
	case why == bucket.ErrDenied.Error():
		return withHint(err, "%s", awsHints()["AccessDenied"])
	}
	return err
}

// nothing is the error of a check that found no digest file.
func (o *validateOptions) nothing(r *validate.Report, t *validateTarget) error {
	const most = 5
	places := r.Searched
	if len(places) > most {
		places = append(places[:most:most], fmt.Sprintf("and %d more", len(places)-most))
	}
	what := "any trail"
	if r.Trail != "" {
		what = "trail " + r.Trail
	}
	if r.HomeRegion != "" {
		what += " (home region " + r.HomeRegion + ")"
	}
	err := fmt.Errorf("nothing to validate: no digest files of %s between %s and %s in %s", what,
		beginning(r.Requested.Start), stamp(r.Requested.End), strings.Join(places, ", "))
	return withHint(err, "%s", t.nothingHint)
}

func beginning(t time.Time) string {
	if t.IsZero() {
		return "the beginning"
	}
	return stamp(t)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
