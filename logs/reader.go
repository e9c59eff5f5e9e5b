package logs

import (
	"encoding/binary"
	"errors"
)

// reader uncompresses and splits one file after the other.
type reader struct {
	*run
	unpacker *unpacker
	splitter *splitter
	visitor  Visitor
	job      *job
}

func (r *run) newReader() *reader {
	rd := &reader{run: r, unpacker: &unpacker{}}
	if r.Visitor != nil {
		rd.visitor = r.Visitor()
	}
	rd.splitter = &splitter{habits: newHabits(), yield: rd.record}
	return rd
}

func (rd *reader) readAll() {
	for j := rd.take(); j != nil; j = rd.take() {
		if !rd.read(j) {
			return
		}
		// A file of which nothing is wanted is done with before its turn comes.
		if len(j.space.records) == 0 {
			j.file.Records = nil
			rd.done(j)
			j.space = nil
		}
		j.ready <- false
	}
}

// read reads a fetched file. It answers false when the context has ended.
func (rd *reader) read(j *job) bool {
	f := j.file
	f.URI = rd.Source.URI(f.Object.Key)
	rd.job = j
	j.space.clear()
	if f.Err != nil {
		return true
	}
	var notes Report
	data, err, ok := rd.unpack(j, &notes)
	if !ok {
		return false
	}
	f.Size = int64(len(data))
	report := &Report{}
	if err == nil || len(data) > 0 { // a file that cannot be unpacked is not an empty one
		wanted := rd.visitor == nil || rd.visitor.File(f, data)
		if f.Unread = !wanted && err == nil && rd.splitter.sound(data); f.Unread {
			report.LogFile = true
		} else {
			report = rd.splitter.split(data)
		}
	}
	if rd.ctx.Err() != nil {
		return false
	}
	if !sameStart(data, j.stored) {
		rd.letGo(j)
	}
	f.Records, f.More = j.space.records, false
	report.Notes = append(notes.Notes, report.Notes...)
	f.Report = *report
	f.Err = f.verdict(err, rd.Named)
	if errors.Is(f.Err, ErrNotLogFile) && !rd.Named && err == nil {
		f.Err, f.Skip = nil, SkipContents
	}
	return true
}

// unpack uncompresses a file into its space, within what was taken from the
// budget for it. A file that turns out larger than it claims is uncompressed
// again when it is the next one to be yielded, so that there is one at most.
func (rd *reader) unpack(j *job, report *Report) (data []byte, err error, ok bool) {
	rd.unpacker.max = rd.maxSize()
	if j.bytes > 0 {
		rd.unpacker.max = j.bytes
	}
	data, err = rd.unpacker.unpack(j.stored, rd.room(j, j.bytes), report)
	if errors.Is(err, ErrTooLarge) && rd.unpacker.max < rd.maxSize() {
		select {
		case <-j.turn:
		case <-rd.ctx.Done():
			return nil, nil, false
		}
		*report, rd.unpacker.max = Report{}, rd.maxSize()
		data, err = rd.unpacker.unpack(j.stored, rd.room(j, rd.maxSize()), report)
	}
	if cap(data) > cap(j.space.buf) && !sameStart(data, j.stored) {
		j.space.buf = data
	}
	return data, err, true
}

// inflateSlack is more than what internal/inflate wants behind the bytes of a
// file.
const inflateSlack = 4 << 10

// room is a buffer for n uncompressed bytes.
func (rd *reader) room(j *job, n int64) []byte {
	n += inflateSlack
	switch {
	case int64(cap(j.space.buf)) >= n:
	case n > unpackedBuffer:
		j.space.buf = rd.large.get(n)
	default: // with some more for the next file
		j.space.buf = make([]byte, 0, min(n+n/4, unpackedBuffer))
	}
	return j.space.buf
}

// claimedSize is how large a gzipped file says it is, in its last four
// bytes: with several members only the last one is counted, and above 4 GiB
// the size wraps around. It is at least a bit more than nothing for gzip, and
// 0 for what is not compressed.
func claimedSize(stored []byte) int64 {
	if len(stored) < 18 || stored[0] != 0x1f || stored[1] != 0x8b {
		return 0
	}
	const least, ratio = 64 << 10, 1032 // deflate makes no more of one byte
	size := int64(binary.LittleEndian.Uint32(stored[len(stored)-4:]))
	return min(max(size, least), int64(len(stored))*ratio+least)
}

func (s *space) clear() {
	clear(s.records)
	s.records, s.located = s.records[:0], s.located[:0]
}

// record asks the visitor about a record and keeps it if it is wanted.
func (rd *reader) record(r *Record) bool {
	f, s := rd.job.file, rd.job.space
	if rd.visitor != nil && !rd.visitor.Record(f, r) {
		return true
	}
	if len(s.records) == pieceRecords && !rd.handOver() {
		return false
	}
	kept := *r
	if r.fields != nil {
		s.located = append(s.located, *r.fields)
		kept.fields = &s.located[len(s.located)-1]
	}
	s.records = append(s.records, kept)
	return true
}

// handOver yields the records that were kept so far.
func (rd *reader) handOver() bool {
	j := rd.job
	j.file.Records, j.file.More = j.space.records, true
	j.ready <- true
	select {
	case <-j.resume:
	case <-rd.ctx.Done():
		return false
	}
	j.space.clear()
	return true
}

// sound tells whether data looks like a log file as CloudTrail delivers it:
// a list of records that begins with one and is closed.
func (s *splitter) sound(data []byte) bool {
	i := len(data)
	for i > 0 && (data[i-1] == '\n' || data[i-1] == ' ' || data[i-1] == '\r' || data[i-1] == '\t') {
		i--
	}
	const begin, end = `{"Records":[{`, `}]}`
	if len(data) < len(begin) || string(data[:len(begin)]) != begin || string(data[max(0, i-len(end)):i]) != end {
		return false
	}
	first := &splitter{yield: func(*Record) bool { return false }}
	report := first.split(data)
	return report.Records == 1 && len(report.Damage) == 0 && len(report.Notes) == 0
}
