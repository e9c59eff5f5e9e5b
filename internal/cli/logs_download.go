package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"trailctl/bucket"
	"trailctl/internal/render"
	"trailctl/internal/when"
	"trailctl/logs"
	"trailctl/validate"
)

type logsDownloadOptions struct {
	logsOptions
	output    outputOptions
	app       *app
	target    string
	dest      string
	noDigests bool
	evidence  bool

	concurrency      int
	decompress, sync bool
}

func (a *app) logsDownloadCommand() *cli.Command {
	o := &logsDownloadOptions{app: a}
	return &cli.Command{
		Name: "download", Usage: "copy log files, digests and public keys into a folder", ArgsUsage: "TARGET",
		Description: fmt.Sprintf(targetHelp, "") + `

The bucket's layout is kept below the folder. What is there already, of the
size and the time that S3 tells of the object, is not fetched again, so a
download that was interrupted or killed is taken up by running it again; no file
is ever there by half, and none is ever replaced. A file of the right size but
another time is compared with the object, which is fetched for that. One that is
not what the bucket has now is kept, named and counted as different: whoever
wants the new one removes the file or takes another folder. Next to each digest file stands its metadata, which holds the signature,
and public-keys.json at the top holds the keys to check them with: "trailctl
validate" proves the copy without AWS.

Each file is compared with the checksum that S3 keeps of it; one that comes with
another is fetched again, and fails the third time. A key that would lead out of
the folder, that would mean different files on different systems (as NUL and
COM1 do), that has characters which cannot be seen, that is a file where another
key needs a folder, or that differs from another only in upper and lower case,
fails and is named. Only one download at a time copies into a folder.

A window chooses files by the times in their names, an hour wider before it and
an hour and --lag wider after it, so that the copy has all records of the
window, the digest files that vouch for them, and every log file that those
list.

With --decompress log files are plain JSON, for other programs to read. Take a
folder of its own for that: next to compressed files each record would be there
twice, so a log file that is there in the other form fails. What is there
already is told by its time, which is that of the object.
Digest files stay as they are, and "trailctl validate" proves the content of
plain files, but not that the bucket has these bytes.

With --evidence the folder also gets ` + bucket.ManifestFile + `: the key, size and SHA-256 of
each file, its ETag and version in the bucket, and who fetched it when. Its own
SHA-256 is printed at the end, to be noted elsewhere: "trailctl validate FOLDER
--manifest-sha256 HEX" tells then whether anything in the folder was changed. A
run that was killed is taken up again; files that are there are hashed anew. The
manifest is made only when the copy is complete, and when nothing new came it
stays as it was, so that the SHA-256 that was noted still fits.

Exit code 1 when anything is missing or different at the end: a file, or the
public keys of digest files that were fetched; and when nothing lies at TARGET.
A full disk ends it at once.

Examples:
  trailctl logs download TRAIL --since 7d --dest evidence
  trailctl logs download s3://BUCKET --account-id 111122223333 --dest evidence
  trailctl logs download TRAIL --since 30d --dest case-17 --evidence
  trailctl logs download TRAIL --since 1d --decompress --dest plain`,
		Flags: joinFlags([]cli.Flag{
			&cli.StringFlag{Name: "dest", Usage: "`FOLDER` to copy to (default: one named like the bucket, here)", Destination: &o.dest},
			&cli.BoolFlag{Name: "no-digests", Usage: "leave digest files and public keys out", Destination: &o.noDigests},
			&cli.BoolFlag{Name: "evidence", Usage: "also make a manifest of every file, who fetched it and when, and print its SHA-256", Destination: &o.evidence},
			&cli.BoolFlag{Name: "decompress", Usage: "write log files as plain JSON, without .gz", Destination: &o.decompress},
			&cli.IntFlag{
				Name: "concurrency", Value: logs.DefaultDownloads, Destination: &o.concurrency,
				Usage: fmt.Sprintf("fetch `N` files at once, 1 to %d", maxDownloads),
			},
			&cli.BoolFlag{Name: "sync", Usage: "wait until each file has reached the disk, so that a power cut takes none away again (slower)", Destination: &o.sync},
		}, outputFlags(&o.output, "table", "json"), o.flags()),
		Action: func(c *cli.Context) error {
			if c.IsSet("dest") && o.dest == "" {
				return usagef("--dest is empty: name a folder")
			}
			if err := checkDest(o.dest); err != nil {
				return err
			}
			if o.concurrency < 1 || o.concurrency > maxDownloads {
				return usagef("--concurrency %d: it is a number from 1 to %d", o.concurrency, maxDownloads)
			}
			if o.evidence && (o.noDigests || o.decompress) {
				return usagef("--evidence goes with neither --no-digests nor --decompress: evidence is what the bucket has, and the digest files prove it")
			}
			o.target = c.Args().First()
			return o.run(c.Context)
		},
	}
}

