package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"trailctl/internal/inflate"
)

// DefaultMaxFileSize bounds one uncompressed log file, in bytes. CloudTrail's
// own are some megabytes at most. Exports and merged files can be larger, but
// a file is held in memory as a whole, and this much of it together with all
// else that a walk holds stays below 150 MiB.
const DefaultMaxFileSize = 96 << 20

// ErrTooLarge says that a file is larger than the bound, or claims in a few
// bytes to be (a gzip bomb).
var ErrTooLarge = errors.New("larger than the bound for one file")

// gzipMagic is what every gzip member begins with.
var gzipMagic = []byte{0x1f, 0x8b}

// unpacker uncompresses one file after the other with one set of buffers.
type unpacker struct {
	max  int64
	gzip inflate.Decoder
}

// unpack uncompresses stored, when it is gzip, into buf. It returns what
// could be had also when there is an error. CloudTrail writes files of one
// gzip member; several, as "cat a.gz b.gz" makes them, are joined and noted.
func (u *unpacker) unpack(stored, buf []byte, report *Report) ([]byte, error) {
	if !bytes.HasPrefix(stored, gzipMagic) {
		if int64(len(stored)) > u.max {
			return nil, u.tooLarge()
		}
		return stored, nil
	}
	data, at := buf[:0], 0
	for member := 1; ; member++ {
		var read int
		var err error
		data, read, err = u.gzip.Gunzip(data, stored[at:], u.max-int64(len(data)))
		at += read
		left := stored[at:]
		switch {
		case errors.Is(err, inflate.ErrTooLarge):
			return nil, u.tooLarge()
		case err != nil:
			return data, gzipDamage(at, err)
		case len(left) == 0:
			if member > 1 {
				report.note("%d gzip members, read as one file", member)
			}
			return data, nil
		case !bytes.HasPrefix(left, gzipMagic):
			return data, &GzipError{int64(at), fmt.Sprintf("%d bytes that are no gzip stand behind the gzip data", len(left))}
		}
	}
}

func (u *unpacker) tooLarge() error {
	return fmt.Errorf("%w (%d bytes uncompressed)", ErrTooLarge, u.max)
}

// gzipDamage is about the place up to which the compressed file was read.
func gzipDamage(offset int, err error) error {
	var reason string
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		reason = "the gzip data is cut off"
	case errors.Is(err, inflate.ErrHeader):
		reason = "the gzip header is not valid"
	case errors.Is(err, inflate.ErrCorrupt):
		reason = "the gzip data is corrupt"
	case errors.Is(err, inflate.ErrChecksum):
		reason = "the gzip checksum is not that of the data"
	default:
		reason = err.Error()
	}
	return &GzipError{int64(offset), reason}
}
