package export

import "trailctl/logs"

// encoded is what a worker made of the records of one file.
type encoded struct {
	bytes []byte
	rows  []row
}

// row is one record in its written form.
type row struct {
	offset    int64 // of the record in its file: tells which it is
	partition partition
	end       int // in encoded.bytes
	noTime    bool
	repaired  bool
	late      bool // its text is made when it is taken over: it is too large to be kept
}

// text is the written form of a row.
func (e *encoded) text(i int) []byte {
	begin := 0
	if i > 0 {
		begin = e.rows[i-1].end
	}
	return e.bytes[begin:e.rows[i].end]
}

// rowWriter writes a record in the form of the files of the first stage.
// repaired tells that bytes which are not UTF-8 were replaced.
type rowWriter interface {
	write(to []byte, f *logs.File, r *logs.Record) (text []byte, repaired bool)
}

func (o *Options) rowWriter() rowWriter {
	switch o.Format {
	case Parquet:
		return framer{}
	case CSV:
		return &csvWriter{reader: newReader(), raw: o.Raw}
	case OCSF:
		return &ocsfWriter{raw: o.Raw}
	}
	return liner{}
}

// head is what a file begins with.
func (o *Options) head() []byte {
	if o.Format == CSV {
		return csvHead(o.Raw)
	}
	return nil
}

// encoder is the visitor of one worker.
type encoder struct {
	export *Export
	rows   rowWriter
}

func (v *encoder) File(*logs.File, []byte) bool { return true }

func (v *encoder) Record(f *logs.File, r *logs.Record) bool {
	at, ok := r.Time()
	row := row{offset: r.Offset, partition: partitionOf(v.export.options.Split, at, ok), noTime: !ok, late: len(r.Raw) > largeRecord}
	to := v.export.rowsOf(f)
	if !row.late {
		to.bytes, row.repaired = v.rows.write(to.bytes, f, r)
	}
	row.end = len(to.bytes)
	to.rows = append(to.rows, row)
	return true
}

// largeRecord is from where on the text of a record is not kept beside the
// record. Those of CloudTrail have 1 MiB at most.
const largeRecord = 4 << 20

// late makes the text of a large record, in pieces that need few copies.
func (e *Export) late(f *logs.File, r *logs.Record) (text [][]byte, repaired bool) {
	switch e.options.Format {
	case Parquet:
		return framer{}.frame(f, r), false
	case JSONL:
		return [][]byte{oneLine(r.Raw), []byte("\n")}, false
	}
	room := len(r.Raw) + len(r.Raw)/8
	if e.options.Raw {
		room *= 2
	}
	all, repaired := e.options.rowWriter().write(make([]byte, 0, room), f, r)
	return [][]byte{all}, repaired
}

// most is how large a buffer may be to be used again.
const most = 16 << 20

// rowsOf is where the rows of a file are gathered until Add takes them, which
// may happen several times when the file is large.
func (e *Export) rowsOf(f *logs.File) *encoded {
	e.mu.Lock()
	defer e.mu.Unlock()
	if rows := e.pending[f]; rows != nil {
		return rows
	}
	rows := &encoded{}
	if n := len(e.free); n > 0 {
		rows, e.free = e.free[n-1], e.free[:n-1]
	}
	e.pending[f] = rows
	return rows
}

// take takes the rows of a file, nil when there are none.
func (e *Export) take(f *logs.File) *encoded {
	e.mu.Lock()
	defer e.mu.Unlock()
	rows := e.pending[f]
	delete(e.pending, f)
	return rows
}

// giveBack lets rows be used again, of which some were taken over. Those that
// a large file is ahead of what was yielded of it stay.
func (e *Export) giveBack(f *logs.File, rows *encoded, taken int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if taken < len(rows.rows) {
		begin := 0
		if taken > 0 {
			begin = rows.rows[taken-1].end
		}
		rows.bytes = append(rows.bytes[:0], rows.bytes[begin:]...)
		rows.rows = append(rows.rows[:0], rows.rows[taken:]...)
		for i := range rows.rows {
			rows.rows[i].end -= begin
		}
		e.pending[f] = rows
		return
	}
	if cap(rows.bytes) <= most {
		rows.bytes, rows.rows = rows.bytes[:0], rows.rows[:0]
		e.free = append(e.free, rows)
	}
}
