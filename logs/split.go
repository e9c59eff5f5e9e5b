package logs

import (
	"bytes"
	"fmt"
	"strings"
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
	s := &splitter{yield: func(r *Record) bool {
		return yield(Record{Raw: r.Raw, Offset: r.Offset})
	}}
	return s.split(data)
}

// splitter is Split that hands over records whose fields are located, but
// only until the next one.
type splitter struct {
	scanner
	yield   func(*Record) bool
	habits  *habits // nil to go without
	report  *Report
	stopped bool
	lists   int  // lists of records met in this document
	strange bool // this document is the notification of another service
	first   bool // no record of this document was met yet

	record Record  // the one that is handed over
	fields located // of the object at hand
	twice  struct {
		n      int   // fields that a record has more than once
		field  field // the first of them, and where its record begins
		record int
	}
}

func (s *splitter) split(data []byte) *Report {
	s.data, s.report, s.stopped, s.twice.n = data, &Report{}, false, 0
	start := 0
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		start = 3
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		s.report.damage(&DamageError{0, "the text is UTF-16: convert it to UTF-8"})
		return s.report
	}
	start = s.space(start)
	switch {
	case start == len(data):
		s.report.LogFile = true
		s.report.note("empty")
	case data[start] == '{', data[start] == '[':
		s.documents(start)
	default:
		splitText(data, start, s.report, s.yield)
	}
	if t := s.twice; t.n > 0 {
		s.report.note("%s stands more than once in the record at byte %d (%d such fields in all): the last one counts", fieldNames[t.field], t.record, t.n)
	}
	s.data = nil
	return s.report
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
	start  int    // where the object begins
	record bool   // a field that only records have
	event  [2]int // where the CloudTrailEvent string lies
	detail [2]int // where the detail object lies
}

// object walks over an object and hands over the record that it is or holds.
// Only at the top of a document it may be the wrapper of a list.
func (s *splitter) object(start int, top bool) (int, *DamageError) {
	m := members{start: start}
	s.fields.seen = 0
	end, err := s.members(start, top, &m)
	m.record = m.record || s.fields.seen&recordMarks != 0
	if err != nil {
		if m.record && !s.stopped && (top || !s.strange) {
			s.report.LogFile = true // a damaged one
		}
		return end, err
	}
	if top && s.lists > 0 {
		return end, nil
	}
	return end, s.hand(start, end, &m)
}

// members walks over an object and notes what stands at its top.
func (s *splitter) members(start int, top bool, m *members) (int, *DamageError) {
	if s.habits != nil {
		return s.usual(start, top, m)
	}
	for i := start; ; {
		name, quote, begin, err := s.nextKey(i, i == start)
		if err != nil || quote < 0 {
			return begin, err
		}
		if i, err = s.member(name, quote, begin, top, m); err != nil {
			return i, err
		}
	}
}

// usual is members with the help of habits.
func (s *splitter) usual(start int, top bool, m *members) (int, *DamageError) {
	var (
		at   = s.habits.start // the key before; nil when it is not known
		from int              // where a phrase began that is to be remembered
		keep *phrase          // where to
	)
	for i := start; ; {
		if at != nil && at.starts != noPhrase && keep == nil {
			p, known := s.habits.phrase(at.starts, s.data, i)
			if known {
				s.notePhrase(p, start, i)
				i, at = i+len(p.text), p.last
				continue
			}
			if keep, from = p, i; p != nil {
				p.text, p.n = p.text[:0], 0
			}
		}
		if at != nil && i < len(s.data) && s.data[i] != '}' {
			if begin, k := at.follow(s.data, i); k != nil {
				if keep != nil && k.unlike {
					keep.remember(s.data[from:i], at)
					keep = nil
				}
				begin, end, err := s.usualValue(begin)
				if err != nil {
					return end, err
				}
				if k.field != fieldNone {
					s.note(k.field, start, begin, end)
					if keep != nil && !keep.add(k.field, begin-from, end-from) {
						keep = nil
					}
				}
				i, at = end, k
				continue
			}
		}
		if keep != nil {
			if at != nil && i > from {
				keep.remember(s.data[from:i], at)
			}
			keep = nil
		}
		name, quote, begin, err := s.nextKey(i, i == start)
		if err != nil || quote < 0 {
			return begin, err
		}
		end, err := s.member(name, quote, begin, top, m)
		if err != nil {
			return end, err
		}
		if at != nil {
			at = s.habits.learn(at, s.data[i:begin], name)
		}
		i = end
	}
}

