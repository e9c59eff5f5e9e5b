package logs

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"

	"trailctl/bucket"
)

// fetcher is one worker of a download.
type fetcher struct {
	*Download
	halt context.CancelCauseFunc // ends the whole download
	dirs *folders
	temp string // the name of what is not whole yet
	buf  []byte
	gz   *gzip.Reader

	sum     hash.Hash              // of what is received, with Evidence
	entries []bucket.ManifestEntry // of the object that is dealt with
}

// one deals with one object.
func (w *fetcher) one(ctx context.Context, f Found) outcome {
	o := outcome{found: f}
	name, err := localName(f.Object.Key)
	if err != nil {
		o.err = err
		return o
	}
	plain, unpacked := name, false
	if w.Decompress && !isDigest(f) {
		plain, unpacked = strings.CutSuffix(name, ".gz")
	}
	w.entries = nil
	o.there, o.bytes, o.err = w.object(ctx, f, plain, unpacked)
	o.entries = w.entries
	if o.err != nil {
		uri := w.Source.URI(f.Object.Key)
		if !strings.Contains(o.err.Error(), uri) {
			o.err = fmt.Errorf("copying %s: %w", uri, o.err)
		}
		switch {
		case ctx.Err() != nil:
			o.stopped = true
			if cause := context.Cause(ctx); NoRoom(cause) {
				o.err = cause
			}
		case NoRoom(o.err):
			w.halt(o.err)
		}
	}
	return o
}

func (w *fetcher) object(ctx context.Context, f Found, name string, unpacked bool) (there bool, n int64, err error) {
	at, err := w.dirs.take(path.Dir(name))
	if err != nil {
		return false, 0, err
	}
	defer w.dirs.leave(at)
	name = path.Base(name)
	if w.dirs.hasFolder(at, name) {
		return false, 0, errNeedsFolder
	}
	had, twice, err := w.dirs.claim(at, name, asFile)
	switch {
	case err != nil:
		return false, 0, err
	case twice && w.Decompress:
		return false, 0, fmt.Errorf("another object decompresses to %s, too", name)
	case f.Log && !isDigest(f) && w.dirs.had(at, otherForm(name)):
		return false, 0, fmt.Errorf("%s: %s %w", w.Source.URI(f.Object.Key), otherForm(name), ErrOtherForm)
	case had:
		switch look(at.root, name, f, unpacked) {
		case isSame:
			return true, 0, w.enterPresent(at, name, f)
		case isOther:
			return false, 0, fmt.Errorf("%s: %w", w.Source.URI(f.Object.Key), ErrDifferent)
		}
	}
	there, n, err = w.fetch(ctx, at, name, f, unpacked)
	if err != nil {
		_ = at.root.Remove(w.temp)
		_ = at.root.Remove(w.temp + "-plain")
		_ = at.root.Remove(w.temp + "-metadata")
	}
	if errors.Is(err, ErrDifferent) {
		err = fmt.Errorf("%s: %w", w.Source.URI(f.Object.Key), err)
	}
	return there, n, err
}

// otherForm is the name of a log file compressed, or decompressed.
func otherForm(name string) string {
	if plain, ok := strings.CutSuffix(name, ".gz"); ok {
		return plain
	}
	return name + ".gz"
}

// fetch brings an object into a folder.
func (w *fetcher) fetch(ctx context.Context, at *folder, name string, f Found, unpacked bool) (there bool, n int64, err error) {
	body, n, err := w.receive(ctx, at.root, f)
	if err != nil {
		return false, n, err
	}
	temp := w.temp
	if unpacked {
		if temp, err = w.unpack(at.root); err != nil {
			return false, n, err
		}
	}
	there, err = w.place(at, name, temp, f, body.Metadata)
	if err == nil {
		err = w.enterFetched(at, name, f, body)
	}
	return there, n, err
}

// sumAttempts bounds how often an object is fetched that comes with a wrong
// checksum.
const sumAttempts = 3