// maxDownloads is as many connections as are kept.
const maxDownloads = 512

// downloadResult is the JSON form of what was done.
type downloadResult struct {
	Version int    `json:"version"`
	Folder  string `json:"folder"`
	logs.Ledger
	PublicKeys int          `json:"publicKeys"`
	Manifest   *logs.Sealed `json:"manifest,omitempty"`
	Failures   []string     `json:"failures"`
}

// maxFailures bounds how many failures the JSON form names; all are on
// stderr.
const maxFailures = 1000

func (o *logsDownloadOptions) run(ctx context.Context) error {
	window, err := o.window.window(o.app.now())
	if err != nil {
		return err
	}
	t, err := o.app.logsTarget(ctx, o.target, &o.logsOptions)
	if err != nil {
		return err
	}
	defer t.close()
	if t.bucket == "" {
		return usagef("%s is on this machine already: download takes a trail or s3://BUCKET/PREFIX", t.where)
	}
	if o.dest == "" {
		o.dest = t.bucket
	}
	switch info, err := os.Stat(o.dest); {
	case err == nil && !info.IsDir():
		return fmt.Errorf("--dest %s is a file, not a folder", o.dest)
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("--dest %s cannot be copied to: %w", o.dest, err)
	}
	t.query.Window, t.query.DigestWindow = logs.ForCopy(window, o.lag)
	t.query.Digests = !o.noDigests
	if err := t.nothing(ctx, 0, nil); err != nil {
		return err
	}
	evidence, err := o.openEvidence(ctx, t)
	if err != nil {
		return err
	}

	result := downloadResult{Version: 1, Folder: o.dest, Failures: []string{}}
	failures := copyFailures{}
	progress := newDownloadProgress(o.app)
	d := &logs.Download{
		Source: t.source, Dest: o.dest, Workers: o.concurrency, Decompress: o.decompress, Sync: o.sync, Evidence: evidence,
		Done: func(l logs.Ledger, f logs.Found, err error) {
			if err != nil && ctx.Err() == nil && !logs.NoRoom(err) { // that is told once
				progress.line.Clear()
				failures.tell(ctx, o.app, err)
				result.fail(err)
			}
			progress.show(&l)
		},
	}
	result.Ledger, err = d.Run(ctx, logs.Find(ctx, t.source, t.query))
	progress.line.Clear()
	switch {
	case errors.Is(err, logs.ErrBusy):
		return withHint(fmt.Errorf("--dest %s: %w", o.dest, err), "wait for it, or take another folder")
	case errors.Is(err, logs.ErrOtherBucket):
		return withHint(fmt.Errorf("--dest %s: %w", o.dest, err), "evidence of each bucket needs a folder of its own")
	case logs.NoRoom(err):
		err = o.noRoom(err)
		result.fail(err)
	case result.Listed > 0 || ctx.Err() != nil:
	case err != nil:
		return fmt.Errorf("--dest %s cannot be copied to: %w", o.dest, err)
	case result.ListsFailed > 0:
		return errors.New("nothing could be listed, so nothing was copied")
	}
	if err == nil && len(result.Signed) > 0 {
		err = o.saveKeys(ctx, t, &result)
	}
	if err == nil && evidence != nil && result.Complete() {
		err = o.seal(ctx, evidence, &result)
	}
	// The ledger is told whatever happened.
	o.ledger(t, window, &result)
	if o.app.format(o.output) == "json" {
		if e := render.JSON(o.app.streams.Out, result); e != nil {
			return printed(e)
		}
	}
	switch {
	case ctx.Err() != nil:
		o.interrupted(&result)
		return context.Cause(ctx)
	case err != nil:
		return err
	case !result.Balanced():
		return fmt.Errorf("the numbers do not add up: %d files were listed", result.Listed)
	case failures.otherForm > 0 && result.Failed+result.ListsFailed == 0:
		return o.otherForm(failures.otherForm)
	case result.Different > 0 && result.Failed+result.ListsFailed == 0:
		return withHint(fmt.Errorf("in %s %s not what the bucket has now", o.dest, are(result.Different, "file")),
			"they were kept; to have the bucket's, remove them or take another folder")
	case !result.Complete() && o.evidence:
		return errors.New("the copy is not complete, and has no manifest yet: run it again to fetch what is missing")
	case !result.Complete():
		return errors.New("the copy is not complete: run it again to fetch what is missing")
	}
	return nil
}

// noRoom is the error of a folder that takes nothing more.
func (o *logsDownloadOptions) noRoom(err error) error {
	if errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("--dest %s: nothing can be written there, the file system is read-only: take another folder", o.dest)
	}
	return fmt.Errorf("--dest %s: the disk is full: free space and run the same command again, what is there is not fetched again", o.dest)
}

