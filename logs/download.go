package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"trailctl/bucket"
	"trailctl/internal/when"
)

// Download copies objects into a folder and keeps the bucket's layout there.
// What is there already is never written over: with the object's size and time
// it is not fetched again; with its size alone it is fetched and compared; else
// it is ErrDifferent. An object appears under its name
// only when it is whole and its checksum, where S3 tells one, is right. Until
// then it has a name of its own, which a later run clears away. A second
// download into the same folder at the same time is ErrBusy.
type Download struct {
	Source  Source
	Dest    string
	Workers int // 0 means DefaultDownloads
	// Decompress writes log files as plain JSON, without .gz in their names.
	// Of those that are there it compares the time, which is the object's.
	// Digest files stay as they are: their signature is over those bytes.
	Decompress bool
	// Sync waits until each file, and its folder, has reached the disk, so
	// that a power cut takes nothing away that was told to be there.
	Sync bool
	// Evidence, when set, keeps a manifest of what is in the folder then.
	Evidence *Evidence
	// Done, when set, is told of each object that was dealt with, with the
	// error that kept it from being fetched. Calls do not overlap.
	Done func(Ledger, Found, error)
}

// DefaultDownloads is how many objects are fetched at once. S3 takes 5,500
// requests a second for a prefix, and answers one in some 20 ms.
const DefaultDownloads = 192

