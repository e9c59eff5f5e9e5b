package validate

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"trailctl/bucket"
)

// A digest file is read twice: once for its hash and its links, and once more,
// when it has been proved, for the log files that it lists. In between it is
// kept as it is stored, which is a fifth to a tenth of its content. What is too
// large for that, or finds no room beside the others, is fetched again. So
// nobody who can write to the bucket can fill the memory with digest files.
const (
	keptMost = 4 << 20
	keptRoom = 16 << 20
)

// copying hands on what it reads from a body, and keeps a copy.
type copying struct {
	io.Reader
	stored []byte // nil when there is none
	held   int64
}

func (c *check) keep(body *bucket.Body) *copying {
	k := &copying{Reader: body}
	if body.Size >= 0 && body.Size <= keptMost && c.kept.TryAcquire(body.Size) {
		k.held, k.stored = body.Size, make([]byte, 0, body.Size)
	}
	return k
}

func (k *copying) Read(p []byte) (int, error) {
	n, err := k.Reader.Read(p)
	if k.stored != nil {
		if len(k.stored)+n > cap(k.stored) {
			k.stored = nil // longer than was said
		} else {
			k.stored = append(k.stored, p[:n]...)
		}
	}
	return n, err
}

// release drops what was kept of a digest file, if it still is.
func (c *check) release(d *digestFile) {
	if d != nil {
		c.kept.Release(d.held)
		d.stored, d.held = nil, 0
	}
}

// entries hands the log files that a valid digest file lists to each, until
// that says no.
func (w *walker) entries(ctx context.Context, d *digestFile, each func(logEntry) bool) error {
	stored := d.stored
	if stored == nil && d.doc.listed > 0 {
		w.again.Lock() // there is memory for one
		defer w.again.Unlock()
		var err error
		if stored, err = w.refetch(ctx, d); err != nil {
			return err
		}
	}
	if d.doc.listed == 0 {
		return nil
	}
	u := w.hasher.unpackers.get()
	defer w.hasher.unpackers.put(u)
	_, err := u.json.read(u.open(bytes.NewReader(stored), w.MaxDigest), each)
	if err == errStopped {
		return nil
	}
	return err
}

// refetch gets a digest file again and makes sure that it is still the same.
func (w *walker) refetch(ctx context.Context, d *digestFile) ([]byte, error) {
	store, err := w.store(ctx, d.at.bucket)
	if err != nil {
		return nil, err
	}
	body, err := store.Get(ctx, d.key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var stored bytes.Buffer
	if body.Size > 0 && body.Size <= w.MaxDigest {
		stored.Grow(int(body.Size) + bytes.MinRead)
	}
	if n, err := stored.ReadFrom(io.LimitReader(body, w.MaxDigest+1)); err != nil || n > w.MaxDigest {
		return nil, fmt.Errorf("reading %s again: %w", d.uri, cmp.Or(err, errTooLarge))
	}
	sum, _, err := w.hasher.stream(bytes.NewReader(stored.Bytes()), w.MaxDigest)
	if err != nil || hex.EncodeToString(sum[:]) != d.hash {
		return nil, errChanged
	}
	return stored.Bytes(), nil
}

var errChanged = errors.New("it was replaced while it was being checked")
