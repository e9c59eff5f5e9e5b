package count

import "trailctl/logs"

// tally counts by the values of some fields.
type tally struct {
	table  *table
	paths  []logs.Path
	levels []*level
	groups store
	seen   func(value []byte) // told of each value of a single field
	others *group             // those for whose values there was no room

	each int // what a group takes, beside its key

	of     *logs.Record
	key    []byte
	visits int  // of the record at hand
	cut    bool // a record had too many combinations of values
}

// level is one field of several.
type level struct {
	*field
	found bool
}

// mostVisits bounds the combinations of values of one record.
const mostVisits = 100_000

func newTally(t *table, by []logs.Path) *tally {
	y := &tally{table: t, paths: by, groups: store{seed: t.seed}, each: groupBytes}
	if n := len(t.options.Distinct); n > 0 || t.options.Interval > 0 {
		y.each += moreBytes * (n + 1)
	}
	for i, p := range by {
		l := &level{field: newField(p)}
		l.visit = func(text []byte) bool {
			l.found = true
			if y.seen != nil {
				y.seen(text)
			}
			before := len(y.key)
			y.key = appendValue(y.key, text)
			more := y.descend(i + 1)
			y.key = y.key[:before]
			return more
		}
		y.levels = append(y.levels, l)
	}
	return y
}

func (y *tally) record(r *logs.Record) {
	y.of, y.visits, y.key = r, 0, y.key[:0]
	y.descend(0)
}

// descend adds the values of the i-th field and those after it to the key,
// each in turn, and counts the record at the end of each way.
func (y *tally) descend(i int) bool {
	if i == len(y.levels) {
		y.count(y.key)
		if y.visits++; y.visits >= mostVisits {
			y.cut = true
		}
		return y.visits < mostVisits
	}
	l := y.levels[i]
	l.found = false
	l.each(y.of)
	if l.found {
		return y.visits < mostVisits
	}
	before := len(y.key)
	y.key = appendAbsent(y.key)
	more := y.descend(i + 1)
	y.key = y.key[:before]
	return more
}

func (y *tally) count(key []byte) {
	g := y.groups.find(key)
	if g == nil {
		g = y.add(key)
	}
	y.table.add(g)
}

// add makes the group of a new key, if there is room for it.
func (y *tally) add(key []byte) *group {
	if y.table.purse.afford(y.each + len(key)) {
		return y.groups.add(key)
	}
	if y.others == nil {
		y.others = lone()
	}
	return y.others
}

func (y *tally) merge(other *tally) {
	y.groups.take(&other.groups)
	y.others = joined(y.others, other.others)
	y.cut = y.cut || other.cut
}

// lone makes a group without a key.
func lone() *group {
	g := newGroup()
	return &g
}

func joined(a, b *group) *group {
	switch {
	case a == nil:
		return b
	case b != nil:
		a.merge(b)
	}
	return a
}
