package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// Bits of the flags byte (RFC 1952, 2.3.1). FTEXT says nothing about the
// layout, and the three reserved bits are ignored, as compress/gzip does.
const (
	flagHeaderCRC = 1 << 1
	flagExtra     = 1 << 2
	flagName      = 1 << 3
	flagComment   = 1 << 4
)

// maxString is the longest name or comment that compress/gzip takes, with the
// NUL behind it.
const maxString = 512

// header reads a gzip header and returns its length. With an error, it is the
// number of bytes up to the one that was wrong or missing. Input without a
// single byte is io.EOF.
func header(src []byte) (int, error) {
	if len(src) == 0 {
		return 0, io.EOF
	}
	if len(src) < 10 {
		return len(src), io.ErrUnexpectedEOF
	}
	if src[0] != 0x1f || src[1] != 0x8b || src[2] != 8 {
		return 10, ErrHeader
	}
	flags, at := src[3], 10
	if flags&flagExtra != 0 {
		if len(src)-at < 2 {
			return len(src), io.ErrUnexpectedEOF
		}
		n := int(binary.LittleEndian.Uint16(src[at:]))
		at += 2
		if len(src)-at < n {
			return len(src), io.ErrUnexpectedEOF
		}
		at += n
	}
	for _, flag := range []byte{flagName, flagComment} {
		if flags&flag == 0 {
			continue
		}
		text := src[at:min(len(src), at+maxString)]
		n := bytes.IndexByte(text, 0)
		switch {
		case n >= 0:
			at += n + 1
		case len(text) == maxString:
			return at + maxString, ErrHeader
		default:
			return len(src), io.ErrUnexpectedEOF
		}
	}
	if flags&flagHeaderCRC != 0 {
		if len(src)-at < 2 {
			return len(src), io.ErrUnexpectedEOF
		}
		sum := uint16(crc32.ChecksumIEEE(src[:at]))
		at += 2
		if binary.LittleEndian.Uint16(src[at-2:]) != sum {
			return at, ErrHeader
		}
	}
	return at, nil
}
