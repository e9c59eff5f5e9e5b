package validate

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Follower proves digest files as they arrive. Each Round looks at what came
// since the one before and at the end of what was proved then; what lies
// before that is forgotten.
type Follower struct {
	// Proofs remembers the log files, and when it keeps them in a file also
	// how far the following came: another one of the same goes on there.
	Proofs *Proofs
	// Begin is where the following begins. Zero goes on where an earlier one
	// ended or, if there was none, begins Lookback before now.
	Begin time.Time

	scope    string
	resumed  bool      // goes on where an earlier following ended
	rounds   int       // that were completed
	start    time.Time // of the next window
	began    time.Time // start of the first window
	restart  time.Time // digest files up to here were told by an earlier following
	chains   map[chainKey]*followedChain
	totals   map[chainKey]*Chain
	told     map[string]bool      // warnings and notices
	doubts   map[string]time.Time // what may still come in time, and since when it is missed
	stuck    map[chainKey]time.Time
	findings []Finding
	bytes    int64
}

const (
	// Lookback is how far back a following begins, with the digest files that
	// end after that. The newest one ends about an hour ago.
	Lookback = tailGrace + usualRhythm
	// patience is how long after the first log file of a region, or after
	// logging began, its first digest file may come.
	patience = tailGrace + usualRhythm
	// givenUp is after what time a following ends that cannot check a file.
	givenUp = 24 * time.Hour
	// ended is how far a chain lies behind the newest one when nothing more
	// is expected of it.
	ended = 24 * time.Hour
	// keptFindings bounds what is remembered for the report at the end.
	keptFindings = 1000
)

// chainKey tells chains apart, wherever they lie.
type chainKey struct {
	account, region, trail, home string
	backfill                     bool
}

// followedChain is how far a chain was proved, and where it lay then. Of what
// ends after since and until until everything was told, by this following or an
// earlier one; late is how far what ends before since was told.
type followedChain struct {
	until       time.Time
	since, late time.Time
	place       string
}

// FollowedDigest is a digest file that arrived, with its log files.
type FollowedDigest struct {
	Account    string    `json:"account"`
	Org        string    `json:"organization,omitempty"`
	Region     string    `json:"region"`
	Trail      string    `json:"trail"`
	HomeRegion string    `json:"homeRegion"`
	Backfill   bool      `json:"backfill,omitempty"`
	URI        string    `json:"uri"`
	Start      time.Time `json:"start"`
	End        time.Time `json:"end"`
	Verdict    Verdict   `json:"verdict"` // of it and its log files
	LogFiles   Counts    `json:"logFiles"`

	key     chainKey
	end     time.Time // by its name
	status  Status
	trusted bool // its log files are proved, though its link may be wrong
	listed  int
}

// Round is what one look brought.
type Round struct {
	Start   time.Time        // of the time that was looked at
	Digests []FollowedDigest // that were not told before, oldest first
	// Before is how many digest files were proved again that an earlier
	// following told.
	Before int
	// Findings are those that make it invalid, and warnings and notices that
	// were not told before.
	Findings []Finding
	// Trouble is what could not be checked. The next round tries again.
	Trouble []Finding
	// Verdict is invalid or, in this order, incomplete, nothing while no
	// digest file is known and none is expected to come, or valid.
	Verdict Verdict
	// GivenUp says that something could not be checked for a day.
	GivenUp bool
	// Report is of the look alone, with what was told before.
	Report *Report
}

// Round looks once, with options that hold now: Start, End, Proved and OnFile
// are filled in, and OnFile is passed on. It fails as Check does; when ctx ends
// it returns what is certain until then and the context's cause.
func (f *Follower) Round(ctx context.Context, o Options) (*Round, error) {
	f.begin(o)
	var mu sync.Mutex
	var seen []FollowedDigest
	o.judged = func(id chainID, d *digestFile, s Status) {
		g := newFollowed(id, d, s)
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, g)
	}
	heard := o.OnFile
	o.OnFile = func(file File) {
		if !file.Digest && !file.Before {
			f.bytes += file.Bytes
		}
		if heard != nil {
			heard(file)
		}
	}
	o.Start, o.End, o.Proved, o.Keys = f.start, time.Time{}, f.Proofs, widerKeys{o.Keys}
	o.following = true
	r, err := Check(ctx, o)
	if r == nil {
		return nil, err
	}
	t := &roundTaker{Follower: f, options: o, interrupted: err != nil, round: &Round{Start: f.start, Verdict: VerdictValid, Report: r}}
	t.take(r, seen)
	return t.round, err
}

// begin decides where the first round starts.
func (f *Follower) begin(o Options) {
	if f.chains != nil {
		return
	}
	f.scope = scopeOf(o)
	f.chains, f.totals = map[chainKey]*followedChain{}, map[chainKey]*Chain{}
	f.stuck = map[chainKey]time.Time{}
	f.start = f.Begin
	defer func() { f.began = f.start }()
	if f.start.IsZero() {
		if at := f.Proofs.marked(f.scope); !at.IsZero() && at.Before(o.Now) {
			f.resumed, f.restart, f.start = true, at, at.Add(-overlap)
			return
		}
		f.start = o.Now.Add(-Lookback)
	}
}