// receive writes an object to temp, as it is in the bucket.
func (w *fetcher) receive(ctx context.Context, root *os.Root, f Found) (*bucket.Body, int64, error) {
	for attempt := 1; ; attempt++ {
		body, n, err := w.receiveOnce(ctx, root, f)
		if !errors.Is(err, bucket.ErrChecksum) || ctx.Err() != nil {
			return body, n, err
		}
		if attempt == sumAttempts {
			return nil, n, fmt.Errorf("%w (%d times)", err, attempt)
		}
	}
}

func (w *fetcher) receiveOnce(ctx context.Context, root *os.Root, f Found) (*bucket.Body, int64, error) {
	body, err := w.Source.Get(ctx, f.Object.Key)
	if err != nil {
		return nil, 0, err
	}
	defer body.Close()
	want := f.Object.Size
	if body.Size >= 0 && body.Size != want {
		return nil, 0, fmt.Errorf("it has %d bytes, and had %d when it was listed", body.Size, want)
	}
	n := int64(0)
	err = createFile(root, w.temp, w.Sync, func(file io.Writer) error {
		// One byte more tells an object that does not end where it should.
		n, err = w.copy(w.hashing(file), io.LimitReader(body, want+1))
		return err
	})
	switch {
	case err != nil:
		return nil, n, err
	case n > want:
		return nil, n, fmt.Errorf("more than its %d bytes came", want)
	case n < want:
		return nil, n, fmt.Errorf("%d bytes came instead of %d", n, want)
	case body.MD5 != "" && !body.Verified():
		// A connection broke, and with it S3's checksum was lost.
		return body, n, w.check(root, body.MD5)
	}
	return body, n, nil
}

// roomy holds most log files as a whole, so that each is one write.
const roomy = 64 << 10

// copy is io.Copy with few writes.
func (w *fetcher) copy(to io.Writer, from io.Reader) (n int64, err error) {
	if w.buf == nil {
		w.buf = make([]byte, roomy)
	}
	for err == nil {
		have := 0
		for have < len(w.buf) && err == nil {
			var got int
			got, err = from.Read(w.buf[have:])
			have += got
		}
		if have > 0 {
			if _, e := to.Write(w.buf[:have]); e != nil {
				return n, e
			}
			n += int64(have)
		}
	}
	if err == io.EOF { // not one that wraps it: those are broken connections
		err = nil
	}
	return n, err
}

// check compares what was written with the MD5 of the object.
func (w *fetcher) check(root *os.Root, want string) error {
	file, err := root.Open(w.temp)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := md5.New()
	if _, err := w.copy(sum, file); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != want {
		return fmt.Errorf("%w (MD5)", bucket.ErrChecksum)
	}
	return nil
}

// unpack uncompresses temp, if it is compressed, and returns the name of what
// came out.
func (w *fetcher) unpack(root *os.Root) (string, error) {
	packed, err := root.Open(w.temp)
	if err != nil {
		return "", err
	}
	defer packed.Close()
	magic := make([]byte, 2)
	if _, err := io.ReadFull(packed, magic); err != nil || !bytes.Equal(magic, []byte("\x1f\x8b")) {
		return w.temp, nil
	}
	if _, err := packed.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if w.gz == nil {
		w.gz = new(gzip.Reader)
	}
	plain := w.temp + "-plain"
	err = createFile(root, plain, w.Sync, func(file io.Writer) error {
		if err := w.gz.Reset(packed); err != nil {
			return err
		}
		n, err := w.copy(file, io.LimitReader(w.gz, DefaultMaxFileSize+1))
		if err == nil && n > DefaultMaxFileSize {
			err = fmt.Errorf("%w (%d bytes)", ErrTooLarge, DefaultMaxFileSize)
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("it cannot be decompressed: %w", err)
	}
	return plain, root.Remove(w.temp)
}
