// Package export writes records into a folder of files that other programs
// read: Parquet, CSV, JSON Lines and OCSF events, split by day or hour into
// folders that query engines take for partitions.
//
// Records pass through in two stages, so that memory is bounded whatever the
// corpus holds and however many days lie in it: workers write each record in
// the form of the result into a buffer of its partition, and full buffers are
// compressed and appended to the partition's file. What Parquet needs, many
// records at once, is made from these files afterwards, one after the other.
// All this happens in a folder of temporary files; whole files are moved to
// their names at the very end.
package export

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"trailctl/logs"
)

// Format is the form of the files.
type Format string

const (
	Parquet Format = "parquet"
	CSV     Format = "csv"
	JSONL   Format = "jsonl" // each record's bytes on a line
	OCSF    Format = "ocsf"  // events of the schema OCSFVersion, as JSON Lines
)

// Formats lists the formats.
func Formats() []string { return []string{string(Parquet), string(CSV), string(JSONL), string(OCSF)} }

// Split says what records lie together.
type Split string

const (
	ByDay  Split = "day"  // of eventTime, in UTC
	ByHour Split = "hour" // of eventTime, in UTC
	None   Split = "none"
)

// Splits lists the ways to split.
func Splits() []string { return []string{string(ByDay), string(ByHour), string(None)} }

// Compression is that of the files as a whole. Parquet files have theirs
// inside, and are zstd always.
type Compression string

const (
	Plain Compression = "none"
	Gzip  Compression = "gzip"
	Zstd  Compression = "zstd"
)

// Compressions lists the compressions.
func Compressions() []string { return []string{string(Plain), string(Gzip), string(Zstd)} }

// DefaultMaxRows is how many records a file holds when nobody says.
const DefaultMaxRows = 1_000_000

// maxFileBytes bounds a file by what its records are in their written form,
// before compression.
const maxFileBytes = 2 << 30

// maxPartitions bounds the folders of one export. Each costs some memory, and
// the times in records are the sender's word.
const maxPartitions = 100_000

// ErrTooManyFolders says that the records lie in more days or hours than an
// export may have folders.
var ErrTooManyFolders = errors.New("the records lie in more than 100000 days or hours")

// Options say what an export is to be.
type Options struct {
	Folder      string
	Format      Format
	Split       Split       // "" is ByDay
	Compression Compression // "" is Plain
	MaxRows     int         // records a file; 0 is DefaultMaxRows
	// Raw adds each whole record to CSV and OCSF; Parquet has it always.
	Raw bool
	// Replace lets the folder hold an earlier export, which is taken away.
	Replace bool
}

// Export is an export at work. Close must be called.
type Export struct {
	options Options
	folder  *folder
	staging *staging
	parts   map[partition]*part // the one that each partition is writing
	done    []*part             // those before
	begun   int
	counts  Counts

	mu      sync.Mutex
	pending map[*logs.File]*encoded
	free    []*encoded
}

// Counts are the numbers of an export.
type Counts struct {
	Written int `json:"recordsWritten"`
	// WithoutTime counts those of the written records whose eventTime is
	// absent or cannot be read. When records are split by time they have a
	// folder of their own.
	WithoutTime int `json:"withoutTime"`
	// Repaired counts the written records in which bytes that are not UTF-8
	// became U+FFFD, since the format holds nothing else.
	Repaired int `json:"repaired"`
}

// Open prepares the folder. Nothing appears in it under its name before
// Finish.
func Open(o Options) (*Export, error) {
	if o.Split == "" {
		o.Split = ByDay
	}
	if o.Compression == "" {
		o.Compression = Plain
	}
	if o.MaxRows <= 0 {
		o.MaxRows = DefaultMaxRows
	}
	if o.Format == Parquet && o.Compression != Plain {
		return nil, fmt.Errorf("parquet files are compressed inside: not with %s", o.Compression)
	}
	f, err := openFolder(o.Folder, o.Replace)
	if err != nil {
		return nil, err
	}
	return &Export{
		options: o, folder: f,
		staging: newStaging(f.root, o.frames(), max(1, min(4, runtime.GOMAXPROCS(0)))),
		parts:   map[partition]*part{}, pending: map[*logs.File]*encoded{},
	}, nil
}

