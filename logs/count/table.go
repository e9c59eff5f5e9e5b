package count

import (
	"hash/maphash"

	"trailctl/logs"
)

// table counts in one worker.
type table struct {
	clock
	total    group
	tallies  []*tally // none: only the total
	facts    *facts   // nil but in an overview
	distinct []*field
	options  Options
	purse    purse
	seed     maphash.Seed
	serial   int64 // of the record at hand
	noTime   int64
	hashes   [][]uint64 // the values of the distinct fields of the record at hand
	unbinned bool
}

func newTable(o Options, from *budget, seed maphash.Seed) *table {
	t := &table{options: o, purse: purse{from: from}, seed: seed, hashes: make([][]uint64, len(o.Distinct))}
	t.total = newGroup()
	t.clock.init()
	for i, p := range o.Distinct {
		f := newField(p)
		f.visit = func(text []byte) bool {
			t.hashes[i] = append(t.hashes[i], maphash.Bytes(seed, text))
			return true
		}
		t.distinct = append(t.distinct, f)
	}
	if len(o.By) > 0 {
		t.tallies = append(t.tallies, newTally(t, o.By))
	}
	return t
}

// File wants the records of every file.
func (t *table) File(*logs.File, []byte) bool { return true }

// Record counts a record, and wants none.
func (t *table) Record(_ *logs.File, r *logs.Record) bool {
	t.serial++
	t.clock.read(r)
	if t.at == noMoment {
		t.noTime++
	}
	for i, f := range t.distinct {
		t.hashes[i] = t.hashes[i][:0]
		f.each(r)
	}
	t.add(&t.total)
	for _, y := range t.tallies {
		y.record(r)
	}
	if t.facts != nil {
		t.facts.record(r)
	}
	return false
}

// add counts the record at hand in a group, once.
func (t *table) add(g *group) {
	if g.serial == t.serial {
		return
	}
	g.serial = t.serial
	g.count++
	if t.at != noMoment {
		g.see(t.at)
		if t.options.Interval > 0 && !g.extend(len(t.hashes)).bin(start(t.at, t.options.Interval), &t.purse) {
			t.unbinned = true
		}
	}
	for i, hashes := range t.hashes {
		m := g.extend(len(t.hashes))
		for _, h := range hashes {
			m.sets[i].add(h, &t.purse)
		}
	}
}

func (t *table) merge(other *table) {
	t.total.merge(&other.total)
	t.noTime += other.noTime
	t.unbinned = t.unbinned || other.unbinned
	for i, y := range t.tallies {
		y.merge(other.tallies[i])
	}
	if t.facts != nil {
		t.facts.merge(other.facts)
	}
}

// clock reads the time of each record once.
type clock struct {
	at    int64
	time  logs.Path
	visit func([]byte) bool
}

func (c *clock) init() {
	c.time, _ = logs.ParsePath("eventTime") // cannot fail
	c.visit = func(text []byte) bool {
		c.at = moment(text)
		return false
	}
}

func (c *clock) read(r *logs.Record) {
	c.at = noMoment
	c.time.Each(r, c.visit)
}
