package s3

import (
	"slices"
	"sort"
	"strings"
)

// index keeps a bucket's keys in the order of their UTF-8 bytes, in chunks
// of bounded length, so that neither a listing nor a new key touches all of
// them.
type index struct{ chunks [][]*entry }

const maxChunk = 512 // keys

// entry is all versions of one key, newest first; there is always one.
type entry struct {
	key      string
	versions []*version
}

// find is where key is, or would be.
func (x *index) find(key string) (chunk, i int, found bool) {
	chunk = sort.Search(len(x.chunks), func(i int) bool {
		c := x.chunks[i]
		return c[len(c)-1].key >= key
	})
	if chunk == len(x.chunks) {
		return chunk, 0, false
	}
	i, found = slices.BinarySearchFunc(x.chunks[chunk], key, func(e *entry, key string) int {
		return strings.Compare(e.key, key)
	})
	return chunk, i, found
}

// get is nil when there is no such key.
func (x *index) get(key string) *entry {
	if chunk, i, found := x.find(key); found {
		return x.chunks[chunk][i]
	}
	return nil
}

// ceil is the first entry whose key is not before key, or nil.
func (x *index) ceil(key string) *entry {
	chunk, i, _ := x.find(key)
	if chunk == len(x.chunks) {
		return nil
	}
	return x.chunks[chunk][i]
}

// add is get that makes the entry; the caller gives it a version.
func (x *index) add(key string) *entry {
	chunk, i, found := x.find(key)
	if found {
		return x.chunks[chunk][i]
	}
	e := &entry{key: key}
	switch {
	case len(x.chunks) == 0:
		x.chunks = [][]*entry{{e}}
		return e
	case chunk == len(x.chunks): // after the last key
		chunk--
		i = len(x.chunks[chunk])
	}
	c := slices.Insert(x.chunks[chunk], i, e)
	x.chunks[chunk] = c
	if len(c) > maxChunk {
		// A chunk that grows at its end is filled in order; leave it full.
		at := len(c) / 2
		if i == len(c)-1 {
			at = len(c) - 1
		}
		x.chunks[chunk] = c[:at]
		x.chunks = slices.Insert(x.chunks, chunk+1, slices.Clone(c[at:]))
	}
	return e
}

func (x *index) remove(key string) {
	chunk, i, found := x.find(key)
	if !found {
		return
	}
	x.chunks[chunk] = slices.Delete(x.chunks[chunk], i, i+1)
	if len(x.chunks[chunk]) == 0 {
		x.chunks = slices.Delete(x.chunks, chunk, chunk+1)
	}
}

func (x *index) empty() bool { return len(x.chunks) == 0 }

// newest is the version that a request without a version ID means.
func (e *entry) newest() *version {
	if e == nil || len(e.versions) == 0 {
		return nil
	}
	return e.versions[0]
}

func (e *entry) version(id string) *version {
	if e == nil {
		return nil
	}
	for _, v := range e.versions {
		if v.ID == id {
			return v
		}
	}
	return nil
}

// insert puts v where its sequence number says.
func (e *entry) insert(v *version) {
	i := sort.Search(len(e.versions), func(i int) bool { return e.versions[i].Sequence < v.Sequence })
	e.versions = slices.Insert(slices.Clone(e.versions), i, v)
}

func (e *entry) remove(v *version) {
	e.versions = slices.DeleteFunc(slices.Clone(e.versions), func(o *version) bool { return o == v })
}

// staleNulls lists the null versions behind the newest of them.
func (e *entry) staleNulls() []*version {
	var nulls []*version
	for _, v := range e.versions {
		if v.ID == nullVersion {
			nulls = append(nulls, v)
		}
	}
	if len(nulls) < 2 {
		return nil
	}
	return nulls[1:]
}
