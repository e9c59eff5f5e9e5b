package bucket

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode"
)

// The manifest of a copy says what was copied: JSON Lines with a head, an
// entry for each file in the order of ComparePaths, and an end that counts
// them. docs/validate.md describes it.
const (
	// ManifestFile is its name, at the top of the copy.
	ManifestFile = "manifest.jsonl"
	// UnfinishedManifest is there while a copy is not complete.
	UnfinishedManifest = "manifest-unfinished.jsonl"

	ManifestVersion = 1
	ManifestKind    = "trailctl-evidence"
)

// ManifestHead is the first line.
type ManifestHead struct {
	Version int           `json:"version"`
	Kind    string        `json:"kind"`
	Runs    []ManifestRun `json:"runs"`
}

// ManifestRun is one run of the program that added to the copy.
type ManifestRun struct {
	Started time.Time `json:"started"`
	Program string    `json:"program"`
	// Account and Caller are the identity that fetched, as STS tells it.
	Account      string `json:"account"`
	Caller       string `json:"caller"`
	Bucket       string `json:"bucket"`
	BucketRegion string `json:"bucketRegion,omitempty"`
}

// What an entry is about; empty for an object of the bucket.
const (
	ManifestMetadata = "metadata"    // the user metadata of the object beside it
	ManifestKeys     = "public-keys" // the saved public keys
)

// ManifestEntry is one file. Key is its path below the copy, and for objects
// their key in the bucket.
type ManifestEntry struct {
	Key       string    `json:"key"`
	Kind      string    `json:"kind,omitempty"`
	Size      int64     `json:"size"`   // bytes as stored
	SHA256    string    `json:"sha256"` // of those, in lower hex
	ETag      string    `json:"etag,omitempty"`
	VersionID string    `json:"versionId,omitempty"`
	Modified  time.Time `json:"lastModified,omitzero"` // when S3 took it
	// Fetched is when it came from the bucket. Without it the file was in the
	// folder before, where the run hashed it at Hashed; ETag is then that of the
	// bucket's listing.
	Fetched time.Time `json:"fetched,omitzero"`
	Hashed  time.Time `json:"hashed,omitzero"`
	Run     int       `json:"run"` // index in the head's runs
}

// ManifestEnd is the last line.
type ManifestEnd struct {
	End   bool  `json:"end"`
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// ErrManifest says that a manifest is damaged or of another version.
var ErrManifest = errors.New("not a whole manifest")

// Bounds of lines in bytes. A key has 1,024 at most, and each may be written
// with six; a head has a few hundred for each run.
const (
	maxManifestLine = 32 << 10
	maxManifestHead = 16 << 20
)

// ComparePaths compares two paths in the order in which folders are walked:
// name by name.
func ComparePaths(a, b string) int {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x == '/' {
			x = 0
		}
		if y == '/' {
			y = 0
		}
		return int(x) - int(y)
	}
	return len(a) - len(b)
}

