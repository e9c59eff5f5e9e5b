package count

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/logs"
)

func paths(t testing.TB, names ...string) []logs.Path {
	t.Helper()
	var list []logs.Path
	for _, name := range names {
		p, err := logs.ParsePath(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// counted counts records in as many workers, which take turns.
func counted(c *Counter, workers int, records ...string) {
	var visitors []logs.Visitor
	for range workers {
		visitors = append(visitors, c.Visitor())
	}
	for i, raw := range records {
		visitors[i%workers].Record(nil, &logs.Record{Raw: []byte(raw)})
	}
}

// words writes groups on lines: values, count, first, last, distinct, bins.
func words(r *Result) string {
	var b strings.Builder
	for g := range r.Groups(0) {
		for _, v := range g.Values {
			if v.Absent {
				b.WriteString("(none) ")
			} else {
				fmt.Fprintf(&b, "%q ", v.Text)
			}
		}
		fmt.Fprintf(&b, "%d", g.Count)
		if !g.First.IsZero() {
			fmt.Fprintf(&b, " %s-%s", g.First.Format("15:04:05"), g.Last.Format("15:04:05"))
		}
		for _, n := range g.Distinct {
			fmt.Fprintf(&b, " ≠%d", n.N)
		}
		for _, bin := range g.Bins {
			fmt.Fprintf(&b, " %s=%d", bin.Start.Format("15:04"), bin.Count)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func someRecords() []string {
	return []string{
		`{"eventTime":"2026-01-01T10:00:00Z","eventName":"A","eventSource":"s3.amazonaws.com","sourceIPAddress":"1.1.1.1","resources":[{"ARN":"x"},{"ARN":"y"},{"ARN":"x"}]}`,
		`{"eventTime":"2026-01-01T09:59:59Z","eventName":"B","eventSource":"s3.amazonaws.com","sourceIPAddress":"1.1.1.2"}`,
		`{"eventTime":"2026-01-01T11:30:00+01:00","eventName":"A","sourceIPAddress":"1.1.1.2","resources":[{"ARN":"y"}]}`,
		`{"eventTime":"2026-01-01T12:00:00Z","eventName":"C","eventSource":null,"sourceIPAddress":"1.1.1.1"}`,
		`{"eventTime":"no time","eventName":"","userIdentity":{"type":"Root"}}`,
		`{"eventName":"\u0041","n":1}`,
		`{}`,
	}
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		by, distinct string
		interval     time.Duration
		want         string
	}{
		{by: "eventName", want: `"A" 3 10:00:00-10:30:00
"" 1
"B" 1 09:59:59-09:59:59
"C" 1 12:00:00-12:00:00
(none) 1
`},
		{by: "eventSource", distinct: "sourceIPAddress,eventName", want: `(none) 5 10:30:00-12:00:00 ≠2 ≠3
"s3.amazonaws.com" 2 09:59:59-10:00:00 ≠2 ≠2
`},
		{by: "service,eventName", want: `(none) "A" 2 10:30:00-10:30:00
"s3" "A" 1 10:00:00-10:00:00
"s3" "B" 1 09:59:59-09:59:59
(none) "" 1
(none) "C" 1 12:00:00-12:00:00
(none) (none) 1
`},
		{by: "resources[].ARN", want: `(none) 5 09:59:59-12:00:00
"y" 2 10:00:00-10:30:00
"x" 1 10:00:00-10:00:00
`},
		{by: "eventName,resources[].ARN", want: `"A" "y" 2 10:00:00-10:30:00
"" (none) 1
"A" "x" 1 10:00:00-10:00:00
"A" (none) 1
"B" (none) 1 09:59:59-09:59:59
"C" (none) 1 12:00:00-12:00:00
(none) (none) 1
`},
		{by: "eventName", interval: time.Hour, want: `"A" 3 10:00:00-10:30:00 10:00=2
"" 1
"B" 1 09:59:59-09:59:59 09:00=1
"C" 1 12:00:00-12:00:00 12:00=1
(none) 1
`},
		{by: "identity", want: "(none) 6 09:59:59-12:00:00\n\"root\" 1\n"},
		{by: "n,userIdentity.type", want: `(none) (none) 5 09:59:59-12:00:00
"1" (none) 1
(none) "Root" 1
`},
	} {
		for workers := range 4 {
			o := Options{By: paths(t, strings.Split(c.by, ",")...), Interval: c.interval}
			if c.distinct != "" {
				o.Distinct = paths(t, strings.Split(c.distinct, ",")...)
			}
			counter := New(o)
			counted(counter, workers+1, someRecords()...)
			r := counter.Result()
			if got := words(r); got != c.want {
				t.Errorf("by %s in %d workers:\n%swant\n%s", c.by, workers+1, got, c.want)
			}
			if r.Total.Count != 7 || r.NoTime != 3 || r.Others != nil {
				t.Errorf("by %s: total %+v, %d without a time", c.by, r.Total, r.NoTime)
			}
		}
	}
}

func TestTotal(t *testing.T) {
	counter := New(Options{Distinct: paths(t, "eventName", "resources[].ARN"), Interval: time.Hour})
	counted(counter, 2, someRecords()...)
	r := counter.Result()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	want := Group{
		Count: 7, First: at("2026-01-01T09:59:59Z"), Last: at("2026-01-01T12:00:00Z"),
		Distinct: []Number{{N: 4}, {N: 2}},
		Bins:     []Bin{{at("2026-01-01T09:00:00Z"), 1}, {at("2026-01-01T10:00:00Z"), 2}, {at("2026-01-01T12:00:00Z"), 1}},
	}
	if !reflect.DeepEqual(r.Total, want) || r.Len() != 0 {
		t.Errorf("%+v, want %+v", r.Total, want)
	}
	if r := New(Options{By: paths(t, "eventName")}).Result(); r.Total.Count != 0 || r.Len() != 0 {
		t.Errorf("nothing counted: %+v", r)
	}
}

// Walks one after the other use the same tables.
func TestWalked(t *testing.T) {
	counter := New(Options{By: paths(t, "eventName")})
	for range 100 {
		counted(counter, 2, someRecords()...)
		counter.Walked()
	}
	if len(counter.tables) != 2 {
		t.Errorf("%d tables", len(counter.tables))
	}
	if g := counter.Result().Group(0); g.Count != 300 {
		t.Errorf("%+v", g)
	}
}

// Whatever the workers do at the same time, the sums are the same.
func TestWorkers(t *testing.T) {
	counter := New(Options{By: paths(t, "eventName"), Distinct: paths(t, "eventID")})
	var running sync.WaitGroup
	for worker := range 8 {
		running.Go(func() {
			v := counter.Visitor()
			for i := range 1000 {
				raw := fmt.Sprintf(`{"eventName":"E%d","eventID":"%d"}`, i%10, i+500*worker)
				if v.Record(nil, &logs.Record{Raw: []byte(raw)}) {
					t.Error("a record is wanted")
				}
			}
		})
	}
	running.Wait()
	r := counter.Result()
	if r.Len() != 10 || r.Total.Count != 8000 || r.Total.Distinct[0] != (Number{N: 4500}) {
		t.Errorf("%d groups, %+v", r.Len(), r.Total)
	}
	for g := range r.Groups(0) {
		if g.Count != 800 || g.Distinct[0] != (Number{N: 450}) {
			t.Errorf("%+v", g)
		}
	}
	if n, records := r.Rest(7); n != 3 || records != 2400 {
		t.Errorf("rest: %d groups, %d records", n, records)
	}
	if n, records := r.Rest(20); n != 0 || records != 0 {
		t.Errorf("rest: %d groups, %d records", n, records)
	}
}

// Beyond the memory nothing is lost from the sums, and it is told.
func TestMemory(t *testing.T) {
	const records = 20_000
	for _, c := range []struct {
		options          Options
		others, unbinned bool
		more             bool
	}{
		{options: Options{By: paths(t, "eventID"), Memory: 1 << 20}, others: true},
		{options: Options{By: paths(t, "eventID", "eventName"), Memory: 1 << 20}, others: true},
		{options: Options{By: paths(t, "eventName"), Distinct: paths(t, "eventID"), Memory: 200 << 10}, more: true},
		{options: Options{By: paths(t, "eventName"), Interval: time.Second, Memory: 200 << 10}, unbinned: true},
		{options: Options{By: paths(t, "eventID"), Memory: 16 << 20}},
	} {
		counter := New(c.options)
		visitors := []logs.Visitor{counter.Visitor(), counter.Visitor()}
		for i := range records {
			at := time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC).Format(time.RFC3339)
			raw := fmt.Sprintf(`{"eventID":"%d","eventName":"E%d","eventTime":"%s"}`, i, i%3, at)
			visitors[i%2].Record(nil, &logs.Record{Raw: []byte(raw)})
		}
		r := counter.Result()
		sum := int64(0)
		for g := range r.Groups(0) {
			sum += g.Count
			for _, n := range g.Distinct {
				if n.More != c.more || n.N == 0 || n.N > records {
					t.Errorf("%+v: %+v", c.options, n)
				}
			}
		}
		if r.Others != nil {
			sum += r.Others.Count
		}
		if sum != records || r.Total.Count != records || (r.Others != nil) != c.others || r.Unbinned != c.unbinned {
			t.Errorf("%+v: %d in %d groups, others %+v, unbinned %v", c.options, sum, r.Len(), r.Others, r.Unbinned)
		}
		if c.others && (r.Len() < 1000 || r.Len() > 1<<20/groupBytes) {
			t.Errorf("%+v: %d groups", c.options, r.Len())
		}
	}
}

// A record with a great many combinations of values does not hold up a walk.
func TestCombinations(t *testing.T) {
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",%d", i)
		}
		return "[" + b.String()[1:] + "]"
	}
	raw := fmt.Sprintf(`{"a":%s,"b":%s}`, list(1000), list(1000))
	counter := New(Options{By: paths(t, "a[]", "b[]")})
	counted(counter, 1, raw)
	if r := counter.Result(); !r.Cut || r.Len() != mostVisits || r.Total.Count != 1 {
		t.Errorf("%d groups, cut: %v", r.Len(), r.Cut)
	}
	counter = New(Options{By: paths(t, "a[]", "b[]")})
	counted(counter, 1, fmt.Sprintf(`{"a":%s,"b":%s}`, list(100), list(100)))
	if r := counter.Result(); r.Cut || r.Len() != 10_000 {
		t.Errorf("%d groups, cut: %v", r.Len(), r.Cut)
	}
}

func TestSet(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, fewest, fewest + 1, 1000} {
		var from budget
		from.left.Store(1 << 20)
		p := &purse{from: &from}
		var a, b set
		want := map[uint64]bool{}
		for range n {
			h := random.Uint64N(uint64(2 * n))
			want[h] = true
			if h%3 > 0 {
				a.add(h, p)
			}
			if h%3 < 2 {
				b.add(h, p)
			}
		}
		a.merge(&b)
		if a.len() != len(want) || a.full {
			t.Errorf("%d of %d values", a.len(), len(want))
		}
	}
}
