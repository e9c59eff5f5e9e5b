package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"sync"

	"trailctl/bucket"
)

// File is a log file that was read.
type File struct {
	Found
	URI     string
	Size    int64 // uncompressed
	Records []Record
	Report  Report
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
	// hides the latency of S3. Compressed files of about that number are
	// held in memory, uncompressed ones of as many as there are processors.
	Fetchers int
	// MaxFileSize bounds an uncompressed file; 0 means DefaultMaxFileSize.
	MaxFileSize int64
	// Visitor, when set, makes a visitor for each worker. Without one all
	// records are wanted.
	Visitor func() Visitor
	// Named says that somebody named the files one by one, so that one that
	// holds no records is a failure.
	Named bool
}

const defaultFetchers = 64

// job is one file on its way through fetch and decode.
type job struct {
	file    *File
	stored  []byte
	fetched chan struct{}
	decoded chan struct{}
	buf     []byte
	ours    bool // buf is one of the walk's buffers and goes back
}

// Files reads the found files and yields them in their order; those with a
// Skip are passed on unread. The records of a file may be used until the
// next file is asked for: their bytes are overwritten then.
func (w *Walker) Files(ctx context.Context, found iter.Seq2[Found, error]) iter.Seq[*File] {
	return func(yield func(*File) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		fetchers, decoders := w.Fetchers, runtime.GOMAXPROCS(0)
		if fetchers <= 0 {
			fetchers = defaultFetchers
		}
		var (
			order  = make(chan *job, fetchers)
			fetch  = make(chan *job)
			decode = make(chan *job, fetchers)
			bufs   = make(chan []byte, decoders+1)
			next   sync.Mutex // a buffer and a file are taken together, in order
		)
		for range cap(bufs) {
			bufs <- nil
		}
		running.Go(func() { produce(ctx, found, order, fetch, decode) })
		for range fetchers {
			running.Go(func() {
				for j := range fetch {
					j.stored, j.file.Err = w.fetch(ctx, j.file.Object)
					close(j.fetched)
				}
			})
		}
		for range decoders {
			running.Go(func() {
				u := &unpacker{max: w.maxSize()}
				var v Visitor
				if w.Visitor != nil {
					v = w.Visitor()
				}
				for {
					next.Lock()
					j := take(ctx, decode, bufs)
					next.Unlock()
					if j == nil {
						return
					}
					select {
					case <-j.fetched:
					case <-ctx.Done():
						return
					}
					w.decode(u, v, j)
					close(j.decoded)
				}
			})
		}
		for j := range order {
			select {
			case <-j.decoded:
			case <-ctx.Done():
				yield(&File{Err: context.Cause(ctx)})
				return
			}
			if !yield(j.file) {
				return
			}
			if j.ours {
				bufs <- keep(j.buf)
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(&File{Err: err})
		}
	}
}

func (w *Walker) maxSize() int64 {
	if w.MaxFileSize > 0 {
		return w.MaxFileSize
	}
	return DefaultMaxFileSize
}

// produce makes a job of each found file and puts it into all three queues.
func produce(ctx context.Context, found iter.Seq2[Found, error], order, fetch, decode chan<- *job) {
	defer close(order)
	defer close(fetch)
	defer close(decode)
	send := func(to chan<- *job, j *job) bool {
		select {
		case to <- j:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for f, err := range found {
		j := &job{file: &File{Found: f, Err: err}, decoded: make(chan struct{})}
		if err != nil || f.Skip != "" {
			close(j.decoded)
			if !send(order, j) {
				return
			}
			continue
		}
		j.fetched = make(chan struct{})
		if !send(order, j) || !send(fetch, j) || !send(decode, j) {
			return
		}
	}
}

// take takes the next file, and a buffer for it. That each file gets its
// buffer before any later one does keeps the consumer from waiting for ever.
func take(ctx context.Context, decode <-chan *job, bufs <-chan []byte) *job {
	select {
	case j, ok := <-decode:
		if !ok {
			return nil
		}
		select {
		case j.buf = <-bufs:
			j.ours = true
			return j
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	return nil
}

// keep drops a buffer that one huge file has made huge.
func keep(buf []byte) []byte {
	const most = 64 << 20
	if cap(buf) > most {
		return nil
	}
	return buf
}

// fetch reads a whole object as it is stored.
func (w *Walker) fetch(ctx context.Context, o bucket.Object) ([]byte, error) {
	body, err := w.Source.Get(ctx, o.Key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	limit := w.maxSize()
	if body.Size > limit {
		return nil, fmt.Errorf("reading %s: %w (%d bytes)", w.Source.URI(o.Key), ErrTooLarge, limit)
	}
	stored, err := readAll(body, limit)
	if errors.Is(err, ErrTooLarge) {
		err = fmt.Errorf("reading %s: %w (%d bytes)", w.Source.URI(o.Key), err, limit)
	}
	if err != nil {
		return nil, err
	}
	if body.Size >= 0 && int64(len(stored)) != body.Size {
		return nil, fmt.Errorf("reading %s: %d bytes came instead of %d", w.Source.URI(o.Key), len(stored), body.Size)
	}
	return stored, nil
}

// trusted is how much room is made for a body on its word alone; the rest
// grows as bytes come, so that a size that was made up costs nothing.
const trusted = 256 << 10

func readAll(body *bucket.Body, limit int64) ([]byte, error) {
	room := int64(trusted)
	if body.Size >= 0 {
		limit, room = min(limit, body.Size), min(room, body.Size+1)
	}
	stored := make([]byte, 0, room)
	for {
		if len(stored) == cap(stored) {
			stored = slices.Grow(stored, len(stored)+1)
		}
		n, err := body.Read(stored[len(stored):cap(stored)])
		stored = stored[:len(stored)+n]
		switch {
		case int64(len(stored)) > limit && limit == body.Size:
			return stored, nil // more than was announced: the caller says so
		case int64(len(stored)) > limit:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return stored, nil
		case err != nil:
			return stored, err
		}
	}
}

// decode uncompresses a fetched file and splits it.
func (w *Walker) decode(u *unpacker, v Visitor, j *job) {
	f := j.file
	f.URI = w.Source.URI(f.Object.Key)
	if f.Err != nil {
		return
	}
	data, err := u.unpack(j.stored, j.buf, &f.Report)
	if cap(data) > cap(j.buf) && !sameStart(data, j.stored) {
		j.buf = data
	}
	f.Size = int64(len(data))
	report := &Report{}
	if err == nil || len(data) > 0 { // a file that cannot be unpacked is not an empty one
		if v != nil {
			v.File(f, data)
		}
		report = Split(data, func(r Record) bool {
			if v != nil && !v.Record(f, &r) {
				return true
			}
			f.Records = append(f.Records, r)
			return true
		})
	}
	if !sameStart(data, j.stored) {
		j.stored = nil
	}
	report.Notes = append(f.Report.Notes, report.Notes...)
	f.Report = *report
	f.Err = f.verdict(err, w.Named)
	if errors.Is(f.Err, ErrNotLogFile) && !w.Named && err == nil {
		f.Err, f.Skip = nil, SkipContents
	}
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
