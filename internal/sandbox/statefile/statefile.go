// Package statefile keeps what a service of the sandbox knows in one JSON
// file: read at the start, replaced as a whole after a change. It is not for
// what grows with each call, such as log events or objects.
package statefile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// version is what this package writes; a file of another one is refused.
const version = 1

type content struct {
	Version int
	State   json.RawMessage
}

// File is one state file. It is safe for concurrent use.
type File struct {
	dir, name string
	saving    sync.Mutex // one writer at a time, so that the newest state wins
}

// Open makes dir, and reads the file of that name in it into v. A file that
// does not exist leaves v as it is. A link is refused: what is written would
// go elsewhere. Without a dir nothing is read, and Save does nothing.
func Open(dir, name string, v any) (*File, error) {
	f := &File{dir: dir, name: name}
	if dir == "" {
		return f, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	path := filepath.Join(dir, name)
	if err := Regular(path); err != nil {
		return nil, fmt.Errorf("opening the state: %w", err)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	if err := decode(text, v); err != nil {
		return nil, fmt.Errorf("reading the state from %s: %w", path, err)
	}
	return f, nil
}

func decode(text []byte, v any) error {
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	if c.Version != version {
		return fmt.Errorf("version %d is not known", c.Version)
	}
	return json.Unmarshal(c.State, v)
}

// Regular refuses a path at which something else than a regular file is.
func Regular(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	}
	return err
}

// Save replaces the file. state gives the JSON of what is to be kept; it
// takes the lock that it needs for that by itself.
func (f *File) Save(state func() ([]byte, error)) error {
	if f.dir == "" {
		return nil
	}
	f.saving.Lock()
	defer f.saving.Unlock()
	text, err := state()
	if err == nil {
		text, err = json.Marshal(content{version, text})
	}
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return Replace(f.dir, f.name, text)
}

// Replace writes a file as a whole, or not at all. It is readable by its user
// only.
func Replace(dir, name string, text []byte) error {
	tmp, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return fmt.Errorf("saving %s: %w", name, err)
	}
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("saving %s: %w", name, err)
	}
	return nil
}
