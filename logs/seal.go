package logs

import (
	"bufio"
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"

	"trailctl/bucket"
)

// sealing makes a manifest out of an unfinished one. The entries are sorted in
// parts that fit into memory, and the parts merged.
type sealing struct {
	ctx    context.Context
	root   *os.Root
	result Sealed

	runs  []bucket.ManifestRun
	parts []string
	open  []*os.File
}

// sealPart is how many bytes of entries are sorted at once.
const sealPart = 4 << 20

func (s *sealing) seal(journal io.ReadSeeker) error {
	if err := s.sort(journal); err != nil {
		return err
	}
	before, err := s.before()
	if err != nil {
		return err
	}
	// What the manifest would be with the runs of the one that is there.
	same := sha256.New()
	err = createFile(s.root, unfinishedSeal, true, func(file io.Writer) error {
		sum := sha256.New()
		to := bufio.NewWriterSize(io.MultiWriter(file, sum), 64<<10)
		if err := writeLine(to, s.head(len(s.runs))); err != nil {
			return err
		}
		if err := writeLine(same, s.head(before.runs)); err != nil {
			return err
		}
		if err := s.write(io.MultiWriter(to, same)); err != nil {
			return err
		}
		err := to.Flush()
		s.result.SHA256 = hex.EncodeToString(sum.Sum(nil))
		return err
	})
	if err != nil {
		return err
	}
	if before.sum != "" && before.sum == hex.EncodeToString(same.Sum(nil)) {
		s.result.SHA256, s.result.Unchanged = before.sum, true
		return nil
	}
	s.result.Replaced = before.sum
	return s.root.Rename(unfinishedSeal, bucket.ManifestFile)
}

// earlier is the manifest that is there.
type earlier struct {
	sum  string // empty when there is none
	runs int
}

func (s *sealing) before() (earlier, error) {
	file, err := s.root.Open(bucket.ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return earlier{}, nil
	}
	if err != nil {
		return earlier{}, err
	}
	defer file.Close()
	sum := sha256.New()
	text := io.TeeReader(file, sum)
	e := earlier{}
	if m, err := bucket.ReadManifest(text); err == nil {
		e.runs = min(len(m.Head.Runs), len(s.runs))
	}
	_, err = io.Copy(io.Discard, text)
	e.sum = hex.EncodeToString(sum.Sum(nil))
	return e, err
}

// head is the manifest's first line with so many of the runs.
func (s *sealing) head(runs int) bucket.ManifestHead {
	return bucket.ManifestHead{Version: bucket.ManifestVersion, Kind: bucket.ManifestKind, Runs: s.runs[:runs]}
}

// clear takes away what is not needed any more.
func (s *sealing) clear() {
	for _, f := range s.open {
		f.Close()
	}
	for _, name := range append(s.parts, unfinishedSeal) {
		_ = s.root.Remove(name)
	}
}

// sort shares the entries out into sorted parts.
func (s *sealing) sort(file io.ReadSeeker) error {
	var part []journalLine
	var bytes int
	var err error
	for line := range journal(file, &err) {
		switch {
		case s.ctx.Err() != nil:
			return context.Cause(s.ctx)
		case line.head != nil:
			s.runs = append(s.runs, line.head.Runs[0])
			continue
		case line.Key == "" || line.Run < 0 || line.Run >= len(s.runs):
			continue // torn; the file is missed below
		}
		part, bytes = append(part, line), bytes+len(line.raw)
		if bytes >= sealPart {
			if err := s.writePart(part); err != nil {
				return err
			}
			part, bytes = nil, 0
		}
	}
	if err != nil || len(part) == 0 {
		return err
	}
	return s.writePart(part)
}

func (s *sealing) writePart(lines []journalLine) error {
	slices.SortStableFunc(lines, func(a, b journalLine) int { return bucket.ComparePaths(a.Key, b.Key) })
	name := fmt.Sprintf("%s-sorted-%d", partial, len(s.parts))
	s.parts = append(s.parts, name)
	return createFile(s.root, name, false, func(file io.Writer) error {
		to := bufio.NewWriter(file)
		for _, l := range lines {
			to.Write(l.raw)
		}
		return to.Flush()
	})
}