// frames is the compression of the files of the first stage.
func (o *Options) frames() Compression {
	if o.Format == Parquet {
		return blocks
	}
	return o.Compression
}

// extension is what the names of the files end in.
func (o *Options) extension() string {
	ext := map[Format]string{Parquet: ".parquet", CSV: ".csv", JSONL: ".jsonl", OCSF: ".jsonl"}[o.Format]
	switch o.Compression {
	case Gzip:
		ext += ".gz"
	case Zstd:
		ext += ".zst"
	}
	return ext
}

// Visitor makes a visitor for one worker of a walk: it writes there what Add
// will put into files. It wants every record that it is shown.
func (e *Export) Visitor() logs.Visitor {
	return &encoder{export: e, rows: e.options.rowWriter()}
}

// Add takes the records of a file over: those in its Records that keep, when
// there is one, answers true for. It must be called in the order of the walk,
// each time that the walk yields a file.
func (e *Export) Add(f *logs.File, keep func(*logs.Record) bool) error {
	rows := e.take(f)
	if rows == nil {
		return e.staging.failure()
	}
	for i := range f.Records {
		r := &f.Records[i]
		if i == len(rows.rows) || rows.rows[i].offset != r.Offset {
			return fmt.Errorf("%s: the record at byte %d was not seen by the export", f.URI, r.Offset)
		}
		if keep != nil && !keep(r) {
			continue
		}
		row, text := rows.rows[i], [][]byte{rows.text(i)}
		if row.late {
			text, row.repaired = e.late(f, r)
		}
		if err := e.add(row, text); err != nil {
			return err
		}
	}
	e.giveBack(f, rows, len(f.Records))
	return e.staging.failure()
}

func (e *Export) add(r row, text [][]byte) error {
	size := int64(0)
	for _, piece := range text {
		size += int64(len(piece))
	}
	p := e.parts[r.partition]
	if p != nil && (p.rows >= e.options.MaxRows || p.size+size > maxFileBytes) {
		e.staging.flush(p)
		e.done = append(e.done, p)
		p = e.next(r.partition, p.number+1)
	}
	if p == nil {
		if len(e.parts) == maxPartitions {
			return ErrTooManyFolders
		}
		p = e.next(r.partition, 0)
	}
	p.rows++
	p.size += size
	e.counts.Written++
	if r.noTime {
		e.counts.WithoutTime++
	}
	if r.repaired {
		e.counts.Repaired++
	}
	for _, piece := range text {
		e.staging.append(p, piece)
	}
	return nil
}

// next begins a file.
func (e *Export) next(key partition, number int) *part {
	p := &part{partition: key, number: number, name: key.file(e.options.Split, number, e.options.extension())}
	p.temp = fmt.Sprintf("%s/%06d", tempFolder, e.begun)
	e.begun++
	e.parts[key] = p
	e.staging.append(p, e.options.head())
	return p
}

// files are all parts in the order of their partitions.
func (e *Export) files() []*part {
	all := slices.Clone(e.done)
	for _, p := range e.parts {
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *part) int {
		if c := a.partition.compare(b.partition); c != 0 {
			return c
		}
		return a.number - b.number
	})
	return all
}

// Counts are the numbers so far.
func (e *Export) Counts() Counts { return e.counts }

// Close takes the temporary files away, and stops what still runs. After
// Finish it leaves the export as it is.
func (e *Export) Close() error {
	e.staging.stop()
	return e.folder.close()
}

// millis is a time as OCSF and Parquet have it.
func millis(t time.Time) int64 { return t.UnixMilli() }
