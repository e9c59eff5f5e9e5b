// Package cloudtrail is the sandbox's AWS CloudTrail: trails and what they
// select, the event history, and the delivery of log files and signed digest
// files into a bucket, of notifications to a topic and of events to a log
// group. It asks the policies of the bucket, topic, role and key that it uses,
// but evaluates no permission of the caller. It keeps no clock: each call and
// each delivery is told what time it is. Insights selectors are kept and
// checked; Insights events are not produced.
package cloudtrail

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// eventSource is CloudTrail's own name in records.
const eventSource = "cloudtrail.amazonaws.com"

// servicePrincipal is who delivers, as bucket policies name it.
const servicePrincipal = "cloudtrail.amazonaws.com"

// Options says how a Service works. Every field but Settle, Dir, NewKey and
// MaxHistory must be set.
type Options struct {
	Neighbours
	Regions        []string // enabled regions, to which multi-region trails deliver
	LogInterval    time.Duration
	DigestInterval time.Duration // whole seconds, at least one
	Log            *slog.Logger
	Settle         time.Duration // how long a changed policy, role or log group is not seen yet when a trail is made or changed
	Dir            string        // where state is kept; empty keeps it in memory
	NewKey         NewKey        // default GenerateKey
	MaxHistory     int           // events kept for LookupEvents; default 250,000
}

// Service is CloudTrail, for any number of accounts. It is safe for
// concurrent use, but Deliver must not run twice at once.
type Service struct {
	Neighbours
	regions []string
	settled time.Duration
	log     *slog.Logger
	keys    *keyring
	history *history
	journal *journal // nil without a folder
	dir     string
	saving  sync.Mutex // one writer of the state file at a time
	silent  keptSilences
	warned  warnings
	life    context.Context // ends with Interrupt
	end     context.CancelFunc

	changing sync.Mutex // one CreateTrail or UpdateTrail at a time; taken before mu

	mu             sync.Mutex
	members        map[string][]string // accounts of the organizations that have trails, by management account, as last told
	logInterval    time.Duration
	digestInterval time.Duration
	trails         []*trail // by account, home region, name
	ended          []*trail // deleted, with a last delivery to come
}

// New makes a service and loads the state that o.Dir holds.
func New(o Options) (*Service, error) {
	if o.LogInterval <= 0 {
		return nil, fmt.Errorf("the interval between log files is %s: it must be above zero", o.LogInterval)
	}
	if err := checkDigestInterval(o.DigestInterval); err != nil {
		return nil, err
	}
	if o.NewKey == nil {
		o.NewKey = GenerateKey
	}
	if o.MaxHistory == 0 {
		o.MaxHistory = defaultMaxHistory
	}
	s := &Service{
		Neighbours: o.Neighbours, regions: slices.Clone(o.Regions), settled: o.Settle, log: o.Log, dir: o.Dir,
		keys: newKeyring(o.NewKey), history: newHistory(o.MaxHistory),
		members: map[string][]string{}, logInterval: o.LogInterval, digestInterval: o.DigestInterval,
	}
	s.life, s.end = context.WithCancel(context.Background())
	if o.Dir != "" {
		if err := s.load(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// checkDigestInterval holds digest files apart: their names carry seconds.
func checkDigestInterval(d time.Duration) error {
	if d < time.Second || d%time.Second != 0 {
		return fmt.Errorf("the interval between digest files is %s: it must be one second or more, in whole seconds, because their names carry seconds", d)
	}
	return nil
}

// SetIntervals changes how often files are delivered from at on.
func (s *Service) SetIntervals(logs, digests time.Duration, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logInterval, s.digestInterval = logs, digests
	for _, t := range s.trails {
		for _, c := range t.Chains {
			if !c.NextLog.IsZero() {
				c.NextLog = nextTick(at, logs)
			}
			if c.Digest != nil {
				c.Digest.Due = c.Digest.Start.Add(digests)
			}
		}
	}
}

// Interrupt ends the questions that a delivery has still open, so that nobody
// waits for a neighbour that does not answer. What was not delivered stays
// pending. It comes before Close.
func (s *Service) Interrupt() { s.end() }

// Trails is the number of trails of all accounts.
func (s *Service) Trails() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.trails)
}

// Has tells whether there is a trail with this home region and name.
func (s *Service) Has(account, region, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(account, region, name) != nil
}

// seen tells whether a change has come through by now: AWS takes up to a minute
// to see a fresh policy or role everywhere (assumption A26).
func (s *Service) seen(changed, now time.Time) bool {
	return changed.IsZero() || now.Sub(changed) >= s.settled
}

// Events is the number of events in the event history.
func (s *Service) Events() int { return s.history.len() }

// nextTick is the first multiple of the interval after t (assumption A1).
func nextTick(t time.Time, interval time.Duration) time.Time {
	return t.Truncate(interval).Add(interval)
}
