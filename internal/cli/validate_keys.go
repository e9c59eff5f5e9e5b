package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/validate"
)

func (a *app) validateKeysCommand() *cli.Command {
	return &cli.Command{
		Name: "keys", Usage: "the public keys that digest files are checked with",
		Subcommands: []*cli.Command{a.validateKeysExportCommand()},
	}
}

type validateKeysOptions struct {
	app      *app
	target   string
	aws      awsOptions
	window   windowOptions
	regions  cli.StringSlice
	accounts cli.StringSlice
	file     string

	trailARN, bucket, prefix string
	prefixSet                bool
}

func (a *app) validateKeysExportCommand() *cli.Command {
	o := &validateKeysOptions{app: a}
	return &cli.Command{
		Name: "export", Usage: "save the public keys of a window, to validate copies without AWS", ArgsUsage: "[TARGET]",
		Description: `TARGET is a trail's name or ARN, or s3://BUCKET[/PREFIX], or a folder that holds
a copy of a bucket. The public keys of all regions that have digest files in the
window are asked for, from the oldest digest file on when no window is given.
Without TARGET --region names the regions, and without a window all keys are
asked for that CloudTrail ever had there.

Each key is compared with its fingerprint first. The result goes to standard
output, or with --file to a file; one that is there keeps its keys, and gets
those that it lacks. "trailctl validate FOLDER --public-keys FILE" reads it.
Keep it where nobody who can write to the copy can change it.

Exit code 1 when the keys of some region could not be had; those of the others
are saved all the same. 4 when there are no digest files.

Examples:
  trailctl validate keys export TRAIL --file public-keys.json
  trailctl validate keys export --region us-east-1 --region eu-west-1 --since 30d
  aws s3 sync s3://BUCKET copy && trailctl validate keys export copy --file keys.json`,
		Flags:  o.flags(),
		Action: func(c *cli.Context) error { return o.action(c) },
	}
}

func (o *validateKeysOptions) flags() []cli.Flag {
	aws := awsFlags(&o.aws)
	for i, f := range aws {
		if s, ok := f.(*cli.StringFlag); ok && s.Name == "region" {
			aws[i] = &cli.StringSliceFlag{
				Name: "region", Category: "AWS", Destination: &o.regions,
				Usage: "only the keys of `REGION` (may be repeated)",
			}
		}
	}
	return joinFlags([]cli.Flag{
		&cli.StringFlag{Name: "file", Usage: "save the keys in `FILE`, or add them to it", Destination: &o.file},
		&cli.StringSliceFlag{Name: "account-id", Usage: "only regions in which the account `ID` has digest files (may be repeated)", Destination: &o.accounts},
		&cli.StringFlag{Name: "trail-arn", Usage: "the `ARN` of the trail, instead of TARGET or beside s3://BUCKET or a folder to choose one of its trails", Destination: &o.trailARN},
		&cli.StringFlag{Name: "s3-bucket", Usage: "`BUCKET` to look into instead of the trail's own", Destination: &o.bucket},
		&cli.StringFlag{Name: "s3-prefix", Usage: "`PREFIX` above AWSLogs/ instead of the trail's own", Destination: &o.prefix},
	}, windowFlags(&o.window), aws)
}

func (o *validateKeysOptions) action(c *cli.Context) error {
	o.target, o.prefixSet = c.Args().First(), c.IsSet("s3-prefix")
	if c.IsSet("file") && o.file == "" {
		return usagef("--file is empty: name a file")
	}
	for _, r := range o.regions.Value() {
		if !awsconf.IsRegion(r) {
			return usagef("--region %q is no name of a region", r)
		}
	}
	if o.target == "" && o.trailARN == "" && o.bucket == "" && len(o.regions.Value()) == 0 {
		return usagef("neither TARGET nor --region is given: trailctl validate keys export TRAIL, or --region REGION")
	}
	return o.run(c.Context)
}

// firstTrails is when CloudTrail began: no key is older.
var firstTrails = time.Date(2013, 11, 13, 0, 0, 0, 0, time.UTC)

func (o *validateKeysOptions) run(ctx context.Context) error {
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	if err := o.checkFile(); err != nil {
		return err
	}
	cfg, ranges, err := o.ranges(ctx, window)
	if err != nil {
		return err
	}
	keys, err := validate.FetchKeys(ctx, ranges, func(region string) validate.KeyLister { return cfg.CloudTrail(region) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	err = onOneLine(errors.Join(err, without(ranges, keys, err)))
	if len(keys) == 0 {
		return o.incomplete(err)
	}
	if o.file == "" {
		return errors.Join(printed(validate.WriteKeys(o.app.streams.Out, keys)), o.incomplete(err))
	}
	total, added, failed := validate.SaveKeys(o.file, keys)
	if errors.Is(failed, validate.ErrOtherKey) {
		failed = withHint(failed, "one of the two is forged: keep the file, export into another one, and compare")
	}
	if failed != nil {
		return o.unsaved(failed)
	}
	o.app.note("%s of %s: %s new, %d in all", o.file, render.Count(len(ranges), "region"), render.Count(added, "key"), total)
	return o.incomplete(err)
}

func (o *validateKeysOptions) incomplete(err error) error {
	if err == nil {
		return nil
	}
	return withHint(fmt.Errorf("not all public keys could be had: %w", err), "each region is asked for its own: check --region, the window, and the permission cloudtrail:ListPublicKeys there")
}

// unsaved is the error of a file of keys that cannot be written. The file that
// is written first, beside it, is nobody's concern.
func (o *validateKeysOptions) unsaved(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) && filepath.Base(at.Path) != filepath.Base(o.file) {
		return fmt.Errorf("writing %s: %w", o.file, at.Err)
	}
	return err
}

// checkFile looks whether --file can be there, before anybody is asked.
func (o *validateKeysOptions) checkFile() error {
	if o.file == "" {
		return nil
	}
	dir := filepath.Dir(o.file)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return withHint(fmt.Errorf("--file %s: there is no folder %s", o.file, dir), "make it first, or name another one")
	case err == nil && !info.IsDir():
		return fmt.Errorf("--file %s: %s is not a folder", o.file, dir)
	}
	return nil // what else is wrong is told when the file is written
}

