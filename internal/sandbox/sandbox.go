// Package sandbox is a local AWS for people without an account: one HTTP
// endpoint that speaks AWS, records each call as a CloudTrail event and
// delivers log files and signed digest files as CloudTrail does. It checks no
// signature and no permission of the caller: it is for loopback only.
package sandbox

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"trailctl/internal/sandbox/clock"
	"trailctl/internal/sandbox/cloudtrail"
)

// Options says how a sandbox behaves. The zero value works.
type Options struct {
	Account string   // twelve digits; default 123456789012
	Regions []string // enabled regions; default DefaultRegions

	LogInterval    time.Duration // between log files; default 5s (AWS: about 5 minutes)
	DigestInterval time.Duration // between digest files; default 1m (AWS: one hour); whole seconds

	// Settle is how long a changed policy of a bucket, topic or key, a changed
	// role or a new log group is not seen yet when a trail is created or
	// updated, as on AWS; default not at all.
	Settle time.Duration

	// Dir is where state is kept; empty keeps it in memory. A folder that is
	// neither empty nor a sandbox's is refused, as is one in use (*InUseError) and
	// one that was kept for another AWS (*UnfitError).
	Dir   string
	Clock clock.Clock // default real time that Advance moves ahead
	Log   *slog.Logger

	// AllowRemote answers whoever calls. Without it calls that a web page makes,
	// or that name a host which is not this machine, are refused.
	AllowRemote bool

	// Upstream is the address of another local AWS that answers every call but
	// CloudTrail's, and into which deliveries go; nil for the sandbox's own
	// services. It is asked for Account and Regions where those are empty.
	// Settle cannot be kept with it.
	Upstream *url.URL

	// Unrecorded answers calls without recording them, to measure what the
	// recorder costs.
	Unrecorded bool

	MaxHistory int // events kept in the event history; default 250,000

	SeedEvents int // events of made-up history; 0 for none
	SeedDays   int // over how many days before now; default 7
	Seed       uint64
	// Seeded is told now and then how many of SeedEvents have been made and
	// delivered; may be nil.
	Seeded func(events int)

	// NewKey makes the RSA key with which a region signs digest files; default
	// a fresh one, which takes about 0.1 s. Tests share keys: SharedKeys.
	NewKey func(region string) (*rsa.PrivateKey, error)
}

// DefaultAccount is the account of callers that name none.
const DefaultAccount = "123456789012"

// DefaultRegions are the regions that every AWS account has without opting in.
func DefaultRegions() []string {
	return []string{
		"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
		"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
		"us-east-1", "us-east-2", "us-west-1", "us-west-2",
	}
}

// withDefaults fills in what was left out and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Account == "" {
		o.Account = DefaultAccount
	}
	if !accountPattern.MatchString(o.Account) {
		return o, fmt.Errorf("the account %q is not twelve digits", o.Account)
	}
	if len(o.Regions) == 0 {
		o.Regions = DefaultRegions()
	}
	o.Regions = slices.Clone(o.Regions)
	slices.Sort(o.Regions)
	o.Regions = slices.Compact(o.Regions)
	for _, r := range o.Regions {
		if !regionPattern.MatchString(r) {
			return o, fmt.Errorf("%q is not the name of a region", r)
		}
	}
	if o.LogInterval == 0 {
		o.LogInterval = 5 * time.Second
	}
	if o.DigestInterval == 0 {
		o.DigestInterval = time.Minute
	}
	if o.Clock == nil {
		o.Clock = &clock.Offset{}
	}
	if o.Settle < 0 {
		return o, fmt.Errorf("the time in which a changed policy is not seen yet is %s: it cannot be below zero", o.Settle)
	}
	if o.SeedDays == 0 {
		o.SeedDays = 7
	}
	if o.SeedEvents < 0 || o.SeedDays < 0 {
		return o, fmt.Errorf("%d events over %d days of history cannot be seeded", o.SeedEvents, o.SeedDays)
	}
	return o, nil
}

// Sandbox is one running local AWS. It is an http.Handler.
type Sandbox struct {
	options Options
	log     *slog.Logger
	time    *timeline
	calls   tally
	faults  faults
	services

	folder     *os.File       // holds the lock of Options.Dir; nil without
	changing   sync.Mutex     // calls that change trails run one after the other
	delivering sync.Mutex     // deliveries run one after the other
	settling   sync.WaitGroup // deliveries of what calls have ended
}

