package s3

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxObject = 5 << 30 // bytes of one PUT or one part, S3's own limit
	maxDrain  = 64 << 20
)

// received is a body that has been taken in and proved.
type received struct {
	blob     blob
	size     int64
	md5      []byte
	checksum checksum
}

// body is the request's body without aws-chunked framing, and how long it
// says it is (-1 when it does not).
func (r *request) body() (io.Reader, *chunkedReader, int64, error) {
	if !strings.HasPrefix(r.header("x-amz-content-sha256"), "STREAMING-") {
		return r.http.Body, nil, r.http.ContentLength, nil
	}
	size, err := strconv.ParseInt(r.header("x-amz-decoded-content-length"), 10, 64)
	if err != nil || size < 0 {
		return nil, nil, 0, missingLength()
	}
	c := newChunkedReader(r.http.Body)
	return c, c, size, nil
}

func missingLength() *failure {
	return fail(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
}

// receive takes the request's body into the store and proves it by all that
// the uploader said about it. algorithm is what an upload's parts have to
// carry; empty leaves it to the request.
func (s *Service) receive(r *request, algorithm string) (received, error) {
	e, err := r.expectation()
	if err != nil {
		return received{}, err
	}
	in, chunks, size, err := r.body()
	if err != nil {
		return received{}, err
	}
	if size < 0 {
		return received{}, missingLength()
	}
	if size > maxObject {
		return received{}, fail(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size").
			with("ProposedSize", strconv.FormatInt(size, 10)).with("MaxSizeAllowed", strconv.FormatInt(maxObject, 10))
	}
	if algorithm == "" {
		algorithm = e.algorithm
	}
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	if (e.value != "" || e.trailer) && e.algorithm != algorithm {
		return received{}, invalidRequest("Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
			strings.ToLower(algorithm), strings.ToLower(e.algorithm))
	}
	sums := newSums(e, algorithm)
	got, err := s.takeIn(io.LimitReader(in, size+1), size, sums)
	if err != nil {
		return received{}, err
	}
	if e.trailer && chunks != nil {
		if e.value = chunks.trailer[checksumHeader(e.algorithm)]; e.value == "" {
			got.blob.discard()
			return received{}, fail(http.StatusBadRequest, "MalformedTrailerError",
				"The request contained trailing data that was not well-formed or did not conform to our published schema.")
		}
	}
	if err := sums.prove(e); err != nil {
		got.blob.discard()
		return received{}, err
	}
	return got, nil
}

// takeIn writes exactly size bytes to the store, hashing them on the way.
func (s *Service) takeIn(in io.Reader, size int64, h *sums) (received, error) {
	d, err := s.store.create(size)
	if err != nil {
		return received{}, err
	}
	n, err := io.Copy(io.MultiWriter(append(h.writers(), d)...), in)
	if err != nil || n != size {
		d.discard()
		return received{}, incomplete(err)
	}
	b, err := d.finish()
	if err != nil {
		d.discard()
		return received{}, err
	}
	return received{
		blob: b, size: n, md5: h.md5.Sum(nil),
		checksum: checksum{Algorithm: h.algorithm, Value: base64Sum(h.checksum), Type: fullObject},
	}, nil
}

// incomplete tells a client that broke off or framed its body badly from a
// store that failed.
func incomplete(err error) error {
	var netErr interface{ Timeout() bool }
	switch {
	case err == nil, errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errChunked), errors.As(err, &netErr):
		return fail(http.StatusBadRequest, "IncompleteBody",
			"You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	return err
}

// sums are the hashes of a body on its way into the store.
type sums struct {
	md5       hash.Hash
	sha256    hash.Hash // nil unless the uploader gave one
	algorithm string
	checksum  hash.Hash
}

func newSums(e expectation, algorithm string) *sums {
	h := &sums{md5: md5.New(), algorithm: algorithm, checksum: newHash(algorithm)}
	if e.sha256 != "" {
		h.sha256 = sha256.New()
	}
	return h
}

func (h *sums) writers() []io.Writer {
	out := []io.Writer{h.md5, h.checksum}
	if h.sha256 != nil {
		out = append(out, h.sha256)
	}
	return out
}

func (h *sums) prove(e expectation) error {
	switch {
	case e.md5 != "" && e.md5 != base64Sum(h.md5):
		return fail(http.StatusBadRequest, "BadDigest", "The Content-MD5 you specified did not match what we received.").
			with("ExpectedDigest", e.md5).with("CalculatedDigest", base64Sum(h.md5))
	case e.sha256 != "" && e.sha256 != hex.EncodeToString(h.sha256.Sum(nil)):
		return fail(http.StatusBadRequest, "XAmzContentSHA256Mismatch",
			"The provided 'x-amz-content-sha256' header does not match what was computed.")
	case e.value != "" && e.value != base64Sum(h.checksum):
		return badDigest(e.algorithm)
	}
	return nil
}

// readBody reads a request document, proved like any other body.
func (r *request) readBody() ([]byte, error) {
	e, err := r.expectation()
	if err != nil {
		return nil, err
	}
	in, chunks, size, err := r.body()
	if err != nil {
		return nil, err
	}
	if size > maxDocument {
		return nil, fail(http.StatusBadRequest, "MaxMessageLengthExceeded", "Your request was too big.")
	}
	text, err := io.ReadAll(io.LimitReader(in, maxDocument+1))
	if err != nil {
		return nil, incomplete(err)
	}
	if len(text) > maxDocument {
		return nil, fail(http.StatusBadRequest, "MaxMessageLengthExceeded", "Your request was too big.")
	}
	algorithm := e.algorithm
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	if e.trailer && chunks != nil {
		e.value = chunks.trailer[checksumHeader(algorithm)]
	}
	h := newSums(e, algorithm)
	io.Copy(io.MultiWriter(h.writers()...), bytes.NewReader(text)) // hashes take all
	return text, h.prove(e)
}

// drain reads what a refused upload still sends, so that the client gets to
// read the answer. A client that waits for leave to send is not made to.
func (r *request) drain() {
	if r.http.Body != nil && r.header("Expect") == "" {
		io.CopyN(io.Discard, r.http.Body, maxDrain) // only a courtesy
	}
}

// etag is the quoted form of an object's or a part's MD5.
func etag(sum []byte) string { return hex.EncodeToString(sum) }
