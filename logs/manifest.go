package logs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"trailctl/bucket"
)

// unfinishedSeal is the manifest until it is whole.
const unfinishedSeal = partial + "-manifest"

// Evidence keeps the manifest of a download: an entry for each file, appended
// to bucket.UnfinishedManifest as files arrive, and made into
// bucket.ManifestFile by Seal. A run that was killed is taken up by the next
// one: what it entered stands, and files that are there are hashed anew.
type Evidence struct {
	Run bucket.ManifestRun
	Now func() time.Time

	file *os.File
	run  int // the index of Run
	// FromDisk counts the entries of this run that were hashed from the folder
	// and not fetched.
	FromDisk int
	err      error // the first of writing
}

// ErrOtherBucket says that a folder's manifest is of another bucket.
var ErrOtherBucket = errors.New("the folder's manifest is of another bucket")

// open goes on with the manifest of earlier runs, or begins one.
func (e *Evidence) open(root *os.Root) error {
	e.FromDisk, e.err = 0, nil
	_, err := root.Lstat(bucket.UnfinishedManifest)
	if errors.Is(err, fs.ErrNotExist) {
		err = reopen(root)
	}
	if err != nil {
		return err
	}
	e.file, err = root.OpenFile(bucket.UnfinishedManifest, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	e.run = 0
	torn := false
	for line, whole := range journal(e.file, &err) {
		torn = !whole
		if line.head == nil {
			continue
		}
		if before := line.head.Runs[0].Bucket; before != e.Run.Bucket {
			e.file.Close()
			return fmt.Errorf("%w: %s", ErrOtherBucket, before)
		}
		e.run++
	}
	if err == nil && torn { // a killed run's last line
		_, err = e.file.WriteString("\n")
	}
	if err == nil {
		err = e.append(bucket.ManifestHead{Version: bucket.ManifestVersion, Kind: bucket.ManifestKind, Runs: []bucket.ManifestRun{e.Run}})
	}
	if err != nil {
		e.file.Close()
	}
	return err
}

// reopen begins the unfinished manifest with what a sealed one holds, if there
// is one.
func reopen(root *os.Root) error {
	sealed, err := root.Open(bucket.ManifestFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer sealed.Close()
	err = createFile(root, unfinishedSeal, true, func(file io.Writer) error {
		m, err := bucket.ReadManifest(sealed)
		if err != nil {
			return err
		}
		to := bufio.NewWriter(file)
		for _, run := range m.Head.Runs {
			writeLine(to, bucket.ManifestHead{Version: bucket.ManifestVersion, Kind: bucket.ManifestKind, Runs: []bucket.ManifestRun{run}})
		}
		for {
			entry, err := m.Next()
			switch {
			case err == io.EOF:
				return to.Flush()
			case err != nil:
				return err
			}
			writeLine(to, entry)
		}
	})
	if err != nil {
		_ = root.Remove(unfinishedSeal)
		return fmt.Errorf("%s is there and cannot be read: %w", bucket.ManifestFile, err)
	}
	return root.Rename(unfinishedSeal, bucket.UnfinishedManifest)
}

// writeLine writes a value as one line. A bufio.Writer keeps its error.
func writeLine(to io.Writer, v any) error {
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// append writes a line in one go.
func (e *Evidence) append(v any) error {
	var line bytes.Buffer
	if err := writeLine(&line, v); err != nil {
		return err
	}
	_, err := e.file.Write(line.Bytes())
	return err
}

// enter notes files. It is called by one goroutine at a time.
func (e *Evidence) enter(entries []bucket.ManifestEntry) {
	for _, entry := range entries {
		entry.Run = e.run
		if entry.Fetched.IsZero() {
			e.FromDisk++
		}
		if err := e.append(entry); err != nil && e.err == nil {
			e.err = fmt.Errorf("writing the manifest: %w", err)
		}
	}
}

func (e *Evidence) close(sync bool) error {
	err := e.err
	if err == nil && sync {
		err = e.file.Sync()
	}
	return errors.Join(err, e.file.Close())
}

// journalLine is one line of an unfinished manifest: a run begins, or a file.
type journalLine struct {
	raw  []byte // valid until the next one
	head *bucket.ManifestHead
	bucket.ManifestEntry
}

// journal yields the lines that can be read. A run that was killed leaves one
// that is torn; it stands for nothing.
func journal(file io.ReadSeeker, failed *error) func(func(journalLine, bool) bool) {
	return func(yield func(journalLine, bool) bool) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			*failed = err
			return
		}
		in := bufio.NewReaderSize(file, 64<<10)
		for {
			raw, err := in.ReadBytes('\n')
			whole := err == nil
			if err != nil && err != io.EOF {
				*failed = err
				return
			}
			if len(raw) > 0 {
				line, ok := readJournalLine(raw)
				if !ok {
					line = journalLine{}
				}
				if !yield(line, whole) {
					return
				}
			}
			if !whole {
				return
			}
		}
	}
}

func readJournalLine(raw []byte) (journalLine, bool) {
	l := journalLine{raw: raw}
	if json.Unmarshal(raw, &l.ManifestEntry) != nil {
		return l, false
	}
	if l.Kind == bucket.ManifestKind {
		l.head = &bucket.ManifestHead{}
		err := json.Unmarshal(raw, l.head)
		return l, err == nil && l.head.Version == bucket.ManifestVersion && len(l.head.Runs) == 1
	}
	return l, fs.ValidPath(l.Key) && l.Key != "." && len(l.SHA256) == 2*sha256.Size
}

// maxTag is the longest version ID of S3; what is longer is none.
const maxTag = 1024

func tag(s string) string {
	if len(s) > maxTag {
		return ""
	}
	return s
}

// enterFetched notes an object that came from the bucket.
func (w *fetcher) enterFetched(at *folder, name string, f Found, body *bucket.Body) error {
	if w.Evidence == nil {
		return nil
	}
	now := w.Evidence.Now()
	w.entries = append(w.entries, bucket.ManifestEntry{
		Key: f.Object.Key, Size: f.Object.Size, SHA256: hex.EncodeToString(w.sum.Sum(nil)),
		ETag: tag(body.ETag), VersionID: tag(body.VersionID), Modified: f.Object.Modified.UTC(), Fetched: now,
	})
	return w.enterMetadata(at, name, f, bucket.ManifestEntry{Fetched: now})
}

// enterPresent notes an object that was in the folder before.
func (w *fetcher) enterPresent(at *folder, name string, f Found) error {
	if w.Evidence == nil {
		return nil
	}
	entry := bucket.ManifestEntry{Key: f.Object.Key, ETag: tag(f.Object.ETag), Modified: f.Object.Modified.UTC(), Hashed: w.Evidence.Now()}
	if err := w.enterFile(at.root, name, entry); err != nil {
		return err
	}
	return w.enterMetadata(at, name, f, bucket.ManifestEntry{Hashed: entry.Hashed})
}

func (w *fetcher) enterMetadata(at *folder, name string, f Found, entry bucket.ManifestEntry) error {
	if !isDigest(f) {
		return nil
	}
	entry.Key, entry.Kind = f.Object.Key+bucket.MetadataSuffix, bucket.ManifestMetadata
	return w.enterFile(at.root, name+bucket.MetadataSuffix, entry)
}

// enterFile hashes a file for its entry.
func (w *fetcher) enterFile(root *os.Root, name string, entry bucket.ManifestEntry) error {
	var err error
	entry.Size, entry.SHA256, err = hashFile(root, name)
	w.entries = append(w.entries, entry)
	return err
}

func hashFile(root *os.Root, name string) (size int64, sum string, err error) {
	file, err := root.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	h := sha256.New()
	size, err = io.Copy(h, file)
	return size, hex.EncodeToString(h.Sum(nil)), err
}

// hashing is what receives an object's bytes beside its file.
func (w *fetcher) hashing(file io.Writer) io.Writer {
	if w.Evidence == nil {
		return file
	}
	if w.sum == nil {
		w.sum = sha256.New()
	}
	w.sum.Reset()
	return both{file, w.sum}
}

// both is io.MultiWriter for a hash, which does not fail.
type both struct {
	io.Writer
	sum hash.Hash
}

func (b both) Write(p []byte) (int, error) {
	b.sum.Write(p)
	return b.Writer.Write(p)
}

// Sealed is a manifest that is whole. Whoever keeps its SHA-256 elsewhere can
// tell later whether anything in the folder was changed.
type Sealed struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	// FromDisk counts the files of the last run that were in the folder before,
	// and hashed there.
	FromDisk int `json:"hashedFromDisk"`
	// Unchanged tells that nothing new came: the manifest that was there is left
	// byte for byte, so that a SHA-256 that was noted still fits.
	Unchanged bool `json:"unchanged"`
	// Replaced is the SHA-256 of the manifest that this one takes the place of.
	Replaced string `json:"replacedSha256,omitempty"`
}

