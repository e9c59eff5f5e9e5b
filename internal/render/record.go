package render

import (
	"bufio"
	"fmt"
	"io"
	"sync"
	"time"

	"trailctl/logs"
)

// RecordOptions say how records are written.
type RecordOptions struct {
	// Format is "table"; "card", a page for each record; "text", see
	// logs.AppendText; "csv"; "json", one array; or "jsonl", the bytes of each
	// record on a line.
	Format   string
	Terminal Terminal
	// Columns of a table and of CSV; none means the usual ones, on a narrow
	// terminal without some of them.
	Columns []RecordColumn
	// Wide shows the usual columns and the ID on every terminal and cuts no
	// cell.
	Wide bool
	// Zone is the time zone of times in tables, cards and CSV, nil for UTC;
	// ZoneName is how its column is headed.
	Zone     *time.Location
	ZoneName string
	// Year is the present one. A narrow terminal does not show it; 0 shows every
	// year.
	Year int
	// Query, when set, is written instead of the record: as "json", "jsonl" or
	// "text".
	Query *Query
	// Failed, when set, hears of a write that failed while nobody was in a
	// call of Write, Flush or Close.
	Failed func(error)
}

func (o RecordOptions) zoneName() string {
	if o.Zone == nil {
		return "UTC"
	}
	return o.ZoneName
}

// hold is how long a record waits for others before it is shown.
const hold = 150 * time.Millisecond

// Records writes records as they come. What was written is shown at most a
// moment later, however slowly the next records come. Close ends it. Its
// methods may be called from one goroutine at a time.
type Records struct {
	mu     sync.Mutex
	form   recordForm
	failed func(error)
	timer  *time.Timer
	armed  bool
	closed bool
	err    error // the first
}

// recordForm is one of the formats.
type recordForm interface {
	write(r *logs.Record) error
	flush() error
	close() error
}

// NewRecords makes the writer of a format.
func NewRecords(w io.Writer, o RecordOptions) *Records {
	to := bufio.NewWriterSize(w, 64<<10)
	return &Records{form: newForm(to, o), failed: o.Failed}
}

func newForm(to *bufio.Writer, o RecordOptions) recordForm {
	lines := jsonLines{to: to, term: o.Terminal}
	switch {
	case o.Query != nil:
		return newQueryForm(to, o)
	case o.Format == "table":
		return newRecordTable(to, o)
	case o.Format == "card":
		return &recordCards{to: to, options: o}
	case o.Format == "csv":
		return newRecordCSV(to, o)
	case o.Format == "text":
		return &textLines{to: to}
	case o.Format == "json":
		return &jsonArray{lines: lines}
	case o.Format == "jsonl":
		return &lines
	}
	panic(fmt.Sprintf("no format %q", o.Format))
}

// Write writes one record, which is not used after the call.
func (w *Records) Write(r *logs.Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.form.write(r)
	}
	if !w.armed && w.err == nil {
		w.armed = true
		if w.timer == nil {
			w.timer = time.AfterFunc(hold, w.due)
		} else {
			w.timer.Reset(hold)
		}
	}
	return w.err
}

// due shows what has waited long enough.
func (w *Records) due() {
	w.mu.Lock()
	w.armed = false
	if w.closed || w.err != nil {
		w.mu.Unlock()
		return
	}
	w.err = w.form.flush()
	err := w.err
	w.mu.Unlock()
	if err != nil && w.failed != nil {
		w.failed(err)
	}
}

// Flush shows what waits.
func (w *Records) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = w.form.flush()
	}
	return w.err
}

// Close writes what is left.
func (w *Records) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.err == nil && !w.closed {
		w.err = w.form.close()
	}
	w.closed = true
	return w.err
}

// textLines writes the text form.
type textLines struct{ to *bufio.Writer }

func (w *textLines) write(r *logs.Record) error {
	_, err := w.to.Write(append(logs.AppendText(w.to.AvailableBuffer(), r), '\n'))
	return err
}

func (w *textLines) flush() error { return w.to.Flush() }
func (w *textLines) close() error { return w.to.Flush() }