// New makes a sandbox, loads its state from Options.Dir and seeds its history.
func New(ctx context.Context, o Options) (*Sandbox, error) {
	if err := o.askUpstream(ctx); err != nil {
		return nil, err
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Sandbox{options: o, log: o.Log, time: &timeline{base: o.Clock}}
	if err := s.open(ctx); err != nil {
		s.leaveFolder()
		return nil, err
	}
	return s, nil
}

// open loads the state and seeds the history.
func (s *Sandbox) open(ctx context.Context) error {
	if err := s.openFolder(); err != nil {
		return err
	}
	if err := s.openServices(); err != nil {
		return err
	}
	s.trails.Resume(s.Now())
	if s.options.SeedEvents > 0 {
		if err := s.seed(ctx); err != nil {
			return fmt.Errorf("seeding the history: %w", err)
		}
	}
	return nil
}

func subfolder(dir, name string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, name)
}

// Now is the sandbox's time.
func (s *Sandbox) Now() time.Time { return s.time.now() }

// pollInterval is how often Run looks for due deliveries.
const pollInterval = 200 * time.Millisecond

// Run makes deliveries when they are due, until ctx ends. It returns nil then.
func (s *Sandbox) Run(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.deliverDue(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// deliverDue delivers everything that is due by now, each at its own time.
func (s *Sandbox) deliverDue(ctx context.Context) error {
	for some := false; ; some = true {
		more, err := s.deliverNext(ctx)
		if err != nil {
			return err
		}
		if !more {
			if some {
				s.trails.Save()
			}
			return nil
		}
	}
}

// deliverNext delivers what is due at one moment, and tells whether there was
// anything. In between others may deliver.
func (s *Sandbox) deliverNext(ctx context.Context) (bool, error) {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	at, due := s.trails.NextDue()
	if !due || at.After(s.Now()) {
		return false, nil
	}
	return true, s.trails.Deliver(ctx, at)
}

func (s *Sandbox) deliverPending(ctx context.Context) error {
	s.delivering.Lock()
	defer s.delivering.Unlock()
	defer s.trails.Save()
	return s.trails.DeliverPending(ctx, s.Now())
}

// Limits of one Advance. A digest file costs about a millisecond.
const (
	maxAdvance = 400 * 24 * time.Hour
	maxDigests = 200_000
)

// Advance moves the clock by d. Everything that falls due on the way is
// delivered at its own time, in order. It fails with a clock that cannot be
// moved.
func (s *Sandbox) Advance(d time.Duration) error {
	mover, ok := s.options.Clock.(clock.Mover)
	switch {
	case !ok:
		return errors.New("the sandbox runs on a clock that cannot be moved")
	case d < 0:
		return fmt.Errorf("the clock cannot be moved back by %s", -d)
	case d > maxAdvance:
		return fmt.Errorf("the clock cannot be moved by %s at once: the most is %s", d, maxAdvance)
	}
	s.delivering.Lock()
	defer s.delivering.Unlock()
	target := s.Now().Add(d)
	if n := s.trails.DigestsUntil(target); n > maxDigests {
		return fmt.Errorf("moving the clock by %s would deliver %d digest files, more than %d: use smaller steps or a longer digest interval", d, n, maxDigests)
	}
	err := s.deliverUntil(target)
	mover.Advance(d)
	s.time.stand(time.Time{})
	s.trails.Save()
	return errors.Join(err, s.saveTime())
}

// deliverUntil lets time stand at each moment at which something is due, up
// to a time, and delivers it there.
func (s *Sandbox) deliverUntil(until time.Time) error {
	for {
		at, due := s.trails.NextDue()
		if !due || at.After(until) {
			return nil
		}
		if now := s.Now(); at.Before(now) {
			at = now
		}
		s.time.stand(at)
		if err := s.trails.Deliver(context.Background(), at); err != nil {
			return err
		}
	}
}

// Close saves the state for the last time. The sandbox is not used after it.
func (s *Sandbox) Close() error {
	defer s.leaveFolder()
	s.trails.Interrupt() // a delivery does not wait for an upstream that is silent
	s.settling.Wait()
	s.delivering.Lock()
	defer s.delivering.Unlock()
	return errors.Join(s.closeServices(), s.saveTime())
}

// SharedKeys makes a NewKey that gives every sandbox of a process the same
// key for a region, so that tests do not wait for fresh ones.
func SharedKeys() func(region string) (*rsa.PrivateKey, error) {
	var mu sync.Mutex
	keys := map[string]*rsa.PrivateKey{}
	return func(region string) (*rsa.PrivateKey, error) {
		mu.Lock()
		defer mu.Unlock()
		if keys[region] == nil {
			k, err := cloudtrail.GenerateKey(region)
			if err != nil {
				return nil, err
			}
			keys[region] = k
		}
		return keys[region], nil
	}
}
