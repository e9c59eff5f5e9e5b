package inflate

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"testing"

	kflate "github.com/klauspost/compress/flate"
	kgzip "github.com/klauspost/compress/gzip"
)

// verdict is what a gzip reader says about a member.
type verdict string

const (
	sound     verdict = "sound"
	empty     verdict = "empty"
	truncated verdict = "truncated"
	badHeader verdict = "header"
	corrupt   verdict = "corrupt"
	checksum  verdict = "checksum"
	tooLarge  verdict = "too large"
)

func verdictOf(t testing.TB, err error) verdict {
	t.Helper()
	var bad flate.CorruptInputError
	var kbad kflate.CorruptInputError
	var kinternal kflate.InternalError
	switch {
	case err == nil:
		return sound
	case errors.Is(err, io.ErrUnexpectedEOF):
		return truncated
	case errors.Is(err, io.EOF):
		return empty
	case errors.Is(err, ErrHeader), errors.Is(err, gzip.ErrHeader), errors.Is(err, kgzip.ErrHeader):
		return badHeader
	case errors.Is(err, ErrCorrupt), errors.As(err, &bad), errors.As(err, &kbad), errors.As(err, &kinternal):
		return corrupt
	case errors.Is(err, ErrChecksum), errors.Is(err, gzip.ErrChecksum), errors.Is(err, kgzip.ErrChecksum):
		return checksum
	case errors.Is(err, ErrTooLarge):
		return tooLarge
	}
	t.Fatalf("an error of no known kind: %v", err)
	return ""
}

// judge is a gzip reader of someone else, reading one member.
type judge struct {
	name string
	open func(*bytes.Reader) (io.Reader, error)
	// excused tells of what it is known to judge otherwise than compress/gzip.
	excused func(src []byte) bool
	// coarse says that only its word on sound data counts. klauspost's flate
	// asks for more bits than it needs, keeps back output that came before an
	// error, and where a code has no symbols it goes on with those of the code
	// before.
	coarse bool
}

var judges = []judge{
	{name: "compress/gzip", open: func(r *bytes.Reader) (io.Reader, error) {
		z, err := gzip.NewReader(r)
		if err == nil {
			z.Multistream(false)
		}
		return z, err
	}},
	// It refuses reserved flags, and calls a name that is cut off empty input.
	{name: "klauspost", coarse: true, excused: func(src []byte) bool {
		return len(src) > 3 && src[3]&(0xe0|flagName|flagComment) != 0
	}, open: func(r *bytes.Reader) (io.Reader, error) {
		z, err := kgzip.NewReader(r)
		if err == nil {
			z.Multistream(false)
		}
		return z, err
	}},
}

// read returns what the judge got out of the member, at most limit bytes, and
// how many bytes of src it took.
func (j judge) read(src []byte, limit int64) ([]byte, int, error) {
	in := bytes.NewReader(src)
	z, err := j.open(in)
	if err != nil {
		return nil, len(src) - in.Len(), err
	}
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	if int64(len(out)) > limit {
		return out[:limit], 0, ErrTooLarge
	}
	return out, len(src) - in.Len(), err
}

// agree fails the test unless Gunzip says of a member what the judges say. It
// appends to prefix, which has room for that many bytes more.
func agree(t testing.TB, d *Decoder, src []byte, limit int64, room int) verdict {
	t.Helper()
	before := bytes.Clone(src)
	prefix := []byte("what was there before")
	dst := append(make([]byte, 0, len(prefix)+room), prefix...)
	dirty := dst[len(dst):cap(dst)]
	for i := range dirty {
		dirty[i] = 0xa5
	}
	out, read, err := d.Gunzip(dst, src, limit)
	ours := verdictOf(t, err)
	if !bytes.Equal(src, before) {
		t.Fatal("the input was written to")
	}
	if !bytes.HasPrefix(out, prefix) {
		t.Fatalf("what was in dst before is now %q", out[:min(len(out), len(prefix))])
	}
	out = out[len(prefix):]
	if int64(len(out)) > limit {
		t.Fatalf("%d bytes, at most %d were asked for", len(out), limit)
	}
	if read < 0 || read > len(src) {
		t.Fatalf("read %d of %d bytes", read, len(src))
	}
	for _, j := range judges {
		if j.excused != nil && j.excused(src) {
			continue
		}
		theirs, theirRead, err := j.read(src, limit)
		want := verdictOf(t, err)
		if j.coarse && (ours == truncated || ours == corrupt || ours == tooLarge) {
			continue
		}
		if ours != want {
			t.Fatalf("%s says %s (%v, %d bytes out), we say %s (%d bytes out)", j.name, want, err, len(theirs), ours, len(out))
		}
		n := min(len(out), len(theirs))
		if !bytes.Equal(out[:n], theirs[:n]) {
			t.Fatalf("other bytes than %s", j.name)
		}
		whole := ours == sound || ours == checksum || ours == tooLarge
		if whole && len(out) != len(theirs) {
			t.Fatalf("%s has %d bytes, we have %d", j.name, len(theirs), len(out))
		}
		if ours == sound && read != theirRead {
			t.Fatalf("%s read %d bytes, we %d", j.name, theirRead, read)
		}
	}
	return ours
}
