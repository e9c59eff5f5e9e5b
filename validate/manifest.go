package validate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"

	"trailctl/bucket"
)

// Manifest names a copy's manifest, which is compared with the copy before
// anything else is checked.
type Manifest struct {
	// Dir is the folder in which bucket.ManifestFile lies. One that has none
	// is right, unless SHA256 is set.
	Dir string
	// SHA256 of the manifest in hex, as it was noted when it was made; empty
	// when nobody knows.
	SHA256 string
}

// ManifestReport is what became of the files of a manifest.
type ManifestReport struct {
	File      string `json:"file"`
	SHA256    string `json:"sha256"`
	Expected  string `json:"expectedSha256,omitempty"`
	Files     int    `json:"files"`
	Bytes     int64  `json:"bytes"`
	Matching  int    `json:"matching"`
	Missing   int    `json:"missing"`
	Changed   int    `json:"changed"`
	Added     int    `json:"added"` // below AWSLogs, and not in the manifest
	Unchecked int    `json:"unchecked"`

	Runs []bucket.ManifestRun `json:"runs"`
}

// Findings about a copy's manifest and the files that it lists.
const (
	CodeManifest           Code = "manifest"
	CodeManifestMissing    Code = "manifest-missing"
	CodeManifestDamaged    Code = "manifest-damaged"
	CodeManifestSeal       Code = "manifest-seal"
	CodeManifestUnfinished Code = "manifest-unfinished"
	CodeEvidenceMissing    Code = "evidence-missing"
	CodeEvidenceChanged    Code = "evidence-changed"
	CodeEvidenceAdded      Code = "evidence-added"

	SubjectManifest Subject = "manifest"
	SubjectFile     Subject = "file" // one that is neither log file nor digest file
	SubjectCopy     Subject = "copy" // the whole of it
)

// manifestCheck is a comparison on its way.
type manifestCheck struct {
	*check
	root   *os.Root
	folder *bucket.Folder

	mu     sync.Mutex
	report ManifestReport
}

// checkManifest compares the manifest with the copy.
func (c *check) checkManifest(ctx context.Context) {
	if c.Manifest == nil {
		return
	}
	m := &manifestCheck{check: c, report: ManifestReport{
		File: path.Join(c.Manifest.Dir, bucket.ManifestFile), Expected: strings.ToLower(c.Manifest.SHA256), Runs: []bucket.ManifestRun{},
	}}
	err := m.open()
	if err == nil {
		defer m.root.Close()
		defer m.folder.Close()
		err = m.run(ctx)
	}
	if err != nil && ctx.Err() == nil {
		m.about(SeverityUnchecked, CodeUnreadable, "could not check: "+reason(err), err.Error())
	}
}

func (m *manifestCheck) open() (err error) {
	if m.root, err = os.OpenRoot(m.Manifest.Dir); err != nil {
		return err
	}
	if m.folder, err = bucket.OpenFolder(m.Manifest.Dir); err != nil {
		m.root.Close()
	}
	return err
}

// about makes a finding about the manifest itself.
func (m *manifestCheck) about(s Severity, c Code, message, detail string) {
	m.problem(Finding{Severity: s, Code: c, Subject: SubjectManifest, URI: m.report.File, Message: message, Detail: detail})
}

func (m *manifestCheck) run(ctx context.Context) error {
	if _, err := m.root.Lstat(bucket.UnfinishedManifest); err == nil {
		m.about(SeverityWarning, CodeManifestUnfinished, "a download with --evidence is not complete: "+bucket.UnfinishedManifest+" is there",
			"run it again to complete the copy and its manifest")
	}
	info, err := m.root.Lstat(bucket.ManifestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && m.report.Expected == "":
		return nil
	case errors.Is(err, fs.ErrNotExist):
		m.about(SeverityMissing, CodeManifestMissing, "INVALID: not found: the folder has no manifest", "")
		return nil
	case err != nil:
		return err
	}
	m.outcome = &m.report
	if !info.Mode().IsRegular() {
		m.about(SeverityInvalid, CodeManifestDamaged, "INVALID: invalid format", "the manifest is not a regular file")
		return nil
	}
	file, err := m.root.Open(bucket.ManifestFile)
	if err != nil {
		return err
	}
	defer file.Close()
	seal := sha256.New()
	text := io.TeeReader(file, seal)
	damage := m.compare(ctx, text)
	if ctx.Err() != nil {
		return nil
	}
	if damage != nil && !errors.Is(damage, bucket.ErrManifest) {
		return damage
	}
	if _, err := io.Copy(io.Discard, text); err != nil {
		return err
	}
	m.report.SHA256 = hex.EncodeToString(seal.Sum(nil))
	m.conclude(damage)
	return nil
}

