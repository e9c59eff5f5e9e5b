package logs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"sync"

	"trailctl/bucket"
	"trailctl/internal/when"
)

// Download copies objects into a folder and keeps the bucket's layout there.
// What is there already is never written over: with the right size it is not
// fetched again, else it is ErrDifferent. An object appears under its name
// only when it is whole: until then it lies in PartialFolder, which a later
// run clears. Two downloads into one folder at the same time disturb each
// other.
type Download struct {
	Source  Source
	Dest    string
	Workers int // 0 means 64
	// Done, when set, is told of each object that was dealt with, with the
	// error that kept it from being fetched. Calls do not overlap.
	Done func(Ledger, Found, error)
}

// Ledger accounts for every object that was listed.
type Ledger struct {
	Listed  int `json:"listed"`
	Fetched int `json:"fetched"`
	Present int `json:"alreadyThere"` // in the folder before, with the same size
	// Different counts those of which the folder has something else: it was
	// kept.
	Different int `json:"different"`
	Failed    int `json:"failed"`
	Skipped   int `json:"skipped"`
	// Interrupted counts those that were being fetched when the run was
	// called off.
	Interrupted int `json:"interrupted,omitempty"`

	Bytes       int64 `json:"bytesFetched"`
	Digests     int   `json:"digests"`     // digest files in the folder now
	ListsFailed int   `json:"listsFailed"` // parts of the bucket that could not be listed

	Skips map[string]int `json:"skippedBecause,omitempty"`

	// Signed says for each region with digest files from when to when those
	// were signed; their public keys are needed to check them.
	Signed map[string]when.Window `json:"-"`
}

// ErrDifferent says that the folder has a file that is not the bucket's object
// of the same name. One of the two was changed; the file is kept.
var ErrDifferent = errors.New("the file in the folder is not the object in the bucket, and was kept")

// Balanced tells whether every listed object is accounted for.
func (l *Ledger) Balanced() bool {
	return l.Listed == l.Fetched+l.Present+l.Different+l.Failed+l.Skipped+l.Interrupted
}

// Complete tells whether all is there that was asked for.
func (l *Ledger) Complete() bool {
	return l.Balanced() && l.Different+l.Failed+l.Interrupted+l.ListsFailed == 0
}

// outcome is what became of one object.
type outcome struct {
	found Found
	there bool // it was there before
	bytes int64
	err   error
	// stopped says that err is the end of the run, not of the object.
	stopped bool
}

// Run fetches what was found. The error is about the folder or the context;
// objects that failed are in the ledger only.
func (d *Download) Run(ctx context.Context, found iter.Seq2[Found, error]) (Ledger, error) {
	ledger := Ledger{Skips: map[string]int{}, Signed: map[string]when.Window{}}
	if err := os.MkdirAll(d.Dest, 0o700); err != nil {
		return ledger, err
	}
	root, err := os.OpenRoot(d.Dest)
	if err != nil {
		return ledger, err
	}
	defer root.Close()
	// A killed run leaves its unfinished files behind.
	if err := root.RemoveAll(PartialFolder); err != nil {
		return ledger, fmt.Errorf("clearing unfinished files: %w", err)
	}
	if err := root.Mkdir(PartialFolder, 0o700); err != nil {
		return ledger, err
	}
	defer root.RemoveAll(PartialFolder)

	outcomes := make(chan outcome)
	go d.dispatch(ctx, root, found, outcomes)
	for o := range outcomes {
		ledger.enter(o)
		if d.Done != nil {
			d.Done(ledger, o.found, o.err)
		}
	}
	return ledger, context.Cause(ctx)
}

