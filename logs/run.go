package logs

import (
	"context"
	"iter"
	"runtime"
	"sync"
)

// run is one walk: files go through three queues, in their order. They are
// fetched, then read by as many readers as there are processors, and yielded.
type run struct {
	*Walker
	ctx      context.Context
	fetchers int
	decoders int

	order  chan *job // all of them
	fetch  chan *job // those that are read
	decode chan *job

	stored   *budget
	unpacked *budget
	buffers  shelf[[]byte] // for stored files
	spaces   shelf[*space]
	large    largeBuffers  // for uncompressed files
	free     chan struct{} // one for each space that may be taken
	next     sync.Mutex    // a file, its space and its budget are taken together, in order
}

// job is one file on its way.
type job struct {
	file    *File
	stored  []byte
	size    int64 // taken from the budget for stored files
	fetched chan struct{}
	turn    chan struct{} // closed when it is the next one to be yielded
	ready   chan bool     // a piece of the file waits to be yielded; true when more follow
	resume  chan struct{} // a piece was yielded
	space   *space
	bytes   int64 // taken from the budget for uncompressed files
}

// space is what reading a file needs, used by one after the other.
type space struct {
	buf     []byte
	records []Record
	located []located // of the records
}

func (w *Walker) newRun(ctx context.Context) *run {
	fetchers, decoders := w.Fetchers, runtime.GOMAXPROCS(0)
	if fetchers <= 0 {
		fetchers = defaultFetchers
	}
	r := &run{
		Walker: w, ctx: ctx, fetchers: fetchers, decoders: decoders,
		order:  make(chan *job, fetchers),
		fetch:  make(chan *job),
		decode: make(chan *job, fetchers),
		stored: newBudget(storedBudget), unpacked: newBudget(unpackedBudget),
		free: make(chan struct{}, decoders+2),
	}
	for range cap(r.free) {
		r.free <- struct{}{}
	}
	return r
}

// produce makes a job of each found file and puts it into the queues.
func (r *run) produce(found iter.Seq2[Found, error]) {
	defer close(r.order)
	defer close(r.fetch)
	defer close(r.decode)
	for f, err := range found {
		j := &job{file: &File{Found: f, Err: err}, ready: make(chan bool, 1)}
		if err != nil || f.Skip != "" {
			j.ready <- false
			if !r.send(r.order, j) {
				return
			}
			continue
		}
		j.fetched, j.turn, j.resume = make(chan struct{}), make(chan struct{}), make(chan struct{})
		if j.size = f.Object.Size; j.size < 0 {
			j.size = r.maxSize()
		}
		j.size = min(j.size, r.maxSize())
		if !r.stored.take(r.ctx, j.size) || !r.send(r.order, j) || !r.send(r.fetch, j) || !r.send(r.decode, j) {
			return
		}
	}
}

func (r *run) send(to chan<- *job, j *job) bool {
	select {
	case to <- j:
		return true
	case <-r.ctx.Done():
		return false
	}
}

func (r *run) fetchAll() {
	for j := range r.fetch {
		j.stored, j.file.Err = r.Walker.fetch(r.ctx, j.file.Object, r.buffers.get())
		close(j.fetched)
	}
}

// take takes the next file, and what reading it needs. That each file gets
// this before any later one does keeps the consumer from waiting for ever.
func (r *run) take() *job {
	r.next.Lock()
	defer r.next.Unlock()
	var j *job
	select {
	case j = <-r.decode:
	case <-r.ctx.Done():
	}
	if j == nil {
		return nil
	}
	for _, c := range []<-chan struct{}{r.free, j.fetched} {
		select {
		case <-c:
		case <-r.ctx.Done():
			return nil
		}
	}
	j.bytes = min(claimedSize(j.stored), r.maxSize())
	if !r.unpacked.take(r.ctx, j.bytes) {
		return nil
	}
	if j.space = r.spaces.get(); j.space == nil {
		j.space = &space{}
	}
	return j
}

// consume yields a file when it is ready, piece by piece.
func (r *run) consume(j *job, yield func(*File) bool) bool {
	if j.turn != nil {
		close(j.turn)
	}
	for more := true; more; {
		select {
		case more = <-j.ready:
		case <-r.ctx.Done():
			yield(&File{Err: context.Cause(r.ctx)})
			return false
		}
		if !yield(j.file) {
			return false
		}
		if more {
			select {
			case j.resume <- struct{}{}:
			case <-r.ctx.Done(): // told in the next round
			}
		}
	}
	r.done(j)
	return true
}

// done gives back what a file used.
func (r *run) done(j *job) {
	if j.space == nil {
		return
	}
	if cap(j.space.buf) > unpackedBuffer {
		r.large.put(j.space.buf)
		j.space.buf = nil
	}
	r.spaces.put(j.space)
	r.free <- struct{}{}
	r.unpacked.give(j.bytes)
	r.letGo(j)
}

// letGo gives back the stored file.
func (r *run) letGo(j *job) {
	if c := cap(j.stored); c > 0 && c <= storedBuffer {
		r.buffers.put(j.stored[:0])
	}
	j.stored = nil
	r.stored.give(j.size)
	j.size = 0
}