// From is the time after which the digest files end that are told, and whether
// an earlier following ended there.
func (f *Follower) From(o Options) (at time.Time, resumed bool) {
	f.begin(o)
	if f.resumed {
		return f.restart, true
	}
	return f.start, false
}

// scopeOf names what is followed.
func scopeOf(o Options) string {
	parts := []string{"follow", o.Trail, o.Home, o.Owner}
	if o.Trail == "" {
		parts = append(parts, o.Bucket, o.Prefix)
		for _, b := range o.Bases {
			parts = append(parts, b.String())
		}
	}
	accounts, regions := slices.Sorted(slices.Values(o.Accounts)), slices.Sorted(slices.Values(o.Regions))
	return strings.Join(append(parts, strings.Join(accounts, ","), strings.Join(regions, ",")), "\n")
}

func (f *Follower) markOf(k chainKey) string {
	return strings.Join([]string{f.scope, k.account, k.region, k.trail, k.home}, "\n")
}

// overlap is how much of what was proved a round looks at again: the newest
// digest file, to which the next one is linked.
const overlap = usualRhythm

// widerKeys asks for keys of an earlier time, too: the windows of keys can lag
// a rotation, and a round is short.
type widerKeys struct{ KeySource }

func (w widerKeys) PublicKeys(ctx context.Context, region string, from, to time.Time) ([]PublicKey, error) {
	return w.KeySource.PublicKeys(ctx, region, from.Add(-24*time.Hour).Truncate(time.Hour), to)
}

// sinceOf names the time since which all of a chain was told, up to markOf.
func (f *Follower) sinceOf(k chainKey) string { return f.markOf(k) + "\nsince" }

// newChain is a chain as an earlier following left it. Where that did not come
// as far as this one begins, all is new.
func (f *Follower) newChain(k chainKey) *followedChain {
	until, since := f.Proofs.marked(f.markOf(k)), f.Proofs.marked(f.sinceOf(k))
	switch {
	case f.resumed && until.IsZero():
		return &followedChain{until: f.restart, since: f.began}
	case f.resumed:
		return &followedChain{until: until, since: earlier(since, f.began)}
	case until.IsZero() || since.IsZero() || until.Before(f.began):
		return &followedChain{since: f.began}
	}
	return &followedChain{until: until, since: since}
}

// earlier is the earlier of two times of which the first may be zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// isNew tells whether a digest file was not told before.
func (c *followedChain) isNew(end time.Time) bool {
	return end.After(c.until) || !end.After(c.since) && end.After(c.late)
}

// told notes one. Older ones than were told before come in order, too.
func (c *followedChain) told(end time.Time) {
	if end.After(c.until) {
		c.until = end
	} else {
		c.late = end
	}
}

func newFollowed(id chainID, d *digestFile, s Status) FollowedDigest {
	g := FollowedDigest{
		Account: id.Account, Org: id.Org, Region: id.Region, Trail: id.Trail, HomeRegion: id.Home, Backfill: id.Backfill,
		URI: d.uri, Start: d.start(usualRhythm), End: d.end, end: d.end, status: s, trusted: d.status == Valid,
		key: chainKey{id.Account, id.Region, id.Trail, id.Home, id.Backfill},
	}
	if d.doc != nil {
		g.listed = d.doc.listed
	}
	if g.trusted {
		g.End = d.doc.End
	}
	return g
}

// Report adds up what all rounds brought until now.
func (f *Follower) Report(o Options) *Report {
	from := f.Begin
	r := &Report{
		Trail: o.Trail, HomeRegion: o.Home, KeySource: o.KeySource, Findings: append([]Finding{}, f.findings...),
		Requested: Range{Start: from, End: o.Now}, Chains: []Chain{}, Searched: []string{}, Bytes: f.bytes,
	}
	for _, c := range f.totals {
		ch := *c
		ch.Verdict = verdict(ofChain(f.findings, ch), ch.Digests.Total(), false)
		r.Chains = append(r.Chains, ch)
		r.LogFiles.sum(ch.LogFiles)
		if ch.Backfill {
			r.BackfillDigests.sum(ch.Digests)
		} else {
			r.Digests.sum(ch.Digests)
		}
		r.Found = widest(r.Found, ch.Covered)
	}
	if r.Requested.Start.IsZero() && r.Found != nil {
		r.Requested.Start = r.Found.Start
	}
	slices.SortFunc(r.Chains, func(a, b Chain) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Trail, b.Trail), cmp.Compare(a.HomeRegion, b.HomeRegion), boolOrder(a.Backfill, b.Backfill))
	})
	r.Verdict = verdict(r.Findings, r.Digests.Total()+r.BackfillDigests.Total(), false)
	return r
}

func ofChain(list []Finding, c Chain) []Finding {
	var of []Finding
	for _, f := range list {
		if f.Account == c.Account && f.Region == c.Region && f.Trail == c.Trail && f.Backfill == c.Backfill {
			of = append(of, f)
		}
	}
	return of
}
