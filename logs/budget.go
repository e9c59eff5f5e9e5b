package logs

import (
	"context"
	"slices"
	"sync"
)

// budget bounds the bytes of a kind that a walk holds. One caller at a time
// may take from it, any number give back.
type budget struct {
	size  int64
	mu    sync.Mutex
	used  int64
	freed chan struct{}
}

func newBudget(size int64) *budget {
	return &budget{size: size, freed: make(chan struct{}, 1)}
}

// take waits until n bytes are free, or all of them when n is more than
// there are: so a file that is larger than the budget is held alone. It
// answers false when the context ends first.
func (b *budget) take(ctx context.Context, n int64) bool {
	for {
		b.mu.Lock()
		fits := b.used == 0 || b.used+n <= b.size
		if fits {
			b.used += n
		}
		b.mu.Unlock()
		if fits {
			return true
		}
		select {
		case <-b.freed:
		case <-ctx.Done():
			return false
		}
	}
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	b.used -= n
	b.mu.Unlock()
	select {
	case b.freed <- struct{}{}:
	default:
	}
}

// shelf keeps things that are not in use, the one used last on top: it is
// most likely still in the processor's cache.
type shelf[T any] struct {
	mu    sync.Mutex
	items []T
}

// get takes the top, or nothing from an empty shelf.
func (s *shelf[T]) get() (top T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := len(s.items) - 1; last >= 0 {
		top, s.items = s.items[last], s.items[:last]
	}
	return top
}

func (s *shelf[T]) put(item T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.items = append(s.items, item)
}

// largeBuffers keeps buffers of large files for the next ones: those that
// together fit the budget for uncompressed files, or else one.
type largeBuffers struct {
	mu      sync.Mutex
	buffers [][]byte
}

// get returns a buffer for n bytes. One that is too small is no longer kept.
func (l *largeBuffers) get(n int64) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, b := range l.buffers {
		if int64(cap(b)) >= n {
			l.buffers = slices.Delete(l.buffers, i, i+1)
			return b[:0]
		}
	}
	if len(l.buffers) > 0 {
		l.buffers = slices.Delete(l.buffers, 0, 1)
	}
	return make([]byte, 0, n)
}

func (l *largeBuffers) put(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := cap(b)
	for _, other := range l.buffers {
		sum += cap(other)
	}
	if sum <= unpackedBudget || len(l.buffers) == 0 {
		l.buffers = append(l.buffers, b[:0])
	}
}
