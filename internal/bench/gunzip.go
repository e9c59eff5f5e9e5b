package main

import (
	"bytes"
	standard "compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"

	"trailctl/internal/inflate"
)

// gunzipAll uncompresses all files of a folder with one library, each into
// memory, on all processors, and does nothing with them.
func gunzipAll(library, dir string) error {
	paths := make(chan string)
	var g errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			gunzip, err := gunzipWith(library)
			if err != nil {
				return err
			}
			for path := range paths {
				stored, err := os.ReadFile(path)
				if err == nil {
					err = gunzip(stored)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
			return nil
		})
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".gz") {
			paths <- path
		}
		return err
	})
	close(paths)
	if failed := g.Wait(); failed != nil {
		return failed
	}
	return err
}

func gunzipWith(library string) (func(stored []byte) error, error) {
	var out bytes.Buffer
	switch library {
	case "own":
		d, buf := new(inflate.Decoder), []byte(nil)
		return func(stored []byte) (err error) {
			buf, _, err = d.Gunzip(buf[:0], stored, 1<<30)
			return err
		}, nil
	case "klauspost":
		z := new(gzip.Reader)
		return func(stored []byte) error {
			if err := z.Reset(bytes.NewReader(stored)); err != nil {
				return err
			}
			return drain(&out, z)
		}, nil
	case "standard":
		z := new(standard.Reader)
		return func(stored []byte) error {
			if err := z.Reset(bytes.NewReader(stored)); err != nil {
				return err
			}
			return drain(&out, z)
		}, nil
	}
	return nil, fmt.Errorf("no library %q", library)
}

func drain(out *bytes.Buffer, z io.Reader) error {
	out.Reset()
	_, err := out.ReadFrom(z)
	return err
}