// dispatch shares the objects out among the workers and closes outcomes when
// all is done.
func (d *Download) dispatch(ctx context.Context, root *os.Root, found iter.Seq2[Found, error], outcomes chan<- outcome) {
	workers := d.Workers
	if workers <= 0 {
		workers = defaultFetchers
	}
	todo := make(chan Found)
	var running sync.WaitGroup
	for n := range workers {
		running.Go(func() {
			temp := fmt.Sprintf("%s/%d", PartialFolder, n)
			for f := range todo {
				outcomes <- d.one(ctx, root, f, temp)
			}
		})
	}
	for f, err := range found {
		if ctx.Err() != nil {
			break
		}
		if err != nil || f.Skip != "" {
			outcomes <- outcome{found: f, err: err}
			continue
		}
		todo <- f
	}
	close(todo)
	running.Wait()
	close(outcomes)
}

func (l *Ledger) enter(o outcome) {
	if o.found.Object.Key == "" {
		l.ListsFailed++
		return
	}
	l.Listed++
	switch {
	case o.stopped:
		l.Interrupted++
		return
	case errors.Is(o.err, ErrDifferent):
		l.Different++
	case o.err != nil:
		l.Failed++
		return
	case o.found.Skip != "":
		l.Skipped++
		l.Skips[o.found.Skip]++
		return
	case o.there:
		l.Present++
	default:
		l.Fetched++
		l.Bytes += o.bytes
	}
	if isDigest(o.found) {
		l.Digests++
		w, ok := l.Signed[o.found.Key.Region]
		if t := o.found.Key.Time; !ok {
			w = when.Window{Start: t, End: t}
		} else if t.Before(w.Start) {
			w.Start = t
		} else if t.After(w.End) {
			w.End = t
		}
		l.Signed[o.found.Key.Region] = w
	}
}

func isDigest(f Found) bool {
	return f.Log && (f.Key.Kind == bucket.Digest || f.Key.Kind == bucket.BackfillDigest)
}

func (d *Download) one(ctx context.Context, root *os.Root, f Found, temp string) outcome {
	o := outcome{found: f}
	name, err := localName(f.Object.Key)
	if err != nil {
		o.err = err
		return o
	}
	switch look(root, name, f) {
	case isSame:
		o.there = true
	case isOther:
		o.err = fmt.Errorf("%s: %w", d.Source.URI(f.Object.Key), ErrDifferent)
	default:
		o.there, o.bytes, o.err = d.fetch(ctx, root, f, name, temp)
		_ = root.Remove(temp) // there is none when all went well
		o.stopped = o.err != nil && ctx.Err() != nil
	}
	return o
}

// localName is the path that a key gets below the folder. Keys that would
// lead out of it, or mean different places on different systems, have none.
func localName(key string) (string, error) {
	bad := ""
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			bad = "an empty folder name"
		case segment == "." || segment == "..":
			bad = "the folder name " + segment
		case strings.ContainsAny(segment, "\\\x00"):
			bad = "a backslash or a NUL"
		case len(segment) > 255:
			bad = "a name of more than 255 bytes"
		}
	}
	first, _, _ := strings.Cut(key, "/")
	switch {
	case bad != "":
	case first == PartialFolder || first == KeysFile || first == unfinishedKeys:
		bad = "a name that the download needs for itself"
	case len(first) > 1 && first[1] == ':':
		bad = "a drive letter"
	}
	if bad != "" {
		return "", fmt.Errorf("the key %q cannot be a path in a folder: it has %s", key, bad)
	}
	return key, nil
}

func writeMetadata(root *os.Root, name, temp string, meta map[string]string) error {
	if meta == nil {
		meta = map[string]string{}
	}
	raw, err := json.MarshalIndent(meta, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(root, name+bucket.MetadataSuffix, temp, append(raw, '\n'))
}

// replaceFile writes a small file as a whole or not at all.
func replaceFile(root *os.Root, name, temp string, content []byte) error {
	if _, err := writeFile(root, temp, strings.NewReader(string(content))); err != nil {
		return err
	}
	return root.Rename(temp, name)
}

func writeFile(root *os.Root, name string, from io.Reader) (int64, error) {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(file, from)
	return n, errors.Join(err, file.Close())
}
