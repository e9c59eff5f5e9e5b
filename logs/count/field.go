package count

import "trailctl/logs"

// field visits the values of a path in each record.
type field struct {
	path  logs.Path
	visit func(text []byte) bool

	// Some words are worked out from the whole userIdentity, and few records
	// have one of their own: then what it came to is kept.
	memo  map[string][]byte // nil for other paths
	whole logs.Path
	room  int
	of    *logs.Record
	told  bool
	look  func(raw []byte) bool
}

// mostMemo bounds a memo, in bytes.
const mostMemo = 2 << 20

func newField(p logs.Path) *field {
	f := &field{path: p}
	switch p.String() {
	case "identity", "user", "role":
		f.whole, _ = logs.ParsePath("userIdentity") // cannot fail
		f.memo, f.room, f.look = map[string][]byte{}, mostMemo, f.recall
	}
	return f
}

// each visits the values of a record.
func (f *field) each(r *logs.Record) {
	if f.memo == nil {
		f.path.Each(r, f.visit)
		return
	}
	f.of, f.told = r, false
	f.whole.Each(r, f.look)
	if !f.told {
		f.path.Each(r, f.visit)
	}
}

// recall visits what a userIdentity comes to.
func (f *field) recall(raw []byte) bool {
	f.told = true
	word, known := f.memo[string(raw)]
	if !known {
		word = f.learn(raw)
	}
	if word != nil {
		f.visit(word)
	}
	return false
}

// learn works a word out and keeps it; nil when the record has none.
func (f *field) learn(raw []byte) []byte {
	var word []byte
	f.path.Each(f.of, func(text []byte) bool {
		word = append([]byte{}, text...)
		return false
	})
	if f.room -= len(raw) + len(word) + groupBytes; f.room < 0 {
		clear(f.memo)
		f.room = mostMemo
	}
	f.memo[string(raw)] = word
	return word
}
