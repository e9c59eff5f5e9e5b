package validate

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestUnpackEveryTruncation(t *testing.T) {
	t.Parallel()
	var p unpackers
	text := []byte(strings.Repeat(`{"eventID":"0123456789"},`, 2000))
	whole := zip(text)
	for n := range len(whole) {
		u := p.get()
		var got bytes.Buffer
		_, err := u.unpack(&got, bytes.NewReader(whole[:n]), 1<<20)
		if !errors.Is(err, errTruncated) {
			t.Fatalf("cut at %d of %d: %v", n, len(whole), err)
		}
		if !bytes.HasPrefix(text, got.Bytes()) {
			t.Fatalf("cut at %d: bytes that were not in the file", n)
		}
		p.put(u)
	}
	u := p.get()
	var got bytes.Buffer
	if _, err := u.unpack(&got, iotest.OneByteReader(bytes.NewReader(whole)), int64(len(text))); err != nil || !bytes.Equal(got.Bytes(), text) {
		t.Errorf("whole: %v", err)
	}
}

func TestUnpackTellsTroubleFromDamage(t *testing.T) {
	t.Parallel()
	whole := zip([]byte(strings.Repeat("x", 100000)))
	crc := bytes.Clone(whole)
	crc[len(crc)-8] ^= 1
	trouble := errors.New("the line is dead")
	for _, c := range []struct {
		name  string
		body  io.Reader
		limit int64
		want  error
	}{
		{"crc", bytes.NewReader(crc), 1 << 20, errDamaged},
		{"trailing", bytes.NewReader(append(bytes.Clone(whole), 0)), 1 << 20, errTrailing},
		{"too large", bytes.NewReader(whole), 99999, errTooLarge},
		{"trouble at the start", iotest.ErrReader(trouble), 1 << 20, trouble},
		{"trouble in the middle", io.MultiReader(bytes.NewReader(whole[:50]), iotest.ErrReader(trouble)), 1 << 20, trouble},
		{"trouble at the end", io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(trouble)), 1 << 20, trouble},
		{"unexpected end on the way", io.MultiReader(bytes.NewReader(whole[:50]), iotest.ErrReader(io.ErrUnexpectedEOF)), 1 << 20, io.ErrUnexpectedEOF},
	} {
		var p unpackers
		_, err := p.get().unpack(io.Discard, c.body, c.limit)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		ours := errors.Is(err, errDamaged) || errors.Is(err, errTrailing)
		if badData(err) != ours {
			t.Errorf("%s: bad data %v", c.name, badData(err))
		}
	}
}

// The same bytes are good gzip for the standard library and for us, but for
// what follows the first member.
func FuzzUnpack(f *testing.F) {
	f.Add(zip([]byte("hello")))
	f.Add(zip(nil))
	f.Add(append(zip([]byte("a")), zip([]byte("b"))...))
	f.Add([]byte{0x1f, 0x8b, 8, 0xff, 0, 0, 0, 0, 0, 0, 1, 0})
	var p unpackers
	f.Fuzz(func(t *testing.T, b []byte) {
		u := p.get()
		defer p.put(u)
		var got bytes.Buffer
		_, err := u.unpack(&got, bytes.NewReader(b), 1<<20)
		if errors.Is(err, errTooLarge) {
			return
		}
		in := bytes.NewReader(b)
		var want bytes.Buffer
		r, stdErr := gzip.NewReader(in)
		if stdErr == nil {
			r.Multistream(false)
			_, stdErr = io.Copy(&want, r)
		}
		if (stdErr == nil && in.Len() == 0) != (err == nil) {
			t.Fatalf("we say %v, the standard library %v with %d bytes left", err, stdErr, in.Len())
		}
		if err == nil && !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Fatal("different text")
		}
	})
}
