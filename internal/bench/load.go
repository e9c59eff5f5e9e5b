package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// loadOptions says how much load there is.
type loadOptions struct {
	seconds, rate, clients int
	rates                  string
	disk, bounded          bool
}

func (o *loadOptions) flags(f *flag.FlagSet) {
	f.IntVar(&o.seconds, "seconds", 60, "load: how long")
	f.IntVar(&o.rate, "rate", 200, "load: calls a second, of all clients")
	f.IntVar(&o.clients, "clients", 8, "load: how many call")
	f.StringVar(&o.rates, "rates", "500,1000,2000", "load: higher rates to try, each for a sixth of the time; empty for none")
	f.BoolVar(&o.bounded, "full", false, "load: look also at the memory once the event history is full")
	f.BoolVar(&o.disk, "disk", false, "load: the sandbox keeps its state in a folder")
}

// load calls a sandbox at a steady rate and looks whether each call is in
// exactly one log file, and each management event once in the event history.
// It fails when that is not so. Beside that it measures memory, and the
// latency that recording adds: a second sandbox, which records nothing,
// answers the same calls in turn with the first.
func load(ctx context.Context, o *options) error {
	l := &o.load
	if l.seconds < 1 || l.rate < 1 || l.clients < 1 {
		return fmt.Errorf("-seconds %d, -rate %d and -clients %d must be above zero", l.seconds, l.rate, l.clients)
	}
	on, err := l.start(ctx, o, "recorded", boxOptions{})
	if err != nil {
		return err
	}
	off, err := l.start(ctx, o, "unrecorded", boxOptions{Unrecorded: true})
	if err != nil {
		return errors.Join(err, on.stop())
	}
	err = errors.Join(l.run(ctx, o, on, off), on.stop(), off.stop())
	if err != nil {
		return err
	}
	return l.full(ctx, o)
}

// start starts a sandbox and makes in it what the load calls on.
func (l *loadOptions) start(ctx context.Context, o *options, name string, b boxOptions) (*boxed, error) {
	if l.disk {
		b.Dir = filepath.Join(o.dir, "load-"+name)
		if err := os.RemoveAll(b.Dir); err != nil {
			return nil, err
		}
	}
	box, err := startBox(ctx, b)
	if err != nil {
		return nil, err
	}
	if err := furnish(ctx, newClient(box.url, "admin")); err != nil {
		return nil, errors.Join(err, box.stop())
	}
	return box, nil
}

// stage is a sandbox with those who call it.
type stage struct {
	*boxed
	clients []*client
	next    int // number of the next call
}

func (l *loadOptions) stage(b *boxed) *stage {
	s := &stage{boxed: b}
	for i := range l.clients {
		s.clients = append(s.clients, newClient(b.url, fmt.Sprintf("client-%d", i+1)))
	}
	return s
}

func (s *stage) drive(ctx context.Context, rate int, length time.Duration) (*phase, error) {
	p, err := drive(ctx, s.boxed, s.clients, rate, length, s.next)
	s.next += int(length.Seconds() * float64(rate))
	return p, err
}

func (l *loadOptions) run(ctx context.Context, o *options, on, off *boxed) error {
	began := time.Now()
	recorded, plain := l.stage(on), l.stage(off)
	length := time.Duration(l.seconds) * time.Second
	for _, s := range []*stage{plain, recorded} { // connections, first allocations
		if _, err := s.drive(ctx, l.rate, time.Second); err != nil {
			return err
		}
	}
	fmt.Printf("Load: %d calls a second from %d clients for %s, %d kinds of call, regions %s, a log file each %s, a digest file each %s, %d processors\n",
		l.rate, l.clients, length, len(mix()), strings.Join(loadRegions(), " "), loadLogs, loadDigests, runtime.NumCPU())
	main, err := l.steady(ctx, recorded, length)
	if err != nil {
		return err
	}
	calls, failed := main.calls, main.failed
	with, without, err := l.compare(ctx, recorded, plain, length)
	if err != nil {
		return err
	}
	l.latencies(main, sum(with), sum(without))
	added(with, without)
	calls, failed = append(calls, sum(with).calls...), append(append(failed, sum(with).failed...), sum(without).failed...)
	faster, err := l.faster(ctx, recorded, length/6)
	if err != nil {
		return err
	}
	calls, failed = append(calls, faster.calls...), append(failed, faster.failed...)
	return errors.Join(l.prove(ctx, o, on, calls, began), wrongAnswers(failed))
}

