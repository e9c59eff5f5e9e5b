package logs

import (
	"bytes"
	"fmt"
)

// Report says what a file turned out to be.
type Report struct {
	LogFile bool           // it held records, or an empty list of them
	Records int            // records handed over
	Foreign int            // JSON objects beside the records that are none
	Damage  []*DamageError // the first places, and the last
	more    int            // places that are not in Damage
	Notes   []string       // oddities that cost nothing
}

// maxDamage bounds how many places of one file are kept.
const maxDamage = 10

// Err is what a caller should know about: nil, ErrNotLogFile, or the damage.
func (r *Report) Err() error {
	var damage error
	if len(r.Damage) > 0 {
		damage = r.Damage[0]
	}
	if n := len(r.Damage) + r.more; n > 1 {
		last := r.Damage[len(r.Damage)-1]
		damage = fmt.Errorf("%w; %d places in all, the last at byte %d: %s", damage, n, last.Offset, last.Reason)
	}
	switch {
	case r.LogFile:
		return damage
	case damage == nil:
		return ErrNotLogFile
	}
	return fmt.Errorf("%w: %w", ErrNotLogFile, damage)
}

// damage keeps the first places and the last.
func (r *Report) damage(d *DamageError) {
	if len(r.Damage) < maxDamage {
		r.Damage = append(r.Damage, d)
		return
	}
	r.more++
	r.Damage[maxDamage-1] = d
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// Split hands the records of an uncompressed file to yield, in the order of
// the file, until yield answers false. The records are slices of data, save
// those that were strings in it. Every form is taken that records come in:
//
//   - {"Records": [...]}, as CloudTrail delivers it
//   - [...], one bare record, or one after the other (JSON Lines)
//   - {"Events": [...]}, the answer of LookupEvents, and its elements alone:
//     objects whose CloudTrailEvent is a record written as a string
//   - EventBridge events: objects whose detail is a record
//   - the text form: see ParseText
//
// An object is a record when it has a field that only records have at their
// top. JSON of another kind is no log file. A damaged record is reported and
// passed over; what lies behind it is still read as long as its end can be
// told.
func Split(data []byte, yield func(Record) bool) *Report {
	s := &splitter{yield: yield}
	s.data = data
	start := 0
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		start = 3
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		s.report.damage(&DamageError{0, "the text is UTF-16: convert it to UTF-8"})
		return &s.report
	}
	start = s.space(start)
	switch {
	case start == len(data):
		s.report.LogFile = true
		s.report.note("empty")
	case data[start] == '{', data[start] == '[':
		s.documents(start)
	default:
		splitText(data, start, &s.report, yield)
	}
	return &s.report
}

type splitter struct {
	scanner
	yield   func(Record) bool
	report  Report
	stopped bool
	lists   int  // lists of records met in this document
	strange bool // this document is the notification of another service
	first   bool // no record of this document was met yet
}

// errStopped unwinds the walk when yield has had enough.
var errStopped = &DamageError{-1, "stopped"}

// documents walks over one JSON document after the other.
func (s *splitter) documents(i int) {
	whole := 0           // documents that were sound
	again := len(s.data) // how many bytes may be walked over a second time
	for {
		if i = s.space(i); i >= len(s.data) {
			return
		}
		next, err := s.document(i)
		if err == nil {
			whole++
			i = next
			continue
		}
		if s.stopped {
			return
		}
		s.report.damage(err)
		if i = s.nextLine(i, err.Offset, whole); i < 0 {
			return
		}
		if again -= max(0, int(err.Offset)-i); again < 0 {
			s.report.damage(&DamageError{int64(i), "too much damage before this: the rest is not read"})
			return
		}
	}
}

// nextLine finds where to go on after a damaged document that began at start:
// in JSON Lines the next line, elsewhere nowhere (-1).
func (s *splitter) nextLine(start int, damage int64, whole int) int {
	end := bytes.IndexByte(s.data[start:], '\n')
	if end < 0 || whole == 0 && damage > int64(start+end) {
		return -1
	}
	i := s.space(start + end)
	if i >= len(s.data) || s.data[i] != '{' {
		return -1
	}
	return i
}