// write writes what follows the manifest's head, and compares it with the
// folder.
func (s *sealing) write(to io.Writer) error {
	there, stop := iter.Pull2(below(s.root))
	defer stop()
	path, err, more := there()
	changed := &NotSealedError{What: "changed in the folder since it was entered (what is removed is fetched again)"}
	gone := &NotSealedError{What: "entered by an earlier run, and not in the folder any more"}
	added := &NotSealedError{What: "in the folder, and not from this download (take another folder, or download the window that it is from)"}
	for entry, failed := range s.merged(changed) {
		if failed != nil {
			return failed
		}
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		for more && err == nil && bucket.ComparePaths(path, entry.Key) < 0 {
			added.add(path)
			path, err, more = there()
		}
		switch {
		case err != nil:
			return err
		case more && path == entry.Key:
			path, err, more = there()
		case belowLogs(entry.Key):
			gone.add(entry.Key)
		}
		s.result.Files, s.result.Bytes = s.result.Files+1, s.result.Bytes+entry.Size
		if err := writeLine(to, entry); err != nil {
			return err
		}
	}
	for ; more && err == nil; path, err, more = there() {
		added.add(path)
	}
	for _, e := range []*NotSealedError{changed, gone, added} {
		if err == nil && e.Count > 0 {
			err = e
		}
	}
	if err != nil {
		return err
	}
	return writeLine(to, bucket.ManifestEnd{End: true, Files: s.result.Files, Bytes: s.result.Bytes})
}

func (e *NotSealedError) add(name string) {
	const most = 5
	if e.Count++; e.Count <= most {
		e.Files = append(e.Files, name)
	}
}

// belowLogs tells the paths of which a manifest must have all.
func belowLogs(path string) bool {
	return strings.HasPrefix(path, "AWSLogs/") || strings.Contains(path, "/AWSLogs/")
}

// below yields the files below AWSLogs folders.
func below(root *os.Root) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() || !belowLogs(p):
				return nil
			case !yield(p, nil):
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}

// merged yields one entry for each file, in order: the last that was fetched,
// or the first that was hashed from the folder. What is in the folder must not
// have become another since.
func (s *sealing) merged(changed *NotSealedError) iter.Seq2[bucket.ManifestEntry, error] {
	return func(yield func(bucket.ManifestEntry, error) bool) {
		queue, err := s.openParts()
		if err != nil {
			yield(bucket.ManifestEntry{}, err)
			return
		}
		var last bucket.ManifestEntry
		other := false // the file is another than the last that was fetched
		done := func() bool {
			if other {
				changed.add(last.Key)
			}
			return last.Key == "" || yield(last, nil)
		}
		for len(queue) > 0 {
			next := queue[0].line.ManifestEntry
			same := next.SHA256 == last.SHA256 && next.Size == last.Size
			switch {
			case next.Key != last.Key:
				if !done() {
					return
				}
				last, other = next, false
			case again(last, next):
				other = false
			case !next.Fetched.IsZero():
				last, other = next, false
			default: // from the folder
				other = !same
			}
			more, err := queue[0].advance()
			switch {
			case err != nil:
				yield(bucket.ManifestEntry{}, err)
				return
			case more:
				heap.Fix(&queue, 0)
			default:
				heap.Pop(&queue)
			}
		}
		done()
	}
}

// again tells that a file was fetched once more and is what it was: when it
// came first counts.
func again(last, next bucket.ManifestEntry) bool {
	return !last.Fetched.IsZero() && !next.Fetched.IsZero() && next.Kind == last.Kind &&
		next.SHA256 == last.SHA256 && next.Size == last.Size &&
		next.ETag == last.ETag && next.VersionID == last.VersionID && next.Modified.Equal(last.Modified)
}

func (s *sealing) openParts() (parts, error) {
	var queue parts
	for i, name := range s.parts {
		file, err := s.root.Open(name)
		if err != nil {
			return nil, err
		}
		s.open = append(s.open, file)
		p := &part{in: bufio.NewReaderSize(file, 16<<10), age: i}
		if _, err := p.advance(); err != nil {
			return nil, err
		}
		queue = append(queue, p)
	}
	heap.Init(&queue)
	return queue, nil
}

// part is a sorted part while it is merged; an older one goes first.
type part struct {
	in   *bufio.Reader
	line journalLine
	age  int
}

func (p *part) advance() (more bool, err error) {
	raw, err := p.in.ReadBytes('\n')
	switch {
	case err == io.EOF:
		return false, nil
	case err != nil:
		return false, err
	}
	line, ok := readJournalLine(raw)
	if !ok {
		return false, fmt.Errorf("%w: a sorted part of it cannot be read", bucket.ErrManifest)
	}
	p.line = line
	return true, nil
}

// parts is a heap.
type parts []*part

func (p parts) Len() int      { return len(p) }
func (p parts) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p parts) Less(i, j int) bool {
	if c := bucket.ComparePaths(p[i].line.Key, p[j].line.Key); c != 0 {
		return c < 0
	}
	return p[i].age < p[j].age
}
func (p *parts) Push(x any) { *p = append(*p, x.(*part)) }
func (p *parts) Pop() any {
	old := *p
	last := old[len(old)-1]
	*p = old[:len(old)-1]
	return last
}
