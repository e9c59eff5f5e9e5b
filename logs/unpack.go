package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// DefaultMaxFileSize bounds one uncompressed log file. CloudTrail's own are
// some megabytes at most; exports and merged files can be larger.
const DefaultMaxFileSize = 1 << 30

// ErrTooLarge says that a file is larger than the bound, or claims in a few
// bytes to be (a gzip bomb).
var ErrTooLarge = errors.New("larger than the bound for one file")

// unpacker uncompresses one file after the other with one set of buffers.
type unpacker struct {
	max  int64
	gzip gzip.Reader
}

// unpack uncompresses stored, when it is gzip, into buf. It returns what
// could be had also when there is an error. CloudTrail writes files of one
// gzip member; several, as "cat a.gz b.gz" makes them, are joined and noted.
func (u *unpacker) unpack(stored, buf []byte, report *Report) ([]byte, error) {
	if len(stored) < 2 || stored[0] != 0x1f || stored[1] != 0x8b {
		if int64(len(stored)) > u.max {
			return nil, u.tooLarge()
		}
		return stored, nil
	}
	data, in := buf[:0], bytes.NewReader(stored)
	for member := 1; ; member++ {
		if err := u.gzip.Reset(in); err != nil {
			return data, gzipDamage(len(stored)-in.Len(), err)
		}
		u.gzip.Multistream(false)
		var err error
		if data, err = u.member(data); err != nil {
			if !errors.Is(err, ErrTooLarge) {
				err = gzipDamage(len(stored)-in.Len(), err)
			}
			return data, err
		}
		left := stored[len(stored)-in.Len():]
		switch {
		case len(left) == 0:
			if member > 1 {
				report.note("%d gzip members, read as one file", member)
			}
			return data, nil
		case !bytes.HasPrefix(left, []byte{0x1f, 0x8b}):
			return data, &GzipError{int64(len(stored) - len(left)), fmt.Sprintf("%d bytes that are no gzip stand behind the gzip data", len(left))}
		}
	}
}

// member appends one gzip member to data.
func (u *unpacker) member(data []byte) ([]byte, error) {
	for {
		if len(data) == cap(data) {
			data = append(data, make([]byte, max(64<<10, cap(data)))...)[:len(data)]
		}
		room := data[len(data):cap(data)]
		if left := u.max + 1 - int64(len(data)); int64(len(room)) > left {
			room = room[:left]
		}
		n, err := u.gzip.Read(room)
		data = data[:len(data)+n]
		switch {
		case int64(len(data)) > u.max:
			return nil, u.tooLarge()
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return data, nil
		case err != nil:
			return data, err
		}
	}
}

func (u *unpacker) tooLarge() error {
	return fmt.Errorf("%w (%d bytes uncompressed)", ErrTooLarge, u.max)
}

// gzipDamage is about the place up to which the compressed file was read.
func gzipDamage(offset int, err error) error {
	var corrupt flate.CorruptInputError // has an offset of its own, in the deflate stream
	reason := err.Error()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		reason = "the gzip data is cut off"
	case errors.As(err, &corrupt):
		reason = "the gzip data is corrupt"
	}
	return &GzipError{int64(offset), reason}
}
