package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/trail"
	"trailctl/validate"
)

// validateTarget is what TARGET and the flags beside it turned out to be.
type validateTarget struct {
	options     validate.Options
	notes       []string // for the person at the terminal
	nothingHint string   // when nothing is found there
	local       bool     // CloudTrail's keys are those of a local endpoint
	close       func()
}

// open finds out what is to be validated.
func (o *validateOptions) open(ctx context.Context) (*validateTarget, error) {
	t := &validateTarget{close: func() {}}
	if o.aws.region != "" {
		t.options.Regions = []string{o.aws.region}
	}
	word := o.target
	if word == "" || arn.IsARN(word) && o.trailARN == "" {
		if word != "" {
			o.trailARN = word
		}
		word = ""
	}
	if o.trailARN != "" {
		if err := o.chooseTrail(t); err != nil {
			return nil, err
		}
	}
	if name, prefix, ok := bucket.ParseURI(word); ok {
		return t, o.openBucket(ctx, t, name, prefix)
	}
	if strings.HasPrefix(word, "s3:") {
		return nil, usagef("%q names no bucket: it is s3://BUCKET/PREFIX", word)
	}
	if word != "" {
		info, err := os.Stat(word)
		switch {
		case err == nil && info.IsDir():
			if !strings.ContainsAny(word, `/\`) {
				t.notes = append(t.notes, fmt.Sprintf("%s is a folder here and is taken for that; for a trail of this name give its ARN", word))
			}
			return t, o.openFolder(ctx, t, word)
		case err == nil:
			return nil, usagef("%s is a file: validate takes a folder, a trail or s3://BUCKET", word)
		case strings.ContainsAny(word, `/\`) && errors.Is(err, os.ErrNotExist):
			return nil, withHint(err, "TARGET is a folder that is there, a trail's name or ARN, or s3://BUCKET/PREFIX")
		case errors.Is(err, os.ErrPermission):
			return nil, withHint(err, "%s", folderHint)
		case !errors.Is(err, os.ErrNotExist):
			return nil, err
		case o.trailARN != "":
			return nil, usagef("two trails are named: %s, and --trail-arn %s", word, o.trailARN)
		}
		t.options.Trail = word
	}
	if o.bucket != "" {
		return t, o.openBucket(ctx, t, o.bucket, o.prefix)
	}
	return t, o.openTrail(ctx, t)
}

// errNoFolder says that a flag is for copies alone.
func (o *validateOptions) errNoFolder() error {
	if o.manifestSHA == "" {
		return nil
	}
	return usagef("--manifest-sha256 is for a folder that \"trailctl logs download --evidence\" made")
}

var trailARN = regexp.MustCompile(`^arn:[^:]+:cloudtrail:[a-z0-9-]+:\d{12}:trail/[A-Za-z0-9._-]+$`)

// chooseTrail takes name, home region and account from the ARN.
func (o *validateOptions) chooseTrail(t *validateTarget) error {
	if !trailARN.MatchString(o.trailARN) {
		return usagef("%q is not the ARN of a trail: arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME", o.trailARN)
	}
	id, err := arn.Parse(o.trailARN)
	if err != nil {
		return usagef("%q is not an ARN", o.trailARN)
	}
	t.options.Trail, t.options.Home, t.options.Owner = strings.TrimPrefix(id.Resource, "trail/"), id.Region, id.AccountID
	return nil
}

// openTrail asks CloudTrail where the trail delivers and what it records.
func (o *validateOptions) openTrail(ctx context.Context, t *validateTarget) error {
	if err := o.errNoFolder(); err != nil {
		return err
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	wanted := t.options.Trail
	if o.trailARN != "" {
		wanted = o.trailARN
	}
	found, err := findTrail(ctx, cfg, wanted, "the files of a deleted trail are validated with --s3-bucket")
	if err != nil {
		return err
	}
	c := &t.options
	c.Trail, c.Home, c.Owner = found.Name, found.HomeRegion, found.Account()
	c.SingleRegion, c.MultiRegion = !found.MultiRegion, found.MultiRegion
	prefix := found.Prefix
	if o.prefixSet {
		prefix = o.prefix
	}
	if !found.Organization {
		c.Bases = basesOf(prefix, c.Owner, o.accounts.Value())
	}
	// Whoever may read the bucket need not be allowed this.
	if s, err := trail.ReadStatus(ctx, cfg.CloudTrail(found.HomeRegion), found); err == nil {
		c.Started = s.Started
		if !s.Logging {
			c.Stopped = s.Stopped
		}
	}
	if found.MultiRegion && o.aws.region != "" {
		t.notes = append(t.notes, fmt.Sprintf("only the files of region %s are validated; without --region all are", o.aws.region))
	}
	t.nothingHint = "digest files come about an hour after logging began; check the window, --region and --account-id"
	if !found.LogFileValidation {
		t.nothingHint = "log file validation is off for this trail, so CloudTrail delivers no digest files: switch it on"
	}
	return o.useBucket(ctx, t, cfg, found.Bucket, prefix)
}

func basesOf(prefix, owner string, accounts []string) []bucket.Base {
	if len(accounts) == 0 {
		accounts = []string{owner}
	}
	var bases []bucket.Base
	for _, id := range accounts {
		bases = append(bases, bucket.Base{Prefix: strings.Trim(prefix, "/"), Account: id})
	}
	return bases
}

// openBucket looks into a bucket without asking CloudTrail for a trail. What
// stands after AWSLogs/ in the prefix narrows the search.
func (o *validateOptions) openBucket(ctx context.Context, t *validateTarget, name, prefix string) error {
	if err := o.errNoFolder(); err != nil {
		return err
	}
	cfg, err := o.app.load(ctx, o.aws)
	if err != nil {
		return err
	}
	if o.prefixSet {
		prefix = o.prefix
	}
	prefix, rest := aboveLogs(prefix)
	if base, ok := baseBelow(prefix, rest); ok {
		t.options.Bases = []bucket.Base{base}
	}
	if region := regionBelow(rest); region != "" && t.options.Regions == nil {
		t.options.Regions = []string{region}
	}
	t.nothingHint = "check the bucket and the prefix above AWSLogs/, the trail's name and home region, --region, --account-id and the window"
	return o.useBucket(ctx, t, cfg, name, prefix)
}

// aboveLogs cuts a path at AWSLogs.
func aboveLogs(path string) (above, below string) {
	path = strings.Trim(path, "/")
	if path == "AWSLogs" {
		return "", ""
	}
	if rest, ok := strings.CutPrefix(path, "AWSLogs/"); ok {
		return "", rest
	}
	above, below, _ = strings.Cut(path, "/AWSLogs")
	return above, strings.Trim(below, "/")
}

var basePattern = regexp.MustCompile(`^(?:(o-[a-z0-9]+)/)?(\d{12})(?:/|$)`)

func baseBelow(prefix, rest string) (bucket.Base, bool) {
	m := basePattern.FindStringSubmatch(rest)
	if m == nil {
		return bucket.Base{}, false
	}
	return bucket.Base{Prefix: prefix, Org: m[1], Account: m[2]}, true
}

// useBucket reads each bucket from the region it lies in, and keys from
// CloudTrail or a file.
func (o *validateOptions) useBucket(ctx context.Context, t *validateTarget, cfg *awsconf.Config, name, prefix string) error {
	c := &t.options
	c.Bucket, c.Prefix = name, strings.Trim(prefix, "/")
	c.Open = func(ctx context.Context, name string) (validate.Store, error) {
		region, _, err := bucket.Region(ctx, cfg.S3(c.Home), name)
		if errors.Is(err, bucket.ErrNotFound) {
			return nil, withHint(fmt.Errorf("bucket %s: %w", name, bucket.ErrNotFound), "%s", awsHints()["NoSuchBucket"])
		}
		if err != nil || region == "" {
			region = c.Home // asking is a courtesy: reading says what is wrong
		}
		return &bucket.S3{Client: cfg.S3(region), Name: name}, nil
	}
	c.KeySource, t.local = "CloudTrail", cfg.Local() && o.keys == ""
	c.Keys = validate.AWSKeys{Client: func(region string) validate.KeyLister { return cfg.CloudTrail(region) }}
	if o.keys != "" {
		return o.useKeyFile(t, o.keys)
	}
	return nil
}

// openFolder looks into a local copy. A path that leads into AWSLogs means
// the folder above it.
func (o *validateOptions) openFolder(ctx context.Context, t *validateTarget, dir string) error {
	c := &t.options
	if above, below, ok := splitCopy(dir); ok {
		t.notes = append(t.notes, widened(dir, above, below))
		dir = above
		if base, ok := baseBelow("", below); ok {
			c.Bases = []bucket.Base{base}
		}
		if region := regionBelow(below); region != "" && c.Regions == nil {
			c.Regions = []string{region}
		}
	}
	folder, err := bucket.OpenFolder(dir)
	if err != nil {
		return unreadable(err)
	}
	t.close = func() { folder.Close() }
	if err := o.useCopy(ctx, t, dir, folder); err != nil {
		folder.Close()
		return unreadable(err)
	}
	return nil
}

// folderHint is for what the system does not let this user read.
const folderHint = "this user may not read all of the folder: \"ls -l\" shows whose it is and who may (folders need r and x, files r)"

// unreadable adds what to do about a folder that may not be read.
func unreadable(err error) error {
	var h *hinted
	if (errors.Is(err, os.ErrPermission) || errors.Is(err, bucket.ErrDenied)) && !errors.As(err, &h) {
		return withHint(err, "%s", folderHint)
	}
	return err
}

// widened says what a folder inside a copy stands for: only its account and
// its region narrow what is validated.
func widened(dir, above, below string) string {
	what, narrow := "all of it", "--account-id, --region and a window narrow it"
	if base, ok := baseBelow("", below); ok {
		what, narrow = "all of account "+base.Account, "--region and a window narrow it"
		if region := regionBelow(below); region != "" {
			what, narrow = what+" in region "+region, "a window narrows it"
		}
	}
	return fmt.Sprintf("%s is taken as part of the copy in %s: %s is validated, %s", dir, above, what, narrow)
}

func (o *validateOptions) useCopy(ctx context.Context, t *validateTarget, dir string, folder *bucket.Folder) error {
	c := &t.options
	store, above, err := validate.OpenCopy(ctx, folder)
	places := placesAround(dir, above)
	o.useManifest(t, dir, places)
	switch {
	case errors.Is(err, validate.ErrNoCopy) && c.Manifest != nil:
		store = folder // all that the manifest lists is missing
	case errors.Is(err, validate.ErrNoCopy):
		return exitWith(codeNothing, withHint(fmt.Errorf("nothing to validate: %w", err), "a copy keeps the bucket's layout, AWSLogs/ACCOUNT/CloudTrail-Digest/..., as \"trailctl logs download\" makes it"))
	case err != nil:
		return err
	}
	c.Copy, c.Workers = true, max(2, runtime.NumCPU())
	c.Open = func(context.Context, string) (validate.Store, error) { return store, nil }
	t.nothingHint = "the copy must hold CloudTrail-Digest/ beside CloudTrail/; check the window, --region and --account-id"
	if o.keys != "" {
		return o.useKeyFile(t, o.keys)
	}
	var files []string
	for _, place := range places {
		files = append(files, filepath.Join(place, validate.KeyFileName))
	}
	if err := o.useKeyFile(t, files...); err != nil {
		return o.withoutKeys(ctx, t, files[0], err)
	}
	c.KeySource += ", from the copy itself"
	t.notes = append(t.notes, fmt.Sprintf("public keys: %s; whoever can write to the copy can forge all of it, --public-keys names keys that were kept elsewhere", c.KeySource))
	return nil
}

// withoutKeys goes on without public keys where none are needed, and where the
// manifest tells whether they were taken away or changed.
func (o *validateOptions) withoutKeys(ctx context.Context, t *validateTarget, file string, err error) error {
	c := &t.options
	absent := errors.Is(err, os.ErrNotExist)
	none := false
	if absent {
		all := *c
		all.Now = o.app.now()
		ranges, e := validate.SignedRanges(ctx, all)
		none = e == nil && len(ranges) == 0
	}
	switch {
	case none && c.Manifest == nil:
		return exitWith(codeNothing, withHint(fmt.Errorf("nothing to validate: the copy in %s has no digest files", o.target),
			"\"trailctl logs download\" copies them with the log files when the trail has log file validation switched on; without --no-digests, and not only a part below CloudTrail/"))
	case c.Manifest == nil:
		return err
	case !none:
		o.app.complain(err)
	}
	c.Keys, c.KeySource = &validate.KeyFile{}, file
	if absent {
		c.KeySource += ", which is not there"
	}
	return nil
}

// splitCopy cuts a path that leads into the AWSLogs folder of a copy.
func splitCopy(dir string) (above, below string, ok bool) {
	abs, err := filepath.Abs(dir)
	if err != nil || exists(filepath.Join(dir, "AWSLogs")) {
		return "", "", false
	}
	const logs = "/AWSLogs/"
	path := filepath.ToSlash(abs) + "/"
	i := strings.LastIndex(path, logs)
	if i < 0 {
		return "", "", false
	}
	return path[:i+1], strings.Trim(path[i+len(logs):], "/"), true
}

var regionPattern = regexp.MustCompile(`^(?:o-[a-z0-9]+/)?\d{12}/CloudTrail(?:-Digest)?/([a-z0-9-]+)(?:/|$)`)

// regionBelow is the region that a path below AWSLogs leads to, or empty.
func regionBelow(rest string) string {
	if m := regionPattern.FindStringSubmatch(rest); m != nil {
		return m[1]
	}
	return ""
}

// useKeyFile reads the first of the files that is there.
func (o *validateOptions) useKeyFile(t *validateTarget, files ...string) error {
	var file *os.File
	var err error
	for _, name := range files {
		if file, err = openRegular(name); err == nil || !errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if errors.Is(err, os.ErrNotExist) { // the first one is where it should be
		_, err = os.Stat(files[0])
	}
	if err != nil {
		return withHint(fmt.Errorf("reading the public keys: %w", err), "\"trailctl logs download\" saves them as %s; \"trailctl validate keys export\" fetches them for any copy; --public-keys names the file", validate.KeyFileName)
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, validate.MaxKeyFile))
	if err != nil {
		return fmt.Errorf("reading the public keys: %w", err)
	}
	keys, err := validate.ParseKeyFile(plainText(raw))
	if err != nil {
		return fmt.Errorf("%s: %w", file.Name(), err)
	}
	t.options.Keys, t.options.KeySource = keys, file.Name()
	return nil
}

// plainText takes off what Windows writes around a text: PowerShell redirects
// into UTF-16, and editors put a byte order mark first.
func plainText(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if !bytes.HasPrefix(raw, []byte("\xff\xfe")) {
		return raw
	}
	units := make([]uint16, 0, len(raw)/2)
	for pair := range slices.Chunk(raw[2:], 2) {
		if len(pair) == 2 {
			units = append(units, binary.LittleEndian.Uint16(pair))
		}
	}
	return []byte(string(utf16.Decode(units)))
}

// openRegular opens a file, but not a pipe that would never answer.
func openRegular(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return os.Open(name)
}
