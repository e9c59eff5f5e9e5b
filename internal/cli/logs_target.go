package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"trailctl/bucket"
	"trailctl/internal/awsconf"
	"trailctl/logs"
	"trailctl/trail"
)

// logsTarget is what TARGET turned out to be.
type logsTarget struct {
	where    string // for people
	source   logs.Source
	single   *logs.Single // one file, or standard input
	one      *logs.Found  // the one object, where s3://BUCKET/KEY names it; see look
	query    logs.Query
	fetchers int             // 0: as many as S3 wants
	bucket   string          // "" when it is local
	cfg      *awsconf.Config // nil when it is local
	close    func()
	// started is when a trail's logging was switched on the last time; nil of
	// what is no trail.
	started func(context.Context) (time.Time, error)
}

// logsTarget finds out what a word on the command line means.
func (a *app) logsTarget(ctx context.Context, word string, o *logsOptions) (*logsTarget, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t, err := a.openTarget(ctx, word, o)
	if err != nil {
		return nil, err
	}
	t.query.Regions, t.query.Accounts, t.query.Now = o.regions(), o.accounts.Value(), a.now()
	t.query.Layout = &logs.Layout{}
	if t.close == nil {
		t.close = func() {}
	}
	return t, nil
}

// anyRegion is where S3 is asked in which region a bucket lies.
const anyRegion = "us-east-1"

func (a *app) openTarget(ctx context.Context, word string, o *logsOptions) (*logsTarget, error) {
	if word == "-" {
		return &logsTarget{where: "standard input", single: &logs.Single{Name: "standard input", Stream: a.streams.In}}, nil
	}
	if name, prefix, ok := bucket.ParseURI(word); ok {
		cfg, err := a.loadFor(ctx, o.aws, anyRegion)
		if err != nil {
			return nil, err
		}
		return bucketTarget(ctx, cfg, name, prefix, "")
	}
	if strings.HasPrefix(word, "s3:") {
		return nil, usagef("%q names no bucket: it is s3://BUCKET/PREFIX", word)
	}
	if !arn.IsARN(word) {
		info, err := os.Stat(word)
		switch {
		case err == nil && info.IsDir():
			return folderTarget(word)
		case err == nil:
			return &logsTarget{where: word, single: &logs.Single{Name: word}}, nil
		case strings.ContainsAny(word, `/\`) || !errors.Is(err, os.ErrNotExist):
			return nil, err
		case namesFile(word):
			return nil, withHint(err, "a trail of such a name is named by its ARN")
		}
	}
	home := ""
	if id, err := arn.Parse(word); err == nil {
		home = id.Region
	}
	cfg, err := a.loadFor(ctx, o.aws, home)
	if errors.Is(err, awsconf.ErrNoRegion) {
		err = fmt.Errorf("no file or folder named %s is here, so it is taken for a trail: %w", word, err)
	}
	if err != nil {
		return nil, err
	}
	return trailTarget(ctx, cfg, word, o)
}

// namesFile tells words that are meant as files. A trail's name may end so, too,
// but nobody is asked for a trail because of a slip in a file's name.
func namesFile(word string) bool {
	switch strings.ToLower(filepath.Ext(word)) {
	case ".json", ".jsonl", ".ndjson", ".gz", ".log", ".txt", ".csv", ".zip", ".parquet":
		return true
	}
	return false
}

// localFetchers is how many files of a folder are read ahead. Log files differ
// in size by a factor of a hundred: behind a large one there must be enough
// others to keep every processor busy.
const localFetchers = 32

func folderTarget(dir string) (*logsTarget, error) {
	f, err := bucket.OpenFolder(dir)
	if err != nil {
		return nil, err
	}
	return &logsTarget{
		where: dir, source: f, fetchers: localFetchers,
		query: logs.Query{Flat: true, Local: true}, close: func() { f.Close() },
	}, nil
}

// bucketTarget looks into a bucket, from the region it lies in. home is
// where to look when nobody tells.
func bucketTarget(ctx context.Context, cfg *awsconf.Config, name, prefix, home string) (*logsTarget, error) {
	region, _, err := bucket.Region(ctx, cfg.S3(home), name)
	if errors.Is(err, bucket.ErrNotFound) {
		return nil, fmt.Errorf("bucket %s: %w", name, bucket.ErrNotFound)
	}
	if err != nil || region == "" {
		region = home // asking is a courtesy: reading says what is wrong
	}
	return &logsTarget{
		where: bucket.URI(name, prefix), bucket: name, cfg: cfg,
		source: &bucket.S3{Client: cfg.S3(region), Name: name},
		query:  logs.Query{Prefix: prefix},
	}, nil
}

// trailTarget asks CloudTrail where a trail delivers to.
func trailTarget(ctx context.Context, cfg *awsconf.Config, word string, o *logsOptions) (*logsTarget, error) {
	hint := "the files of a deleted trail are at s3://BUCKET; a file or folder of that name is not here either"
	if !arn.IsARN(word) {
		hint += "; a bucket is written s3://" + word
	}
	found, err := findTrail(ctx, cfg, word, hint)
	if err != nil {
		return nil, err
	}
	prefix := strings.Trim(found.Prefix, "/")
	t, err := bucketTarget(ctx, cfg, found.Bucket, prefix, found.HomeRegion)
	if err != nil {
		return nil, err
	}
	t.where = fmt.Sprintf("trail %s (%s)", found.Name, t.where)
	t.started = func(ctx context.Context) (time.Time, error) {
		status, err := trail.ReadStatus(ctx, cfg.CloudTrail(found.HomeRegion), found)
		return status.Started, err
	}
	// The trails of an organization deliver for accounts that only the
	// bucket knows.
	if account := found.Account(); account != "" && !found.Organization && len(o.accounts.Value()) == 0 {
		t.query.Base = &bucket.Base{Prefix: prefix, Account: account}
	}
	return t, nil
}

// loadFor finds the AWS settings for calls to a region that is known, so that
// none needs to be configured.
func (a *app) loadFor(ctx context.Context, o awsOptions, region string) (*awsconf.Config, error) {
	cfg, err := a.load(ctx, o)
	if errors.Is(err, awsconf.ErrNoRegion) {
		o.region = region
		return a.load(ctx, o)
	}
	return cfg, err
}