// onOneLine is an error of several on one line, each in words.
func onOneLine(err error) error {
	parts := flat(err)
	if len(parts) < 2 {
		return err
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = plain(part)
	}
	return &oneLine{error: err, text: strings.Join(texts, "; ")}
}

// flat are the errors that errors.Join has joined.
func flat(err error) []error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok || !strings.Contains(err.Error(), "\n") {
		return []error{err}
	}
	var parts []error
	for _, e := range several.Unwrap() {
		parts = append(parts, flat(e)...)
	}
	return parts
}

// oneLine is an error in other words.
type oneLine struct {
	error
	text string
}

func (e *oneLine) Error() string { return e.text }
func (e *oneLine) Unwrap() error { return e.error }

// without names the regions that have no key, but not those of which failed
// speaks.
func without(ranges map[string]validate.Range, keys []validate.PublicKey, failed error) error {
	has := map[string]bool{}
	for _, k := range keys {
		has[k.Region] = true
	}
	said := ""
	if failed != nil {
		said = failed.Error()
	}
	var none []error
	for _, region := range slices.Sorted(maps.Keys(ranges)) {
		r := ranges[region]
		if !has[region] && !strings.Contains(said, "region "+region+":") {
			none = append(none, fmt.Errorf("region %s has no key between %s and %s", region, stamp(r.Start), stamp(r.End)))
		}
	}
	return errors.Join(none...)
}

// ranges finds out of which regions and times keys are needed.
func (o *validateKeysOptions) ranges(ctx context.Context, w when.Window) (*awsconf.Config, map[string]validate.Range, error) {
	now := o.app.now()
	v := &validateOptions{
		app: o.app, target: o.target, aws: o.aws, accounts: o.accounts,
		trailARN: o.trailARN, bucket: o.bucket, prefix: o.prefix, prefixSet: o.prefixSet,
	}
	if _, err := o.app.load(ctx, v.aws); errors.Is(err, awsconf.ErrNoRegion) && len(o.regions.Value()) > 0 {
		v.aws.region = o.regions.Value()[0]
	}
	cfg, err := o.app.loadFor(ctx, v.aws, anyRegion)
	if err != nil {
		return nil, nil, err
	}
	if o.target == "" && o.trailARN == "" && o.bucket == "" {
		r := validate.Range{Start: w.Start, End: w.End}
		if r.Start.IsZero() {
			r.Start = firstTrails
		}
		if r.End.IsZero() {
			r.End = now
		}
		ranges := map[string]validate.Range{}
		for _, region := range o.regions.Value() {
			ranges[region] = r
		}
		return cfg, ranges, nil
	}
	t, err := o.open(ctx, v)
	if err != nil {
		return nil, nil, err
	}
	defer t.close()
	c := t.options
	c.Start, c.End, c.Now, c.Accounts, c.Regions = w.Start, w.End, now, o.accounts.Value(), o.regions.Value()
	ranges, err := validate.SignedRanges(ctx, c)
	if err == nil && len(ranges) == 0 {
		err = exitWith(codeNothing, withHint(errors.New("there are no digest files, so no public keys are needed"), "%s", t.nothingHint))
	}
	return cfg, ranges, err
}

// open opens the target; a copy need not have keys yet.
func (o *validateKeysOptions) open(ctx context.Context, v *validateOptions) (*validateTarget, error) {
	if info, err := os.Stat(o.target); err != nil || !info.IsDir() || strings.HasPrefix(o.target, "arn:") {
		return v.open(ctx)
	}
	t := &validateTarget{}
	if v.trailARN != "" {
		if err := v.chooseTrail(t); err != nil {
			return nil, err
		}
	}
	folder, err := bucket.OpenFolder(o.target)
	if err != nil {
		return nil, err
	}
	t.close = func() { folder.Close() }
	store, _, err := validate.OpenCopy(ctx, folder)
	if err != nil {
		folder.Close()
		if errors.Is(err, validate.ErrNoCopy) {
			err = exitWith(codeNothing, err)
		}
		return nil, err
	}
	t.options.Copy = true
	t.options.Open = func(context.Context, string) (validate.Store, error) { return store, nil }
	t.nothingHint = "the copy must hold CloudTrail-Digest/; check the window, --region and --account-id"
	return t, nil
}