// copyFailures is what is told of objects that could not be copied.
type copyFailures struct {
	tally
	otherForm int
}

// maxOtherForm bounds how many log files are named that are there in the other
// form: it is one mistake, and they may be all.
const maxOtherForm = 10

func (c *copyFailures) tell(ctx context.Context, a *app, err error) {
	if errors.Is(err, logs.ErrOtherForm) {
		if c.otherForm++; c.otherForm > maxOtherForm {
			return
		}
	}
	c.broken(ctx, a, err)
}

// otherForm is the error when log files are there in the other form.
func (o *logsDownloadOptions) otherForm(n int) error {
	if o.decompress {
		return withHint(fmt.Errorf("in %s %s there compressed, and plain next to that each record would be there twice", o.dest, are(n, "log file")),
			"take another folder for --decompress")
	}
	return withHint(fmt.Errorf("in %s %s there as plain JSON, and compressed next to that each record would be there twice", o.dest, are(n, "log file")),
		"take another folder, or go on in this one with --decompress")
}

// interrupted says how far it came.
func (o *logsDownloadOptions) interrupted(r *downloadResult) {
	there, of := r.Fetched+r.Present, fmt.Sprintf("%d", r.Wanted)
	if !r.AllListed {
		of = fmt.Sprintf("at least %d", r.Wanted)
	}
	o.app.note("%d of %s files are in %s: the same command takes it up again", there, of, o.dest)
}

func (r *downloadResult) fail(err error) {
	if len(r.Failures) < maxFailures {
		text, _ := message(err)
		r.Failures = append(r.Failures, text)
	}
}

// saveKeys fetches the public keys of the digest files in the copy.
func (o *logsDownloadOptions) saveKeys(ctx context.Context, t *logsTarget, result *downloadResult) error {
	signed := map[string]validate.Range{}
	for region, w := range result.Signed {
		// A digest covers the hour before its time.
		signed[region] = validate.Range{Start: w.Start.Add(-time.Hour), End: w.End}
	}
	keys, err := validate.FetchKeys(ctx, signed, func(region string) validate.KeyLister { return t.cfg.CloudTrail(region) })
	if len(keys) > 0 {
		file := filepath.Join(o.dest, logs.KeysFile)
		n, _, e := validate.SaveKeys(file, keys)
		result.PublicKeys, err = n, errors.Join(err, e)
	}
	if err == nil {
		return nil
	}
	if logs.NoRoom(err) {
		err = o.noRoom(err)
		result.fail(err)
		return err
	}
	err = onOneLine(err)
	result.fail(err)
	what := "all files are there, but not all public keys of the digest files"
	if !result.Complete() {
		what = "files are missing, and public keys of the digest files"
	}
	return withHint(fmt.Errorf("%s: %w", what, err),
		"run it again; until then \"trailctl validate\" has to ask AWS for the keys, and --no-digests does without")
}

// are is a number of things that are something.
func are(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return render.Count(n, noun) + " are"
}

func (o *logsDownloadOptions) ledger(t *logsTarget, window when.Window, r *downloadResult) {
	var why []string
	for _, w := range slices.Sorted(maps.Keys(r.Skips)) {
		why = append(why, passed(r.Skips[w], w))
	}
	o.app.note("%s to %s", t.where, o.dest)
	sum := fmt.Sprintf("%d listed = %d fetched + %d already there + %d failed + %d skipped",
		r.Listed, r.Fetched, r.Present, r.Failed, r.Skipped)
	if len(why) > 0 {
		sum += " (" + strings.Join(why, ", ") + ")"
	}
	if r.Different > 0 {
		sum += fmt.Sprintf(" + %d different", r.Different)
	}
	if r.Interrupted > 0 {
		sum += fmt.Sprintf(" + %d interrupted", r.Interrupted)
	}
	o.app.note("%s", sum)
	if r.ListsFailed > 0 {
		o.app.note("%s failed: what lies there is not in these numbers", render.Count(r.ListsFailed, "listing"))
	}
	if r.Digests > 0 {
		o.app.note("%s fetched; the copy has %s and %s", render.Size(r.Bytes), render.Count(r.Digests, "digest file"), render.Count(r.PublicKeys, "public key"))
	} else {
		o.app.note("%s fetched", render.Size(r.Bytes))
	}
	if m := r.Manifest; m != nil {
		o.sayManifest(m)
	}
	if r.ListsFailed == 0 && r.AllListed {
		t.sayMissing(o.app, window, r.Listed-r.Skipped)
	}
	if r.Digests+r.Failed+r.ListsFailed+r.Interrupted == 0 && r.Fetched+r.Present > 0 && !o.noDigests && r.AllListed {
		o.app.note("no digest files were found with them, so \"trailctl validate\" cannot prove this copy; those of a trail with log file validation lie in AWSLogs/ACCOUNT/CloudTrail-Digest/")
	}
}
