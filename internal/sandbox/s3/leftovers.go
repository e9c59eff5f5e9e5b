package s3

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// What a run that was cut off has left is cleared at the next start. Only what
// has the form of the store's own files is: anything else in its folder is
// somebody's, and the store refuses to work over it.

// folders makes the store's folders and clears tmp.
func (d *disk) folders() error {
	for _, name := range []string{"tmp", "buckets"} {
		info, err := d.root.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = d.root.Mkdir(name, 0o700)
		case err == nil && !info.IsDir():
			err = notOurs(name)
		}
		if err != nil {
			return err
		}
	}
	files, err := fs.ReadDir(d.root.FS(), "tmp")
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() || strings.Trim(f.Name(), "0123456789") != "" {
			return notOurs(path.Join("tmp", f.Name()))
		}
	}
	for _, f := range files {
		if err := d.root.Remove(path.Join("tmp", f.Name())); err != nil {
			return err
		}
	}
	return nil
}

func notOurs(name string) error {
	return fmt.Errorf("%q is nothing that a sandbox stores: move it away, or name another folder", name)
}

// Names in a bucket's folder.
var (
	bucketFolder = regexp.MustCompile(`^(objects(/[0-9a-f]{2})?)?$`)
	bucketFile   = regexp.MustCompile(`^(bucket\.json|objects/[0-9a-f]{2}/[0-9a-f]{32}-[0-9a-f]{16}\.(json|body))$`)
)

// bucketNames are the names of all folders and files of a bucket, a folder
// before what is in it. It fails when one is not the store's.
func (d *disk) bucketNames(bucket string) ([]string, error) {
	var names []string
	dir := bucketDir(bucket)
	err := fs.WalkDir(d.root.FS(), dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		if e.IsDir() && !bucketFolder.MatchString(inside) || !e.IsDir() && !(e.Type().IsRegular() && bucketFile.MatchString(inside)) {
			return notOurs(name)
		}
		names = append(names, name)
		return nil
	})
	return names, err
}

// remove removes the folders and files of a bucket, the settings first: a
// bucket without them is gone.
func (d *disk) remove(bucket string) error {
	names, err := d.bucketNames(bucket)
	if err != nil {
		return err
	}
	names = append(names, path.Join(bucketDir(bucket), "bucket.json"))
	for _, name := range slices.Backward(names) {
		if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
