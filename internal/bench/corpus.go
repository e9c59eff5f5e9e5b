package main

import (
	"compress/gzip"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// corpus is a folder of log files as CloudTrail delivers them.
type corpus struct {
	dir    string
	files  int
	bytes  int64 // of JSON
	stored int64
}

// corpus makes the corpus, or takes the one an earlier run made with the same
// numbers.
func (o *options) corpus() (*corpus, error) {
	c := &corpus{files: o.files, dir: filepath.Join(o.dir, fmt.Sprintf("corpus-%d-%d-%d", o.files, o.bytes, o.seed))}
	note := filepath.Join(c.dir, "made")
	if raw, err := os.ReadFile(note); err == nil {
		_, err := fmt.Sscan(string(raw), &c.bytes, &c.stored)
		return c, err
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return nil, err
	}
	if err := c.make(o.bytes, o.seed); err != nil {
		return nil, err
	}
	return c, os.WriteFile(note, fmt.Appendln(nil, c.bytes, c.stored), 0o644)
}

// logs is the folder of the log files themselves.
func (c *corpus) logs() string { return filepath.Join(c.dir, "logs") }

func (c *corpus) make(total int64, seed uint64) error {
	sizes := shares(c.files, total, seed)
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(runtime.NumCPU())
	for i, size := range sizes {
		g.Go(func() error {
			// Each file has a generator of its own: the corpus is the same
			// whatever the order in which the files are made.
			json, name := newWriter(seed, uint64(i)).file(int(size))
			stored, err := save(filepath.Join(c.logs(), name), json)
			mu.Lock()
			defer mu.Unlock()
			c.bytes += int64(len(json))
			c.stored += stored
			return err
		})
	}
	return g.Wait()
}

// shares divides bytes among files with a heavy tail, as busy and idle minutes
// of a real account do: half of the files are small, a few are a hundred times
// as large as those.
func shares(files int, total int64, seed uint64) []int64 {
	r := rand.New(rand.NewPCG(seed, 1<<32))
	weights, sum := make([]float64, files), 0.0
	for i := range weights {
		weights[i] = math.Exp(1.2 * r.NormFloat64())
		sum += weights[i]
	}
	sizes := make([]int64, files)
	for i, w := range weights {
		sizes[i] = int64(w / sum * float64(total))
	}
	return sizes
}

func save(path string, json []byte) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return 0, err
	}
	file, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	z := gzip.NewWriter(file)
	if _, err := z.Write(json); err != nil {
		return 0, err
	}
	if err := z.Close(); err != nil {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), file.Close()
}

// file writes one log file of about size bytes, and its name below the bucket.
func (w *writer) file(size int) (json []byte, name string) {
	w.region, w.account = pick(w.rand, regions), pick(w.rand, accounts)
	w.at = firstDay.Add(time.Duration(w.rand.IntN(3*24*60)) * time.Minute)
	name = fmt.Sprintf("AWSLogs/%s/CloudTrail/%s/%s/%s_CloudTrail_%s_%s_%s.json.gz", w.account, w.region,
		w.at.Format("2006/01/02"), w.account, w.region, w.at.Add(5*time.Minute).Format("20060102T1504Z"), w.letters(16, alphanumeric))
	return w.body(size), name
}

// body is one log file of about size bytes, with one record at the least.
func (w *writer) body(size int) []byte {
	w.out = append(w.out, `{"Records":[`...)
	for first := true; first || len(w.out) < size; first = false {
		if !first {
			w.out = append(w.out, ',')
		}
		w.record()
	}
	return append(w.out, "]}"...)
}

var firstDay = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
