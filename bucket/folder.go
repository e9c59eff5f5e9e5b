package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// MetadataSuffix ends the name of the small JSON file that stands beside a
// downloaded object and holds its user metadata, which a plain file has no
// room for. A digest file's signature lives there.
const MetadataSuffix = ".metadata.json"

// Folder reads a local copy of a bucket. Keys are paths below the folder,
// with forward slashes.
type Folder struct {
	dir  string
	root *os.Root // keeps every read inside, whatever a key or a link says
	near near
}

// OpenFolder opens a local copy; close it when done.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{dir: dir, root: root}, nil
}

// Close frees the folder.
func (f *Folder) Close() error {
	f.near.close()
	return f.root.Close()
}

// URI names a file for people.
func (f *Folder) URI(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

// List yields the files under prefix, folder by folder, those after the key
// after only, if it is not empty. Metadata files are left out; links, pipes
// and the like are marked as Special. It ends after an error.
func (f *Folder) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		start := "."
		if i := strings.LastIndexByte(prefix, '/'); i > 0 {
			start = prefix[:i]
		}
		err := fs.WalkDir(f.root.FS(), start, func(p string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case errors.Is(err, fs.ErrNotExist) && p == start:
				return fs.SkipAll
			case err != nil:
				return err
			case d.IsDir():
				if p != "." && !strings.HasPrefix(p+"/", prefix) && !strings.HasPrefix(prefix, p+"/") {
					return fs.SkipDir
				}
				return nil
			case !strings.HasPrefix(p, prefix), p <= after, strings.HasSuffix(p, MetadataSuffix):
				return nil
			case !d.Type().IsRegular():
				if !yield(Object{Key: p, Special: true}, nil) {
					return fs.SkipAll
				}
				return nil
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if !yield(Object{Key: p, Size: info.Size(), Modified: info.ModTime().UTC()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Object{}, fmt.Errorf("listing %s: %w", f.URI(prefix), localError(err)))
		}
	}
}

// Folders lists the names of the folders directly below prefix.
func (f *Folder) Folders(_ context.Context, prefix string) ([]string, error) {
	p := strings.TrimSuffix(prefix, "/")
	if p == "" {
		p = "."
	}
	entries, err := fs.ReadDir(f.root.FS(), p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", f.URI(prefix), localError(err))
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, nil
}

// maxMetadata bounds a metadata file; S3 allows 2 KB of user metadata.
const maxMetadata = 64 << 10

// Get opens a file and the metadata that stands beside it, if any.
func (f *Folder) Get(_ context.Context, key string) (*Body, error) {
	file, info, err := f.regular(path.Clean(key))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.URI(key), err)
	}
	// Only digest files have metadata that counts.
	var meta map[string]string
	if strings.Contains(key, digestFolder) {
		if k, ok := ParseKey(key); ok && k.Kind.folder() == digestFolder {
			meta, err = f.metadata(key)
		}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Body{ReadCloser: file, Size: info.Size(), Metadata: meta}, nil
}

func (f *Folder) metadata(key string) (map[string]string, error) {
	name := path.Clean(key) + MetadataSuffix
	info, err := f.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.URI(name), localError(err))
	}
	if !info.Mode().IsRegular() || info.Size() > maxMetadata {
		return nil, fmt.Errorf("reading %s: not a file of metadata (%d bytes)", f.URI(name), info.Size())
	}
	raw, err := f.root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.URI(name), localError(err))
	}
	var meta map[string]string
	if err := json.Unmarshal(raw, &meta); err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.URI(name), err)
	}
	return meta, nil
}

func localError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}
