package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"sync"
)

// File is a log file that was read.
type File struct {
	Found
	URI     string
	Size    int64 // uncompressed
	Records []Record
	// More says that these are not all wanted records of the file: it is
	// yielded again with more of them. Report, Err and Skip are set the last
	// time.
	More   bool
	Report Report
	// Unread says that the file was not walked through, because the walk's
	// visitor could tell from its bytes that it holds nothing wanted.
	Unread bool

	// Err says what went wrong, for the file or, when it has no key, for a
	// part of the listing. The records that could be read are there all the
	// same. ErrNotLogFile is no failure for a file that nobody named; then
	// Skip is set instead.
	Err error
}

// Walker fetches and reads files, several at a time.
type Walker struct {
	Source Source
	// Fetchers is how many files are fetched at once; 0 means 64, which
	// hides the latency of S3.
	Fetchers int
	// MaxFileSize bounds an uncompressed file, in bytes; 0 means
	// DefaultMaxFileSize, and more than 4 GiB cannot be had. Files are held
	// as a whole, so this is what one large file may take of memory.
	MaxFileSize int64
	// Visitor, when set, makes a visitor for each worker. Without one all
	// records are wanted.
	Visitor func() Visitor
	// Named says that somebody named the files one by one, so that one that
	// holds no records is a failure.
	Named bool
}

const defaultFetchers = 64

// What a walk holds in memory: stored files that were fetched ahead, and
// uncompressed ones that are read or wait for their turn. A file that is
// larger than its budget is held alone. The wanted records of a file are
// handed over in pieces.
const (
	storedBudget   = 16 << 20
	unpackedBudget = 32 << 20
	storedBuffer   = 256 << 10 // a larger buffer is not kept for the next file
	unpackedBuffer = 8 << 20   // a larger buffer is not kept for the next file
	pieceRecords   = 4096
)

// Files reads the found files and yields them in their order; those with a
// Skip are passed on unread. The records of a file may be used until the
// next file is asked for: their bytes are overwritten then.
func (w *Walker) Files(ctx context.Context, found iter.Seq2[Found, error]) iter.Seq[*File] {
	return func(yield func(*File) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		run := w.newRun(ctx)
		running.Go(func() { run.produce(found) })
		for range run.fetchers {
			running.Go(run.fetchAll)
		}
		for range run.decoders {
			running.Go(run.newReader().readAll) // made here: Visitor is called by one goroutine
		}
		for j := range run.order {
			if !run.consume(j, yield) {
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(&File{Err: err})
		}
	}
}

// maxSize is the bound for one uncompressed file.
func (w *Walker) maxSize() int64 {
	if w.MaxFileSize > 0 {
		return min(w.MaxFileSize, math.MaxUint32)
	}
	return DefaultMaxFileSize
}

// verdict joins what went wrong while unpacking and while splitting. A file
// that breaks off while it is unpacked breaks off as JSON too: that is said
// once.
func (f *File) verdict(unpack error, named bool) error {
	if unpack != nil {
		return fmt.Errorf("%s: %w", f.URI, unpack)
	}
	err := f.Report.Err()
	if err == nil {
		return nil
	}
	// A name that only CloudTrail gives is as good as being named.
	if errors.Is(err, ErrNotLogFile) && f.Log && !named {
		return fmt.Errorf("%s: %w", f.URI, errNamedButNot)
	}
	return fmt.Errorf("%s: %w", f.URI, err)
}

// errNamedButNot is ErrNotLogFile where it is a failure.
var errNamedButNot = errors.New("named like a log file, but it holds no records")

func sameStart(a, b []byte) bool {
	return len(a) > 0 && len(b) > 0 && &a[0] == &b[0]
}