func (s *splitter) document(i int) (int, *DamageError) {
	s.depth, s.lists, s.strange, s.first = 0, 0, false, true
	switch s.data[i] {
	case '{':
		return s.object(i, true)
	case '[':
		empty := i+1 < len(s.data) && s.space(i+1) < len(s.data) && s.data[s.space(i+1)] == ']'
		if empty {
			s.report.LogFile = true
		}
		return s.list(i)
	}
	return i, s.fail(i, "expected a record, found %s", s.at(i))
}

// list walks over an array of records.
func (s *splitter) list(i int) (int, *DamageError) {
	i = s.space(i + 1)
	if i < len(s.data) && s.data[i] == ']' {
		return i + 1, nil
	}
	for {
		i = s.space(i)
		if i >= len(s.data) {
			return i, s.fail(i, "")
		}
		var err *DamageError
		if i, err = s.element(i); err != nil {
			return i, err
		}
		if i < len(s.data) && s.data[i] <= ' ' {
			i = s.space(i)
		}
		switch {
		case i >= len(s.data):
			return i, &DamageError{int64(i), "the file ends inside a list of records"}
		case s.data[i] == ',':
			i++
		case s.data[i] == ']':
			return i + 1, nil
		default:
			return i, s.fail(i, "expected ',' or ']' after a record, found %s", s.at(i))
		}
	}
}

// element walks over one element of a list. Damage inside an element is
// reported here, when its end can be told.
func (s *splitter) element(i int) (int, *DamageError) {
	if s.data[i] != '{' {
		s.report.Foreign++
		return s.value(i)
	}
	depth := s.depth
	next, err := s.object(i, false)
	if err == nil || s.stopped {
		return next, err
	}
	s.depth = depth
	end, ok := s.loose(i)
	if !ok || err.Offset >= int64(end) {
		return next, err
	}
	s.report.damage(err)
	return end, nil
}

// members is what an object showed at its top.
type members struct {
	record bool   // a field that only records have
	event  [2]int // where the CloudTrailEvent string lies
	detail [2]int // where the detail object lies
}

// object walks over an object and hands over the record that it is or holds.
// Only at the top of a document it may be the wrapper of a list.
func (s *splitter) object(start int, top bool) (int, *DamageError) {
	var m members
	i := s.space(start + 1)
	if i < len(s.data) && s.data[i] == '}' {
		s.report.Foreign++
		return i + 1, nil
	}
	for {
		var err *DamageError
		if i, err = s.member(i, top, &m); err != nil {
			if m.record && top {
				s.report.LogFile = true // a damaged one
			}
			return i, err
		}
		if m.record && !top {
			if i, err = s.rest(i); err != nil {
				s.report.LogFile = s.report.LogFile || !s.strange
				return i, err
			}
			break
		}
		i = s.space(i)
		if i >= len(s.data) {
			return i, s.fail(i, "")
		}
		if s.data[i] == '}' {
			i++
			break
		}
		if s.data[i] != ',' {
			return i, s.fail(i, "expected ',' or '}' after a value, found %s", s.at(i))
		}
		i = s.space(i + 1)
	}
	if top && s.lists > 0 {
		return i, nil
	}
	return i, s.hand(start, i, m)
}

