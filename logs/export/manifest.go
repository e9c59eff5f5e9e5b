package export

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
)

// Manifest says what an export is made of. It is the file ManifestName in the
// folder.
type Manifest struct {
	Version     int         `json:"version"`
	Format      Format      `json:"format"`
	Schema      string      `json:"schemaVersion,omitempty"` // of OCSF
	Split       Split       `json:"split"`
	Compression Compression `json:"compression"`
	Counts
	Files []File `json:"files"`
}

// File is one file of an export.
type File struct {
	Path    string `json:"path"` // in the folder, with slashes
	Records int    `json:"records"`
	Bytes   int64  `json:"bytes"` // as it lies there
}

// Finish makes the files whole and moves them to their names. Without records
// it writes nothing, and an earlier export stays as it is.
// progress, when set, is told how many files are whole.
func (e *Export) Finish(ctx context.Context, progress func(whole, all int)) (*Manifest, error) {
	files := e.files()
	for _, p := range files {
		e.staging.flush(p)
	}
	e.staging.stop()
	if err := e.staging.failure(); err != nil {
		return nil, err
	}
	e.free, e.pending = nil, nil
	if e.options.Format == Parquet {
		if err := e.convert(ctx, files, progress); err != nil {
			return nil, err
		}
	}
	m := &Manifest{
		Version: 1, Format: e.options.Format, Split: e.options.Split, Compression: e.options.Compression,
		Counts: e.counts, Files: []File{},
	}
	switch m.Format {
	case OCSF:
		m.Schema = OCSFVersion
	case Parquet:
		m.Compression = Zstd
	}
	sum := 0
	for _, p := range files {
		info, err := e.folder.root.Stat(p.temp)
		if err != nil {
			return nil, err
		}
		m.Files = append(m.Files, File{Path: p.name, Records: p.rows, Bytes: info.Size()})
		sum += p.rows
	}
	if sum != m.Written {
		return nil, fmt.Errorf("the numbers do not add up: %d records were written, but the files have %d", m.Written, sum)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	return m, e.publish(files, m)
}

func (e *Export) publish(files []*part, m *Manifest) error {
	if len(files) == 0 {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return err
	}
	return e.folder.publish(files, b.Bytes())
}

// convert is the second stage, for Parquet. Each worker writes one file at a
// time and holds one row group of it in memory.
func (e *Export) convert(ctx context.Context, files []*part, progress func(whole, all int)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		running  sync.WaitGroup
		todo     = make(chan *part)
		whole    atomic.Int64
		repaired atomic.Int64
		told     sync.Mutex
	)
	for range min(parquetWorkers, max(1, len(files))) {
		running.Go(func() {
			w := newParquetWriter()
			for p := range todo {
				n, err := w.convert(ctx, e.folder.root, p)
				if err != nil {
					cancel(err)
					return
				}
				repaired.Add(int64(n))
				told.Lock()
				if n := int(whole.Add(1)); progress != nil {
					progress(n, len(files))
				}
				told.Unlock()
			}
		})
	}
	for _, p := range files {
		select {
		case todo <- p:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(todo)
	running.Wait()
	e.counts.Repaired += int(repaired.Load())
	return context.Cause(ctx)
}

// parquetWorkers is how many Parquet files are written at once. More of them
// cost memory.
const parquetWorkers = 2
