// Package validate proves what CloudTrail delivered: it walks the chains of
// digest files, checks their signatures and links, compares every log file
// with the hash that its digest file holds, and says what is invalid, what is
// missing and which time is covered. It reads and never writes, neither to
// the bucket nor to a stream, and it does not look inside log files.
//
// An object that cannot be read is "could not check", never "invalid": only
// bucket.ErrNotFound says that one is missing.
package validate

import (
	"context"
	"errors"
	"iter"
	"time"

	"trailctl/bucket"
)

// Store reads the objects of one bucket; bucket.S3 and bucket.Folder do.
type Store interface {
	List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Object, error]
	Folders(ctx context.Context, prefix string) ([]string, error)
	Get(ctx context.Context, key string) (*bucket.Body, error)
	URI(key string) string
}

// KeySource gives the public keys of CloudTrail in one region whose validity
// overlaps a range of time. Each region signs with keys of its own.
type KeySource interface {
	PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error)
}

// Options say what to check. Open, Keys and Now are required.
type Options struct {
	// Trail and Home choose the digest files of one trail by its name and
	// home region. Empty takes every trail that is found.
	Trail, Home string

	// Bucket is where the trail delivers now. Digest files may lead to
	// others, which Open opens by name.
	Bucket string
	Open   func(ctx context.Context, name string) (Store, error)

	// Copy says that the store is a copy of a bucket outside S3: the name of
	// the bucket and the prefix above AWSLogs/ are not compared, and where a
	// digest file's metadata was lost its signature is taken from its
	// successor, which repeats it.
	Copy bool

	// Manifest, when set, is compared with the copy before anything else.
	Manifest *Manifest

	// Prefix stands before AWSLogs/ in the keys. Bases, when set, are the
	// accounts' folders to look into; else they are discovered below Prefix.
	// Outside the folders of organizations only that of Owner is taken, the
	// account that has the trail, if it is set.
	Prefix string
	Bases  []bucket.Base
	Owner  string
	// Accounts and Regions narrow what is discovered; empty takes all.
	// Regions are those in which the calls were recorded.
	Accounts, Regions []string

	// Start and End bound the check: every digest file that overlaps the
	// range is proved, and all its log files. A zero Start or End leaves that
	// side open: everything that is there, also what is younger than Now. A
	// copy may then begin and end anywhere; a bucket must go on until Now.
	Start, End time.Time
	Now        time.Time

	// What is known of the trail, to tell an end from a deletion. Started
	// and Stopped are when logging last began and ended; Stopped is zero
	// while it goes on, and both are when nobody knows.
	Started, Stopped time.Time
	// SingleRegion says that the trail records its home region only,
	// MultiRegion that it records all; neither when nobody knows.
	SingleRegion, MultiRegion bool

	Keys KeySource
	// KeySource names Keys in the report.
	KeySource string

	// Workers fetch log files at the same time. 0 means as many as it pays to
	// have, up to 256: more as long as that makes it faster, fewer when S3 has
	// enough.
	Workers int
	// Unlisted also looks for log files that no digest file lists.
	Unlisted bool
	// Proved, when set, remembers log files: those that it holds are counted as
	// valid and not fetched.
	Proved Proved
	// OnFile, when set, hears of each file as it has been checked. It is
	// called by one goroutine at a time and should return soon.
	OnFile func(File)
	// Outlook, when set, follows how far the check is.
	Outlook *Outlook

	// judged, when set, hears of each digest file that is there. It is called
	// by several goroutines.
	judged func(id chainID, d *digestFile, s Status)
	// following says that there is another look soon.
	following bool

	// Bounds of uncompressed sizes in bytes. A larger log file could not be
	// checked; a larger digest file is none: one of the default bound lists
	// more than half a million log files of an hour. 0 means the default:
	// 256 MiB for digest files, 16 GiB for log files. Neither is held in memory.
	MaxDigest, MaxLogFile int64
}

const (
	defaultMaxDigest  = 256 << 20
	defaultMaxLogFile = 16 << 30
	// unitsAtOnce is how many account and region pairs are walked side by
	// side. Each holds a few digest files in memory.
	unitsAtOnce = 8
)

// File is what was found of one file.
type File struct {
	Digest   bool // else a log file
	Backfill bool // a backfill digest file
	URI      string
	Status   Status
	Bytes    int64 // uncompressed bytes that were hashed
	Before   bool  // proved in an earlier run, and not fetched in this one
	// Message says what is wrong with a file that is not valid, as its finding.
	Message string
}

// Status of a file.
type Status string

// Unproven is the status of a digest file without any signature in a copy,
// and of the log files of a digest file that is not valid itself.
const (
	Valid     Status = "valid"
	Invalid   Status = "invalid"
	Missing   Status = "missing"
	Unchecked Status = "unchecked"
	Unproven  Status = "unproven"
)

// Check runs the whole check. It fails when it cannot even begin: a bad
// Options or a bucket that cannot be listed. When ctx ends meanwhile it
// returns what was proved so far, however little, together with the context's
// cause.
func Check(ctx context.Context, o Options) (*Report, error) {
	switch {
	case o.Open == nil || o.Keys == nil || o.Now.IsZero():
		return nil, errors.New("validate: Open, Keys and Now are required")
	case !o.End.IsZero() && !o.Start.Before(o.End):
		return nil, errors.New("validate: the range is empty")
	}
	if o.MaxDigest <= 0 {
		o.MaxDigest = defaultMaxDigest
	}
	if o.MaxLogFile <= 0 {
		o.MaxLogFile = defaultMaxLogFile
	}
	c := newCheck(o)
	if err := c.run(ctx); err != nil && ctx.Err() == nil {
		return nil, err
	}
	r := c.report(ctx.Err() != nil)
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, nil
}
