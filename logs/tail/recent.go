package tail

import (
	"crypto/sha256"
	"encoding/hex"

	"trailctl/logs"
)

// generation bounds the keys of one generation. A map of so many takes about
// 10 MB.
const generation = 200_000

// recent remembers the latest keys, generation of them at least and twice as
// many at most. What is asked for again stays.
type recent struct {
	young, old map[key]struct{}
	size       int // of a generation; 0 means generation
}

type key [16]byte

// add tells whether a key is new, and remembers it.
func (s *recent) add(k key) bool {
	if _, ok := s.young[k]; ok {
		return false
	}
	_, known := s.old[k]
	if s.young == nil {
		s.young = map[key]struct{}{}
	}
	s.young[k] = struct{}{}
	most := s.size
	if most == 0 {
		most = generation
	}
	if len(s.young) >= most {
		s.young, s.old = nil, s.young
	}
	return !known
}

// recordKey is the eventID, or for a record without one its content.
func recordKey(r *logs.Record) key {
	id := r.ID()
	if id == "" {
		return keyOf(string(r.Raw))
	}
	return keyOf(id)
}

// keyOf is the value of a UUID, and of anything else a part of its SHA-256.
func keyOf(text string) (k key) {
	if len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' {
		packed := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
		if _, err := hex.Decode(k[:], []byte(packed)); err == nil {
			return k
		}
	}
	sum := sha256.Sum256([]byte(text))
	copy(k[:], sum[:])
	return k
}
