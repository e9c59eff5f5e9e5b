package validate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
	"runtime"
	"sync"

	"golang.org/x/sync/semaphore"

	"trailctl/bucket"
	"trailctl/internal/inflate"
)

// hasher hashes what objects hold uncompressed. A small one, as nearly all log
// files are, is read whole as it is stored, uncompressed in one go and hashed
// from memory, which takes half the time of a stream; the others stream. The
// outcome is the same either way.
//
// The memory that it takes does not grow with the number of callers: what is
// held as stored has one budget, and as many as there are processors
// uncompress at a time.
type hasher struct {
	room      *semaphore.Weighted // bytes for objects as they are stored
	shelves   [shelves]sync.Pool  // buffers by their size
	presses   chan *press
	unpackers unpackers
}

const (
	// A buffer holds smallest bytes at the least, and each shelf has buffers
	// of twice the size.
	smallest = 32 << 10
	shelves  = 6
	// wholeStored bounds an object that is read whole, and wholePlain bounds
	// what comes out of it. Log files have some hundred KB uncompressed, and a
	// few have some MB.
	wholeStored = smallest << (shelves - 1)
	wholePlain  = 4 << 20
	// storedRoom bounds all objects that are held as they are stored, and
	// plainRoom what comes out of them.
	storedRoom = 8 << 20
	plainRoom  = 32 << 20
)

func newHasher() *hasher {
	h := &hasher{room: semaphore.NewWeighted(storedRoom)}
	n := min(runtime.GOMAXPROCS(0), plainRoom/wholePlain*2)
	h.presses = make(chan *press, n)
	for range n {
		h.presses <- &press{most: min(wholePlain, int64(plainRoom/n))}
	}
	return h
}

// buffer is room for one object.
type buffer struct{ bytes []byte }

// shelf is where buffers of n bytes are kept.
func shelf(n int64) int {
	return bits.Len64(uint64(max(n-1, 0)) / smallest)
}

// take waits until there is room for an object of n bytes.
func (h *hasher) take(ctx context.Context, n int64) (*buffer, error) {
	i := shelf(n)
	if err := h.room.Acquire(ctx, smallest<<i); err != nil {
		return nil, err
	}
	if b, ok := h.shelves[i].Get().(*buffer); ok {
		return b, nil
	}
	return &buffer{make([]byte, smallest<<i)}, nil
}

func (h *hasher) give(b *buffer) {
	n := int64(len(b.bytes))
	h.shelves[shelf(n)].Put(b)
	h.room.Release(n)
}

// hash reads an object to its end and returns the SHA-256 of at most limit
// uncompressed bytes, and how many there were. With an error about the object's
// bytes, the sum is of those that could be read before it.
func (h *hasher) hash(ctx context.Context, body *bucket.Body, limit int64) (sum [sha256.Size]byte, n int64, err error) {
	if body.Size < 0 || body.Size >= wholeStored {
		return h.stream(body, limit)
	}
	b, err := h.take(ctx, body.Size+1) // and the end
	if err != nil {
		return sum, 0, err
	}
	defer h.give(b)
	read, err := io.ReadFull(body, b.bytes[:body.Size+1])
	stored := b.bytes[:read]
	switch {
	case err == nil: // there is more than was said
		return h.stream(io.MultiReader(bytes.NewReader(stored), body), limit)
	case !errors.Is(err, io.EOF) && err != io.ErrUnexpectedEOF:
		return sum, 0, err
	}
	p := <-h.presses
	sum, n, err = p.hash(stored, limit)
	h.presses <- p
	if err == errUnpressed {
		return h.stream(bytes.NewReader(stored), limit)
	}
	return sum, n, err
}

// stream does it without holding the object.
func (h *hasher) stream(body io.Reader, limit int64) (sum [sha256.Size]byte, n int64, err error) {
	u := h.unpackers.get()
	defer h.unpackers.put(u)
	s := sha256.New()
	n, err = u.unpack(s, body, limit)
	s.Sum(sum[:0])
	return sum, n, err
}

// press uncompresses one small object at a time.
type press struct {
	most  int64 // uncompressed bytes that it takes
	gzip  inflate.Decoder
	plain []byte
}

// errUnpressed says that an object is to be streamed: it is large, or
// something is wrong with it and the stream shall say what.
var errUnpressed = errors.New("not for this way")

func (p *press) hash(stored []byte, limit int64) (sum [sha256.Size]byte, n int64, err error) {
	const reserved = 7 << 5 // flags that RFC 1952 knows no meaning of
	if len(stored) < 4 || stored[3]&reserved != 0 || int64(binary.LittleEndian.Uint32(stored[len(stored)-4:])) > p.most {
		return sum, 0, errUnpressed
	}
	plain, read, err := p.gzip.Gunzip(p.plain[:0], stored, min(limit, p.most))
	p.plain = plain
	if err != nil {
		return sum, 0, errUnpressed
	}
	if read < len(stored) {
		err = errTrailing
	}
	return sha256.Sum256(plain), int64(len(plain)), err
}
