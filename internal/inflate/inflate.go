// Package inflate uncompresses gzip that lies whole in memory, such as a log
// file after it was fetched. It is for speed: the bytes come in one slice and
// leave in one, so the inner loop reads eight bytes at a time, looks back in
// the output itself instead of in a window, and tests for the ends of both
// once for several symbols.
//
// What it accepts, and what it calls broken, is what compress/gzip does
// (RFC 1951 and RFC 1952 leave some of it open).
package inflate

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
)

// What can be wrong with gzip data. Data that ends early is
// io.ErrUnexpectedEOF, and no data at all is io.EOF, as elsewhere.
var (
	ErrHeader   = errors.New("inflate: no valid gzip header")
	ErrCorrupt  = errors.New("inflate: corrupt deflate data")
	ErrChecksum = errors.New("inflate: the checksum or the length is not that of the data")
	ErrTooLarge = errors.New("inflate: the uncompressed data is longer than allowed")
)

// slack is the room that stays free behind the output while symbols are
// decoded: the longest match (258), the literals of one turn and what a copy
// in 16-byte steps writes beyond its end.
const slack = 258 + 8 + 32

// firstRatio bounds the room that is taken on the word of the trailer, as a
// multiple of the input. Log files are packed 6 to 30 times; more than that is
// believed when it comes out of the decoder (deflate can reach 1032).
const firstRatio = 32

// Decoder uncompresses one gzip member after the other and keeps its tables
// (about 24 KiB) between them. The zero value is ready. One goroutine at a time
// may use it.
type Decoder struct {
	in   []byte // the compressed bytes, header to end of the input
	ip   int    // in in: the next byte that is not in hold
	hold uint64 // bits that were read and not used, the first one lowest
	n    uint   // how many bits of hold count; the others are zero between blocks

	out  []byte // the caller's bytes and the output, up to the capacity
	base int    // in out: where the output of this member starts
	op   int    // in out: where the next byte goes
	end  int    // in out: how far it may go, base + max

	litlen  litlenTable
	dist    distTable
	minLit  uint // the length of the code for the end of the block
	fixed   bool // the tables are those of RFC 1951, 3.2.6
	lens    [maxLitlen + maxDist]uint8
	sorted  [maxLitlen]uint16
	precode [1 << precodeBits]uint32
}

// Gunzip uncompresses the gzip member at the start of src and appends it to
// dst, at most max bytes. It returns the longer slice and how many bytes of
// src it read; what follows the member is the caller's matter.
//
// After an error, out has the bytes that came before the damage and read is
// about where it is. They are what compress/gzip would have returned, or a few
// bytes less or more of the same data. When the error is ErrTooLarge, they
// are max bytes.
//
// src and the room behind dst must not overlap. The room may be written to
// beyond what is returned.
func (d *Decoder) Gunzip(dst, src []byte, max int64) (out []byte, read int, err error) {
	start, err := header(src)
	if err != nil {
		return dst, start, err
	}
	d.in, d.ip, d.hold, d.n = src, start, 0, 0
	d.base, d.op = len(dst), len(dst)
	d.end = d.base + int(min(max, int64(math.MaxInt-slack-d.base)))
	d.out = dst[:cap(dst)]
	d.reserve(d.hint())
	err = d.inflate()
	if d.op > d.end {
		err, d.op = ErrTooLarge, d.end
	}
	if err == nil {
		err = d.trailer()
	}
	out, read = d.out[:d.op], d.ip
	d.in, d.out = nil, nil
	return out, read, err
}

// hint is the length of the output as the last four bytes of the input tell,
// within reason. They are the sender's word, and not about this member when
// others follow.
func (d *Decoder) hint() int {
	if len(d.in) < 4 {
		return 0
	}
	size := int64(binary.LittleEndian.Uint32(d.in[len(d.in)-4:]))
	return int(min(size, firstRatio*int64(len(d.in))+4096))
}

// reserve makes room for n bytes more and the slack. It never takes more than
// the bound asks for.
func (d *Decoder) reserve(n int) {
	need := min(d.op+n, d.end) + slack
	if need <= len(d.out) {
		return
	}
	out := make([]byte, max(need, min(len(d.out)+len(d.out)/2, d.end+slack)))
	copy(out, d.out[:d.op])
	d.out = out
}

// trailer reads the checksum and the length behind the compressed data.
func (d *Decoder) trailer() error {
	if len(d.in)-d.ip < 8 {
		d.ip = len(d.in)
		return io.ErrUnexpectedEOF
	}
	t := d.in[d.ip:]
	d.ip += 8
	data := d.out[d.base:d.op]
	if crc32.ChecksumIEEE(data) != binary.LittleEndian.Uint32(t) || uint32(len(data)) != binary.LittleEndian.Uint32(t[4:]) {
		return ErrChecksum
	}
	return nil
}
