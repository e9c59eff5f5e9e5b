package logs

import (
	"context"
	"errors"
	"iter"
	"sync"

	"trailctl/bucket"
)

// maxMerged bounds how many places are listed at the same time to have their
// files in the order of time.
const maxMerged = 64

// finding is one step of a listing.
type finding struct {
	Found
	err error
}

// merge lists the places at the same time and yields what they have in the
// order of the times in the names. What a name gives no time comes first.
func (q *Query) merge(ctx context.Context, src Source, places [][]shard) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		inner, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		ahead := max(1, listers/max(1, len(places)))
		streams := make([]<-chan finding, len(places))
		for i, shards := range places {
			found := make(chan finding, 64)
			streams[i] = found
			running.Go(func() { q.pour(inner, src, shards, ahead, found) })
		}
		heads := make([]*finding, len(places))
		for i := range heads {
			heads[i] = next(streams[i])
		}
		for {
			first := -1
			for i, h := range heads {
				if h != nil && (first < 0 || h.before(heads[first])) {
					first = i
				}
			}
			if first < 0 {
				break
			}
			h := heads[first]
			if !yield(h.Found, h.err) {
				return
			}
			heads[first] = next(streams[first])
		}
		if err := context.Cause(ctx); err != nil {
			yield(Found{}, err)
		}
	}
}

func next(stream <-chan finding) *finding {
	f, ok := <-stream
	if !ok {
		return nil
	}
	return &f
}

// before tells which of two comes first; errors do.
func (f *finding) before(other *finding) bool {
	switch {
	case f.err != nil || other.err != nil:
		return other.err == nil
	case !f.Key.Time.Equal(other.Key.Time):
		return f.Key.Time.Before(other.Key.Time)
	}
	return f.Object.Key < other.Object.Key
}

// pour lists one place.
func (q *Query) pour(ctx context.Context, src Source, shards []shard, ahead int, to chan<- finding) {
	defer close(to)
	for o, err := range inOrder(ctx, src, shards, ahead) {
		if ctx.Err() != nil {
			return // said once, by merge
		}
		f := finding{err: err}
		if err == nil {
			f.Found = q.judge(o)
		}
		select {
		case to <- f:
		case <-ctx.Done():
			return
		}
	}
}

// inOrder runs the listings, some of them ahead, and yields what they find in
// their order.
func inOrder(ctx context.Context, src Source, shards []shard, ahead int) iter.Seq2[bucket.Object, error] {
	type item struct {
		o   bucket.Object
		err error
	}
	return func(yield func(bucket.Object, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var running sync.WaitGroup
		defer running.Wait()
		defer cancel()

		queue := make(chan chan item, ahead)
		running.Go(func() {
			defer close(queue)
			for _, s := range shards {
				found := make(chan item, 256)
				select {
				case queue <- found:
				case <-ctx.Done():
					return
				}
				running.Go(func() {
					defer close(found)
					for o, err := range s.list(ctx, src) {
						select {
						case found <- item{o, err}:
						case <-ctx.Done():
							return
						}
					}
				})
			}
		})
		for found := range queue {
			for it := range found {
				if !yield(it.o, it.err) {
					return
				}
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(bucket.Object{}, err)
		}
	}
}

// list lists a shard: as a whole, if a page holds it, else the rest of it by
// days, several at a time.
func (s shard) list(ctx context.Context, src Source) iter.Seq2[bucket.Object, error] {
	if len(s.days) == 0 {
		return s.listWhole(ctx, src)
	}
	return func(yield func(bucket.Object, error) bool) {
		last, n := "", 0
		for o, err := range s.listWhole(ctx, src) {
			if !yield(o, err) || err != nil {
				return
			}
			if last, n = o.Key, n+1; n == page {
				break
			}
		}
		if n < page {
			return
		}
		for o, err := range inOrder(ctx, src, s.rest(last), s.ahead) {
			if ctx.Err() != nil {
				return // said once, by the caller
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// rest are the days after a key, and what is left of its own.
func (s shard) rest(key string) []shard {
	var days []shard
	for _, d := range s.days {
		if day := d.prefix + "\xff"; day < key {
			continue
		}
		d.after = max(d.after, key)
		days = append(days, d)
	}
	return days
}

func (s shard) listWhole(ctx context.Context, src Source) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		if s.err != nil {
			yield(bucket.Object{}, s.err)
			return
		}
		for o, err := range src.List(ctx, s.prefix, s.after) {
			if err == nil && s.end != "" && o.Key >= s.end {
				return
			}
			if err != nil && errors.Is(err, context.Canceled) && ctx.Err() != nil {
				return // said once, by the caller
			}
			if !yield(o, err) {
				return
			}
		}
	}
}