func wrongAnswers(failed []string) error {
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("%d calls had another answer than they should, the first: %s", len(failed), failed[0])
}

// steady is the load itself, with the memory over its time.
func (l *loadOptions) steady(ctx context.Context, s *stage, length time.Duration) (*phase, error) {
	before, err := s.heap(s.clients[0].http)
	if err != nil {
		return nil, err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	wait := watch(watching, s.pid)
	p, err := s.drive(ctx, l.rate, length)
	stop()
	m := wait()
	if err != nil {
		return nil, err
	}
	peak, err := residentOf(s.pid, "VmHWM")
	if err != nil {
		return nil, err
	}
	after, err := s.heap(s.clients[0].http)
	first, last := m.quarters()
	fmt.Printf("\nMemory of the sandbox: resident %.1f MiB in the first quarter, %.1f MiB in the last, slope %+.1f MiB a minute, peak %d MiB\n", first, last, m.slope(), peak>>20)
	fmt.Printf("  in use after a garbage collection: %.1f MiB before, %.1f MiB after: %d bytes for each call\n",
		float64(before)/(1<<20), float64(after)/(1<<20), (after-before)/int64(max(1, len(p.calls))))
	fmt.Printf("  processor time: %.2f s, %.0f%% of one processor, %.2f ms a call\n", p.cpu.Seconds(), 100*p.cpu.Seconds()/length.Seconds(), 1000*p.cpu.Seconds()/float64(max(1, len(p.calls))))
	return p, err
}

// full is the load on a sandbox that keeps no more of it than before: its
// event history is full, and its buckets lie in a folder.
func (l *loadOptions) full(ctx context.Context, o *options) error {
	if !l.bounded {
		return nil
	}
	const events = 1000
	disk := *l
	disk.disk = true
	b, err := disk.start(ctx, o, "full", boxOptions{MaxHistory: events})
	if err != nil {
		return err
	}
	s := l.stage(b)
	fmt.Printf("\nThe same with an event history that is full with %d events, and the state in a folder:", events)
	_, err = s.drive(ctx, l.rate, max(5*time.Second, 3*events*time.Second/time.Duration(l.rate)))
	if err == nil {
		_, err = l.steady(ctx, s, time.Duration(l.seconds)*time.Second)
	}
	return errors.Join(err, b.stop(), os.RemoveAll(filepath.Join(o.dir, "load-full")))
}

// turn is how long one of the two sandboxes is called before the other.
const turn = time.Second

// compare calls the sandbox that records and the one that does not in turn,
// each for half of the time.
func (l *loadOptions) compare(ctx context.Context, recorded, plain *stage, length time.Duration) (with, without []*phase, err error) {
	for i := range max(1, int(length/turn/2)) {
		pair := []*stage{recorded, plain}
		if i%2 == 1 {
			slices.Reverse(pair)
		}
		for _, s := range pair {
			p, err := s.drive(ctx, l.rate, turn)
			if err != nil {
				return nil, nil, err
			}
			if s == recorded {
				with = append(with, p)
			} else {
				without = append(without, p)
			}
		}
	}
	return with, without, nil
}

// added prints what recording costs: over all calls, and in the median of the
// pairs of turns, which one busy moment of the machine does not move.
func added(with, without []*phase) {
	all := func(q float64) string { return ms(quantile(sum(with).sent, q) - quantile(sum(without).sent, q)) }
	paired := func(q float64) string {
		var list []time.Duration
		for i := range with {
			list = append(list, quantile(with[i].sent, q)-quantile(without[i].sent, q))
		}
		return ms(quantile(list, 0.5))
	}
	perCall := func(p *phase) float64 { return 1000 * p.cpu.Seconds() / float64(max(1, len(p.sent))) }
	fmt.Printf("  recording adds to the median %s (in the median of %d pairs of turns %s), to the 99th percentile %s (%s)\n",
		all(0.5), len(with), paired(0.5), all(0.99), paired(0.99))
	fmt.Printf("  processor time of the sandbox: %.2f ms a call with, %.2f ms without\n", perCall(sum(with)), perCall(sum(without)))
}

func (l *loadOptions) latencies(main, with, without *phase) {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nLATENCY\tCALLS\tMEDIAN\tP95\tP99\tMAX\tMEDIAN FROM WHEN DUE\tP99")
	line := func(name string, p *phase) {
		fmt.Fprintf(t, "%s\t%d", name, len(p.sent))
		for _, q := range []float64{0.5, 0.95, 0.99, 1} {
			fmt.Fprintf(t, "\t%s", ms(quantile(p.sent, q)))
		}
		fmt.Fprintf(t, "\t%s\t%s\n", ms(quantile(p.scheduled, 0.5)), ms(quantile(p.scheduled, 0.99)))
	}
	line("the load itself, recorded", main)
	line("in turn: recorded", with)
	line("in turn: not recorded", without)
	t.Flush()
}

// faster tries higher rates. One is kept up with when the last answer comes
// within a second of its time.
func (l *loadOptions) faster(ctx context.Context, s *stage, length time.Duration) (*phase, error) {
	if l.rates == "" {
		return &phase{}, nil
	}
	length = max(length, time.Second)
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var phases []*phase
	fmt.Fprintln(t, "\nRATE\tFOR\tMEDIAN\tP99 FROM WHEN DUE\tLAST ANSWER AFTER\tPROCESSOR\tKEEPS UP")
	for text := range strings.SplitSeq(l.rates, ",") {
		rate, err := strconv.Atoi(text)
		if err != nil || rate < 1 {
			return nil, fmt.Errorf("-rates %s: %q is no number of calls a second", l.rates, text)
		}
		p, err := s.drive(ctx, rate, length)
		if err != nil {
			return nil, err
		}
		keeps := "yes"
		if p.late > time.Second {
			keeps = "no"
		}
		fmt.Fprintf(t, "%d/s\t%.1f s\t%s\t%s\t%s\t%.0f%%\t%s\n", rate, length.Seconds(), ms(quantile(p.sent, 0.5)), ms(quantile(p.scheduled, 0.99)), ms(p.late), 100*p.cpu.Seconds()/(length+p.late).Seconds(), keeps)
		phases = append(phases, p)
	}
	return sum(phases), t.Flush()
}

// prove ends the trail and looks for each call in what it delivered.
func (l *loadOptions) prove(ctx context.Context, o *options, on *boxed, calls []made, began time.Time) error {
	c := newClient(on.url, "admin")
	if _, err := c.must(ctx, "cloudtrail", home, jsonCall(trailTarget+"StopLogging", `{"Name":%q}`, loadTrail)); err != nil {
		return err
	}
	v, err := check(ctx, c, calls)
	if err != nil {
		return err
	}
	fmt.Printf("\nDelivery: %d calls, %d of them management events; %d log files of %d bytes with %d records; %d events in the event history\n", v.calls, v.management, v.files, v.size, v.records, v.events)
	fmt.Printf("  lost %d, doubled %d, event ids that stand twice %d; missing in the event history %d, twice there %d\n", len(v.lost), len(v.doubled), v.sameEvent, v.unseen, v.seenTwice)
	return errors.Join(v.err(), judges(ctx, o, on, began))
}
