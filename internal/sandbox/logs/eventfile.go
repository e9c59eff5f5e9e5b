package logs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"trailctl/internal/sandbox/statefile"
)

// The events of a group are kept in a file of their own, one a line, which is
// only appended to while the sandbox runs.
const (
	eventsPrefix = "events-"
	eventsSuffix = ".jsonl"
)

// eventsName is the name of a group's file. A group that is made anew gets
// another one.
func (g *group) eventsName() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", g.arn(), g.Created.UnixNano()))
	return fmt.Sprintf("%s%x%s", eventsPrefix, sum[:12], eventsSuffix)
}

// keep takes events into a group and its file. s.mu is held.
func (s *Service) keep(g *group, batch []event) error {
	if len(batch) == 0 {
		return nil
	}
	if err := s.appendEvents(g, batch); err != nil {
		return fmt.Errorf("writing the events of the log group %s: %w", g.Name, err)
	}
	g.insert(batch)
	s.show(g, batch)
	if g.lines > 2*len(g.events)+1000 {
		s.rewrite(g)
	}
	return nil
}

func (s *Service) appendEvents(g *group, batch []event) error {
	if s.dir == "" {
		return nil
	}
	name := filepath.Join(s.dir, g.eventsName())
	if err := statefile.Regular(name); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(eventLines(batch))
	g.lines += len(batch)
	return errors.Join(err, f.Close())
}

func eventLines(list []event) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, e := range list {
		enc.Encode(e) // texts and numbers always encode
	}
	return b.Bytes()
}

// rewrite replaces a group's file by the events that are kept. s.mu is held.
func (s *Service) rewrite(g *group) {
	if s.dir == "" {
		return
	}
	if err := statefile.Replace(s.dir, g.eventsName(), eventLines(g.events)); err != nil {
		s.log.Error("the events of a log group could not be rewritten", "group", g.Name, "error", err)
		return
	}
	g.lines = len(g.events)
}

func (s *Service) removeEvents(g *group) {
	if s.dir == "" {
		return
	}
	err := os.Remove(filepath.Join(s.dir, g.eventsName()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error("the events of a deleted log group could not be removed", "group", g.Name, "error", err)
	}
}

// readEvents reads the events of all groups. Lines that are no events, such
// as one that was cut off by a crash, are left out.
func (s *Service) readEvents() error {
	for _, g := range s.groups {
		whole, err := s.readGroup(g)
		if err != nil {
			return fmt.Errorf("reading the events of the log group %s: %w", g.Name, err)
		}
		if !whole || g.lines > 2*len(g.events)+1000 {
			s.rewrite(g)
		}
	}
	return nil
}

// readGroup reads a group's file. whole is false when its last line was cut
// off.
func (s *Service) readGroup(g *group) (whole bool, err error) {
	name := filepath.Join(s.dir, g.eventsName())
	if err := statefile.Regular(name); err != nil {
		return false, err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	var list []event
	for r := bufio.NewReaderSize(f, 1<<20); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			g.insert(list)
			if errors.Is(err, io.EOF) {
				return len(line) == 0, nil
			}
			return false, err
		}
		g.lines++
		var e event
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		s.serial = max(s.serial, e.Serial)
		if _, ok := g.Streams[e.Stream]; ok {
			list = append(list, e)
		}
	}
}

// removeOrphans removes the files of groups that are gone.
func (s *Service) removeOrphans() error {
	wanted := map[string]bool{}
	for _, g := range s.groups {
		wanted[g.eventsName()] = true
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("reading the folder of CloudWatch Logs: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, eventsPrefix) && strings.HasSuffix(name, eventsSuffix) && !wanted[name] {
			if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
				return fmt.Errorf("removing the events of a deleted log group: %w", err)
			}
		}
	}
	return nil
}
