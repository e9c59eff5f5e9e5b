package render

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"trailctl/internal/term"
	"trailctl/logs"
)

// LogFiles writes a list of log files while they are found, as "table" or
// "json". Close ends it.
type LogFiles struct {
	to     *bufio.Writer
	term   Terminal
	table  *stream // nil for JSON
	uri    func(key string) string
	filled bool
	total  logTotal
	lag    bool // there is a column for it
	column int  // that of the names

	// Names in the table: whole keys when the first ones fit, else the short
	// ones.
	names   nameForm
	waiting []string // the short names of the rows whose form is not known yet
}

// nameForm is how a table writes keys.
type nameForm int

const (
	undecided nameForm = iota
	wholeKeys
	shortNames
)

type logTotal struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// logFile is one file in JSON.
type logFile struct {
	Key       string     `json:"key"`
	URI       string     `json:"uri"`
	Kind      string     `json:"kind,omitempty"`
	Account   string     `json:"account,omitempty"`
	Region    string     `json:"region,omitempty"`
	Delivered *time.Time `json:"delivered,omitempty"` // the minute in the name
	Modified  time.Time  `json:"modified"`
	Lag       *int64     `json:"lagSeconds,omitempty"` // from that minute to modified
	Size      int64      `json:"size"`
}

// NewLogFiles makes the writer of a format. uri names a key for people. lag
// says that the files tell how late they were delivered: those in a folder do
// not.
func NewLogFiles(w io.Writer, format string, t Terminal, lag bool, uri func(key string) string) *LogFiles {
	l := &LogFiles{to: bufio.NewWriterSize(w, 64<<10), term: t, uri: uri}
	if format == "table" {
		columns := []Column{
			{Head: zoned("DELIVERED", t), Min: 16},
			{Head: "REGION", Min: 9},
			{Head: "ACCOUNT", Min: 12},
			{Head: "SIZE", Min: 7, Right: true},
		}
		if l.lag = lag && (t.Width == 0 || t.Width >= lagWidth); l.lag {
			columns = append(columns, Column{Head: "LAG", Min: 5, Right: true})
		}
		l.column = len(columns)
		l.table = newStream(l.to, t, append(columns, Column{Head: "FILE", Min: 16}))
		l.table.middle = l.column
	}
	return l
}

// lagWidth is how wide a terminal must be to have room for the lag beside the
// names.
const lagWidth = 100

// Write writes one file.
func (l *LogFiles) Write(f logs.Found) error {
	l.total.Files++
	l.total.Bytes += f.Object.Size
	if l.table == nil {
		return l.json(f)
	}
	layout, delivered, region, account := "2006-01-02T15:04Z", "-", "-", "-"
	if l.term.Width > 0 {
		layout = "2006-01-02 15:04"
	}
	if f.Log {
		delivered, region, account = f.Key.Time.Format(layout), f.Key.Region, f.Key.Account
	}
	row := []string{delivered, term.Escape(region), term.Escape(account), Size(f.Object.Size)}
	if l.lag {
		late := "-"
		if d, ok := f.Lag(); ok {
			late = Length(d)
		}
		row = append(row, late)
	}
	row = append(row, term.Escape(f.Object.Key))
	switch l.names {
	case shortNames:
		row[l.column] = shortName(f)
	case undecided:
		l.waiting = append(l.waiting, shortName(f))
		if len(l.waiting) == chunk {
			l.decide(append(slices.Clone(l.table.table.Rows), row))
		}
	}
	return l.table.row(row...)
}

// decide looks at the first rows, which have whole keys, and puts the short
// names into them when they do not fit.
func (l *LogFiles) decide(rows [][]string) {
	l.names = wholeKeys
	widths := Table{Columns: l.table.table.Columns, Rows: rows}.Widths(0)
	need := (len(widths) - 1) * len(gap)
	for _, w := range widths {
		need += w
	}
	if l.term.Width > 0 && need > l.term.Width {
		l.names = shortNames
		for i, short := range l.waiting {
			rows[i][l.column] = short
		}
	}
	l.waiting = nil
}

// shortName is a log file's name from its time on: what stands before it,
// other columns have.
func shortName(f logs.Found) string {
	name := path.Base(f.Object.Key)
	if i := strings.Index(name, f.Key.Time.Format("_20060102T1504Z")); f.Log && i >= 0 {
		return term.Escape(name[i+1:])
	}
	return term.Escape(f.Object.Key)
}

func (l *LogFiles) json(f logs.Found) error {
	file := logFile{Key: f.Object.Key, URI: l.uri(f.Object.Key), Modified: f.Modified, Size: f.Object.Size}
	if f.Log {
		file.Kind, file.Account, file.Region, file.Delivered = f.Key.Kind.String(), f.Key.Account, f.Key.Region, &f.Key.Time
	}
	if d, ok := f.Lag(); ok {
		seconds := int64(d / time.Second)
		file.Lag = &seconds
	}
	lead := ",\n    "
	if !l.filled {
		lead = "{\n  \"version\": 1,\n  \"files\": [\n    "
	}
	l.filled = true
	if _, err := l.to.WriteString(lead); err != nil {
		return err
	}
	return l.encode(file)
}

// encode writes a value without the newline that an Encoder adds.
func (l *LogFiles) encode(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = l.to.Write(raw)
	return err
}

// Close writes what is left and, in JSON, the total.
func (l *LogFiles) Close() error {
	if l.table != nil {
		if l.names == undecided {
			l.decide(l.table.table.Rows)
		}
		return l.table.flush()
	}
	lead := "{\n  \"version\": 1,\n  \"files\": [],\n  \"total\": "
	if l.filled {
		lead = "\n  ],\n  \"total\": "
	}
	if _, err := l.to.WriteString(lead); err != nil {
		return err
	}
	if err := l.encode(l.total); err != nil {
		return err
	}
	if _, err := l.to.WriteString("\n}\n"); err != nil {
		return err
	}
	return l.to.Flush()
}

// Total is a sentence about all files written.
func (l *LogFiles) Total() string {
	return fmt.Sprintf("%s, %s", Count(l.total.Files, "log file"), Size(l.total.Bytes))
}

// Count is a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Size is a number of bytes for people.
func Size(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, u := float64(n)/1024, 0
	for f >= 1023.95 && u < len(units)-1 {
		f, u = f/1024, u+1
	}
	return fmt.Sprintf("%.1f %ciB", f, units[u])
}
