package validate

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The file of proved log files has a head of one line, which names its kind
// and version, and entries of a fixed size that are only ever added. Each
// carries a checksum, so that a damaged one does not count, wherever it is.
// What a killed run left of its last entry is written over.
const (
	proofsKind    = "trailctl proved log files, version "
	proofsVersion = 1
	headSize      = 64 // the line, and line ends up to this
)

// ErrProofsBusy says that another run has the file.
var ErrProofsBusy = errors.New("another run is using it")

const (
	// flushAfter is how long an entry waits for others to be written with.
	flushAfter = 500 * time.Millisecond
	// flushFrom is from how many waiting bytes on they are written at once.
	flushFrom = 64 << 10
	// maxWaiting bounds the bytes that wait while the file cannot be written.
	maxWaiting = 4 << 20
	// maxProofFile bounds the file; each entry takes memory.
	maxProofFile = 4 << 30
	// spareEntries may lie in the file without being of use.
	spareEntries = 16384
)

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func proofHead() []byte {
	head := fmt.Sprintf("%s%d\n", proofsKind, proofsVersion)
	return []byte(head + strings.Repeat("\n", headSize-len(head)))
}

// proofFile is the open file.
type proofFile struct {
	name    string
	trouble func(error)
	damaged int

	mu      sync.Mutex
	waiting []byte
	lost    int // entries for which there was no room
	timer   *time.Timer
	hurried bool // the timer was told not to wait
	closed  bool

	writing sync.Mutex // guards what follows
	handle  *os.File
	at      int64 // up to here the file is whole
	err     error // of writing, since it last worked
}

// openProofFile opens or makes the file and locks it.
func openProofFile(name string) (*proofFile, error) {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // a link stays a link
	}
	for {
		info, err := os.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		handle, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		f := &proofFile{name: name, handle: handle}
		again, err := f.take()
		if err == nil && !again {
			return f, nil
		}
		handle.Close()
		if err != nil {
			return nil, err
		}
	}
}

// take locks the file and looks whether it may be trusted. again says that
// another file took its name meanwhile.
func (f *proofFile) take() (again bool, err error) {
	if err := lockProofs(f.handle); err != nil {
		return false, fmt.Errorf("%s: %w", f.name, err)
	}
	info, err := f.handle.Stat()
	if err != nil {
		return false, err
	}
	if there, err := os.Stat(f.name); err != nil || !os.SameFile(info, there) {
		return true, nil
	}
	switch {
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%s is not a regular file", f.name)
	case info.Size() > maxProofFile:
		return false, fmt.Errorf("%s has %d bytes, which is too large: begin with a new one", f.name, info.Size())
	}
	if why := untrusted(info); why != "" {
		return false, fmt.Errorf("%s: %s, who could make log files count as proved", f.name, why)
	}
	return false, nil
}

// read hands every whole entry to a function, and makes the head of a file
// that has none yet.
func (f *proofFile) read(each func(proofEntry)) error {
	r := bufio.NewReaderSize(f.handle, 256<<10)
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	want := proofHead()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if string(head[:n]) != string(want[:n]) {
			return fmt.Errorf("%s is another kind of file", f.name)
		}
		f.at = headSize
		_, err := f.handle.WriteAt(want, 0)
		return err
	case err != nil:
		return err
	case string(head) != string(want):
		return otherKind(f.name, head)
	}
	f.at = headSize
	for entry := make([]byte, entrySize); ; {
		_, err := io.ReadFull(r, entry)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.name, err)
		}
		f.at += entrySize
		if e, ok := decodeEntry(entry); ok {
			each(e)
			continue
		}
		f.damaged++
	}
}

func otherKind(name string, head []byte) error {
	rest, ok := strings.CutPrefix(string(head), proofsKind)
	line, _, whole := strings.Cut(rest, "\n")
	version, err := strconv.Atoi(line)
	if !ok || !whole || err != nil || version == proofsVersion {
		return fmt.Errorf("%s is another kind of file", name)
	}
	return fmt.Errorf("%s is of version %d, and this program knows version %d: begin with a new one", name, version, proofsVersion)
}

// add lets an entry be written soon. It does not wait for the disk.
func (f *proofFile) add(e proofEntry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return
	case len(f.waiting) >= maxWaiting:
		f.lost++
		return
	}
	f.waiting = e.encode(f.waiting)
	switch {
	case f.timer == nil:
		f.timer = time.AfterFunc(flushAfter, f.flush)
	case len(f.waiting) >= flushFrom && !f.hurried:
		f.hurried = true
		f.timer.Reset(0)
	}
}

// flush writes what waits.
func (f *proofFile) flush() {
	f.writing.Lock()
	defer f.writing.Unlock()
	f.mu.Lock()
	batch := f.waiting
	f.waiting, f.timer, f.hurried = nil, nil, false
	f.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	// After a write that failed halfway the next one begins at the same place.
	if _, err := f.handle.WriteAt(batch, f.at); err != nil {
		f.failed(err, batch)
		return
	}
	f.at += int64(len(batch))
	f.err = nil
}

// failed tells of the first of a row of failures, and tries again with the
// entries that come next.
func (f *proofFile) failed(err error, batch []byte) {
	first := f.err == nil
	f.err = err
	f.mu.Lock()
	f.waiting = append(batch, f.waiting...)
	if f.timer == nil && !f.closed {
		f.timer = time.AfterFunc(20*flushAfter, f.flush)
		f.hurried = true // a full disk is not asked for each entry
	}
	f.mu.Unlock()
	if first && f.trouble != nil {
		f.trouble(err)
	}
}

// wasteful tells whether most of the file is of no use any more.
func (f *proofFile) wasteful(live int) bool {
	f.writing.Lock()
	defer f.writing.Unlock()
	return (f.at-headSize)/entrySize > int64(2*live+spareEntries)
}

// rewrite puts a file with these entries and no others in the place of this
// one. When that fails, the old one stays in use. Nothing is to be added
// meanwhile.
func (f *proofFile) rewrite(live []proofEntry) {
	f.writing.Lock()
	defer f.writing.Unlock()
	name := f.name + ".new"
	handle, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // a killed run left it, and this one has the lock
		if err = os.Remove(name); err == nil {
			handle, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	if err != nil {
		return
	}
	whole := proofHead()
	for _, e := range live {
		whole = e.encode(whole)
	}
	err = lockProofs(handle)
	if err == nil {
		_, err = handle.Write(whole)
	}
	if err = errors.Join(err, handle.Sync()); err == nil {
		err = os.Rename(name, f.name)
	}
	if err != nil {
		handle.Close()
		os.Remove(name)
		return
	}
	f.handle.Close()
	f.handle, f.at = handle, int64(len(whole))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = nil // of what waited, what is of use is there
}

func (f *proofFile) close() error {
	f.mu.Lock()
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
	lost := f.lost
	f.mu.Unlock()
	f.flush()
	f.writing.Lock()
	defer f.writing.Unlock()
	err := f.err
	if err == nil {
		err = f.handle.Sync()
	}
	err = errors.Join(err, f.handle.Close())
	if err == nil && lost > 0 {
		err = fmt.Errorf("%d proved log files were not noted while it could not be written", lost)
	}
	if err != nil {
		return fmt.Errorf("the file of proved log files: %w", err)
	}
	return nil
}
