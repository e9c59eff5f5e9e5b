package validate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"trailctl/bucket"
)

// copied is a copy of a bucket that starts somewhere in a folder. Its keys
// begin with AWSLogs/, whatever stood before that in the bucket.
type copied struct {
	Store
	above string // what stands before AWSLogs/ in the folder, with a slash at its end; or empty
}

// ErrNoCopy says that a folder holds no AWSLogs folder.
var ErrNoCopy = errors.New("no AWSLogs folder in it or up to three levels below")

// copyDepth is how deep below a folder AWSLogs is looked for.
const copyDepth = 3

// OpenCopy finds the AWSLogs folder in or below a folder that holds a copy of
// a bucket, and returns a Store for Options.Open with Options.Copy set. above
// is the path of the folder that holds it, empty for the folder itself.
func OpenCopy(ctx context.Context, folder Store) (store Store, above string, err error) {
	level := []string{""}
	for range copyDepth + 1 {
		var found, next []string
		for _, dir := range level {
			names, err := folder.Folders(ctx, dir)
			if err != nil {
				return nil, "", err
			}
			if slices.Contains(names, "AWSLogs") {
				found = append(found, dir)
			}
			for _, n := range names {
				next = append(next, dir+n+"/")
			}
		}
		switch {
		case len(found) == 1:
			return &copied{Store: folder, above: found[0]}, strings.TrimSuffix(found[0], "/"), nil
		case len(found) > 1:
			return nil, "", fmt.Errorf("AWSLogs folders in %s and %s: name one of them", folder.URI(found[0]), folder.URI(found[1]))
		}
		level = next
	}
	return nil, "", fmt.Errorf("%s: %w", folder.URI(""), ErrNoCopy)
}

func (c *copied) place(key string) string { return c.above + tail(key) }

func (c *copied) List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Object, error] {
	if after != "" {
		after = c.place(after)
	}
	return func(yield func(bucket.Object, error) bool) {
		for o, err := range c.Store.List(ctx, c.place(prefix), after) {
			o.Key = strings.TrimPrefix(o.Key, c.above)
			if !yield(o, err) {
				return
			}
		}
	}
}

func (c *copied) Folders(ctx context.Context, prefix string) ([]string, error) {
	return c.Store.Folders(ctx, c.place(prefix))
}

func (c *copied) Get(ctx context.Context, key string) (*bucket.Body, error) {
	body, err := c.Store.Get(ctx, c.place(key))
	if missing(err) {
		if plain, ok := plainName(key); ok {
			return c.uncompressed(ctx, plain, err)
		}
	}
	return body, err
}

func (c *copied) URI(key string) string { return c.Store.URI(c.place(key)) }
