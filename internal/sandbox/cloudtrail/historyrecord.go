package cloudtrail

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A record takes about a kilobyte and is seldom read again. So the history
// compresses them, a block at a time: records of one region are much alike.

// blockLength is how many records are compressed together. One is found by
// uncompressing them all, which takes less than a millisecond.
const blockLength = 64

// block holds records that came in one after the other, as they are until it
// is full, then compressed with a line feed after each.
type block struct {
	records [][]byte
	packed  []byte
}

func (b *block) full() bool { return len(b.records) == blockLength }

func (b *block) add(record []byte) recordPlace {
	b.records = append(b.records, record)
	return recordPlace{b, len(b.records) - 1}
}

// recordPlace is where a record is kept.
type recordPlace struct {
	block *block
	at    int
}

// savedRecord is a record as it was kept at one time; it never changes.
type savedRecord struct {
	record []byte // nil when it is compressed
	packed []byte
	at     int
}

func (p recordPlace) saved() savedRecord {
	if p.block.packed != nil {
		return savedRecord{nil, p.block.packed, p.at}
	}
	return savedRecord{p.block.records[p.at], nil, 0}
}

// packer compresses blocks. It keeps its compressor, which takes long to make.
type packer struct{ w *flate.Writer }

func (p *packer) pack(b *block) {
	var out bytes.Buffer
	if p.w == nil {
		p.w, _ = flate.NewWriter(nil, flate.BestSpeed) // fails for levels that do not exist
	}
	p.w.Reset(&out)
	p.w.Write(append(bytes.Join(b.records, []byte{'\n'}), '\n')) // a buffer takes everything
	p.w.Close()
	b.records, b.packed = nil, bytes.Clone(out.Bytes())
}

// reader reads records, and keeps the last block for the next one.
type reader struct {
	packed  []byte
	records [][]byte
}

func (r *reader) read(s savedRecord) []byte {
	if s.packed == nil {
		return s.record
	}
	if len(r.packed) == 0 || &r.packed[0] != &s.packed[0] {
		text, err := io.ReadAll(flate.NewReader(bytes.NewReader(s.packed)))
		if err != nil {
			panic(fmt.Sprintf("the event history cannot read what it has compressed itself: %v", err))
		}
		r.packed, r.records = s.packed, bytes.Split(text, []byte{'\n'})
	}
	return r.records[s.at]
}

// traits are what LookupEvents asks of events, without what tells them apart.
// Those with the same traits share them.
type traits struct {
	name, source          string
	userName, accessKeyID string
	readOnly              bool
	related               []Related
}

// tell fills in what lookups know of an event, without its record.
func (e *entry) tell(to *Event) {
	to.ID, to.Time, to.Name, to.Source, to.ReadOnly = e.id, e.time, e.name, e.source, e.readOnly
	to.UserName, to.AccessKeyID, to.Related = e.userName, e.accessKeyID, e.related
}

// maxShared is how many traits are known for later events to share. When there
// are more the table begins anew, and earlier events keep theirs.
const maxShared = 10_000

// traitTable finds the traits that an earlier event had already.
type traitTable struct {
	known map[string]*traits
	key   []byte // to be used again
}

func (t *traitTable) of(e *Event) *traits {
	t.key = t.key[:0]
	text := func(s string) {
		t.key = append(append(strconv.AppendInt(t.key, int64(len(s)), 10), ' '), s...)
	}
	for _, s := range []string{e.Name, e.Source, e.UserName, e.AccessKeyID, strconv.FormatBool(e.ReadOnly)} {
		text(s)
	}
	for _, r := range e.Related {
		text(r.Type)
		text(r.Name)
	}
	if found := t.known[string(t.key)]; found != nil {
		return found
	}
	if t.known == nil || len(t.known) == maxShared {
		t.known = map[string]*traits{}
	}
	// Copies: these may be parts of longer texts, such as a call's headers.
	made := &traits{
		strings.Clone(e.Name), strings.Clone(e.Source), strings.Clone(e.UserName), strings.Clone(e.AccessKeyID),
		e.ReadOnly, slices.Clone(e.Related),
	}
	for i := range made.related {
		r := &made.related[i]
		r.Type, r.Name = strings.Clone(r.Type), strings.Clone(r.Name)
	}
	t.known[string(t.key)] = made
	return made
}
