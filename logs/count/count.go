// Package count counts records by the values of their fields: how many have
// each value, when the first and the last of them happened, how many different
// values other fields have among them, and how they spread over time. It
// counts in the workers of a walk, each for itself, and adds up at the end;
// its memory is bounded, and a result says so where the bound was met.
package count

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"trailctl/logs"
)

// Options say what is counted.
type Options struct {
	// By are the fields whose values tell groups apart; without any only the
	// total is counted. A record with several values of a field counts once
	// in the group of each.
	By []logs.Path
	// Distinct are the fields whose different values are counted, in each
	// group and in all.
	Distinct []logs.Path
	// Interval, when it is not 0, counts by eventTime too, in pieces of this
	// length: see Start.
	Interval time.Duration
	// Memory bounds what is kept, in bytes; 0 means DefaultMemory.
	Memory int
}

// DefaultMemory holds some 350,000 values of a field, beside what reading
// needs.
const DefaultMemory = 40 << 20

// Counter counts the records of any number of walks.
type Counter struct {
	make   func() *table
	memory budget

	mu     sync.Mutex
	tables []*table // all
	idle   []*table // those that no walk uses
}

// New makes a counter.
func New(o Options) *Counter {
	c := &Counter{}
	c.memory.left.Store(int64(memory(o.Memory)))
	seed := maphash.MakeSeed() // makes the hashes unlike those of any other run
	c.make = func() *table { return newTable(o, &c.memory, seed) }
	return c
}

func memory(n int) int {
	if n > 0 {
		return n
	}
	return DefaultMemory
}

// Visitor makes a visitor for one worker of a walk; it wants no records. It
// may be called by several goroutines.
func (c *Counter) Visitor() logs.Visitor {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		t := c.idle[n-1]
		c.idle = c.idle[:n-1]
		return t
	}
	t := c.make()
	c.tables = append(c.tables, t)
	return t
}

// Walked says that a walk has ended, so that the next one can go on with its
// visitors.
func (c *Counter) Walked() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle[:0], c.tables...)
}

// Result adds up what was counted. It ends the counting.
func (c *Counter) Result() *Result {
	t := c.all()
	return newResult(t.options, t, t.tallies)
}

// all adds up the tables of all workers.
func (c *Counter) all() *table {
	if len(c.tables) == 0 {
		c.tables = append(c.tables, c.make())
	}
	all := c.tables[0]
	for i, t := range c.tables[1:] {
		all.merge(t)
		c.tables[i+1] = nil
	}
	c.tables, c.idle = c.tables[:1], nil
	return all
}

// budget is memory that several workers share.
type budget struct{ left atomic.Int64 }

// piece is how much a worker takes at a time, so that it seldom has to.
const piece = 16 << 10

// purse is one worker's part of a budget.
type purse struct {
	from *budget
	left int
}

// afford takes n bytes, unless there are no more.
func (p *purse) afford(n int) bool {
	if p.left >= n {
		p.left -= n
		return true
	}
	want := int64(max(n, piece))
	if p.from.left.Add(-want) < 0 {
		p.from.left.Add(want)
		return false
	}
	p.left += int(want) - n
	return true
}
