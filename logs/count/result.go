package count

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"trailctl/logs"
)

// Result is what was counted.
type Result struct {
	By, Distinct []string // the fields, as they were asked for
	Interval     time.Duration
	Total        Group
	NoTime       int64 // records without an eventTime that can be read

	// Others are the records whose values there was no room for, and then the
	// counts of the other groups are the least they can be. Nil: there was.
	Others *Group
	// Unbinned says that there was no room for all pieces of time: their
	// counts are the least they can be.
	Unbinned bool
	// Cut says that some record had too many combinations of values for all
	// to be counted.
	Cut bool

	tally *tally
	order []uint32 // the numbers of the groups, the most frequent first
}

// Group is the records that have the same values.
type Group struct {
	Values      []Value // of the By fields
	Count       int64
	First, Last time.Time // zero when no record had an eventTime
	Distinct    []Number  // of the Distinct fields
	Bins        []Bin     // by time, without empty ones
}

// Value is one value of a field.
type Value struct {
	Text   string
	Absent bool // the record has none
}

// Number is how many different values there are; More: at least.
type Number struct {
	N    int
	More bool
}

// Bin is how many records happened in one piece of time.
type Bin struct {
	Start time.Time
	Count int64
}

func newResult(o Options, t *table, tallies []*tally) *Result {
	r := &Result{By: names(o.By), Distinct: names(o.Distinct), Interval: o.Interval, Total: t.total.export(), NoTime: t.noTime, Unbinned: t.unbinned}
	if len(tallies) > 0 {
		r.take(tallies[0])
	}
	return r
}

func names(paths []logs.Path) []string {
	list := make([]string, len(paths))
	for i, p := range paths {
		list[i] = p.String()
	}
	return list
}

func (r *Result) take(y *tally) {
	r.tally, r.Cut = y, y.cut
	if y.others != nil {
		g := y.others.export()
		r.Others = &g
	}
	r.order = y.groups.sorted(func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.count, a.count), compareKeys(y.groups.key(a), y.groups.key(b)))
	})
}

// Len is how many groups there are, Others not among them.
func (r *Result) Len() int { return len(r.order) }

// Group is the i-th most frequent group.
func (r *Result) Group(i int) Group {
	g := r.tally.groups.group(int(r.order[i]))
	out := g.export()
	out.Values = values(r.tally.groups.key(g))
	return out
}

// Groups yields the most frequent groups, at most n of them; all when n is 0.
func (r *Result) Groups(n int) iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for i := range r.order {
			if n > 0 && i >= n || !yield(r.Group(i)) {
				return
			}
		}
	}
}

// Rest is how many groups come after the first n, and how many records they
// count.
func (r *Result) Rest(n int) (groups int, records int64) {
	for i := n; i < len(r.order); i++ {
		records += r.tally.groups.group(int(r.order[i])).count
	}
	return max(0, len(r.order)-n), records
}

// export gives a group without its values.
func (g *group) export() Group {
	out := Group{Count: g.count}
	if g.first <= g.last {
		out.First, out.Last = toTime(g.first), toTime(g.last)
	}
	if g.more == nil {
		return out
	}
	for i := range g.more.sets {
		out.Distinct = append(out.Distinct, Number{g.more.sets[i].len(), g.more.sets[i].full})
	}
	for _, start := range slices.Sorted(maps.Keys(g.more.bins)) {
		out.Bins = append(out.Bins, Bin{toTime(start), g.more.bins[start]})
	}
	return out
}
