package cloudtrail

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// The state file is written after deliveries only. What happens in between
// stands in the journal, so that nothing is lost or delivered twice when the
// process is killed: each event that a chain has taken, which file is about to
// be stored, and how a chain stands when that is done.

// journal is the file of what has happened since the state was saved. Each
// saving begins a new one, whose number the state tells; the older ones go once
// the state is there. It is not flushed to the disk: a power failure may cost
// the last seconds.
type journal struct {
	dir string

	mu     sync.Mutex
	number int
	file   *lineFile // nil before the first entry
	old    []int     // numbers of the files that are there, but the current one's
	keys   map[string]bool
	line   []byte // to be used again
}

// maxJournal is the size from which the state is saved in between, in bytes.
const maxJournal = 64 << 20

// journalEntry is one line; only the fields of one kind are there. A chain is
// told by the id of its trail, a space and its name.
type journalEntry struct {
	// An event that chains have taken.
	To    []string        `json:",omitempty"`
	Time  time.Time       `json:",omitzero"`
	Event json.RawMessage `json:",omitempty"`

	// How a chain stands, but for its pending events, of which the newest are left.
	Chain string `json:",omitempty"`
	State *chain `json:",omitempty"`
	Left  int    `json:",omitempty"`

	// A file that is about to be stored for Chain.
	Doubt  *doubt  `json:",omitempty"`
	Sealed *sealed `json:",omitempty"`

	// A key that is about to sign.
	Region string    `json:",omitempty"`
	Key    *savedKey `json:",omitempty"`
}

// ref is how the journal tells a chain. s.mu is held.
func (t *trail) ref(chain string) string {
	if t.ID == "" {
		t.ID = rand.Text()
	}
	return t.ID + " " + chain
}

// took notes an event that chains have taken. Without a folder there is no
// journal, and j is nil.
func (j *journal) took(to []string, e *Event) error {
	if j == nil || len(to) == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	head, err := json.Marshal(journalEntry{To: to, Time: e.Time})
	if err != nil {
		return fmt.Errorf("noting an event for its delivery: %w", err)
	}
	j.line = append(append(j.line[:0], head[:len(head)-1]...), `,"Event":`...)
	j.line = append(append(j.line, e.JSON...), '}')
	return j.write()
}

// stands notes how a chain stands.
func (j *journal) stands(ref string, c *chain) error {
	if j == nil {
		return nil
	}
	state := *c
	state.Pending = nil
	return j.note(journalEntry{Chain: ref, State: &state, Left: len(c.Pending)})
}

// storing notes which file is about to be stored.
func (j *journal) storing(ref string, log *doubt, digest *sealed) error {
	if j == nil {
		return nil
	}
	return j.note(journalEntry{Chain: ref, Doubt: log, Sealed: digest})
}

// signs notes a key that is about to sign for the first time.
func (j *journal) signs(region string, k *signingKey) error {
	if j == nil {
		return nil
	}
	line, err := json.Marshal(journalEntry{Region: region, Key: k.save()})
	if err != nil {
		return fmt.Errorf("noting a signing key: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.keys[k.fingerprint] {
		return nil
	}
	j.line = append(j.line[:0], line...)
	err = j.write()
	j.keys[k.fingerprint] = err == nil
	return err
}

func (k *signingKey) save() *savedKey {
	return &savedKey{x509.MarshalPKCS1PrivateKey(k.private), k.from, k.until}
}

func (j *journal) note(e journalEntry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("noting a delivery: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.line = append(j.line[:0], line...)
	return j.write()
}

// write writes j.line and a line feed. j.mu is held.
func (j *journal) write() error {
	j.line = append(j.line, '\n')
	if j.file == nil {
		f, err := openLines(j.name(j.number), os.O_EXCL)
		if err != nil {
			return fmt.Errorf("opening the journal of deliveries: %w", err)
		}
		j.file = f
	}
	if err := j.file.append(j.line); err != nil {
		return fmt.Errorf("writing the journal of deliveries: %w", err)
	}
	return nil
}

// long tells whether the state is to be saved, so that the journal does not
// grow for ever.
func (j *journal) long() bool {
	if j == nil {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file != nil && j.file.size > maxJournal
}

// turn begins a new file and answers its number. What is noted from then on is
// not in a state that was taken before.
func (j *journal) turn() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file != nil {
		j.file.close() // nothing is buffered in it
		j.old = append(j.old, j.number)
		j.file = nil
	}
	j.number++
	return j.number
}

// clear removes the files before a number, which the saved state has replaced.
func (j *journal) clear(number int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	left := j.old[:0]
	for _, n := range j.old {
		if n >= number || os.Remove(j.name(n)) != nil {
			left = append(left, n)
		}
	}
	j.old = left
}

func (j *journal) name(number int) string {
	return filepath.Join(j.dir, fmt.Sprintf(journalName, number))
}

func (j *journal) close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.file == nil {
		return nil
	}
	return j.file.close()
}
