package export

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"trailctl/logs"
)

const (
	// A row group is held in memory, compressed, until it is written.
	groupRows  = 100_000
	groupBytes = 24 << 20 // of records
	// dictionary bounds the distinct values of a column in a row group; with
	// more of them it is written without a dictionary.
	dictionary = 512 << 10
	// pageBytes is how large the buffer of each column grows.
	pageBytes = 128 << 10
	// batch is how many rows are handed over at once.
	batch = 64
)

// resource is an element of the column of resources.
type resource struct {
	ARN       *string `parquet:"arn,optional"`
	AccountID *string `parquet:"account_id,optional"`
	Type      *string `parquet:"type,optional,dict"`
}

// schema is the Parquet schema of the columns. A schema is made from a
// struct, because its fields have an order; strings are plain ones, also
// those that hold JSON, which not all readers know as a type.
func schema() *parquet.Schema {
	var fields []reflect.StructField
	for i, c := range Columns() {
		tag, of := c.Name+",optional", reflect.TypeFor[string]()
		switch c.kind {
		case flag:
			of = reflect.TypeFor[bool]()
		case moment:
			tag, of = tag+",timestamp(millisecond)", reflect.TypeFor[int64]()
		case list:
			tag, of = tag+",list", reflect.TypeFor[[]resource]()
		}
		if c.dict {
			tag += ",dict"
		}
		fields = append(fields, reflect.StructField{
			Name: "C" + strconv.Itoa(i), Type: of, Tag: reflect.StructTag(fmt.Sprintf("parquet:%q", tag)),
		})
	}
	return parquet.NewSchema("record", parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()))
}

// codec is zstd for the pages of one writer. The library's own keeps a pool of
// encoders with large windows, of which a page needs nothing.
type codec struct {
	in  *zstd.Encoder
	out *zstd.Decoder
}

func newCodec() *codec {
	// The options are good ones, so there is no error.
	in, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true), zstd.WithZeroFrames(true), zstd.WithEncoderCRC(false))
	out, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	return &codec{in, out}
}

func (c *codec) String() string                            { return "ZSTD" }
func (c *codec) CompressionCodec() format.CompressionCodec { return format.Zstd }
func (c *codec) Encode(dst, src []byte) ([]byte, error)    { return c.in.EncodeAll(src, dst[:0]), nil }
func (c *codec) Decode(dst, src []byte) ([]byte, error)    { return c.out.DecodeAll(src, dst[:0]) }

// parquetWriter writes one file.
type parquetWriter struct {
	to     *parquet.Writer
	reader *reader
	rows   []parquet.Row
	packed []byte // a block of the first stage
	rest   []byte // the same, uncompressed: the rows point into it
	inside int    // rows in the row group
	bytes  int    // of their records
}

func newParquetWriter() *parquetWriter {
	options := []parquet.WriterOption{
		schema(),
		parquet.Compression(newCodec()),
		// The first version of data pages is what all engines read.
		parquet.DataPageVersion(1),
		parquet.DictionaryMaxBytes(dictionary),
		parquet.PageBufferSize(pageBytes),
	}
	// Where values are long and all different, the least and the greatest of
	// a page help nobody.
	for _, c := range Columns() {
		if c.kind == document {
			options = append(options, parquet.SkipPageBounds(c.Name), parquet.SkipPageStatistics(c.Name))
		}
	}
	return &parquetWriter{to: parquet.NewWriter(nil, options...), reader: newReader(), rows: make([]parquet.Row, 0, batch)}
}

// write adds a record and tells whether it had to be repaired.
func (w *parquetWriter) write(logFile string, r *logs.Record) (repaired bool, err error) {
	w.reader.read(logFile, r)
	row := parquet.Row{}
	if n := len(w.rows); n < cap(w.rows) {
		row = w.rows[:n+1][n][:0]
	}
	w.rows = append(w.rows, w.reader.row(row))
	w.bytes += len(r.Raw)
	w.inside++
	if len(w.rows) == batch || w.inside >= groupRows || w.bytes >= groupBytes {
		err = w.hand()
	}
	if err == nil && (w.inside >= groupRows || w.bytes >= groupBytes) {
		w.inside, w.bytes = 0, 0
		err = w.to.Flush()
	}
	return w.reader.repaired, err
}

func (w *parquetWriter) hand() error {
	_, err := w.to.WriteRows(w.rows)
	w.rows = w.rows[:0]
	return err
}

// row makes a Parquet row of the cells.
func (r *reader) row(to parquet.Row) parquet.Row {
	column := 0
	for i, c := range r.columns {
		at := r.cells[i]
		switch {
		case c.kind == list:
			to = resourceValues(to, column, at)
			column += 3
			continue
		case !at.set:
			to = append(to, parquet.NullValue().Level(0, 0, column))
		case c.kind == flag:
			to = append(to, parquet.BooleanValue(at.number == 1).Level(0, 1, column))
		case c.kind == moment:
			to = append(to, parquet.Int64Value(at.number).Level(0, 1, column))
		default:
			to = append(to, parquet.ByteArrayValue(at.bytes).Level(0, 1, column))
		}
		column++
	}
	return to
}