// member walks over one key and its value.
func (s *splitter) member(i int, top bool, m *members) (int, *DamageError) {
	if i >= len(s.data) || s.data[i] != '"' {
		return i, s.fail(i, "expected a key in quotes, found %s", s.found(i))
	}
	end, escaped, err := s.str(i)
	if err != nil {
		return end, err
	}
	name := s.data[i+1 : end-1]
	if escaped {
		name = unquote(s.data[i:end])
	}
	key := i
	if i, err = s.colon(end); err != nil {
		return i, err
	}
	i = s.space(i)
	if i >= len(s.data) {
		return i, s.fail(i, "")
	}
	begin, c := i, s.data[i]
	if top && c == '[' && (string(name) == "Records" || string(name) == "Events") {
		if s.lists++; s.lists > 1 {
			s.report.damage(&DamageError{int64(key), fmt.Sprintf("a second list of records, %q", name)})
		}
		return s.records(i)
	}
	if i, err = s.value(i); err != nil {
		return i, err
	}
	switch {
	case marksRecord(name):
		m.record = true
	case c == '"' && string(name) == "CloudTrailEvent":
		m.event = [2]int{begin, i}
	case c == '{' && string(name) == "detail":
		m.detail = [2]int{begin, i}
	case top && string(name) == "Records":
		s.report.LogFile = true
		s.report.damage(&DamageError{int64(begin), "Records is not a list"})
	}
	return i, nil
}

// records walks over the list of a wrapper.
func (s *splitter) records(i int) (int, *DamageError) {
	before, foreign := s.report.Records, s.report.Foreign
	next, err := s.list(i)
	switch {
	case s.report.Records > before:
	case err == nil && s.report.Foreign == foreign: // an empty list
		s.report.LogFile = s.report.LogFile || !s.strange
	case err != nil && !s.stopped && s.report.Foreign == foreign:
		s.report.LogFile = true
	}
	return next, err
}

// marksRecord tells the fields that stand at the top of CloudTrail records
// (CloudTrail record contents) and hardly anywhere else.
func marksRecord(name []byte) bool {
	switch string(name) {
	case "eventVersion", "eventID", "eventName", "eventSource", "eventTime", "eventType", "recipientAccountId":
		return true
	}
	return false
}

// hand hands over the record that lies in data[start:end], directly or
// wrapped.
func (s *splitter) hand(start, end int, m members) *DamageError {
	switch {
	case m.record:
		return s.emit(Record{Raw: s.data[start:end:end], Offset: int64(start)})
	case m.event[1] > 0:
		return s.emitString(m.event[0], m.event[1])
	case m.detail[1] > 0 && holdsRecord(s.data[m.detail[0]:m.detail[1]]):
		b, e := m.detail[0], m.detail[1]
		return s.emit(Record{Raw: s.data[b:e:e], Offset: int64(b)})
	}
	s.report.Foreign++
	return nil
}

func (s *splitter) emit(r Record) *DamageError {
	if s.first {
		s.first = false
		// S3, SES and DynamoDB send notifications in the form of records,
		// with sources such as "aws:s3".
		s.strange = bytes.HasPrefix([]byte(r.Source()), []byte("aws:"))
	}
	if s.strange {
		s.report.Foreign++
		return nil
	}
	s.report.LogFile = true
	s.report.Records++
	if !s.yield(r) {
		s.stopped = true
		return errStopped
	}
	return nil
}

// emitString hands over a record that is written as a JSON string.
func (s *splitter) emitString(begin, end int) *DamageError {
	s.report.LogFile = true
	raw := unquote(s.data[begin:end])
	inner := scanner{data: raw}
	i := inner.space(0)
	if i >= len(raw) || raw[i] != '{' {
		s.report.damage(&DamageError{int64(begin), "CloudTrailEvent holds no record"})
		return nil
	}
	stop, err := inner.value(i)
	if err == nil && inner.space(stop) != len(raw) {
		err = inner.fail(stop, "something stands behind the record")
	}
	if err != nil {
		s.report.damage(&DamageError{int64(begin), fmt.Sprintf("the record inside CloudTrailEvent is damaged at its byte %d: %s", err.Offset, err.Reason)})
		return nil
	}
	return s.emit(Record{Raw: raw[i:stop:stop], Offset: int64(begin)})
}

// holdsRecord tells whether a well-formed object is a record.
func holdsRecord(object []byte) bool {
	found := false
	eachMember(object, func(name, _ []byte) bool {
		found = marksRecord(name)
		return !found
	})
	return found
}
