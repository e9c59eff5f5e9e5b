package cloudtrail

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// journalName is the name of a journal with its number.
const journalName = "journal.%d.jsonl"

// replay brings the state that was loaded up to where the process ended, and
// tells whether there was anything.
func (s *Service) replay(from int) (some bool, err error) {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return false, err
	}
	j := s.journal
	for _, f := range files {
		var n int
		if _, err := fmt.Sscanf(f.Name(), journalName, &n); err == nil && fmt.Sprintf(journalName, n) == f.Name() {
			j.old = append(j.old, n)
		}
	}
	slices.Sort(j.old)
	j.number = from
	chains := s.chainsByRef()
	for _, n := range j.old {
		if j.number = max(j.number, n+1); n < from {
			continue
		}
		some = true
		if err := s.replayFile(j.name(n), chains); err != nil {
			return some, fmt.Errorf("reading the journal of deliveries: %w", err)
		}
	}
	return some, nil
}

func (s *Service) chainsByRef() map[string]*chain {
	chains := map[string]*chain{}
	for t := range s.delivering {
		for name, c := range t.Chains {
			chains[t.ref(name)] = c
		}
	}
	return chains
}

// replayFile applies a journal's entries in their order. A last line without
// its end was not answered for.
func (s *Service) replayFile(name string, chains map[string]*chain) error {
	if err := regularOrMissing(name); err != nil {
		return err
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.apply(line, chains); err != nil {
			s.log.Warn("an entry in the journal of deliveries is left out", "file", name, "error", err)
		}
	}
}

// apply repeats what an entry tells. Trails and chains that the state does not
// know come from calls that were not answered.
func (s *Service) apply(line []byte, chains map[string]*chain) error {
	var e journalEntry
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	for _, ref := range e.To {
		if c := chains[ref]; c != nil {
			c.add(Event{Time: e.Time, JSON: bytes.Clone(e.Event)}, s.logInterval)
		}
	}
	if e.Key != nil {
		return s.keys.restore(map[string][]savedKey{e.Region: {*e.Key}})
	}
	c := chains[e.Chain]
	switch {
	case c == nil:
	case e.State != nil:
		pending := c.Pending[max(len(c.Pending)-e.Left, 0):]
		*c = *e.State
		if c.Pending = pending; len(pending) == 0 {
			c.Pending = nil
		}
	case e.Doubt != nil:
		c.Doubt = e.Doubt
	case e.Sealed != nil && c.Digest != nil:
		c.Digest.Sealed = e.Sealed
	}
	return nil
}

// removeUnfinished removes what writeFile has left in a folder when the process
// was killed.
func removeUnfinished(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Name(), stateFile+".") && !strings.HasPrefix(f.Name(), historyName+".") {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
