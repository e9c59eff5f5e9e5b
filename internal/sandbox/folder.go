package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trailctl/internal/sandbox/clock"
)

// Names in the folder of a sandbox. The marker tells that a sandbox made the
// folder; it is written beside and renamed.
const (
	markerName    = "trailctl-sandbox.json"
	newMarkerName = markerName + ".new"

	s3Folder            = "s3"
	trailFolder         = "cloudtrail"
	snsFolder           = "sns"
	sqsFolder           = "sqs"
	logsFolder          = "logs"
	cloudwatchFolder    = "cloudwatch"
	iamFolder           = "iam"
	kmsFolder           = "kms"
	organizationsFolder = "organizations"
)

// stateFolders lists the folders of the services.
func stateFolders() []string {
	return []string{
		s3Folder, trailFolder, snsFolder, sqsFolder, logsFolder, cloudwatchFolder, iamFolder, kmsFolder, organizationsFolder,
	}
}

const folderVersion = 1

// marker is what the marker file holds. The time keeps the clock from running
// backwards over a restart after Advance.
type marker struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"`
	origin
}

// origin is the AWS whose state a folder keeps. Folders of earlier versions do
// not tell it.
type origin struct {
	Account  string `json:"account,omitempty"`
	Upstream *bool  `json:"upstream,omitempty"` // whether another AWS stood behind; its address may change
}

func (s *Sandbox) origin() origin {
	behind := s.options.Upstream != nil
	return origin{s.options.Account, &behind}
}

// InUseError tells that another sandbox that runs keeps its state in a folder.
type InUseError struct{ Folder string }

func (e *InUseError) Error() string {
	return fmt.Sprintf("the folder %s is in use by another sandbox", e.Folder)
}

// UnfitError tells that a folder keeps the state of another AWS: its trails
// would deliver into buckets that are not there.
type UnfitError struct {
	Folder      string
	Kept, Asked AWS
}

// AWS is the AWS of a sandbox's folder.
type AWS struct {
	Account  string // twelve digits
	Upstream bool   // it stands behind the sandbox
}

func (a AWS) String() string {
	if a.Upstream {
		return "of account " + a.Account + " before an upstream"
	}
	return "of account " + a.Account + " without an upstream"
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("the folder %s keeps a sandbox %s, and this one is %s", e.Folder, e.Kept, e.Asked)
}

// fits checks that the folder's state is of the AWS of this start.
func (m marker) fits(folder string, asked origin) error {
	if m.Upstream == nil || m.Account == asked.Account && *m.Upstream == *asked.Upstream {
		return nil
	}
	return &UnfitError{folder, AWS{m.Account, *m.Upstream}, AWS{asked.Account, *asked.Upstream}}
}

// openFolder takes up the folder for the state, or marks a new or an empty
// one, and moves the clock on to where it stood when the state was saved. It
// refuses every other folder: what is stored there could be lost.
func (s *Sandbox) openFolder() error {
	dir := s.options.Dir
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the sandbox's folder: %w", err)
	}
	if err := s.enterFolder(); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("reading the sandbox's folder: %w", err)
	}
	var others []string
	for _, e := range entries {
		switch e.Name() {
		case markerName:
			return s.resumeFolder()
		case newMarkerName: // left by a start that was cut off
		default:
			others = append(others, e.Name())
		}
	}
	if len(others) > 0 {
		return fmt.Errorf("the folder %s is not a sandbox's: it holds %s and no %s; name a new or an empty folder", dir, some(others), markerName)
	}
	return s.saveTime()
}

// enterFolder locks the folder itself, which needs no file in it, until
// leaveFolder or until the process ends, however that ends.
func (s *Sandbox) enterFolder() error {
	f, err := os.Open(s.options.Dir)
	if err != nil {
		return fmt.Errorf("opening the sandbox's folder: %w", err)
	}
	if !hold(f) {
		f.Close()
		return &InUseError{s.options.Dir}
	}
	s.folder = f
	return nil
}

func (s *Sandbox) leaveFolder() {
	if s.folder != nil {
		s.folder.Close()
	}
}

// some lists the first few names for an error.
func some(names []string) string {
	const most = 3
	list := fmt.Sprintf("%q", names[:min(len(names), most)])
	list = strings.Trim(list, "[]")
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list
}

func (s *Sandbox) resumeFolder() error {
	for _, name := range stateFolders() {
		info, err := os.Lstat(filepath.Join(s.options.Dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return fmt.Errorf("opening the sandbox's folder: %w", err)
		case !info.IsDir(): // a link would lead elsewhere
			return fmt.Errorf("opening the sandbox's folder %s: %s is not a folder: a sandbox leaves no links there", s.options.Dir, name)
		}
	}
	saved, err := readMarker(filepath.Join(s.options.Dir, markerName))
	if err != nil {
		return fmt.Errorf("opening the sandbox's folder: %w", err)
	}
	if err := saved.fits(s.options.Dir, s.origin()); err != nil {
		return err
	}
	if mover, ok := s.options.Clock.(clock.Mover); ok && saved.Time.After(s.Now()) {
		mover.Advance(saved.Time.Sub(s.Now()))
	}
	return nil
}

func readMarker(name string) (marker, error) {
	var m marker
	info, err := os.Lstat(name)
	if err != nil {
		return m, err
	}
	if !info.Mode().IsRegular() {
		return m, fmt.Errorf("%s is not a regular file", name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	if m.Version != folderVersion {
		return m, fmt.Errorf("%s: version %d is not known", name, m.Version)
	}
	return m, nil
}

// saveTime writes the marker.
func (s *Sandbox) saveTime() error {
	if s.options.Dir == "" {
		return nil
	}
	text, err := json.Marshal(marker{folderVersion, s.Now(), s.origin()})
	if err == nil {
		err = replaceFile(s.options.Dir, newMarkerName, markerName, text)
	}
	if err != nil {
		return fmt.Errorf("saving the sandbox's time: %w", err)
	}
	return nil
}

// replaceFile writes a file under a passing name and renames it. A link of
// either name is replaced, never followed.
func replaceFile(dir, passing, name string, text []byte) error {
	passing = filepath.Join(dir, passing)
	if err := os.Remove(passing); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(passing, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(passing, filepath.Join(dir, name))
}
