package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"trailctl/bucket"
)

// fetch reads a whole object as it is stored, into buf if that is large
// enough.
func (w *Walker) fetch(ctx context.Context, o bucket.Object, buf []byte) ([]byte, error) {
	body, err := w.Source.Get(ctx, o.Key)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	limit := w.maxSize()
	if body.Size > limit {
		return nil, fmt.Errorf("reading %s: %w (%d bytes)", w.Source.URI(o.Key), ErrTooLarge, limit)
	}
	stored, err := readAll(body, limit, buf)
	if errors.Is(err, ErrTooLarge) {
		err = fmt.Errorf("reading %s: %w (%d bytes)", w.Source.URI(o.Key), err, limit)
	}
	if err != nil {
		return nil, err
	}
	if body.Size >= 0 && int64(len(stored)) != body.Size {
		return nil, fmt.Errorf("reading %s: %d bytes came instead of %d", w.Source.URI(o.Key), len(stored), body.Size)
	}
	return stored, nil
}

// How much room is made for a body on its word alone, and from how many bytes
// on its word is believed: a size that was made up costs nothing.
const (
	trusted  = 256 << 10
	credible = 4 << 20
)

func readAll(body *bucket.Body, limit int64, buf []byte) ([]byte, error) {
	room := int64(trusted)
	if body.Size >= 0 {
		limit, room = min(limit, body.Size), min(room, body.Size+1)
	}
	stored := buf[:0]
	if int64(cap(stored)) < room {
		stored = make([]byte, 0, room)
	}
	for {
		if len(stored) == cap(stored) {
			stored = grow(stored, body.Size+1)
		}
		n, err := body.Read(stored[len(stored):cap(stored)])
		stored = stored[:len(stored)+n]
		switch {
		case int64(len(stored)) > limit && limit == body.Size:
			return stored, nil // more than was announced: the caller says so
		case int64(len(stored)) > limit:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return stored, nil
		case err != nil:
			return stored, err
		}
	}
}

// grow makes more room: for the whole body once so much of it has come that
// its size can be believed.
func grow(stored []byte, size int64) []byte {
	if len(stored) >= credible && size > int64(len(stored)) {
		return append(make([]byte, 0, size), stored...)
	}
	return slices.Grow(stored, len(stored)+1)
}
