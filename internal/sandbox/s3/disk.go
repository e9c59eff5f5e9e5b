package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
)

// disk is the store in a folder:
//
//	tmp/N                                       bodies being written, parts of uploads
//	buckets/NAME/bucket.json                    region and settings
//	buckets/NAME/objects/HH/HASH-SEQUENCE.body  one version's bytes
//	buckets/NAME/objects/HH/HASH-SEQUENCE.json  its key and attributes
//
// HASH is of the key, so that a file's name is safe whatever the key is; HH
// is how it begins. A version exists when its .json does. Files are written
// beside and renamed; they are not synced, as the sandbox need not outlive
// a power cut.
type disk struct {
	root *os.Root
	next atomic.Uint64 // names of files in tmp
}

func openDisk(dir string) (*disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sandbox S3 folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("sandbox S3 folder: %w", err)
	}
	d := &disk{root: root}
	if err := d.folders(); err != nil {
		root.Close()
		return nil, fmt.Errorf("sandbox S3 folder %s: %w", dir, err)
	}
	return d, nil
}

func (d *disk) create(int64) (draft, error) {
	name := path.Join("tmp", fmt.Sprint(d.next.Add(1)))
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &diskDraft{File: f, disk: d, name: name}, nil
}

type diskDraft struct {
	*os.File
	disk *disk
	name string
}

func (f *diskDraft) finish() (blob, error) {
	if err := f.Close(); err != nil {
		return nil, err
	}
	return diskBlob{disk: f.disk, name: f.name}, nil
}

func (f *diskDraft) discard() {
	f.Close()
	f.disk.root.Remove(f.name) // the next start clears tmp
}

type diskBlob struct {
	disk *disk
	name string
}

func (b diskBlob) open() (io.ReadSeekCloser, error) { return b.disk.root.Open(b.name) }

func (b diskBlob) discard() {
	b.disk.root.Remove(b.name) // a body without its .json is cleared at the next start
}

func bucketDir(name string) string { return path.Join("buckets", name) }

// base is where a version's two files lie, without their endings.
func (v *version) base(bucket string) string {
	sum := sha256.Sum256([]byte(v.Key))
	name := hex.EncodeToString(sum[:16])
	return path.Join(bucketDir(bucket), "objects", name[:2], fmt.Sprintf("%s-%016x", name, v.Sequence))
}

func (d *disk) saveVersion(bucket string, v *version) error {
	base := v.base(bucket)
	if err := d.root.MkdirAll(path.Dir(base), 0o700); err != nil {
		return err
	}
	if b, ok := v.blob.(diskBlob); ok {
		if err := d.root.Rename(b.name, base+".body"); err != nil {
			return err
		}
		v.blob = diskBlob{disk: d, name: base + ".body"}
	}
	return d.saveAttributes(bucket, v)
}

func (d *disk) saveAttributes(bucket string, v *version) error {
	return d.writeJSON(v.base(bucket)+".json", v)
}

func (d *disk) dropVersion(bucket string, v *version) error {
	err := d.root.Remove(v.base(bucket) + ".json")
	if v.blob != nil {
		v.blob.discard()
	}
	return err
}

func (d *disk) saveBucket(b *bucket) error {
	if err := d.root.MkdirAll(bucketDir(b.Name), 0o700); err != nil {
		return err
	}
	return d.writeJSON(path.Join(bucketDir(b.Name), "bucket.json"), b)
}

func (d *disk) dropBucket(name string) error { return d.remove(name) }

func (d *disk) writeJSON(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp := path.Join("tmp", fmt.Sprint(d.next.Add(1)))
	if err := d.root.WriteFile(tmp, text, 0o600); err != nil {
		return err
	}
	return d.root.Rename(tmp, name)
}

func (d *disk) readJSON(name string, v any) error {
	text, err := d.root.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (d *disk) load() ([]*bucket, error) {
	dirs, err := fs.ReadDir(d.root.FS(), "buckets")
	if err != nil {
		return nil, err
	}
	var out []*bucket
	for _, dir := range dirs {
		b, err := d.loadBucket(dir.Name())
		if err != nil {
			return nil, fmt.Errorf("sandbox S3 folder %s: %w", d.root.Name(), err)
		}
		if b != nil {
			out = append(out, b)
		}
	}
	return out, nil
}

// loadBucket reads a bucket. One that was deleted, or not yet created, when
// the last run ended is cleared; it is nil then.
func (d *disk) loadBucket(name string) (*bucket, error) {
	names, err := d.bucketNames(name)
	if err != nil {
		return nil, err
	}
	settings := path.Join(bucketDir(name), "bucket.json")
	if !slices.Contains(names, settings) {
		return nil, d.remove(name)
	}
	b := newBucket(name)
	if err := d.readJSON(settings, b); err != nil {
		return nil, err
	}
	if b.Name != name {
		return nil, fmt.Errorf("%s describes bucket %q", bucketDir(name), b.Name)
	}
	if err := b.Settings.prepare(); err != nil {
		return nil, err
	}
	return b, d.loadObjects(b, names)
}

func (d *disk) loadObjects(b *bucket, names []string) error {
	bodies := map[string]bool{}
	for _, name := range names[1:] { // the first is the bucket's folder, called whatever
		if base, ok := strings.CutSuffix(name, ".body"); ok {
			bodies[base] = true
			continue
		}
		if path.Ext(name) != ".json" || path.Base(name) == "bucket.json" {
			continue
		}
		v := &version{}
		if err := d.readJSON(name, v); err != nil {
			return err
		}
		if v.base(b.Name)+".json" != name {
			return fmt.Errorf("%s describes object %q", name, v.Key)
		}
		b.objects.add(v.Key).insert(v)
	}
	return d.settle(b, bodies)
}

// settle gives the versions their bodies and clears what a run that was cut
// off left: bodies without attributes, and null versions that had been
// replaced already.
func (d *disk) settle(b *bucket, bodies map[string]bool) error {
	for e := b.objects.ceil(""); e != nil; e = b.objects.ceil(e.key + "\x00") {
		for _, v := range e.staleNulls() {
			e.remove(v)
			if err := d.dropVersion(b.Name, v); err != nil {
				return err
			}
		}
		for _, v := range e.versions {
			base := v.base(b.Name)
			if v.DeleteMarker {
				continue
			}
			if !bodies[base] {
				return fmt.Errorf("%s.body is missing: the body of object %q in bucket %s", base, v.Key, b.Name)
			}
			v.blob = diskBlob{disk: d, name: base + ".body"}
			delete(bodies, base)
		}
	}
	for base := range bodies {
		if err := d.root.Remove(base + ".body"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
