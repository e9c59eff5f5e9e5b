package logs

import (
	"encoding/binary"
)

// habits are what a splitter has seen so far of how records are written.
// CloudTrail writes the fields of its records in one order, without white
// space, and a session makes many calls that differ in few fields. So the
// text from one value to the next, and runs of several fields, mostly are
// byte for byte what they were before: they are compared instead of being
// walked over. What does not compare equal is walked over with care, so
// habits never change what is read, only how fast.
//
// All that is remembered is bounded, whatever the files hold.
type habits struct {
	start   *key            // stands for the beginning of a record
	keys    map[string]*key // by their names
	phrases [habitPhrases]phrase
	before  uint64 // which phrase was met last: it tells much about the next one
	trials  [phraseStarts]trial
}

const (
	habitKeys    = 256 // different keys that are remembered
	habitNext    = 4   // different keys after one key
	habitBetween = 96  // bytes from one value to the next
	habitBits    = 10  // of a phrase's place
	habitPhrases = 1 << habitBits
	habitPhrase  = 2048 // bytes of a phrase
	habitFields  = 16   // fields of a phrase
)

// key is a key at the top of records.
type key struct {
	field  field
	starts phraseStart // what begins behind its value
	unlike bool        // its values differ from record to record: it ends a phrase
	next   [habitNext]follower
}

// follower is what stood between two values: white space, a comma, the next
// key with its colon. The one met last comes first.
type follower struct {
	text string
	key  *key
}

// phrase is a run of fields.
type phrase struct {
	text   []byte
	fields [habitFields]struct {
		field      field
		begin, end uint16
	}
	n    int  // fields in it
	last *key // of them
}

// phraseStart is a place in records where fields begin that tend to be the
// same as in earlier records.
type phraseStart uint8

const (
	noPhrase     phraseStart = iota
	whoPhrase                // from the beginning: version and identity
	whatPhrase               // behind eventTime: source, name, region, address, agent
	whosePhrase              // behind readOnly or resources: type, account, category, TLS
	phraseStarts = iota
)

// trial tells whether looking up phrases pays.
type trial struct{ tried, equal, pause int }

func newHabits() *habits {
	return &habits{start: &key{starts: whoPhrase}, keys: map[string]*key{}}
}

func newKey(name []byte) *key {
	k := &key{field: fieldOf(name)}
	switch k.field {
	case fieldTime:
		k.starts, k.unlike = whatPhrase, true
	case fieldReadOnly, fieldResources:
		k.starts, k.unlike = whosePhrase, true
	case fieldErrorCode, fieldParameters, fieldResponse, fieldAdditional, fieldRequestID, fieldID, fieldSharedID, fieldServiceDetails, fieldInsight:
		k.unlike = true
	}
	return k
}

// follow compares what stands at i with what followed the key before. It
// returns where the next value begins and the key that it belongs to, nil
// when it is none of those that are known.
func (k *key) follow(data []byte, i int) (int, *key) {
	rest := data[i:]
	for n := range k.next {
		f := &k.next[n]
		if f.key == nil {
			break
		}
		if len(rest) > len(f.text) && string(rest[:len(f.text)]) == f.text {
			begin, next := i+len(f.text), f.key
			if n > 0 {
				k.next[0], k.next[n] = k.next[n], k.next[0]
			}
			return begin, next
		}
	}
	return i, nil
}

// learn remembers what was walked over behind a key: the text up to the next
// value, and the name of the next key in it. It returns the next key, nil
// when that is not remembered.
func (h *habits) learn(k *key, between, name []byte) *key {
	if len(between) > habitBetween || special(name) {
		return nil
	}
	next := h.keys[string(name)]
	if next == nil {
		if len(h.keys) >= habitKeys {
			return nil
		}
		next = newKey(name)
		h.keys[string(name)] = next
	}
	copy(k.next[1:], k.next[:])
	k.next[0] = follower{string(between), next}
	return next
}

// special tells the keys that mean something to Split besides being fields.
func special(name []byte) bool {
	switch string(name) {
	case "Records", "Events", "CloudTrailEvent", "detail":
		return true
	}
	return false
}

// phrase finds the phrase that stands at i. When there is none, it returns
// where to remember the one that does, nil when that does not pay.
func (h *habits) phrase(start phraseStart, data []byte, i int) (p *phrase, known bool) {
	t := &h.trials[start]
	if t.pause > 0 {
		t.pause--
		return nil, false
	}
	if len(data)-i < 128 {
		return nil, false
	}
	if t.tried++; t.tried == 256 {
		if t.equal < t.tried/4 {
			t.pause = 16 * t.tried
		}
		t.tried, t.equal = 0, 0
	}
	rest := data[i:]
	h.before = h.place(start, rest)
	p = &h.phrases[h.before>>(64-habitBits)]
	// What stands behind must end the phrase's last value: 1 also begins 12.
	if n := len(p.text); n > 0 && n < len(rest) && endsValue(rest[n]) && string(rest[:n]) == string(p.text) {
		t.equal++
		return p, true
	}
	return p, false
}

func endsValue(c byte) bool { return c == ',' || c == '}' || c <= ' ' }

// place is a number for a phrase: from the bytes in which such phrases
// differ, and from the phrase before. Its high bits are the good ones.
func (h *habits) place(start phraseStart, text []byte) uint64 {
	const mix = 0x9e3779b97f4a7c15
	word := func(at int) uint64 { return binary.LittleEndian.Uint64(text[at:]) }
	var sum uint64
	switch start {
	case whoPhrase: // the principal, which is also at the end of a role's session
		sum = ((word(72)*mix^word(80))*mix^word(88))*mix ^ word(100)
	case whatPhrase: // source and name of the event
		sum = ((h.before*mix^word(16))*mix^word(40))*mix ^ word(52)
	default: // which key follows
		sum = (h.before+1)*mix ^ word(2)
	}
	return sum * mix
}

// add adds a field to a phrase that is being met for the first time.
func (p *phrase) add(f field, begin, end int) bool {
	if p.n == len(p.fields) || end > habitPhrase {
		return false
	}
	p.fields[p.n].field, p.fields[p.n].begin, p.fields[p.n].end = f, uint16(begin), uint16(end)
	p.n++
	return true
}

// remember ends a phrase.
func (p *phrase) remember(text []byte, last *key) {
	if len(text) <= habitPhrase {
		p.text, p.last = append(p.text[:0], text...), last
	}
}
