package logs

import (
	"cmp"
	"context"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"trailctl/bucket"
	"trailctl/internal/when"
)

// Query says which files to find.
type Query struct {
	// Prefix is where to look: all below it in a folder, or in a bucket
	// [PREFIX/][AWSLogs/...].
	Prefix string
	// Flat lists everything below Prefix in one go instead of going down
	// AWSLogs/ by account, region and day. Right for a local folder, where
	// files may lie in any arrangement.
	Flat bool
	// Accounts and Regions to take; empty for all there are.
	Accounts, Regions []string
	// Base, when set, is the one account's folder to look in: nothing needs
	// to be discovered above it.
	Base *bucket.Base
	// Window bounds the delivery times in the files' names.
	Window when.Window
	// Digests are skipped unless they are asked for. They cover the hour
	// before their own time, so DigestWindow bounds theirs.
	Digests      bool
	DigestWindow when.Window
	// Now is used to share out the listing of an open window by days. Files
	// of later days are found all the same.
	Now time.Time
	// Local says that the files' own times need not be those at which S3 took
	// them.
	Local bool
	// Layout, when set, is told what was met on the way.
	Layout *Layout
}

// DefaultLag is by how much a window of event times is widened to choose
// files: those that hold its records carry later times in their names.
// CloudTrail delivers within some minutes as a rule.
const DefaultLag = time.Hour

// Widen is the window of delivery times in which the records of a window of
// event times lie.
func Widen(w when.Window, lag time.Duration) when.Window {
	if !w.Start.IsZero() {
		w.Start = w.Start.Add(-lag)
	}
	if !w.End.IsZero() {
		w.End = w.End.Add(lag)
	}
	return w
}

// ForCopy are the windows of delivery times that make a copy which can be
// proved by itself. The records of a window of event times lie in log files
// that are delivered from its start to lag after its end. A digest file
// covers an hour at most, and lists the log files delivered in it. So the
// digest files around those log files begin up to an hour before the first and
// end up to an hour after the last; all that they list is copied, and no
// digest file that reaches beyond. The margin is for minutes in names.
func ForCopy(w when.Window, lag time.Duration) (files, digests when.Window) {
	const span, margin = time.Hour, 5 * time.Minute
	files, digests = w, w
	if !w.Start.IsZero() {
		files.Start, digests.Start = w.Start.Add(-span-margin), w.Start
	}
	if !w.End.IsZero() {
		files.End = w.End.Add(lag + span + margin)
		digests.End = files.End
	}
	return files, digests
}

// Found is an object that was met. Skip says why it is not to be read; empty
// for those that are.
type Found struct {
	bucket.Object
	Key   bucket.Key
	Log   bool   // Key holds what the name tells
	Local bool   // Modified need not be when S3 took it
	Skip  string // see the Skip constants
}

// Lag is by how much later than the minute in its name S3 took a log file, at
// least: the minute has no seconds. ok is false where that cannot be told, as
// of files whose own times are not known to be S3's.
func (f Found) Lag() (d time.Duration, ok bool) {
	if !f.Log || f.Local || f.Modified.IsZero() || f.Modified.Before(f.Key.Time) {
		return 0, false
	}
	return f.Modified.Sub(f.Key.Time), true
}

// Why a found object is not read.
const (
	SkipDigest   = "digest files"
	SkipWindow   = "outside the window"
	SkipOther    = "of other accounts or regions"
	SkipService  = "of other services"
	SkipName     = "not named like log files"
	SkipOwn      = "files of an earlier download"
	SkipFolder   = "folder placeholders"
	SkipContents = "no log files by their contents"
	SkipSpecial  = "links, pipes or devices"
)

// Find yields the objects of a query in the order of the times in their names
// over all accounts and regions, or above maxMerged of those in the order of
// their keys, which is also that of a flat listing. A part of the bucket that
// cannot be listed yields an error, and the others follow.
func Find(ctx context.Context, src Source, q Query) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		places, err := q.plan(ctx, src)
		if err != nil {
			yield(Found{}, err)
			return
		}
		if len(places) > maxMerged {
			places = [][]shard{slices.Concat(places...)}
		}
		failed := false
		for f, err := range q.merge(ctx, src, places) {
			if failed = failed || err != nil; err == nil {
				q.Layout.meet(f)
			}
			if !yield(f, err) || err != nil && ctx.Err() != nil {
				return
			}
		}
		if !failed {
			q.Layout.setWhole()
		}
	}
}

// judge decides about one object by its name.
func (q *Query) judge(o bucket.Object) Found {
	f := Found{Object: o, Local: q.Local}
	f.Key, f.Log = ParseName(o.Key)
	switch {
	case strings.HasSuffix(o.Key, "/"):
		f.Skip = SkipFolder
	case isOwn(o.Key):
		f.Skip = SkipOwn
	case o.Special:
		f.Skip = SkipSpecial
	case f.Log:
		f.Skip = q.judgeKey(f.Key)
	case otherService(o.Key):
		f.Skip = SkipService
	case !looksLikeLog(o.Key):
		f.Skip = SkipName
	}
	return f
}

func (q *Query) judgeKey(k bucket.Key) string {
	window := q.Window
	if k.Kind == bucket.Digest || k.Kind == bucket.BackfillDigest {
		if !q.Digests {
			return SkipDigest
		}
		window = q.DigestWindow
	}
	switch {
	case len(q.Accounts) > 0 && !slices.Contains(q.Accounts, k.Account),
		len(q.Regions) > 0 && !slices.Contains(q.Regions, k.Region):
		return SkipOther
	// A name carries minutes, so a file may be up to one minute younger.
	case !window.Contains(k.Time) && !window.Contains(k.Time.Add(time.Minute-time.Second)):
		return SkipWindow
	}
	return ""
}

// ParseName takes a key apart as bucket.ParseKey does, and also the name of
// a file that was taken out of its folders.
func ParseName(key string) (bucket.Key, bool) {
	if k, ok := bucket.ParseKey(key); ok {
		return k, true
	}
	return bucket.ParseName(path.Base(key))
}

// otherService tells the keys below AWSLogs/ACCOUNT/ that other services
// write: load balancers, Config, flow logs.
func otherService(key string) bool {
	_, below, found := strings.Cut("/"+key, "/AWSLogs/")
	if !found {
		return false
	}
	parts := strings.Split(below, "/")
	if len(parts) > 0 && strings.HasPrefix(parts[0], "o-") {
		parts = parts[1:]
	}
	if len(parts) < 3 || !isAccount(parts[0]) {
		return false
	}
	return !strings.HasPrefix(parts[1], "CloudTrail")
}

func isAccount(s string) bool {
	return len(s) == 12 && strings.Trim(s, "0123456789") == ""
}

// looksLikeLog goes by the name alone.
func looksLikeLog(key string) bool {
	name := strings.ToLower(path.Base(key))
	if strings.HasSuffix(name, bucket.MetadataSuffix) {
		return false
	}
	switch path.Ext(strings.TrimSuffix(name, ".gz")) {
	case ".json", ".jsonl", ".ndjson", ".log", ".txt":
		return true
	}
	return strings.HasSuffix(name, ".gz") && path.Ext(strings.TrimSuffix(name, ".gz")) == ""
}

func sortBases(bases []bucket.Base) {
	slices.SortFunc(bases, func(a, b bucket.Base) int { return cmp.Compare(a.String(), b.String()) })
}
