package validate

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Proved remembers which log files were proved, from one run to the next. It
// is used by several goroutines at once.
type Proved interface {
	// Holds tells whether a log file was proved before, and how many
	// uncompressed bytes it had.
	Holds(Proof) (bytes int64, ok bool)
	// Keep notes one. What goes wrong with that is for the maker to tell.
	Keep(p Proof, bytes int64)
}

// Proof stands for a log file with its place and the hash that a valid digest
// file lists: SHA-256 over all of them. A file that is listed with another hash
// is another proof.
type Proof [32]byte

// proof of a log file that is about to be checked.
func (c *check) proof(l logEntry) Proof {
	name, key := l.Bucket, l.Key
	if c.Copy {
		name, key = "", tail(key)
	}
	h := sha256.New()
	for _, part := range []string{name, key, strings.ToLower(l.Hash)} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return Proof(h.Sum(nil))
}

// Proofs is a Proved that keeps them in memory, some 50 bytes each, and in a
// file when OpenProofs made it.
type Proofs struct {
	// Trouble, when set before the first use, hears when writing the file
	// begins to fail. It is called by another goroutine. What is proved
	// meanwhile is written when that works again, up to a bound.
	Trouble func(error)

	place [32]byte
	file  *proofFile // nil: in memory only

	mu     sync.Mutex
	recent map[proofID]int64
	older  map[proofID]int64 // see age
	marks  map[proofID]int64 // Unix seconds
}

// proofID is what is left of a hash in memory and in the file: nobody finds
// two things that share 128 bits of a SHA-256.
type proofID [16]byte

// NewProofs keeps proofs in memory. place says where the log files lie, as far
// as the names of buckets do not: an endpoint or a folder. What was proved in
// one place does not count in another.
func NewProofs(place string) *Proofs {
	return &Proofs{place: sha256.Sum256([]byte(place)), recent: map[proofID]int64{}, marks: map[proofID]int64{}}
}

// OpenProofs reads the file, or makes it, and locks it: ErrProofsBusy says that
// another run has it. Whoever can write to the file can make log files count
// as proved, so it is refused when others than its owner may. See
// proofs_file.go for its form.
func OpenProofs(name, place string) (*Proofs, error) {
	p := NewProofs(place)
	file, err := openProofFile(name)
	if err != nil {
		return nil, fmt.Errorf("the file of proved log files: %w", err)
	}
	if err := file.read(p.load); err != nil {
		file.handle.Close()
		return nil, fmt.Errorf("the file of proved log files: %w", err)
	}
	file.trouble = func(err error) {
		if p.Trouble != nil {
			p.Trouble(err)
		}
	}
	p.file = file
	return p, nil
}

func (p *Proofs) load(e proofEntry) {
	if e.kind == entryMark {
		p.marks[e.id] = e.value
		return
	}
	p.recent[e.id] = e.value
}

// Len is how many log files are held.
func (p *Proofs) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.recent) + len(p.older)
}

// Damaged is how many entries of the file were not what was written; they do
// not count.
func (p *Proofs) Damaged() int {
	if p.file == nil {
		return 0
	}
	return p.file.damaged
}

// Holds is in Proved.
func (p *Proofs) Holds(proof Proof) (int64, bool) {
	id := p.id(proof[:])
	p.mu.Lock()
	defer p.mu.Unlock()
	bytes, ok := p.recent[id]
	if ok {
		return bytes, true
	}
	if bytes, ok = p.older[id]; ok {
		delete(p.older, id)
		p.recent[id] = bytes
	}
	return bytes, ok
}

// Keep is in Proved.
func (p *Proofs) Keep(proof Proof, bytes int64) {
	id := p.id(proof[:])
	p.mu.Lock()
	p.recent[id] = bytes
	p.mu.Unlock()
	if p.file != nil {
		p.file.add(proofEntry{kind: entryProved, id: id, value: bytes})
	}
}

// Close writes what is left and closes the file. It tells what of it could
// not be written.
func (p *Proofs) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.close()
}

// id ties a hash or a name to the place.
func (p *Proofs) id(what []byte) proofID {
	sum := sha256.Sum256(append(p.place[:len(p.place):len(p.place)], what...))
	return proofID(sum[:16])
}

// mark notes a time under a name; the zero time takes it away.
func (p *Proofs) mark(name string, at time.Time) {
	id, value := p.id([]byte(name)), int64(0)
	if !at.IsZero() {
		value = at.Unix()
	}
	p.mu.Lock()
	known := p.marks[id]
	p.marks[id] = value
	if value == 0 {
		delete(p.marks, id)
	}
	p.mu.Unlock()
	if p.file != nil && known != value {
		p.file.add(proofEntry{kind: entryMark, id: id, value: value})
	}
}

// marked is the time under a name, zero when there is none.
func (p *Proofs) marked(name string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if value := p.marks[p.id([]byte(name))]; value > 0 {
		return time.Unix(value, 0).UTC()
	}
	return time.Time{}
}

// age forgets what nobody asked for since age was called last, in the file,
// too, once that is mostly made of it. No check may be under way.
func (p *Proofs) age() {
	p.mu.Lock()
	p.older, p.recent = p.recent, map[proofID]int64{}
	live := make([]proofEntry, 0, len(p.older)+len(p.marks))
	if p.file == nil || !p.file.wasteful(cap(live)) {
		p.mu.Unlock()
		return
	}
	for id, value := range p.older {
		live = append(live, proofEntry{kind: entryProved, id: id, value: value})
	}
	for id, value := range p.marks {
		live = append(live, proofEntry{kind: entryMark, id: id, value: value})
	}
	p.mu.Unlock()
	p.file.rewrite(live)
}

// The kinds of entries.
const (
	entryProved = 1 // value: uncompressed bytes
	entryMark   = 2 // value: Unix seconds; 0 takes an earlier one away
)

// proofEntry is one entry of the file.
type proofEntry struct {
	kind  byte
	id    proofID
	value int64
}

// entrySize is the size of an entry in bytes: the ID, the value in big endian,
// the kind, three zeros, and the CRC-32C of all that.
const entrySize = 32

func (e proofEntry) encode(to []byte) []byte {
	at := len(to)
	to = append(to, e.id[:]...)
	to = binary.BigEndian.AppendUint64(to, uint64(e.value))
	to = append(to, e.kind, 0, 0, 0)
	return binary.BigEndian.AppendUint32(to, checksum(to[at:]))
}

// decodeEntry reads one entry; false when it is not as it was written.
func decodeEntry(raw []byte) (proofEntry, bool) {
	e := proofEntry{id: proofID(raw[:16]), value: int64(binary.BigEndian.Uint64(raw[16:24])), kind: raw[24]}
	ok := binary.BigEndian.Uint32(raw[28:]) == checksum(raw[:28]) && e.value >= 0 &&
		(e.kind == entryProved || e.kind == entryMark)
	return e, ok
}
