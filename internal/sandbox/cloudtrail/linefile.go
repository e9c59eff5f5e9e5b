package cloudtrail

import (
	"os"
)

// lineFile is a file that lines are appended to. A line that could not be
// written whole, such as on a full disk, is taken back, so that the next one
// does not stand behind its beginning.
type lineFile struct {
	f    *os.File
	size int64 // up to the end of the last whole line
	torn bool  // what stands behind size could not be taken back
}

// openLines goes on with a file at its end, and makes it where it is missing.
func openLines(name string, flags int) (*lineFile, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND|flags, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &lineFile{f: f, size: info.Size()}, nil
}

// append writes a line that ends in a line feed. It reaches the kernel, so that
// it survives the process, but not a power failure.
func (l *lineFile) append(line []byte) error {
	if l.torn {
		if err := l.f.Truncate(l.size); err != nil {
			return err
		}
		l.torn = false
	}
	n, err := l.f.Write(line)
	if err == nil {
		l.size += int64(n)
		return nil
	}
	l.torn = n > 0 && l.f.Truncate(l.size) != nil
	return err
}

func (l *lineFile) close() error { return l.f.Close() }