// NotSealedError says why a manifest cannot be sealed: the folder does not hold
// what was entered. The files are named as far as there are not too many.
type NotSealedError struct {
	What  string
	Files []string
	Count int
}

func (e *NotSealedError) Error() string {
	more := ""
	if n := e.Count - len(e.Files); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return e.What + ": " + strings.Join(e.Files, ", ") + more
}

// Seal makes the manifest whole: sorted, each file once, and compared with the
// files that are in the folder. The folder's public keys are entered, too. One
// that is there is replaced only when something new came.
func (e *Evidence) Seal(ctx context.Context, dest string) (Sealed, error) {
	root, err := os.OpenRoot(dest)
	if err != nil {
		return Sealed{}, err
	}
	defer root.Close()
	release, _, err := lock(root)
	if err != nil {
		return Sealed{}, err
	}
	defer release()
	e.file, err = root.OpenFile(bucket.UnfinishedManifest, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return Sealed{}, err
	}
	defer e.file.Close()
	if err := e.enterKeys(root); err != nil {
		return Sealed{}, err
	}
	s := &sealing{ctx: ctx, root: root, result: Sealed{File: path.Clean(dest) + "/" + bucket.ManifestFile, FromDisk: e.FromDisk}}
	defer s.clear()
	if err := s.seal(e.file); err != nil {
		return Sealed{}, err
	}
	return s.result, root.Remove(bucket.UnfinishedManifest)
}

func (e *Evidence) enterKeys(root *os.Root) error {
	size, sum, err := hashFile(root, KeysFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return e.append(bucket.ManifestEntry{Key: KeysFile, Kind: bucket.ManifestKeys, Size: size, SHA256: sum, Fetched: e.Now(), Run: e.run})
}
