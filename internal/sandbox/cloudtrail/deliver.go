package cloudtrail

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Record takes an event into the history, where LookupEvents finds it from then
// on (assumption A23), and hands it to the trails that
// select it. A trail that a call has just stopped still takes that call. What
// cannot be written to the history's file is in the history and goes to the
// trails nevertheless; the error tells of it.
func (s *Service) Record(e Event) error {
	var err error
	if e.Category == Management {
		err = s.history.add(e)
	}
	s.learnAccount(s.life, e.Account)
	joined, takenErr := s.hand(e)
	if joined || s.journal.long() {
		s.Save()
	}
	return errors.Join(err, takenErr)
}

// hand hands an event to the trails that select it, and tells whether its
// account has joined one. The error is the journal's.
func (s *Service) hand(e Event) (joined bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var taken []string
	for t := range s.delivering {
		name := t.chainName(e.Account, e.Region)
		if t.Chains[name] == nil && s.joined(t, e.Account) {
			s.follow(t, e.Time)
			joined = true
		}
		if c := t.Chains[name]; c != nil && (c.On || c.Ending == endAll) && t.selects(e) {
			c.add(e, s.logInterval)
			if s.journal != nil {
				taken = append(taken, t.ref(name))
			}
		}
	}
	return joined, s.journal.took(taken, &e)
}

// joined tells whether an account has come into the organization of a trail
// that logs (assumption A25). s.mu is held.
func (s *Service) joined(t *trail, account string) bool {
	return t.Logging && t.Account != account && s.shared(t, account) && t.Chains[t.chainName(account, t.Region)] == nil
}

// NextDue is when the next file is due; false when nothing is.
func (s *Service) NextDue() (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first time.Time
	found := false
	for t := range s.delivering {
		for _, c := range t.Chains {
			if at, ok := c.due(); ok && (!found || at.Before(first)) {
				first, found = at, true
			}
		}
	}
	return first, found
}

// delivering goes over all trails that may have something to deliver. s.mu
// is held.
func (s *Service) delivering(yield func(*trail) bool) {
	for _, t := range s.trails {
		if !yield(t) {
			return
		}
	}
	for _, t := range s.ended {
		if !yield(t) {
			return
		}
	}
}

// DigestsUntil is how many digest files will fall due up to a time: one costs
// about a millisecond.
func (s *Service) DigestsUntil(until time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, t := range s.trails {
		for _, c := range t.Chains {
			if c.Digest != nil && until.After(c.Digest.Start) {
				n += int(until.Sub(c.Digest.Start) / s.digestInterval)
			}
		}
	}
	return n
}

// Deliver delivers everything that is due at a time, as of that time: log
// files first, so that a digest file lists those of its last moment (assumption
// A6). Regions
// are worked on side by side. A failed delivery is kept for the next interval
// and shows in GetTrailStatus; the error is about the sandbox itself.
func (s *Service) Deliver(ctx context.Context, at time.Time) error {
	return s.deliver(ctx, at, false, isDue(at))
}

func isDue(at time.Time) func(*chain) (logs, digest bool) {
	return func(c *chain) (logs, digest bool) {
		return !c.NextLog.IsZero() && !c.NextLog.After(at), c.Digest != nil && !c.Digest.Due.After(at)
	}
}

// DeliverPending delivers all events that wait, due or not.
func (s *Service) DeliverPending(ctx context.Context, at time.Time) error {
	return s.deliver(ctx, at, false, func(c *chain) (logs, digest bool) {
		return len(c.Pending) > 0, c.Digest != nil && !c.Digest.Due.After(at)
	})
}

// job is one chain's share of a delivery. Its trail and chain are copies, so
// that calls can go on meanwhile.
type job struct {
	trail      trail
	around     *inquiry // of the whole delivery
	unsure     bool     // nobody answered whether the last file was stored
	chain      *chain   // the one in the service
	ref        string   // how the journal tells it
	work       chain    // what is worked on
	log        bool
	digest     bool
	events     int  // how many of the pending events are in the work
	passed     int  // how many of these the chain has let go, delivered or dropped
	chained    bool // digest files were being made when the work began
	nextLog    time.Time
	nextDigest time.Duration
}

func (s *Service) deliver(ctx context.Context, at time.Time, endedOnly bool, due func(*chain) (logs, digest bool)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	defer s.buryEnded()
	jobs, around := s.takeJobs(at, endedOnly, due), s.inquireFor(ctx)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range jobs {
		j.around = around
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return s.run(j, at)
		})
	}
	return group.Wait()
}

// End closes what a call has ended, after that call has been recorded
// (assumption A7): no event comes in any more. It tells whether there is
// anything; the next delivery finishes it.
func (s *Service) End(at time.Time) (some bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.delivering {
		for _, c := range t.Chains {
			some = c.end(at) || some
		}
	}
	return some
}

// Settle delivers what End has closed, and nothing else: the last log file and
// the last digest file of trails that were stopped, narrowed or deleted.
func (s *Service) Settle(ctx context.Context, at time.Time) error {
	return s.deliver(ctx, at, true, isDue(at))
}

// buryEnded forgets deleted trails after their last delivery. What could not be
// delivered is lost with them (assumption A11).
func (s *Service) buryEnded() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = slices.DeleteFunc(s.ended, func(t *trail) bool { return !t.ends() })
}

