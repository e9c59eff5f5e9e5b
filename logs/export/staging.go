package export

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// part is one file of the result.
type part struct {
	partition partition
	number    int    // among the files of its partition
	name      string // its path in the folder
	temp      string // where it grows
	rows      int
	size      int64 // bytes of its rows as they were written, not compressed
	buffer    []byte
}

const (
	// chunk is how many bytes of a part are compressed at once.
	chunk = 512 << 10
	// budget bounds the buffers of all parts together.
	budget = 16 << 20
)

// staging appends to the files of the first stage. append and flush are for
// one goroutine; the work is done in several, each for parts of its own, so
// that the chunks of a part stay in order.
type staging struct {
	root    *os.Root
	jobs    []chan stagingJob
	buffers chan []byte
	waiting map[*part]struct{} // parts that have a buffer
	total   int                // how large these are together
	running sync.WaitGroup
	stopped bool

	mu  sync.Mutex
	err error
}

type stagingJob struct {
	temp string
	data []byte
}

func newStaging(root *os.Root, c Compression, workers int) *staging {
	s := &staging{root: root, buffers: make(chan []byte, 2*workers), waiting: map[*part]struct{}{}}
	for range workers {
		jobs := make(chan stagingJob, 1)
		s.jobs = append(s.jobs, jobs)
		s.running.Go(func() { s.work(jobs, newPacker(c)) })
	}
	return s
}

// append adds to a part; what is full goes to its file.
func (s *staging) append(p *part, text []byte) {
	for len(text) > chunk { // pieces, so that no buffer grows
		s.add(p, text[:chunk])
		text = text[chunk:]
	}
	s.add(p, text)
}

func (s *staging) add(p *part, text []byte) {
	if len(text) == 0 {
		return
	}
	if p.buffer == nil {
		select {
		case p.buffer = <-s.buffers:
		default:
		}
		s.total += cap(p.buffer)
		s.waiting[p] = struct{}{}
	}
	room := cap(p.buffer)
	p.buffer = append(p.buffer, text...)
	s.total += cap(p.buffer) - room
	switch {
	case len(p.buffer) >= chunk:
		s.flush(p)
	case s.total >= budget:
		for p := range s.waiting {
			s.flush(p)
		}
	}
}

// flush sends what waits in a part to its file.
func (s *staging) flush(p *part) {
	if p.buffer == nil {
		return
	}
	h := fnv.New32a()
	h.Write([]byte(p.temp))
	s.jobs[int(h.Sum32()%uint32(len(s.jobs)))] <- stagingJob{p.temp, p.buffer}
	s.total -= cap(p.buffer)
	delete(s.waiting, p)
	p.buffer = nil
}

// stop waits for what was sent; a second call does nothing.
func (s *staging) stop() {
	if s.stopped {
		return
	}
	s.stopped = true
	for _, jobs := range s.jobs {
		close(jobs)
	}
	s.running.Wait()
	s.buffers, s.waiting = nil, nil // what comes now needs the memory
}

// failure is the first error of any file.
func (s *staging) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *staging) work(jobs <-chan stagingJob, pack *packer) {
	for j := range jobs {
		if s.failure() == nil {
			if err := s.write(j.temp, pack.pack(j.data)); err != nil {
				s.mu.Lock()
				s.err = fmt.Errorf("writing a temporary file: %w", err)
				s.mu.Unlock()
			}
		}
		if cap(j.data) <= 2*chunk {
			select {
			case s.buffers <- j.data[:0]:
			default:
			}
		}
	}
}

func (s *staging) write(name string, data []byte) error {
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// blocks is the compression of files that are read again at once: blocks of
// S2, each after its length.
const blocks Compression = "blocks"

// packer compresses chunks, each into a gzip member or a zstd frame of its
// own: a file of several is one stream to every reader of these formats.
type packer struct {
	how  Compression
	gzip *gzip.Writer
	zstd *zstd.Encoder
	buf  sliceWriter
}

func newPacker(c Compression) *packer {
	p := &packer{how: c}
	switch c {
	case Gzip:
		p.gzip = gzip.NewWriter(nil)
	case Zstd:
		// The options are good ones, so there is no error.
		p.zstd, _ = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	}
	return p
}

// pack compresses a chunk; the result may be used until the next one.
func (p *packer) pack(data []byte) []byte {
	switch {
	case p.how == blocks:
		head := binary.MaxVarintLen64
		p.buf = slices.Grow(p.buf[:0], head+s2.MaxEncodedLen(len(data)))
		packed := s2.Encode(p.buf[head:cap(p.buf)], data)
		length := binary.AppendUvarint(nil, uint64(len(packed)))
		begin := head - len(length)
		copy(p.buf[begin:head], length)
		return p.buf[begin : head+len(packed)]
	case p.zstd != nil:
		p.buf = p.zstd.EncodeAll(data, p.buf[:0])
		return p.buf
	case p.gzip != nil:
		p.buf = p.buf[:0]
		p.gzip.Reset(&p.buf)
		// Writes into memory do not fail.
		_, _ = p.gzip.Write(data)
		_ = p.gzip.Close()
		return p.buf
	}
	return data
}

type sliceWriter []byte

func (w *sliceWriter) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}
