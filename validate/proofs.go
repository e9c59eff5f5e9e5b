package validate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
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

// Proofs is a Proved that keeps them in a file.
type Proofs struct{}

// OpenProofs reads the file, or makes it.
func OpenProofs(name string) (*Proofs, error) { return nil, errors.New("not built yet") }

// Holds is in Proved.
func (p *Proofs) Holds(Proof) (int64, bool) { return 0, false }

// Keep is in Proved.
func (p *Proofs) Keep(Proof, int64) {}

// Close writes what is left and closes the file. It tells the first error of
// writing, too.
func (p *Proofs) Close() error { return nil }

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
