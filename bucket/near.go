package bucket

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
)

// near holds the folders that were read from last. Files of one folder are
// read one after the other, and opening each by its whole way down from the
// top would cost more than reading it.
type near struct {
	mu    sync.Mutex
	names [nearFolders]string
	roots [nearFolders]*os.Root
	next  int // the one to be replaced
}

const nearFolders = 16

// folder returns a folder below root. It may be closed at any time, when
// others are asked for: then the file has to be opened from the top.
func (n *near) folder(root *os.Root, name string) (*os.Root, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, r := range n.roots {
		if r != nil && n.names[i] == name {
			return r, nil
		}
	}
	r, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if old := n.roots[n.next]; old != nil {
		old.Close()
	}
	n.names[n.next], n.roots[n.next] = name, r
	n.next = (n.next + 1) % nearFolders
	return r, nil
}

func (n *near) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, r := range n.roots {
		if r != nil {
			r.Close()
			n.roots[i] = nil
		}
	}
}

var errNotRegular = errors.New("not a regular file")

// regular opens a file. A pipe or a device is refused before it is opened:
// opening one may never end.
func (f *Folder) regular(name string) (*os.File, fs.FileInfo, error) {
	if dir, base := path.Split(name); dir != "" {
		if root, err := f.near.folder(f.root, dir); err == nil {
			file, info, err := open(root, base)
			if err == nil || errors.Is(err, errNotRegular) {
				return file, info, err
			}
		}
	}
	// Also for links that lead out of their folder, but not out of the top.
	file, info, err := open(f.root, name)
	return file, info, localError(err)
}

func open(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	// Without it, os would try to have the runtime wait for the file, and undo
	// that: five calls of the system for nothing.
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return file, info, err
}
