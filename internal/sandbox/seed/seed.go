// Package seed makes up the history of an account: plausible records of
// several people, roles and services over some days. The same plan gives the
// same records. It delivers nothing.
package seed

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"trailctl/internal/sandbox/cloudtrail"
)

// Plan says what history to make up.
type Plan struct {
	Account    string
	Regions    []string // enabled regions; up to five of them see activity
	Events     int
	Start, End time.Time
	Seed       uint64
	// PrincipalID makes the stable id of a principal: kind is "AIDA" or "AROA".
	PrincipalID func(kind, account, name string) string
}

// batchSize is how many events are made at a time by one worker.
const batchSize = 512

// All makes the events of a plan in the order of their time. An error ends
// the sequence.
func (p Plan) All() iter.Seq2[cloudtrail.Event, error] {
	return func(yield func(cloudtrail.Event, error) bool) {
		m := newMaker(p)
		queue := make(chan chan batch, runtime.GOMAXPROCS(0))
		stop := make(chan struct{})
		defer close(stop)
		go m.produce(queue, stop)
		for c := range queue {
			b := <-c
			for _, e := range b.events {
				if !yield(e, nil) {
					return
				}
			}
			if b.err != nil {
				yield(cloudtrail.Event{}, b.err)
				return
			}
		}
	}
}

type batch struct {
	events []cloudtrail.Event
	err    error
}

// produce starts a worker for each batch, as many as the queue has room for.
func (m *maker) produce(queue chan<- chan batch, stop <-chan struct{}) {
	defer close(queue)
	for from := 0; from < m.plan.Events; from += batchSize {
		c := make(chan batch, 1)
		select {
		case queue <- c:
		case <-stop:
			return
		}
		go func() { c <- m.batch(from, min(from+batchSize, m.plan.Events)) }()
	}
}

func (m *maker) batch(from, to int) batch {
	var b batch
	for i := from; i < to; i++ {
		e, err := cloudtrail.NewEvent(m.record(i))
		if err != nil {
			return batch{b.events, err}
		}
		b.events = append(b.events, e)
	}
	return b
}

// maker makes records. It is only read once it is made.
type maker struct {
	plan    Plan
	rhythm  rhythm
	regions []string
	weights []int
}

// favourites are the regions that see activity, and how much.
var favourites = []struct {
	region string
	weight int
}{{"us-east-1", 45}, {"eu-west-1", 25}, {"us-west-2", 15}, {"eu-central-1", 10}, {"ap-southeast-2", 5}}

func newMaker(p Plan) *maker {
	m := &maker{plan: p, rhythm: newRhythm(p.Start, p.End)}
	for _, f := range favourites {
		if slices.Contains(p.Regions, f.region) {
			m.regions, m.weights = append(m.regions, f.region), append(m.weights, f.weight)
		}
	}
	for _, r := range p.Regions {
		if len(m.regions) < min(3, len(p.Regions)) && !slices.Contains(m.regions, r) {
			m.regions, m.weights = append(m.regions, r), append(m.weights, 5)
		}
	}
	return m
}

// draw is the chance behind one record: it depends on the plan's seed and the
// record's number only, so that records can be made side by side.
type draw struct {
	*rand.Rand
	m  *maker
	at time.Time
}

func (m *maker) draw(i int) *draw {
	return &draw{Rand: rand.New(rand.NewPCG(m.plan.Seed, uint64(i))), m: m}
}

// record makes the i-th record.
func (m *maker) record(i int) cloudtrail.Record {
	d := m.draw(i)
	d.at = m.rhythm.moment((float64(i) + d.Float64()) / float64(m.plan.Events)).Truncate(time.Second)
	night := d.at.Hour() < 7 || d.at.Hour() >= 20
	switch {
	case rootMoment(i, m.plan.Events):
		return d.rootRecord(i)
	case d.chance(2) && !night:
		return d.consoleLogin()
	}
	who := d.actor(night)
	task := who.work[d.weighted(len(who.work), func(i int) int { return who.work[i].weight })]
	return d.callRecord(who, task.action)
}

// rootMoment picks two neighbours: the root user signs in and looks around.
func rootMoment(i, events int) bool { return events >= 50 && (i == events*2/5 || i == events*2/5+1) }

// chance is true in n of a hundred cases.
func (d *draw) chance(n int) bool { return d.IntN(100) < n }

// weighted picks one of n by weight.
func (d *draw) weighted(n int, weight func(int) int) int {
	total := 0
	for i := range n {
		total += weight(i)
	}
	at := d.IntN(total)
	for i := range n {
		if at -= weight(i); at < 0 {
			return i
		}
	}
	return n - 1
}

func pick[T any](d *draw, list ...T) T { return list[d.IntN(len(list))] }

// id makes a resource's id such as "i-0a1b...", with n hexadecimal digits.
func (d *draw) id(prefix string, n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[d.IntN(16)]
	}
	return prefix + string(b)
}

// known picks one of n ids that come up again and again.
func (d *draw) known(prefix string, n, digits int) string {
	which := uint64(d.IntN(n))
	again := &draw{Rand: rand.New(rand.NewPCG(d.m.plan.Seed, which+1<<32)), m: d.m}
	return again.id(prefix, digits)
}

func (d *draw) uuid() string {
	a, b := d.Uint64(), d.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func (d *draw) region() string {
	return d.m.regions[d.weighted(len(d.m.regions), func(i int) int { return d.m.weights[i] })]
}

// globalRegion is where global services record.
func (m *maker) globalRegion() string {
	if slices.Contains(m.plan.Regions, "us-east-1") {
		return "us-east-1"
	}
	return m.regions[0]
}
