package logs

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"trailctl/bucket"
)

// Single is one file, or a stream that can be read once, as a Source.
type Single struct {
	Name string // for people; for a file also where it is
	// Stream is read instead of opening a file of that name.
	Stream io.Reader
}

// List yields the one object, whatever the prefix.
func (s Single) List(context.Context, string, string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		if s.Stream != nil {
			yield(bucket.Object{Key: s.Name, Size: -1}, nil)
			return
		}
		info, err := os.Stat(s.Name)
		if err != nil {
			yield(bucket.Object{}, err)
			return
		}
		yield(bucket.Object{Key: s.Name, Size: info.Size(), Modified: info.ModTime().UTC()}, nil)
	}
}

// Folders lists nothing: there is only the file.
func (s Single) Folders(context.Context, string) ([]string, error) { return nil, nil }

// Get opens the file.
func (s Single) Get(ctx context.Context, _ string) (*bucket.Body, error) {
	if s.Stream != nil {
		return &bucket.Body{ReadCloser: interruptible(ctx, s.Stream), Size: -1}, nil
	}
	f, err := os.Open(s.Name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("%s is a folder", s.Name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	size := info.Size()
	if !info.Mode().IsRegular() {
		size = -1 // a pipe or a device
	}
	return &bucket.Body{ReadCloser: f, Size: size}, nil
}

// URI is the name.
func (s Single) URI(string) string { return s.Name }

// Files yields the file, whatever its name says.
func (s Single) Files(ctx context.Context) iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		for o, err := range s.List(ctx, "", "") {
			f := Found{Object: o}
			f.Key, f.Log = ParseName(o.Key)
			yield(f, err)
		}
	}
}

// interruptible reads from a stream until the context ends, which a read
// from a terminal or a pipe would not notice.
func interruptible(ctx context.Context, stream io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, stream)
		in.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { out.CloseWithError(context.Cause(ctx)) })
	return out
}
