package logs

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"time"

	"trailctl/bucket"
)

// What the folder has of an object, as far as can be told without fetching it.
type presence int

const (
	isAbsent presence = iota
	isSame
	isOther
	isUnsure
)

// look compares by size and by the object's time, which a copied file has: one
// of the right size alone may hold anything. A digest file needs its metadata,
// too, for its signature is there. What was decompressed has another size than
// the object, and is told by the time alone.
func look(root *os.Root, name string, f Found, unpacked bool) presence {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return isAbsent
	case err != nil:
		return isUnsure // fetching says what is wrong
	case !info.Mode().IsRegular():
		return isOther
	case unpacked && sameSecond(info.ModTime(), f.Object.Modified):
		return isSame
	case unpacked:
		return isUnsure
	case info.Size() != f.Object.Size:
		return isOther
	case !sameSecond(info.ModTime(), f.Object.Modified):
		return isUnsure
	case !isDigest(f):
		return isSame
	}
	if _, err := root.Lstat(name + bucket.MetadataSuffix); err != nil {
		return isUnsure
	}
	return isSame
}

func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// place gives a whole file its name, when nothing is there. there tells that
// the same was there before; it gets the object's time then, so that the next
// run knows it without fetching.
func (w *fetcher) place(at *folder, name, temp string, f Found, meta map[string]string) (there bool, err error) {
	if t := f.Object.Modified; !t.IsZero() {
		_ = at.root.Chtimes(temp, time.Time{}, t) // without it, the next run fetches it again
	}
	at.placing.Lock()
	defer at.placing.Unlock()
	saved, err := sameFile(at.root, name, temp)
	if err == nil && isDigest(f) {
		// The metadata goes first: a digest file that is there has its own.
		there, err = w.keepMetadata(at.root, name, temp+"-metadata", meta)
	}
	if err != nil {
		return false, err
	}
	at.wrote.Store(true)
	return (there || !isDigest(f)) && saved, at.root.Rename(temp, name)
}

// sameFile tells whether a file is there with the contents of temp. With
// others it is ErrDifferent.
func sameFile(root *os.Root, name, temp string) (bool, error) {
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && !info.Mode().IsRegular() {
		return false, ErrDifferent
	}
	saved, err := checksum(root, name)
	if err != nil {
		return false, err
	}
	fresh, err := checksum(root, temp)
	if err == nil && !bytes.Equal(saved, fresh) {
		err = ErrDifferent
	}
	return true, err
}

func checksum(root *os.Root, name string) ([]byte, error) {
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	h := sha256.New()
	_, err = io.Copy(h, file)
	return h.Sum(nil), err
}

// keepMetadata writes the metadata of a digest file, or tells that the same
// is there. When other metadata is there it is ErrDifferent.
func (w *fetcher) keepMetadata(root *os.Root, name, temp string, meta map[string]string) (bool, error) {
	raw, err := root.ReadFile(name + bucket.MetadataSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, w.writeMetadata(root, name, temp, meta)
	}
	if err != nil {
		return false, err
	}
	var saved map[string]string
	if json.Unmarshal(raw, &saved) != nil || !maps.Equal(saved, meta) {
		return false, fmt.Errorf("the metadata, which holds the signature: %w", ErrDifferent)
	}
	return true, nil
}

func (w *fetcher) writeMetadata(root *os.Root, name, temp string, meta map[string]string) error {
	if meta == nil {
		meta = map[string]string{}
	}
	raw, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(root, name+bucket.MetadataSuffix, temp, append(raw, '\n'), w.Sync)
}

// replaceFile writes a small file as a whole or not at all.
func replaceFile(root *os.Root, name, temp string, content []byte, sync bool) error {
	err := createFile(root, temp, sync, func(file io.Writer) error {
		_, err := file.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return root.Rename(temp, name)
}

// createFile makes a file with what fill writes.
func createFile(root *os.Root, name string, sync bool, fill func(io.Writer) error) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = fill(file)
	if err == nil && sync {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