// check tells what is wrong with an entry, as one that nobody may trust.
func (e ManifestEntry) check(runs int) error {
	raw, err := hex.DecodeString(e.SHA256)
	switch {
	case !fs.ValidPath(e.Key) || e.Key == "." || strings.Contains(e.Key, `\`) || strings.IndexFunc(e.Key, unicode.IsControl) >= 0:
		return fmt.Errorf("the key %q is no path in a folder", e.Key)
	case e.Kind != "" && e.Kind != ManifestMetadata && e.Kind != ManifestKeys:
		return fmt.Errorf("%q is no kind of file", e.Kind)
	case e.Size < 0:
		return fmt.Errorf("a size of %d", e.Size)
	case err != nil || len(raw) != 32:
		return fmt.Errorf("%q is no SHA-256", e.SHA256)
	case e.Run < 0 || e.Run >= runs:
		return fmt.Errorf("there is no run %d", e.Run)
	}
	return nil
}

// ManifestReader reads a manifest line by line, and trusts nothing in it.
type ManifestReader struct {
	Head ManifestHead

	in    *bufio.Reader
	line  int
	last  string
	files int
	bytes int64
	err   error
}

// ReadManifest reads the head.
func ReadManifest(r io.Reader) (*ManifestReader, error) {
	m := &ManifestReader{in: bufio.NewReaderSize(r, maxManifestLine)}
	line, err := m.next(maxManifestHead)
	if err == io.EOF {
		return nil, fmt.Errorf("%w: it is empty", ErrManifest)
	}
	if err != nil {
		return nil, err
	}
	switch err := json.Unmarshal(line, &m.Head); {
	case err != nil:
		return nil, m.bad(err)
	case m.Head.Kind != ManifestKind:
		return nil, m.bad(fmt.Errorf("it is of the kind %q", m.Head.Kind))
	case m.Head.Version != ManifestVersion:
		return nil, m.bad(fmt.Errorf("its version is %d, and %d can be read", m.Head.Version, ManifestVersion))
	}
	return m, nil
}

// Next returns the next entry, and io.EOF after the end that a whole manifest
// has. Any other error is ErrManifest, or one of reading.
func (m *ManifestReader) Next() (ManifestEntry, error) {
	if m.err != nil {
		return ManifestEntry{}, m.err
	}
	e, err := m.entry()
	if err != nil {
		m.err = err
	}
	return e, err
}

func (m *ManifestReader) entry() (ManifestEntry, error) {
	line, err := m.next(maxManifestLine)
	if err == io.EOF {
		return ManifestEntry{}, fmt.Errorf("%w: its end is missing", ErrManifest)
	}
	if err != nil {
		return ManifestEntry{}, err
	}
	var both struct {
		ManifestEntry
		ManifestEnd
	}
	if err := json.Unmarshal(line, &both); err != nil {
		return ManifestEntry{}, m.bad(err)
	}
	if both.End {
		return ManifestEntry{}, m.finish(both.ManifestEnd)
	}
	e := both.ManifestEntry
	if err := e.check(len(m.Head.Runs)); err != nil {
		return ManifestEntry{}, m.bad(err)
	}
	switch order := ComparePaths(m.last, e.Key); {
	case m.last == "" || order < 0:
	case order == 0:
		return ManifestEntry{}, m.bad(fmt.Errorf("the key %q is there twice", e.Key))
	default:
		return ManifestEntry{}, m.bad(fmt.Errorf("the key %q is out of order", e.Key))
	}
	m.last, m.files, m.bytes = e.Key, m.files+1, m.bytes+e.Size
	return e, nil
}

func (m *ManifestReader) finish(end ManifestEnd) error {
	if end.Files != m.files || end.Bytes != m.bytes {
		return m.bad(fmt.Errorf("it has %d files of %d bytes, and its end says %d of %d", m.files, m.bytes, end.Files, end.Bytes))
	}
	switch _, err := m.in.ReadByte(); err {
	case nil:
		return m.bad(errors.New("something follows its end"))
	default:
		return err // io.EOF when all is well
	}
}

// next is the next line, without its end. A line that is torn has none.
func (m *ManifestReader) next(limit int) ([]byte, error) {
	m.line++
	var long []byte
	for {
		part, err := m.in.ReadSlice('\n')
		switch {
		case len(long)+len(part) > limit:
			return nil, m.bad(fmt.Errorf("a line of more than %d bytes", limit))
		case err == bufio.ErrBufferFull:
			long = append(long, part...)
			continue
		case err == io.EOF && len(long)+len(part) > 0:
			return nil, m.bad(errors.New("the line is torn"))
		case err != nil:
			return nil, err
		case long == nil:
			return bytes.TrimSuffix(part, []byte("\n")), nil
		}
		return bytes.TrimSuffix(append(long, part...), []byte("\n")), nil
	}
}

func (m *ManifestReader) bad(err error) error {
	return fmt.Errorf("%w: line %d: %w", ErrManifest, m.line, err)
}

// Files and Bytes are what was read so far.
func (m *ManifestReader) Files() int   { return m.files }
func (m *ManifestReader) Bytes() int64 { return m.bytes }
