package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"trailctl/bucket"
)

// fakeBucket is a bucket in memory.
type fakeBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	meta    map[string]map[string]string
	fail    map[string]error // by key, or by listed prefix
	lists   []string         // what was listed: prefix and start-after
	gets    int
	listed  int // objects
	// modified is how much later than at first all objects were written.
	modified time.Duration
}

var errFake = errors.New("the bucket does not feel like it")

func (b *fakeBucket) URI(key string) string { return "s3://fake/" + key }

func (b *fakeBucket) keys() []string { return slices.Sorted(maps.Keys(b.objects)) }

func (b *fakeBucket) List(_ context.Context, prefix, after string) iter.Seq2[bucket.Object, error] {
	b.mu.Lock()
	b.lists = append(b.lists, prefix+" after "+after)
	b.mu.Unlock()
	return func(yield func(bucket.Object, error) bool) {
		if err := b.fail[prefix]; err != nil {
			yield(bucket.Object{}, err)
			return
		}
		for _, k := range b.keys() {
			if !strings.HasPrefix(k, prefix) || k <= after {
				continue
			}
			o := bucket.Object{Key: k, Size: int64(len(b.objects[k])), Modified: time.Unix(1700000000, 0).UTC().Add(b.modified)}
			b.mu.Lock()
			b.listed++
			b.mu.Unlock()
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (b *fakeBucket) Folders(_ context.Context, prefix string) ([]string, error) {
	if err := b.fail[prefix]; err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, k := range b.keys() {
		if rest, ok := strings.CutPrefix(k, prefix); ok {
			if name, _, more := strings.Cut(rest, "/"); more {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

func (b *fakeBucket) Get(ctx context.Context, key string) (*bucket.Body, error) {
	b.mu.Lock()
	b.gets++
	b.mu.Unlock()
	if err := b.fail[key]; err != nil {
		return nil, err
	}
	data, ok := b.objects[key]
	if !ok {
		return nil, bucket.ErrNotFound
	}
	return &bucket.Body{ReadCloser: io.NopCloser(bytes.NewReader(data)), Size: int64(len(data)), Metadata: b.meta[key]}, nil
}

func zip(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	account = "123456789012"
	other   = "210987654321"
)

// logKey is the key of a log file.
func logKey(acct, region, at, unique string) string {
	t, err := time.Parse("2006-01-02T15:04", at)
	if err != nil {
		panic(err)
	}
	return bucket.Base{Account: acct}.Day(bucket.LogFile, region, t) +
		acct + "_CloudTrail_" + region + "_" + t.Format("20060102T1504Z") + "_" + unique + ".json.gz"
}

func digestKey(region, at string) string {
	t, err := time.Parse("2006-01-02T15:04", at)
	if err != nil {
		panic(err)
	}
	return bucket.Base{Account: account}.DigestKey(region, "tr", "us-east-1", t)
}