// nextKey walks from an opening brace or from behind a value to the next
// value. quote is where its key begins, -1 at the end of the object.
func (s *splitter) nextKey(i int, first bool) (name []byte, quote, next int, err *DamageError) {
	if first {
		i++
	}
	i = s.space(i)
	switch {
	case i >= len(s.data):
		return nil, i, i, s.fail(i, "")
	case s.data[i] == '}':
		return nil, -1, i + 1, nil
	case first:
	case s.data[i] != ',':
		return nil, i, i, s.fail(i, "expected ',' or '}' after a value, found %s", s.at(i))
	default:
		i = s.space(i + 1)
	}
	if i >= len(s.data) || s.data[i] != '"' {
		return nil, i, i, s.fail(i, "expected a key in quotes, found %s", s.found(i))
	}
	quote = i
	end, escaped, err := s.str(i)
	if err != nil {
		return nil, quote, end, err
	}
	name = s.data[quote+1 : end-1]
	if escaped {
		name = unquote(s.data[quote:end])
	}
	if i, err = s.colon(end); err != nil {
		return nil, quote, i, err
	}
	if i = s.space(i); i >= len(s.data) {
		return nil, quote, i, s.fail(i, "")
	}
	return name, quote, i, nil
}

// member walks over a value whose key has just been read.
func (s *splitter) member(name []byte, quote, begin int, top bool, m *members) (int, *DamageError) {
	c := s.data[begin]
	if top && c == '[' && (string(name) == "Records" || string(name) == "Events") {
		if s.lists++; s.lists > 1 {
			s.report.damage(&DamageError{int64(quote), fmt.Sprintf("a second list of records, %q", name)})
		}
		m.record = m.record || s.fields.seen&recordMarks != 0
		end, err := s.records(begin)
		s.fields.seen = 0
		return end, err
	}
	end, err := s.value(begin)
	if err != nil {
		return end, err
	}
	if f := fieldOf(name); f != fieldNone {
		s.note(f, m.start, begin, end)
	}
	switch {
	case c == '"' && string(name) == "CloudTrailEvent":
		m.event = [2]int{begin, end}
	case c == '{' && string(name) == "detail":
		m.detail = [2]int{begin, end}
	case top && string(name) == "Records":
		s.report.LogFile = true
		s.report.damage(&DamageError{int64(begin), "Records is not a list"})
	}
	return end, nil
}

// usualValue walks over a value behind a key that was met before.
func (s *splitter) usualValue(i int) (begin, end int, err *DamageError) {
	if s.data[i] == '"' {
		end, _, err = s.str(i)
		return i, end, err
	}
	begin = s.space(i)
	end, err = s.value(begin)
	return begin, end, err
}

// note notes where a field of the object that begins at start lies.
func (s *splitter) note(f field, start, begin, end int) {
	if s.fields.note(f, begin-start, end-start) {
		if s.twice.n++; s.twice.n == 1 {
			s.twice.field, s.twice.record = f, start
		}
	}
}

func (s *splitter) notePhrase(p *phrase, start, at int) {
	for _, f := range p.fields[:p.n] {
		s.note(f.field, start, at+int(f.begin), at+int(f.end))
	}
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

// recordMarks are the fields that stand at the top of CloudTrail records
// (CloudTrail record contents) and hardly anywhere else, a bit for each.
const recordMarks uint64 = 1<<fieldVersion | 1<<fieldID | 1<<fieldName | 1<<fieldSource | 1<<fieldTime | 1<<fieldType | 1<<fieldAccount

func marksRecord(name []byte) bool { return recordMarks>>fieldOf(name)&1 == 1 }

// hand hands over the record that lies in data[m.start:end], directly or
// wrapped.
func (s *splitter) hand(start, end int, m *members) *DamageError {
	switch {
	case m.record:
		return s.emit(s.data[start:end:end], start, &s.fields)
	case m.event[1] > 0:
		return s.emitString(m.event[0], m.event[1])
	case m.detail[1] > 0 && holdsRecord(s.data[m.detail[0]:m.detail[1]]):
		b, e := m.detail[0], m.detail[1]
		return s.emit(s.data[b:e:e], b, nil)
	}
	s.report.Foreign++
	return nil
}

func (s *splitter) emit(raw []byte, offset int, fields *located) *DamageError {
	r := &s.record
	*r = Record{Raw: raw, Offset: int64(offset), fields: fields}
	if s.first {
		s.first = false
		// S3, SES and DynamoDB send notifications in the form of records,
		// with sources such as "aws:s3".
		s.strange = strings.HasPrefix(r.Source(), "aws:")
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
	return s.emit(raw[i:stop:stop], begin, nil)
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
