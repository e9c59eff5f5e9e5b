package count

import (
	"cmp"
	"math"
)

// group is what is known of the records that have the same values.
type group struct {
	count       int64
	serial      int64 // of the record that was counted last
	first, last int64 // see moment; first > last: no record had a time
	more        *more // nil as long as nothing more is counted

	block, from, length uint32 // the key: see store
}

// more is what is counted when it is asked for.
type more struct {
	bins map[int64]int64
	sets []set
}

// What a group and a bin take, beside the key: measured, with the room that
// tables keep free, and what it takes to write a bin out.
const (
	groupBytes = 80
	moreBytes  = 64
	binBytes   = 160
)

func newGroup() group { return group{first: math.MaxInt64, last: math.MinInt64} }

// see takes in the time of a record.
func (g *group) see(at int64) {
	g.first = min(g.first, at)
	g.last = max(g.last, at)
}

// extend makes what is counted when it is asked for.
func (g *group) extend(sets int) *more {
	if g.more == nil {
		g.more = &more{sets: make([]set, sets)}
	}
	return g.more
}

// bin counts a record in a piece of time; false when there is no room for it.
func (m *more) bin(start int64, p *purse) bool {
	n := m.bins[start]
	if n == 0 {
		if !p.afford(binBytes) {
			return false
		}
		if m.bins == nil {
			m.bins = map[int64]int64{}
		}
	}
	m.bins[start] = n + 1
	return true
}

// merge adds what another worker counted of the same values.
func (g *group) merge(other *group) {
	g.count += other.count
	g.first = min(g.first, other.first)
	g.last = max(g.last, other.last)
	if g.more == nil || other.more == nil {
		g.more = cmp.Or(g.more, other.more)
		return
	}
	if g.more.bins == nil {
		g.more.bins, other.more.bins = other.more.bins, nil
	}
	for start, n := range other.more.bins {
		g.more.bins[start] += n
	}
	for i := range g.more.sets {
		g.more.sets[i].merge(&other.more.sets[i])
	}
}

// set counts different values. It keeps 64 bits of a keyed hash of each: that
// two of a million values have the same is less likely than one in ten
// million, and nobody can bring it about.
type set struct {
	few  []uint64
	many map[uint64]struct{}
	full bool // values were left out
}

const (
	fewest   = 16 // up to here a list is smaller than a map, and as fast
	setBytes = 32 // what a value takes, also while sets are added up
)

func (s *set) add(hash uint64, p *purse) {
	if s.has(hash) {
		return
	}
	if !p.afford(setBytes) {
		s.full = true
		return
	}
	s.put(hash)
}

func (s *set) has(hash uint64) bool {
	if s.many != nil {
		_, ok := s.many[hash]
		return ok
	}
	for _, h := range s.few {
		if h == hash {
			return true
		}
	}
	return false
}

// put adds a hash that is not there.
func (s *set) put(hash uint64) {
	switch {
	case s.many != nil:
		s.many[hash] = struct{}{}
	case len(s.few) < fewest:
		s.few = append(s.few, hash)
	default:
		s.many = make(map[uint64]struct{}, 2*fewest)
		for _, h := range s.few {
			s.many[h] = struct{}{}
		}
		s.many[hash] = struct{}{}
		s.few = nil
	}
}

func (s *set) len() int { return len(s.few) + len(s.many) }

func (s *set) merge(other *set) {
	if s.len() < other.len() {
		*s, *other = *other, *s
	}
	s.full = s.full || other.full
	for _, h := range other.few {
		if !s.has(h) {
			s.put(h)
		}
	}
	for h := range other.many {
		if !s.has(h) {
			s.put(h)
		}
	}
}
