package logs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// ErrBusy says that another download is copying into the folder.
var ErrBusy = errors.New("another download is copying into this folder")

// lock makes LockFile and holds it, so that no two downloads take each other's
// unfinished files away. stale tells that an earlier download was killed.
func lock(root *os.Root) (release func(), stale bool, err error) {
	for {
		_, err := root.Lstat(LockFile)
		stale = err == nil
		file, err := root.OpenFile(LockFile, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, false, fmt.Errorf("locking: %w", err)
		}
		if err := hold(file); err != nil {
			file.Close()
			return nil, false, err
		}
		// It may have been taken away between the two.
		ours, err1 := file.Stat()
		there, err2 := root.Lstat(LockFile)
		if errors.Is(err2, fs.ErrNotExist) || err1 == nil && err2 == nil && !os.SameFile(ours, there) {
			file.Close()
			continue
		}
		if err := errors.Join(err1, err2); err != nil {
			file.Close()
			return nil, false, fmt.Errorf("locking: %w", err)
		}
		return func() {
			err := root.Remove(LockFile) // while it is held
			file.Close()
			if err != nil { // not everywhere can an open file be removed
				_ = root.Remove(LockFile)
			}
		}, stale, nil
	}
}