// conclude tells what all of it comes to.
func (m *manifestCheck) conclude(damage error) {
	r := &m.report
	if r.Expected != "" && r.Expected != r.SHA256 {
		m.about(SeverityInvalid, CodeManifestSeal, "INVALID: the manifest is not the one that was noted",
			fmt.Sprintf("its SHA-256 is %s, and %s was given; %s", r.SHA256, r.Expected, runsText(r.Runs)))
	}
	if damage != nil {
		m.about(SeverityInvalid, CodeManifestDamaged, "INVALID: invalid format", damage.Error())
		return
	}
	if r.Missing+r.Changed+r.Added+r.Unchecked > 0 || r.Expected != "" && r.Expected != r.SHA256 {
		return
	}
	detail := "its SHA-256 is " + r.SHA256 + ", the one that was given"
	if r.Expected == "" {
		detail = "its SHA-256 is " + r.SHA256 + "; compare it with the one that was noted, or give that with --manifest-sha256"
	}
	m.about(SeverityNotice, CodeManifest, fmt.Sprintf("the folder is as the manifest says: %d files", r.Files), detail)
}

// runsText tells of the runs of a manifest: one that brought something new after
// the seal was noted has made another manifest.
func runsText(runs []bucket.ManifestRun) string {
	switch n := len(runs); n {
	case 0:
		return "it records no run"
	case 1:
		return "it records 1 run, of " + stamp(runs[0].Started)
	default:
		return fmt.Sprintf("it records %d runs, the last of %s", n, stamp(runs[n-1].Started))
	}
}

// evidence is a file to compare.
type evidence struct {
	bucket.ManifestEntry
	trouble error // errIrregular when it is no file
}

// compare goes along the manifest and the folder, which have the same order.
func (m *manifestCheck) compare(ctx context.Context, text io.Reader) error {
	manifest, err := bucket.ReadManifest(text)
	if err != nil {
		return err
	}
	m.report.Runs = manifest.Head.Runs
	workers := max(2, runtime.NumCPU())
	todo := make(chan evidence, workers)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			buf := make([]byte, 64<<10)
			for e := range todo {
				m.judge(ctx, e, buf)
			}
		})
	}
	defer working.Wait()
	defer close(todo)
	there, stop := iter.Pull2(belowLogs(ctx, m.root))
	defer stop()
	name, trouble, more := there()
	for {
		e, err := manifest.Next()
		if err != nil && err != io.EOF || ctx.Err() != nil {
			return err
		}
		for more && (err == io.EOF || bucket.ComparePaths(name, e.Key) < 0) {
			if trouble != nil && trouble != errIrregular {
				return trouble
			}
			m.added(name)
			name, trouble, more = there()
		}
		if err == io.EOF {
			return nil
		}
		m.report.Files, m.report.Bytes = manifest.Files(), manifest.Bytes()
		job := evidence{e, nil}
		if more && name == e.Key {
			job.trouble = trouble
			name, trouble, more = there()
		}
		select {
		case todo <- job:
		case <-ctx.Done():
			return nil
		}
	}
}

// belowLogs yields what is no folder below AWSLogs folders, with errIrregular
// what is no regular file either. It ends after any other error.
func belowLogs(ctx context.Context, root *os.Root) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case err != nil:
				return err
			case d.IsDir(), !strings.HasPrefix(p, "AWSLogs/") && !strings.Contains(p, "/AWSLogs/"):
				return nil
			case d.Type().IsRegular():
				err = nil
			default:
				err = errIrregular
			}
			if !yield(p, err) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", err) // before every key
		}
	}
}