// Ledger accounts for every object that was listed.
type Ledger struct {
	Listed  int `json:"listed"`
	Fetched int `json:"fetched"`
	Present int `json:"alreadyThere"` // in the folder before
	// Different counts those of which the folder has something else, or the
	// same in the other form: it was kept.
	Different int `json:"different"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	// Interrupted counts those that were being fetched when the run was
	// called off.
	Interrupted int `json:"interrupted,omitempty"`

	Bytes       int64 `json:"bytesFetched"`
	Digests     int   `json:"digests"`     // digest files in the folder now
	ListsFailed int   `json:"listsFailed"` // parts of the bucket that could not be listed

	Skips map[string]int `json:"skippedBecause,omitempty"`

	// Signed says for each region with digest files from when to when those
	// were signed; their public keys are needed to check them.
	Signed map[string]when.Window `json:"-"`

	// Total counts the objects that the listing has met so far, which runs
	// ahead of the fetching; AllListed that it met the last one.
	Total     int  `json:"-"`
	AllListed bool `json:"-"`
	// Wanted counts those of Total that are not skipped.
	Wanted int `json:"-"`
}

// ErrDifferent says that the folder has a file that is not the bucket's object
// of the same name. One of the two was changed; the file is kept.
var ErrDifferent = errors.New("the file in the folder is not the object in the bucket, and was kept")

// ErrOtherForm says that the folder has a log file compressed that was to be
// decompressed, or the other way round. With both, each of its records would be
// read twice.
var ErrOtherForm = errors.New("is there already, and with both each record would be there twice")

// Balanced tells whether every listed object is accounted for.
func (l *Ledger) Balanced() bool {
	return l.Listed == l.Fetched+l.Present+l.Different+l.Failed+l.Skipped+l.Interrupted
}

// Complete tells whether all is there that was asked for.
func (l *Ledger) Complete() bool {
	return l.Balanced() && l.Different+l.Failed+l.Interrupted+l.ListsFailed == 0
}

// outcome is what became of one object.
type outcome struct {
	found Found
	there bool // it was there before
	bytes int64
	err   error
	// entries are those of the manifest.
	entries []bucket.ManifestEntry
	// stopped says that err is the end of the run, not of the object.
	stopped bool
}

// NoRoom tells of an error that the folder cannot take anything more: the disk
// or the quota is used up, or nothing may be written at all. To go on would be
// the same error for each object.
func NoRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EROFS)
}

// Run fetches what was found. The error is about the folder or the context;
// objects that failed are in the ledger only. It ends at the first error that
// is NoRoom, and returns that; objects that were on their way count as
// interrupted, and Done is told of the same error for them.
func (d *Download) Run(ctx context.Context, found iter.Seq2[Found, error]) (Ledger, error) {
	ledger := Ledger{Skips: map[string]int{}, Signed: map[string]when.Window{}}
	if err := os.MkdirAll(d.Dest, 0o700); err != nil {
		return ledger, err
	}
	root, err := os.OpenRoot(d.Dest)
	if err != nil {
		return ledger, err
	}
	defer root.Close()
	release, stale, err := lock(root)
	if err != nil {
		return ledger, err
	}
	defer release()
	if stale {
		if err := clearPartial(root); err != nil {
			return ledger, fmt.Errorf("clearing unfinished files away: %w", err)
		}
	}
	if d.Evidence != nil {
		if err := d.Evidence.open(root); err != nil {
			return ledger, err
		}
	}
	ctx, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	dirs := openFolders(root, d.Sync)
	listing := list(ctx, found)
	outcomes := make(chan outcome, 64)
	go d.dispatch(ctx, halt, dirs, listing, outcomes)
	for o := range outcomes {
		ledger.enter(o)
		if d.Evidence != nil && o.err == nil {
			d.Evidence.enter(o.entries)
			if NoRoom(d.Evidence.err) {
				halt(d.Evidence.err)
			}
		}
		ledger.Total, ledger.Wanted, ledger.AllListed = int(listing.total.Load()), int(listing.wanted.Load()), listing.all.Load()
		if d.Done != nil {
			d.Done(ledger, o.found, o.err)
		}
	}
	ledger.AllListed = listing.all.Load()
	err = dirs.close()
	if d.Evidence != nil {
		err = errors.Join(err, d.Evidence.close(d.Sync))
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return ledger, err
}

// listing is what was found and waits to be fetched.
type listing struct {
	found  chan finding
	total  atomic.Int64 // objects
	wanted atomic.Int64 // of these, not skipped
	all    atomic.Bool
}

// listAhead is by how many objects the listing runs ahead of the fetching, so
// that near the end the number of all is known.
const listAhead = 10_000

func list(ctx context.Context, found iter.Seq2[Found, error]) *listing {
	l := &listing{found: make(chan finding, listAhead)}
	go func() {
		defer close(l.found)
		for f, err := range found {
			if f.Object.Key != "" {
				l.total.Add(1)
				if f.Skip == "" {
					l.wanted.Add(1)
				}
			}
			select {
			case l.found <- finding{f, err}:
			case <-ctx.Done():
				return
			}
		}
		l.all.Store(true)
	}()
	return l
}

// dispatch shares the objects out among the workers and closes outcomes when
// all is done.
func (d *Download) dispatch(ctx context.Context, halt context.CancelCauseFunc, dirs *folders, l *listing, outcomes chan<- outcome) {
	workers := d.Workers
	if workers <= 0 {
		workers = DefaultDownloads
	}
	todo := make(chan Found)
	var running sync.WaitGroup
	for n := range workers {
		running.Go(func() {
			w := &fetcher{Download: d, halt: halt, dirs: dirs, temp: fmt.Sprintf("%s-%d", partial, n)}
			for f := range todo {
				if ctx.Err() == nil { // handed over while another worker ended the run
					outcomes <- w.one(ctx, f)
				}
			}
		})
	}
	for f := range l.found {
		switch {
		case ctx.Err() != nil: // what waits was not listed, as it were
		case f.err != nil || f.Skip != "":
			outcomes <- outcome{found: f.Found, err: f.err}
		default:
			todo <- f.Found
		}
	}
	close(todo)
	running.Wait()
	close(outcomes)
}

func (l *Ledger) enter(o outcome) {
	if o.found.Object.Key == "" {
		l.ListsFailed++
		return
	}
	l.Listed++
	switch {
	case o.stopped:
		l.Interrupted++
		return
	case errors.Is(o.err, ErrDifferent), errors.Is(o.err, ErrOtherForm):
		l.Different++
	case o.err != nil:
		l.Failed++
		return
	case o.found.Skip != "":
		l.Skipped++
		l.Skips[o.found.Skip]++
		return
	case o.there:
		l.Present++
	default:
		l.Fetched++
		l.Bytes += o.bytes
	}
	if isDigest(o.found) {
		l.Digests++
		w, ok := l.Signed[o.found.Key.Region]
		if t := o.found.Key.Time; !ok {
			w = when.Window{Start: t, End: t}
		} else if t.Before(w.Start) {
			w.Start = t
		} else if t.After(w.End) {
			w.End = t
		}
		l.Signed[o.found.Key.Region] = w
	}
}

func isDigest(f Found) bool {
	return f.Log && (f.Key.Kind == bucket.Digest || f.Key.Kind == bucket.BackfillDigest)
}
