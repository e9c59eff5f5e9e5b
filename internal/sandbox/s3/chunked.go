package s3

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

const (
	maxChunkLine = 4096 // bytes of a chunk's size line or of a trailer
	maxTrailers  = 16
)

var errChunked = errors.New("the aws-chunked body is malformed")

// chunkedReader takes the aws-chunked framing off a body: chunks of
// SIZE[;chunk-signature=...] CRLF DATA CRLF, a chunk of size 0, and after it
// the trailers. Chunk signatures are not checked; nothing else in the sandbox
// checks a signature either.
type chunkedReader struct {
	in      *bufio.Reader
	left    int64 // of the chunk at hand
	begun   bool  // a chunk has been read, its CRLF not yet
	trailer map[string]string
	err     error
}

func newChunkedReader(in io.Reader) *chunkedReader {
	return &chunkedReader{in: bufio.NewReaderSize(in, maxChunkLine), trailer: map[string]string{}}
}

func (c *chunkedReader) Read(p []byte) (int, error) {
	for c.err == nil && c.left == 0 {
		c.err = c.nextChunk()
	}
	if c.err != nil {
		return 0, c.err
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.in.Read(p)
	c.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	c.err = err
	return n, err
}

// nextChunk reads up to the data of the next chunk; io.EOF after the last.
func (c *chunkedReader) nextChunk() error {
	if c.begun {
		if end, err := c.line(); err != nil || len(end) > 0 {
			return errors.Join(errChunked, err)
		}
	}
	line, err := c.line()
	if err != nil {
		return errors.Join(errChunked, err)
	}
	text, _, _ := strings.Cut(string(line), ";")
	size, err := strconv.ParseUint(text, 16, 63)
	if err != nil {
		return errChunked
	}
	c.begun, c.left = true, int64(size)
	if size > 0 {
		return nil
	}
	if err := c.readTrailers(); err != nil {
		return err
	}
	return io.EOF
}

// readTrailers reads NAME:VALUE lines up to an empty one or the body's end.
func (c *chunkedReader) readTrailers() error {
	for range maxTrailers {
		line, err := c.line()
		if errors.Is(err, io.EOF) || err == nil && len(line) == 0 {
			return nil
		}
		name, value, ok := strings.Cut(string(line), ":")
		if err != nil || !ok {
			return errors.Join(errChunked, err)
		}
		c.trailer[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	return errChunked
}

// line reads a line without its CRLF. io.EOF means that there was nothing.
func (c *chunkedReader) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