// litter tells the files that systems leave in folders that somebody looked
// into.
func litter(name string) bool {
	switch strings.ToLower(path.Base(name)) {
	case ".ds_store", "thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasPrefix(path.Base(name), "._")
}

func (m *manifestCheck) added(name string) {
	m.mu.Lock()
	m.report.Added++
	m.mu.Unlock()
	f := m.finding(name, SeverityInvalid, CodeEvidenceAdded, "INVALID: the manifest does not list it")
	if litter(name) {
		f.Severity, f.Message = SeverityWarning, "the manifest does not list it; systems leave such files behind"
	}
	m.problem(f)
}

// finding is one about a file.
func (m *manifestCheck) finding(name string, s Severity, c Code, message string) Finding {
	f := Finding{Severity: s, Code: c, Subject: SubjectFile, URI: m.folder.URI(name), Message: message}
	if k, ok := bucket.ParseKey(name); ok {
		f.Account, f.Region, f.Trail = k.Account, k.Region, k.Trail
		f.Backfill = k.Kind == bucket.BackfillDigest
		if f.Subject = SubjectLogFile; k.Kind == bucket.Digest || k.Kind == bucket.BackfillDigest {
			f.Subject = SubjectDigest
		}
	}
	return f
}

// judge compares one file.
func (m *manifestCheck) judge(ctx context.Context, e evidence, buf []byte) {
	if ctx.Err() != nil {
		return
	}
	size, sum, err := int64(0), "", e.trouble
	if err == nil {
		size, sum, err = m.sum(ctx, e.ManifestEntry, buf)
	}
	if ctx.Err() != nil {
		return
	}
	f := m.finding(e.Key, SeverityInvalid, CodeEvidenceChanged, "INVALID: not the file of the manifest")
	count := &m.report.Changed
	switch {
	case err == nil && size == e.Size && strings.EqualFold(sum, e.SHA256):
		m.count(&m.report.Matching)
		return
	case err == nil && size != e.Size:
		f.Detail = fmt.Sprintf("it has %d bytes, and the manifest says %d", size, e.Size)
	case err == nil:
		f.Detail = "its SHA-256 is another"
	case errors.Is(err, bucket.ErrNotFound):
		count = &m.report.Missing
		f.Severity, f.Code, f.Message = SeverityMissing, CodeEvidenceMissing, "INVALID: not found, and the manifest lists it"
	case errors.Is(err, errIrregular):
		f.Detail = err.Error()
	default:
		count = &m.report.Unchecked
		f.Severity, f.Code, f.Message, f.Detail = SeverityUnchecked, CodeUnreadable, "could not check: "+reason(err), err.Error()
	}
	m.count(count)
	m.problem(f)
}

func (m *manifestCheck) count(n *int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*n++
}

var errIrregular = errors.New("it is a link or another thing that is not a regular file")

// sum hashes a file of the right size.
func (m *manifestCheck) sum(ctx context.Context, e bucket.ManifestEntry, buf []byte) (size int64, sum string, err error) {
	body, err := m.folder.Get(ctx, e.Key)
	if err != nil {
		return 0, "", m.irregular(e.Key, err)
	}
	defer body.Close()
	switch {
	case body.Size != e.Size:
		return body.Size, "", nil
	case body.Size > m.MaxLogFile:
		return 0, "", errTooLarge
	}
	h := sha256.New()
	for ctx.Err() == nil {
		n, err := body.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, "", err
		}
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}

// irregular tells what is no file from one that cannot be read.
func (m *manifestCheck) irregular(key string, err error) error {
	info, e := m.root.Lstat(key)
	if e == nil && !info.Mode().IsRegular() {
		return errIrregular
	}
	if errors.Is(e, fs.ErrNotExist) {
		return bucket.ErrNotFound
	}
	return err
}
