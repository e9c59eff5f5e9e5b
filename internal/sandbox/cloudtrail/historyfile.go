package cloudtrail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// historyFile is the history on disk, one record a line. It is appended to,
// and written anew when too much of it is out of date.
type historyFile struct {
	name  string
	f     *lineFile
	lines int
	line  []byte // to be used again
}

func (h *historyFile) append(record []byte) error {
	h.line = append(append(h.line[:0], record...), '\n')
	if err := h.f.append(h.line); err != nil {
		return fmt.Errorf("writing the event history: %w", err)
	}
	h.lines++
	return nil
}

// open reads the history from a file and goes on writing it there. Lines
// that are not records, such as one that was cut off by a crash, are left
// out. The file is written anew when its end was cut off or much of it is out
// of date.
func (h *history) open(name string) error {
	lines, whole, err := h.read(name)
	if err != nil {
		return err
	}
	h.file = &historyFile{name: name, lines: lines}
	if !whole || h.outdated() {
		return h.rewrite()
	}
	return h.reopen()
}

// outdated tells whether more than half of the file's lines are of events that
// the history has forgotten.
func (h *history) outdated() bool { return h.file.lines > 2*h.total+1000 }

// shorten writes the file anew once it is outdated. h.mu is held.
func (h *history) shorten() error {
	if !h.outdated() {
		return nil
	}
	return h.rewrite()
}

// reopen goes on with the file at its end.
func (h *history) reopen() error {
	f, err := openLines(h.file.name, 0)
	if err != nil {
		return fmt.Errorf("opening the event history: %w", err)
	}
	if h.file.f != nil {
		h.file.f.close() // nothing is buffered in it
	}
	h.file.f = f
	return nil
}

// read takes in the events of a file. whole is false when its last line was
// cut off.
func (h *history) read(name string) (lines int, whole bool, err error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, true, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("opening the event history: %w", err)
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return lines, len(line) == 0, nil
		}
		if err != nil {
			return lines, false, fmt.Errorf("reading the event history: %w", err)
		}
		lines++
		if e, err := parseEvent(line[:len(line)-1]); err == nil {
			h.insert(e)
		}
	}
}

// rewrite replaces the file by one that holds what the history does.
func (h *history) rewrite() error {
	h.file.lines = h.total // where it fails, the next try comes after as many more
	if err := writeFile(h.file.name, h.write); err != nil {
		return fmt.Errorf("shortening the event history: %w", err)
	}
	return h.reopen()
}

func (h *history) write(to io.Writer) error {
	w := bufio.NewWriterSize(to, 1<<20)
	for _, p := range h.places {
		r := reader{}
		for i := range p.events {
			w.Write(r.read(p.events[i].record.saved())) // Flush tells of errors
			w.WriteByte('\n')
		}
	}
	return w.Flush()
}

func (h *history) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	return h.file.f.close()
}
