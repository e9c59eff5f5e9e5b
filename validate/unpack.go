package validate

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// What can be wrong with an object's bytes. Anything else that unpack returns
// is trouble with reading them, and says nothing about them.
var (
	errTruncated = errors.New("the file is truncated")
	errTrailing  = errors.New("something follows the end of the gzip data")
	errNotGzip   = errors.New("not gzip")
	errDamaged   = errors.New("the gzip data is damaged")
)

// errTooLarge says that the bound on the uncompressed size was met.
var errTooLarge = errors.New("larger than is checked")

// unpacker holds the buffers for one object at a time.
type unpacker struct {
	body io.Reader
	err  error // of reading the body, other than its end
	buf  *bufio.Reader
	gz   gzip.Reader
	json digestReader
}

// unpackers are kept between objects. One costs about 120 KiB.
type unpackers struct{ pool sync.Pool }

const readBuffer = 64 << 10

func (p *unpackers) get() *unpacker {
	if u, ok := p.pool.Get().(*unpacker); ok {
		return u
	}
	u := &unpacker{}
	u.buf = bufio.NewReaderSize(nil, readBuffer)
	return u
}

func (p *unpackers) put(u *unpacker) {
	u.body, u.err = nil, nil
	p.pool.Put(u)
}

// Read remembers what the body answered, so that trouble on the way is told
// from bad data.
func (u *unpacker) Read(b []byte) (int, error) {
	n, err := u.body.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}

// unpack writes the uncompressed bytes of body to w, at most limit of them.
// The body must be exactly one gzip member with a right checksum. What was
// written before an error counts: its hash tells whether the content itself
// is right.
func (u *unpacker) unpack(w io.Writer, body io.Reader, limit int64) (int64, error) {
	u.body, u.err = body, nil
	u.buf.Reset(u)
	if err := u.gz.Reset(u.buf); err != nil {
		return 0, u.explain(err)
	}
	u.gz.Multistream(false)
	out := &bounded{w: w, left: limit}
	if _, err := u.gz.WriteTo(out); err != nil {
		return out.n, u.explain(err)
	}
	_, err := u.buf.ReadByte()
	switch {
	case err == nil:
		return out.n, errTrailing
	case u.err != nil:
		return out.n, u.err
	}
	return out.n, nil
}

// plain reads the uncompressed bytes of one object. It ends with io.EOF when
// the object is exactly one gzip member with a right checksum, and otherwise as
// unpack does.
type plain struct {
	u     *unpacker
	n     int64 // bytes so far
	limit int64
	err   error // nil until the end
}

func (u *unpacker) open(body io.Reader, limit int64) *plain {
	u.body, u.err = body, nil
	u.buf.Reset(u)
	p := &plain{u: u, limit: limit}
	if err := u.gz.Reset(u.buf); err != nil {
		p.err = u.explain(err)
	}
	u.gz.Multistream(false)
	return p
}

func (p *plain) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.u.gz.Read(b)
	if p.n += int64(n); p.n > p.limit {
		n, err = n-int(p.n-p.limit), errTooLarge
		p.n = p.limit
	}
	switch {
	case err == io.EOF:
		p.err = io.EOF
		if _, err := p.u.buf.ReadByte(); err == nil {
			p.err = errTrailing
		} else if p.u.err != nil {
			p.err = p.u.err
		}
	case err != nil:
		p.err = p.u.explain(err)
	}
	return n, p.err
}

func (u *unpacker) explain(err error) error {
	switch {
	case u.err != nil:
		return u.err
	case errors.Is(err, errTooLarge):
		return errTooLarge
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errTruncated
	case errors.Is(err, gzip.ErrHeader):
		return errNotGzip
	}
	return errDamaged
}

// badData tells whether an error of unpack is about the bytes themselves.
func badData(err error) bool {
	return errors.Is(err, errTruncated) || errors.Is(err, errTrailing) || errors.Is(err, errNotGzip) || errors.Is(err, errDamaged)
}

// bounded counts what is written and refuses more than a limit.
type bounded struct {
	w       io.Writer
	n, left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if int64(len(p)) > b.left {
		return 0, errTooLarge
	}
	n, err := b.w.Write(p)
	b.n += int64(n)
	b.left -= int64(n)
	return n, err
}
