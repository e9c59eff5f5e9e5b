package tail

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"trailctl/logs"
)

// Bucket is where to look for new log files.
type Bucket struct {
	Source logs.Source
	Where  string // for people
	Query  logs.Query
	// Start is when the following begins. Nothing that was delivered before is
	// handed over, but records of calls since Since, if that is not zero.
	Start, Since time.Time
	// Interval is the time between two looks; 0 means DefaultLook.
	Interval time.Duration
}

// DefaultLook is the time between two looks into a bucket. CloudTrail delivers
// about every five minutes to each region's folder; to look more often costs
// more than it gains.
const DefaultLook = 15 * time.Second

// behind is how far before the newest log file new ones are still looked for:
// the regions of a trail deliver on their own, and a file may be listed some
// time after the minute in its name.
const behind = 30 * time.Minute

// Bucket follows a bucket until ctx ends, whose cause it returns, or until the
// handler returns an error. It fails when the bucket cannot be listed from the
// beginning.
func (f *Follower) Bucket(ctx context.Context, b Bucket) error {
	if b.Interval == 0 {
		b.Interval = DefaultLook
	}
	l := &looker{f: f, Bucket: b, newest: b.Start, first: true}
	looking := &trouble{f: f, what: "looking for log files in " + b.Where}
	if err := looking.do(ctx, func() error { return l.look(ctx) }); err != nil {
		return ended(ctx, err)
	}
	l.first = false
	for ctx.Err() == nil {
		began := time.Now()
		if err := looking.do(ctx, func() error { return l.look(ctx) }); err != nil {
			return ended(ctx, err)
		}
		// A bucket of many accounts takes its time: looking takes a third at
		// most.
		pause(ctx, max(b.Interval, 2*time.Since(began)))
	}
	return context.Cause(ctx)
}

// looker looks into a bucket again and again.
type looker struct {
	f *Follower
	Bucket
	first  bool      // the first look is not over
	newest time.Time // delivery of the newest file that was listed
	listed recent    // keys that are known
	again  []refetch // files that are to be fetched once more
}

// refetch is a file that could not be fetched.
type refetch struct {
	logs.Found
	tries int
}

// maxTries is how often fetching a file is tried, each time with the SDK's own
// retries, until it is told as broken.
const maxTries = 10

// delivered is when a file was, by its name or by S3's word.
func delivered(o logs.Found) time.Time {
	if o.Log {
		return o.Key.Time
	}
	return o.Modified
}

// look lists what is new, and reads what of it is wanted.
func (l *looker) look(ctx context.Context) error {
	start := l.newest.Add(-behind)
	if l.first && !l.Since.IsZero() && l.Since.Before(start) {
		start = l.Since
	}
	again, tries := l.again, map[string]int{}
	for _, o := range again {
		tries[o.Object.Key] = o.tries
	}
	var unlisted error // found runs in a goroutine of the walk, which has ended after it
	found := func(yield func(logs.Found, error) bool) {
		for _, o := range again {
			if !yield(o.Found, nil) {
				return
			}
		}
		for o, err := range l.find(ctx, start) {
			if err != nil {
				unlisted = err
			} else if !yield(o, nil) {
				return
			}
		}
	}
	var failed error
	l.again = nil
	err := l.f.files(ctx, l.Source, found, l.shown(), func(file *logs.File) bool {
		if n := tries[file.Object.Key] + 1; unfetched(file) && n < maxTries {
			l.again, failed = append(l.again, refetch{file.Found, n}), file.Err
			return false
		}
		return true
	})
	return cmp.Or(err, unlisted, failed)
}

// find yields the files that were not listed before and are wanted. At first
// these are those that may hold records since the time that was asked for.
func (l *looker) find(ctx context.Context, start time.Time) iter.Seq2[logs.Found, error] {
	q := l.Query
	q.Window.Start = start
	return func(yield func(logs.Found, error) bool) {
		for o, err := range logs.Find(ctx, l.Source, q) {
			wanted := err != nil || o.Skip == "" && l.isNew(o, start) &&
				(!l.first || !l.Since.IsZero() && !delivered(o).Before(l.Since.Add(-time.Minute)))
			if wanted && !yield(o, err) {
				return
			}
		}
	}
}

// shown says which records are handed over: of the files that are there at
// first those since a time, then all.
func (l *looker) shown() func(*logs.Record) bool {
	if !l.first {
		return nil
	}
	return func(r *logs.Record) bool {
		at, ok := r.Time()
		return ok && !at.Before(l.Since)
	}
}

// isNew tells whether an object was not listed before. Files without
// CloudTrail's names are bounded here, by the time S3 has of them.
func (l *looker) isNew(o logs.Found, since time.Time) bool {
	at := delivered(o)
	if at.Before(since) {
		return false
	}
	if at.After(l.newest) {
		l.newest = at
	}
	return l.listed.add(keyOf(o.Object.Key))
}

// files reads files and hands over what of their records is wanted and, unless
// shown is nil, for which it answers true. accept is asked about each file
// that was read, and those for which it answers false are left out.
func (f *Follower) files(ctx context.Context, src logs.Source, found iter.Seq2[logs.Found, error],
	shown func(*logs.Record) bool, accept func(*logs.File) bool,
) error {
	walker := &logs.Walker{Source: src, Fetchers: fetchers, Visitor: func() logs.Visitor { return visitor{f} }}
	for file := range walker.Files(ctx, found) {
		if ctx.Err() != nil {
			break
		}
		if !accept(file) || file.Skip != "" {
			continue
		}
		records := file.Records
		if shown != nil {
			records = slices.DeleteFunc(records, func(r logs.Record) bool { return !shown(&r) })
		}
		err := f.take(&Batch{File: src.URI(file.Object.Key), Met: file.Report.Records, Records: f.fresh(records), Err: file.Err})
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// fetchers is how many files are fetched at once: few come at a time.
const fetchers = 8

// visitor lets the workers of a walk choose.
type visitor struct{ f *Follower }

func (v visitor) File(_ *logs.File, data []byte) bool {
	return v.f.Chooser == nil || !v.f.Chooser.Absent(data)
}

func (v visitor) Record(_ *logs.File, r *logs.Record) bool { return v.f.wants(r) }

// unfetched tells a file that could not be fetched this time, and may be
// another time.
func unfetched(file *logs.File) bool {
	var damage *logs.DamageError
	var gzip *logs.GzipError
	err := file.Err
	return err != nil && file.Size == 0 && file.Object.Size != 0 && !permanent(err) &&
		!errors.As(err, &damage) && !errors.As(err, &gzip) && !errors.Is(err, logs.ErrTooLarge)
}
