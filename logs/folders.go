package logs

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
)

// errClash says that two keys would be one file where upper and lower case
// are not told apart. They are kept apart everywhere, so that a copy can be
// moved.
var errClash = errors.New("differ only in upper and lower case, which many file systems do not tell apart")

// S3 can have the keys a and a/b; a folder cannot.
var (
	errNeedsFolder = errors.New("its name is that of a folder, which another key needs")
	errNeedsFile   = errors.New("another key has that name for a file, so it cannot be a folder for this one")
)

// maxOpen bounds how many folders of a copy are kept open.
const maxOpen = 256

// folders are the open folders of a copy. To open one for each file would
// cost more than to write the file: each folder above it is looked at, so
// that no link leads out.
type folders struct {
	top  *os.Root
	seed maphash.Seed
	sync bool // folders reach the disk before they are closed

	mu   sync.Mutex
	open map[string]*folder
	tick int
}

// folder is one of them. Its root keeps what is done in it inside.
type folder struct {
	root  *os.Root
	path  string
	users int
	used  int // the tick at which it was last taken

	opened sync.Once
	err    error

	mu    sync.Mutex
	names map[uint64]taken // of what is there, or was claimed, by folded name
	wrote atomic.Bool

	placing sync.Mutex // held from looking whether a name is free to taking it
}

// taken is a name that a folder has.
type taken struct {
	hash    uint64
	claimed use // in this run
}

// use is what a name is claimed for.
type use int

const (
	unclaimed use = iota
	asFile
	asFolder
)

func openFolders(top *os.Root, sync bool) *folders {
	return &folders{top: top, sync: sync, seed: maphash.MakeSeed(), open: map[string]*folder{}}
}

// take opens a folder, and makes it and those above it when they are not
// there. Give it back with leave.
func (t *folders) take(dir string) (*folder, error) {
	t.mu.Lock()
	f := t.open[dir]
	if f == nil {
		t.evict()
		f = &folder{path: dir}
		t.open[dir] = f
	}
	t.tick++
	f.users, f.used = f.users+1, t.tick
	t.mu.Unlock()
	f.opened.Do(func() { f.err = t.enter(f) })
	if f.err != nil {
		t.leave(f)
		return nil, f.err
	}
	return f, nil
}

// leave gives a folder back.
func (t *folders) leave(f *folder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f.users--
	if f.err != nil && t.open[f.path] == f {
		delete(t.open, f.path) // the next one tries again
	}
}

// evict closes the folder that was not used for the longest time when there
// are too many.
func (t *folders) evict() {
	if len(t.open) < maxOpen {
		return
	}
	var oldest *folder
	for _, f := range t.open {
		if f.users == 0 && (oldest == nil || f.used < oldest.used) {
			oldest = f
		}
	}
	if oldest != nil {
		delete(t.open, oldest.path)
		_ = oldest.close(t.sync) // what could not reach the disk now is told by the last close
	}
}

// close closes all folders.
func (t *folders) close() error {
	var failed []error
	for _, f := range t.open {
		failed = append(failed, f.close(t.sync))
	}
	clear(t.open)
	return errors.Join(failed...)
}

func (f *folder) close(sync bool) error {
	if f.root == nil {
		return nil
	}
	if f.path != "." { // that is the top, which stays open
		defer f.root.Close()
	}
	if !sync || !f.wrote.Load() {
		return nil
	}
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// enter opens a folder below the one above it.
func (t *folders) enter(f *folder) error {
	root, err := t.root(f.path)
	if err != nil {
		return err
	}
	dir, err := root.Open(".")
	if err != nil {
		if f.path != "." {
			root.Close()
		}
		return err
	}
	defer dir.Close()
	f.root, f.names = root, map[uint64]taken{}
	for {
		names, err := dir.Readdirnames(1000)
		for _, name := range names {
			f.names[t.folded(name)] = taken{hash: t.hash(name), claimed: unclaimed}
		}
		if err != nil || len(names) == 0 {
			return nil // the end
		}
	}
}

func (t *folders) root(dir string) (*os.Root, error) {
	if dir == "." {
		return t.top, nil
	}
	above, err := t.take(path.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer t.leave(above)
	name := path.Base(dir)
	if info, err := above.root.Stat(name); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s: %w", dir, errNeedsFile)
	}
	there, _, err := t.claim(above, name, asFolder)
	if err != nil {
		return nil, err
	}
	if !there {
		if err := above.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		above.wrote.Store(true)
	}
	root, err := above.root.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("the folder %s: %w", dir, err)
	}
	return root, nil
}

func (t *folders) hash(name string) uint64 { return maphash.String(t.seed, name) }

// folded is the same for names that differ in case.
func (t *folders) folded(name string) uint64 { return t.hash(strings.ToLower(strings.ToUpper(name))) }

// claim notes what a name of a folder is used for. there tells that it may be
// on the disk already, twice that it was claimed before in this run.
func (t *folders) claim(f *folder, name string, want use) (there, twice bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	folded, hash := t.folded(name), t.hash(name)
	was, there := f.names[folded]
	if there && was.hash != hash {
		return false, false, fmt.Errorf("%s and %s %w", path.Join(f.path, name), f.like(name), errClash)
	}
	switch {
	case was.claimed == unclaimed || was.claimed == want:
	case want == asFile:
		return false, false, errNeedsFolder
	default:
		return false, false, fmt.Errorf("%s: %w", path.Join(f.path, name), errNeedsFile)
	}
	f.names[folded] = taken{hash, want}
	return there, was.claimed != unclaimed, nil
}

// had tells that a folder had a file of that name before this run.
func (t *folders) had(f *folder, name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, there := f.names[t.folded(name)]
	return there && was.hash == t.hash(name) && was.claimed == unclaimed
}

// hasFolder tells that a folder had a folder of that name before this run.
func (t *folders) hasFolder(f *folder, name string) bool {
	if !t.had(f, name) {
		return false
	}
	info, err := f.root.Lstat(name)
	return err == nil && info.IsDir()
}

// like finds the file of a folder whose name differs only in case.
func (f *folder) like(name string) string {
	if dir, err := f.root.Open("."); err == nil {
		defer dir.Close()
		names, _ := dir.Readdirnames(-1)
		for _, other := range names {
			if other != name && strings.EqualFold(other, name) {
				return other
			}
		}
	}
	return "the key of another object"
}

// clearPartial takes away what a killed download has not finished.
func clearPartial(top *os.Root) error {
	return fs.WalkDir(top.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != "." && strings.HasPrefix(d.Name(), partial) && d.IsDir():
			return errors.Join(top.RemoveAll(p), fs.SkipDir)
		case strings.HasPrefix(d.Name(), partial):
			return top.Remove(p)
		}
		return nil
	})
}