// resourceValues makes the three columns below the list of resources. The
// levels: 0 no list, 1 an empty one, 2 an element without the value, 3 with.
func resourceValues(to parquet.Row, column int, at cell) parquet.Row {
	if !at.set {
		return append(to, parquet.NullValue().Level(0, 0, column), parquet.NullValue().Level(0, 0, column+1), parquet.NullValue().Level(0, 0, column+2))
	}
	var found [][3][]byte
	logs.EachElement(at.bytes, func(e []byte) bool {
		arn := member(e, "ARN")
		if arn == nil {
			arn = member(e, "arn")
		}
		if arn == nil {
			arn = member(e, "ARNPrefix")
		}
		found = append(found, [3][]byte{arn, member(e, "accountId"), member(e, "type")})
		return true
	})
	for k := range 3 {
		if len(found) == 0 {
			to = append(to, parquet.NullValue().Level(0, 1, column+k))
		}
		for i, f := range found {
			again := min(i, 1)
			if isNull(f[k]) {
				to = append(to, parquet.NullValue().Level(again, 2, column+k))
			} else {
				to = append(to, parquet.ByteArrayValue(plain(f[k])).Level(again, 3, column+k))
			}
		}
	}
	return to
}

// framer writes for the second stage: the log file's name and the record,
// each after its length.
type framer struct{}

func (w framer) write(to []byte, f *logs.File, r *logs.Record) ([]byte, bool) {
	return append(w.head(to, f, r), r.Raw...), false
}

func (framer) head(to []byte, f *logs.File, r *logs.Record) []byte {
	to = binary.AppendUvarint(to, uint64(len(f.URI)))
	to = append(to, f.URI...)
	return binary.AppendUvarint(to, uint64(len(r.Raw)))
}

// frame is what write writes, without a copy of the record.
func (w framer) frame(f *logs.File, r *logs.Record) [][]byte {
	return [][]byte{w.head(nil, f, r), r.Raw}
}

// convert makes the Parquet file of a part from the file of the first stage,
// which it takes away. It tells how many records had to be repaired.
func (w *parquetWriter) convert(ctx context.Context, root *os.Root, p *part) (repaired int, err error) {
	from, err := root.Open(p.temp)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	name := p.temp + ".parquet"
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	w.to.Reset(file)
	w.rows, w.rest, w.inside, w.bytes = w.rows[:0], w.rest[:0], 0, 0
	rows, repaired, err := w.all(ctx, from)
	if err == nil && rows != p.rows {
		err = fmt.Errorf("a temporary file has %d records instead of %d", rows, p.rows)
	}
	if err == nil {
		err = w.hand()
	}
	if err == nil {
		err = w.to.Close()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return 0, err
	}
	from.Close()
	if err := root.Remove(p.temp); err != nil {
		return 0, err
	}
	p.temp = name
	return repaired, nil
}

// all reads what framer wrote: blocks, each after its length.
func (w *parquetWriter) all(ctx context.Context, from io.Reader) (rows, repaired int, err error) {
	in := bufio.NewReaderSize(from, 64<<10)
	for {
		if ctx.Err() != nil {
			return rows, repaired, context.Cause(ctx)
		}
		err := w.block(in)
		if errors.Is(err, io.EOF) && len(w.rest) == 0 {
			return rows, repaired, nil
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return rows, repaired, fmt.Errorf("reading a temporary file: %w", err)
		}
		rest := w.rest
		for {
			name, raw, next, whole := cutFrames(rest)
			if !whole {
				break
			}
			changed, err := w.write(string(name), &logs.Record{Raw: raw})
			if err != nil {
				return rows, repaired, err
			}
			if changed {
				repaired++
			}
			rest = next
			rows++
		}
		// The rows at hand point into the block.
		if err := w.hand(); err != nil {
			return rows, repaired, err
		}
		w.keep(rest)
	}
}

// block reads and uncompresses a block behind what is left of the one before.
func (w *parquetWriter) block(in *bufio.Reader) error {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return err
	}
	w.packed = slices.Grow(w.packed[:0], int(n))[:n]
	if _, err := io.ReadFull(in, w.packed); err != nil {
		return err
	}
	size, err := s2.DecodedLen(w.packed)
	if err != nil {
		return err
	}
	have := len(w.rest)
	w.rest = slices.Grow(w.rest, size)[:have+size]
	_, err = s2.Decode(w.rest[have:], w.packed)
	return err
}

// keep moves what is left of a block, the beginning of a record, to where the
// next one follows, with room for all of the record.
func (w *parquetWriter) keep(rest []byte) {
	room := len(rest)
	if n, k := binary.Uvarint(rest); k > 0 && int(n) < len(rest)-k {
		if m, l := binary.Uvarint(rest[k+int(n):]); l > 0 {
			room = k + int(n) + l + int(m)
		}
	}
	if room += chunk; room > cap(w.rest) || cap(w.rest) > 4*max(room, chunk) {
		w.rest = append(make([]byte, 0, room), rest...)
		return
	}
	if len(rest) < len(w.rest) {
		w.rest = append(w.rest[:0], rest...)
	}
}

// cutFrames takes off the log file's name and the record; whole tells whether
// there is all of them.
func cutFrames(data []byte) (name, raw, rest []byte, whole bool) {
	if name, rest, whole = cutFrame(data); whole {
		raw, rest, whole = cutFrame(rest)
	}
	return name, raw, rest, whole
}

// cutFrame takes off what stands behind its length.
func cutFrame(data []byte) (frame, rest []byte, whole bool) {
	n, k := binary.Uvarint(data)
	if k <= 0 || n > uint64(len(data)-k) {
		return nil, data, false
	}
	return data[k : k+int(n)], data[k+int(n):], true
}
