package count

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// store finds groups by their keys. It takes about half the memory of a map
// from strings to pointers, and leaves the garbage collector little to do:
// groups and keys lie in large blocks, and a group is named by its number.
type store struct {
	seed   maphash.Seed
	slots  []uint64 // a group's number and 1, with the upper half of its key's hash; 0: free
	blocks [][]group
	keys   [][]byte
	n      int
}

const (
	blockGroups = 256
	blockKeys   = 32 << 10
)

// find is the group of a key, nil when there is none.
func (s *store) find(key []byte) *group {
	if s.n == 0 {
		return nil
	}
	hash := maphash.Bytes(s.seed, key)
	for i := s.slot(hash); s.slots[i] != 0; i = (i + 1) & (len(s.slots) - 1) {
		if uint32(s.slots[i]>>32) != uint32(hash>>32) {
			continue
		}
		if g := s.group(int(uint32(s.slots[i])) - 1); bytes.Equal(s.key(g), key) {
			return g
		}
	}
	return nil
}

// slot is where to look first. It uses other bits of the hash than those that
// a slot keeps, as long as there are fewer than 2^32 slots.
func (s *store) slot(hash uint64) int { return int(uint32(hash)) & (len(s.slots) - 1) }

func (s *store) group(number int) *group {
	return &s.blocks[number/blockGroups][number%blockGroups]
}

func (s *store) key(g *group) []byte {
	return s.keys[g.block][g.from : g.from+g.length]
}

// add makes the group of a key that has none.
func (s *store) add(key []byte) *group {
	if 4*(s.n+1) > 3*len(s.slots) {
		s.grow()
	}
	if s.n%blockGroups == 0 {
		s.blocks = append(s.blocks, make([]group, 0, blockGroups))
	}
	last := &s.blocks[len(s.blocks)-1]
	*last = append(*last, newGroup())
	g := &(*last)[len(*last)-1]
	g.block, g.from = s.keep(key)
	g.length = uint32(len(key))
	s.n++
	s.fill(maphash.Bytes(s.seed, key), uint32(s.n))
	return g
}

// keep copies a key into a block; long ones have one of their own.
func (s *store) keep(key []byte) (block, from uint32) {
	if n := len(s.keys); n > 0 {
		if last := &s.keys[n-1]; len(*last)+len(key) <= cap(*last) {
			from = uint32(len(*last))
			*last = append(*last, key...)
			return uint32(n - 1), from
		}
	}
	room := min(blockKeys, max(512, 8*len(key))) // the first blocks are small
	if len(s.keys) > 1 {
		room = blockKeys
	}
	s.keys = append(s.keys, append(make([]byte, 0, max(room, len(key))), key...))
	return uint32(len(s.keys) - 1), 0
}

func (s *store) grow() {
	s.slots = make([]uint64, max(64, 2*len(s.slots)))
	for i := range s.n {
		s.fill(maphash.Bytes(s.seed, s.key(s.group(i))), uint32(i+1))
	}
}

// fill takes the first free slot.
func (s *store) fill(hash uint64, entry uint32) {
	i := s.slot(hash)
	for s.slots[i] != 0 {
		i = (i + 1) & (len(s.slots) - 1)
	}
	s.slots[i] = hash&^(1<<32-1) | uint64(entry)
}

// take moves the groups of another store here. The other is given up block by
// block.
func (s *store) take(other *store) {
	other.slots = nil
	for b, block := range other.blocks {
		for i := range block {
			g := &block[i]
			key := other.key(g)
			mine := s.find(key)
			if mine == nil {
				mine = s.add(key)
			}
			mine.merge(g)
		}
		other.blocks[b] = nil
	}
	*other = store{}
}

// sorted are the numbers of all groups.
func (s *store) sorted(compare func(a, b *group) int) []uint32 {
	s.slots = nil
	list := make([]uint32, s.n)
	for i := range list {
		list[i] = uint32(i)
	}
	slices.SortFunc(list, func(a, b uint32) int { return compare(s.group(int(a)), s.group(int(b))) })
	return list
}
