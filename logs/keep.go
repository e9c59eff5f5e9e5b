package logs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
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

// look compares by size. A digest file is worth more, because it comes with
// its signature: it is only the same when its metadata is there and the bucket
// has not written it since.
func look(root *os.Root, name string, f Found) presence {
	info, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return isAbsent
	case err != nil:
		return isUnsure // fetching says what is wrong
	case !info.Mode().IsRegular() || info.Size() != f.Object.Size:
		return isOther
	case !isDigest(f):
		return isSame
	}
	if _, err := root.Lstat(name + bucket.MetadataSuffix); err != nil || !sameSecond(info.ModTime(), f.Object.Modified) {
		return isUnsure
	}
	return isSame
}

func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// fetch writes an object to temp and moves it to its name when it is whole and
// nothing is there. there tells that the same was there before.
func (d *Download) fetch(ctx context.Context, root *os.Root, f Found, name, temp string) (there bool, n int64, err error) {
	body, n, err := d.receive(ctx, root, f, temp)
	if err != nil {
		return false, n, err
	}
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return false, n, err
	}
	if t := f.Object.Modified; !t.IsZero() {
		_ = root.Chtimes(temp, time.Time{}, t) // nice to have
	}
	saved, err := sameFile(root, name, temp)
	if err == nil && isDigest(f) {
		// The metadata goes first: a digest file that is there has its own.
		there, err = keepMetadata(root, name, temp+".metadata", body.Metadata)
	}
	if errors.Is(err, ErrDifferent) {
		return false, n, fmt.Errorf("%s: %w", d.Source.URI(f.Object.Key), err)
	}
	if err != nil {
		return false, n, err
	}
	return there && saved, n, root.Rename(temp, name)
}

// receive writes an object to temp.
func (d *Download) receive(ctx context.Context, root *os.Root, f Found, temp string) (*bucket.Body, int64, error) {
	uri := d.Source.URI(f.Object.Key)
	body, err := d.Source.Get(ctx, f.Object.Key)
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	want := f.Object.Size
	if body.Size >= 0 {
		want = body.Size
	}
	// One byte more tells an object that does not end where it should.
	n, err := writeFile(root, temp, io.LimitReader(body, want+1))
	if err != nil {
		return nil, n, fmt.Errorf("copying %s: %w", uri, err)
	}
	if n > want {
		return nil, n, fmt.Errorf("copying %s: more than its %d bytes came", uri, want)
	}
	if n < want {
		return nil, n, fmt.Errorf("copying %s: %d bytes came instead of %d", uri, n, want)
	}
	return body, n, nil
}

// sameFile tells whether a file is there with the contents of temp. With
// others it is ErrDifferent.
func sameFile(root *os.Root, name, temp string) (bool, error) {
	if _, err := root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return false, nil
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
func keepMetadata(root *os.Root, name, temp string, meta map[string]string) (bool, error) {
	raw, err := root.ReadFile(name + bucket.MetadataSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return false, writeMetadata(root, name, temp, meta)
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
