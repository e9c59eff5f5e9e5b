package validate

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"trailctl/bucket"
)

func bodyOf(b []byte) *bucket.Body {
	return &bucket.Body{ReadCloser: io.NopCloser(bytes.NewReader(b)), Size: int64(len(b))}
}

// sameBothWays hashes bytes from memory and as a stream.
func sameBothWays(t testing.TB, h *hasher, stored []byte, limit int64) error {
	t.Helper()
	want, wantN, wantErr := h.stream(bytes.NewReader(stored), limit)
	got, n, err := h.hash(context.Background(), bodyOf(stored), limit)
	if err != wantErr || n != wantN || got != want {
		t.Fatalf("%d bytes, limit %d: %d bytes, %x, %v; as a stream %d bytes, %x, %v", len(stored), limit, n, got, err, wantN, want, wantErr)
	}
	return err
}

func TestBothWaysSayTheSame(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat(`{"eventID":"0123456789"},`, 2000))
	whole := zip(text)
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(whole)) }
	noise := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	for _, c := range []struct {
		name   string
		stored []byte
		limit  int64
		want   error
	}{
		{"whole", whole, 1 << 20, nil},
		{"nothing in it", zip(nil), 1 << 20, nil},
		{"as large as allowed", whole, int64(len(text)), nil},
		{"one byte too large", whole, int64(len(text)) - 1, errTooLarge},
		{"no byte", nil, 1 << 20, errTruncated},
		{"three bytes", whole[:3], 1 << 20, errTruncated},
		{"without the trailer", edit(func(b []byte) []byte { return b[:len(b)-8] }), 1 << 20, errTruncated},
		{"half", edit(func(b []byte) []byte { return b[:len(b)/2] }), 1 << 20, errTruncated},
		{"a byte behind it", edit(func(b []byte) []byte { return append(b, 0) }), 1 << 20, errTrailing},
		{"twice", edit(func(b []byte) []byte { return append(b, b...) }), 1 << 20, errTrailing},
		{"bad checksum", edit(func(b []byte) []byte { b[len(b)-8] ^= 1; return b }), 1 << 20, errDamaged},
		{"bad length", edit(func(b []byte) []byte { b[len(b)-4] ^= 1; return b }), 1 << 20, errDamaged},
		{"a length of gigabytes", edit(func(b []byte) []byte { b[len(b)-1] = 0xff; return b }), 1 << 20, errDamaged},
		{"bad data", edit(func(b []byte) []byte { b[20] ^= 0xff; return b }), 1 << 20, errDamaged},
		{"a flag that nobody knows", edit(func(b []byte) []byte { b[3] |= 1 << 6; return b }), 1 << 20, errNotGzip},
		{"not gzip", text, 1 << 20, errNotGzip},
		{"more than is held", zip(make([]byte, wholePlain+1)), 1 << 30, nil},
		{"as much as is held", zip(make([]byte, wholePlain)), 1 << 30, nil},
		{"stored in more than is held", zip(noise), 1 << 30, nil},
		{"stored in as much as is held", pad(whole, wholeStored), 1 << 30, errTrailing},
		{"stored in one byte less", pad(whole, wholeStored-1), 1 << 30, errTrailing},
	} {
		h := newHasher()
		for range 2 { // the second time with used buffers
			if err := sameBothWays(t, h, c.stored, c.limit); err != c.want {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if !h.room.TryAcquire(storedRoom) || len(h.presses) != cap(h.presses) {
			t.Errorf("%s: something was not given back", c.name)
		}
	}
}

func pad(b []byte, n int) []byte { return append(bytes.Clone(b), make([]byte, n-len(b))...) }

// A body need not be as long as was said, and may break.
func TestHashOfOtherSizes(t *testing.T) {
	t.Parallel()
	h := newHasher()
	whole := zip([]byte("some text that is long enough to be cut"))
	want, _, _ := h.stream(bytes.NewReader(whole), 1<<20)
	trouble := errors.New("the line is dead")
	for _, c := range []struct {
		name string
		body io.Reader
		size int64
		err  error
	}{
		{"byte by byte", iotest.OneByteReader(bytes.NewReader(whole)), int64(len(whole)), nil},
		{"data with the end", iotest.DataErrReader(bytes.NewReader(whole)), int64(len(whole)), nil},
		{"nobody knows", bytes.NewReader(whole), -1, nil},
		{"longer", bytes.NewReader(whole), 5, nil},
		{"longer than nothing", bytes.NewReader(whole), 0, nil},
		{"shorter", bytes.NewReader(whole), 1000, nil},
		{"breaks", io.MultiReader(bytes.NewReader(whole[:20]), iotest.ErrReader(trouble)), int64(len(whole)), trouble},
		{"breaks at the end", io.MultiReader(bytes.NewReader(whole), iotest.ErrReader(trouble)), int64(len(whole)), trouble},
	} {
		sum, _, err := h.hash(context.Background(), &bucket.Body{ReadCloser: io.NopCloser(c.body), Size: c.size}, 1<<20)
		if !errors.Is(err, c.err) || (err == nil && sum != want) {
			t.Errorf("%s: %x, %v", c.name, sum, err)
		}
	}
}

func FuzzBothWays(f *testing.F) {
	f.Add(zip([]byte("hello")), uint32(100))
	f.Add(zip(nil), uint32(0))
	f.Add(append(zip([]byte("a")), zip([]byte("b"))...), uint32(1<<20))
	f.Add([]byte{0x1f, 0x8b, 8, 0xff, 0, 0, 0, 0, 0, 0, 1, 0}, uint32(5))
	h := newHasher()
	f.Fuzz(func(t *testing.T, stored []byte, limit uint32) {
		if len(stored) > 1<<20 {
			return
		}
		sameBothWays(t, h, stored, int64(limit))
		if len(stored) > 0 { // as good gzip, and that damaged in one place
			whole := zip(stored)
			sameBothWays(t, h, whole, int64(limit))
			whole[int(limit)%len(whole)] ^= stored[0]
			sameBothWays(t, h, whole, 1<<24)
			sameBothWays(t, h, whole[:int(limit)%len(whole)], 1<<24)
		}
	})
}

// logText is JSON about as compressible as log files are.
func logText(n int) []byte {
	r := rand.New(rand.NewPCG(1, 1))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"eventVersion":"1.11","eventTime":"2026-11-02T%02d:00:00Z","eventName":"DescribeInstances","eventID":"%016x-%016x","readOnly":true,"requestParameters":{"instanceId":"i-%016x"},"userAgent":"aws-sdk-go-v2/1.32.5 ua/2.1 os/linux lang/go"},`, r.IntN(24), r.Uint64(), r.Uint64(), r.Uint64())
	}
	return b.Bytes()[:n]
}

func BenchmarkHash(b *testing.B) {
	for _, size := range []int{1 << 10, 220 << 10, 2 << 20} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		z.Write(logText(size))
		z.Close()
		stored := packed.Bytes()
		h := newHasher()
		b.Run(fmt.Sprintf("whole/%dK", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := h.hash(context.Background(), bodyOf(stored), 1<<30); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("stream/%dK", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := h.stream(bytes.NewReader(stored), 1<<30); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
