package logs

import (
	"context"
	"errors"
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
		o := bucket.Object{Key: s.Name, Size: info.Size(), Modified: info.ModTime().UTC()}
		if !info.Mode().IsRegular() {
			o.Size = -1 // a pipe or a device
		}
		yield(o, nil)
	}
}

// Folders lists nothing: there is only the file.
func (s Single) Folders(context.Context, string) ([]string, error) { return nil, nil }

// Get opens the file.
func (s Single) Get(ctx context.Context, _ string) (*bucket.Body, error) {
	if s.Stream != nil {
		return &bucket.Body{ReadCloser: interruptible(ctx, s.Stream), Size: -1}, nil
	}
	f, err := openFile(ctx, s.Name)
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
	if !info.Mode().IsRegular() { // a pipe or a device
		return &bucket.Body{ReadCloser: &closing{interruptible(ctx, f), f}, Size: -1}, nil
	}
	return &bucket.Body{ReadCloser: f, Size: info.Size()}, nil
}

// openFile opens a file until the context ends: opening a named pipe lasts
// until somebody opens its other end.
func openFile(ctx context.Context, name string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.Open(name)
		opened <- result{f, err}
	}()
	select {
	case r := <-opened:
		return r.file, r.err
	case <-ctx.Done():
		go func() {
			if r := <-opened; r.err == nil {
				r.file.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// closing is a reader that closes what it reads from, too.
type closing struct {
	io.ReadCloser
	from io.Closer
}

func (c *closing) Close() error { return errors.Join(c.ReadCloser.Close(), c.from.Close()) }

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
