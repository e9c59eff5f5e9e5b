package validate

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// check is one run.
type check struct {
	Options
	open      bool // no end was given; End is later than anything that is there
	unpackers unpackers
	jobs      chan logJob
	fetching  chan struct{} // bounds the digest files being fetched

	mu       sync.Mutex // guards what follows
	tallies  []*tally
	findings []Finding // those of no chain
	searched []string
	stores   map[string]*opened
	keyrings map[keyQuestion]*keyring
	seen     map[fingerprint]fingerprint // log files: place -> expected hash

	hearing sync.Mutex // OnFile is called by one at a time
}

// fingerprint stands for a text in a map of many: long keys would fill the
// memory.
type fingerprint [16]byte

func short(parts ...string) fingerprint {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return fingerprint(h.Sum(nil)[:16])
}

func newCheck(o Options) *check {
	open := o.End.IsZero()
	if open {
		o.End = o.Now.AddDate(100, 0, 0)
	}
	return &check{
		Options:  o,
		open:     open,
		jobs:     make(chan logJob, o.Workers),
		fetching: make(chan struct{}, max(unitsAtOnce, o.Workers/2)),
		stores:   map[string]*opened{},
		keyrings: map[keyQuestion]*keyring{},
		seen:     map[fingerprint]fingerprint{},
	}
}

// run walks every unit, some side by side, while one pool of workers checks
// the log files of all of them. It fails when the check cannot begin.
func (c *check) run(ctx context.Context) error {
	units, err := c.discover(ctx)
	if err != nil {
		return err
	}
	var workers sync.WaitGroup
	for range c.Workers {
		workers.Go(func() {
			for j := range c.jobs {
				c.checkLogFile(ctx, j)
			}
		})
	}
	var walks errgroup.Group
	walks.SetLimit(unitsAtOnce)
	for _, u := range units {
		walks.Go(func() error {
			if ctx.Err() == nil {
				c.walkUnit(ctx, u)
			}
			return nil
		})
	}
	walks.Wait()
	close(c.jobs)
	workers.Wait()
	c.findUnvouched(ctx, units)
	if c.Unlisted && ctx.Err() == nil {
		c.findUnlisted(ctx, units)
	}
	return nil
}

// opened is a bucket that was opened once, or could not be.
type opened struct {
	once  sync.Once
	store Store
	err   error
}

func (c *check) store(ctx context.Context, name string) (Store, error) {
	c.mu.Lock()
	o := c.stores[name]
	if o == nil {
		o = &opened{}
		c.stores[name] = o
	}
	c.mu.Unlock()
	o.once.Do(func() { o.store, o.err = c.Open(ctx, name) })
	return o.store, o.err
}

// keyQuestion is what ListPublicKeys is asked.
type keyQuestion struct {
	region   string
	from, to time.Time
}

// keyring is the answer, asked for once however many chains need it.
type keyring struct {
	once sync.Once
	keys map[string]PublicKey // by fingerprint in lower case
	err  error
}

func (c *check) keys(ctx context.Context, q keyQuestion) (map[string]PublicKey, error) {
	c.mu.Lock()
	r := c.keyrings[q]
	if r == nil {
		r = &keyring{}
		c.keyrings[q] = r
	}
	c.mu.Unlock()
	r.once.Do(func() {
		var list []PublicKey
		list, r.err = c.Keys.PublicKeys(ctx, q.region, q.from, q.to)
		r.keys = make(map[string]PublicKey, len(list))
		for _, k := range list {
			name := strings.ToLower(k.Fingerprint)
			if known, ok := r.keys[name]; ok && sound(known) {
				continue // another one of that name cannot be the right one, too
			}
			r.keys[name] = k
		}
	})
	return r.keys, r.err
}

// sound tells whether a key can be used and fits its fingerprint.
func sound(k PublicKey) bool {
	_, err := k.parse()
	return err == nil
}

func (c *check) heard(f File) {
	if c.OnFile == nil {
		return
	}
	c.hearing.Lock()
	defer c.hearing.Unlock()
	c.OnFile(f)
}

func (c *check) searchedIn(place string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.searched = append(c.searched, place)
}