func (s *Service) takeJobs(at time.Time, endedOnly bool, due func(*chain) (logs, digest bool)) []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	var jobs []*job
	for t := range s.delivering {
		for name, c := range t.Chains {
			if ended := c.settle(at); endedOnly && !ended {
				continue
			}
			j := &job{chain: c, events: len(c.Pending), nextLog: nextTick(at, s.logInterval), nextDigest: s.digestInterval}
			if j.log, j.digest = due(c); j.log || j.digest || c.Backfill.due(at) {
				j.trail, j.work = *t, *c
				j.ref, j.chained = t.ref(name), c.Digest != nil
				j.work.Backfill, j.work.Digest = c.Backfill.clone(), c.Digest.clone()
				jobs = append(jobs, j)
			}
		}
	}
	return jobs
}

// run does one chain's share and writes the outcome back.
func (s *Service) run(j *job, at time.Time) error {
	if j.log {
		if err := s.deliverLogs(j, at); err != nil {
			return err
		}
	}
	if err := s.deliverBackfill(j, at); err != nil {
		return err
	}
	if j.digest {
		if err := s.deliverDigest(j, at); err != nil {
			return err
		}
	}
	s.finish(j)
	return nil
}

// finish writes a job's outcome into its chain.
func (s *Service) finish(j *job) {
	s.mu.Lock()
	if j.merge(); j.log && len(j.chain.Pending) > 0 {
		j.chain.NextLog = j.nextLog
	}
	s.mu.Unlock()
}

// keep writes into the chain and the journal what a job has done so far: a
// file is stored, and the next one may follow.
func (s *Service) keep(j *job) {
	s.mu.Lock()
	j.merge()
	err := s.journal.stands(j.ref, j.chain)
	s.mu.Unlock()
	s.noted(err)
	if s.journal.long() {
		s.Save()
	}
}

// storing writes into the chain and the journal which file a job is about to
// store: one of the two is nil.
func (s *Service) storing(j *job, log *doubt, digest *sealed) {
	s.mu.Lock()
	j.merge()
	err := s.journal.storing(j.ref, log, digest)
	s.mu.Unlock()
	s.noted(err)
}

// noted tells of a journal that could not be written. Deliveries go on without.
func (s *Service) noted(err error) {
	if err != nil {
		s.log.Error("a delivery could not be noted: a sandbox that is killed may deliver twice", "error", err)
	}
}

// merge takes a job's work into its chain, which calls may have changed
// meanwhile. Service.mu is held.
func (j *job) merge() {
	c, w := j.chain, &j.work
	lost := c.Dropped - w.Dropped     // events, to maxPending
	done := j.events - len(w.Pending) // as the work has it
	gone := j.passed + lost           // as the chain has it
	c.Logged, c.LogDoubt = max(w.Logged-gone, 0), max(w.LogDoubt-gone, 0)
	if n := done - gone; n > 0 {
		c.drop(n)
		j.passed += n
	}
	if c.Doubt = w.Doubt; lost > 0 {
		c.Doubt = nil
	}
	c.Backfill = w.Backfill.clone()
	c.Backfill.drop(max(gone-done, 0))
	if len(c.Pending) == 0 {
		c.Pending, c.NextLog = nil, time.Time{}
	}
	c.Status = w.Status
	if !j.chained {
		return
	}
	j.chained = w.Digest != nil
	restarted := w.Digest == nil && !c.Final
	c.Digest, c.Head, c.LastEnd, c.Final = w.Digest.clone(), w.Head, w.LastEnd, c.Final && w.Final
	if restarted {
		c.begin(c.LastEnd, j.nextDigest)
	}
}

// deliverLogs writes the pending events to the log group, puts them into the
// bucket as log files and sends notifications of those. What the bucket
// refuses waits for the next interval, with all that comes after it.
func (s *Service) deliverLogs(j *job, at time.Time) error {
	j.work.Status.Attempted = at
	if !s.deliverEvents(j, at) {
		j.work.Backfill.Refused = len(j.work.Pending)
		return nil
	}
	for len(j.work.Pending) > 0 {
		together := j.work.Pending[:j.work.Backfill.together(len(j.work.Pending))]
		if n, ok := j.work.doubtful(&j.trail, len(together)); ok {
			together = together[:n]
		}
		for _, f := range makeLogFiles(together) {
			if ok, err := s.deliverLog(j, f, at); !ok || err != nil {
				j.work.Backfill.Refused = len(j.work.Pending)
				return err
			}
		}
	}
	return nil
}

// deliverLog puts one log file into the bucket; ok is false when it is
// refused.
func (s *Service) deliverLog(j *job, f logFile, at time.Time) (ok bool, err error) {
	c := &j.work
	key := j.trail.logKey(c, at, f.text)
	if c.Doubt != nil {
		key = c.Doubt.Key
	}
	body, err := compress(f.text)
	if err != nil {
		return false, fmt.Errorf("compressing the log file %s: %w", key, err)
	}
	before := c.Doubt
	c.Doubt = &doubt{Bucket: j.trail.Bucket, Key: key, Events: f.events}
	s.storing(j, c.Doubt, nil)
	if code := s.put(j, key, body, nil); code != "" {
		s.warn(j, undelivered, c.Status.Error, code)
		c.Status.Error = code
		if !j.unsure {
			c.Doubt = before
		}
		return false, nil
	}
	c.Doubt = nil
	c.Status.Error, c.Status.Delivered = "", at
	s.warned.forget(&j.trail, undelivered)
	c.Pending = c.Pending[f.events:]
	s.notify(j, key, at)
	c.list(logFileEntry{
		Bucket: j.trail.Bucket, Key: key, Hash: hash(f.text), Algorithm: hashAlgorithm,
		NewestEvent: stamp(f.newest), OldestEvent: stamp(f.oldest),
	}, f.events, j.trail.Validation)
	s.keep(j)
	return true, nil
}
