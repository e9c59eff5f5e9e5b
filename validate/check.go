package validate

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// check is one run.
type check struct {
	Options
	open     bool // no end was given; End is later than anything that is there
	hasher   *hasher
	crew     *crew
	fetching chan struct{}       // bounds the digest files being fetched
	kept     *semaphore.Weighted // bytes for digest files between two readings
	again    sync.Mutex          // held while one that was not kept is read again

	outcome *ManifestReport // nil without a manifest
	plain   atomic.Int64    // log files of a copy that were read uncompressed

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
	var space [512]byte
	text := space[:0]
	for _, p := range parts {
		text = append(strconv.AppendInt(text, int64(len(p)), 10), ':')
		text = append(text, p...)
	}
	sum := sha256.Sum256(text)
	return fingerprint(sum[:16])
}

func newCheck(o Options) *check {
	open := o.End.IsZero()
	if open {
		o.End = o.Now.AddDate(100, 0, 0)
	}
	return &check{
		Options:  o,
		open:     open,
		hasher:   newHasher(),
		fetching: make(chan struct{}, fetchedAtOnce),
		kept:     semaphore.NewWeighted(keptRoom),
		stores:   map[string]*opened{},
		keyrings: map[keyQuestion]*keyring{},
		seen:     map[fingerprint]fingerprint{},
	}
}

// run walks every unit, some side by side, while one pool of workers checks
// the log files of all of them. It fails when the check cannot begin.
func (c *check) run(ctx context.Context) error {
	c.checkManifest(ctx)
	units, err := c.discover(ctx)
	if err != nil {
		return err
	}
	c.Outlook.found(len(units))
	dismiss := c.hire(ctx)
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
	dismiss()
	c.tellPlain(ctx)
	c.countUnproven(ctx, units)
	c.findUnvouched(ctx, units)
	if c.Unlisted && ctx.Err() == nil {
		c.findUnlisted(ctx, units)
	}
	return nil
}

// hire gets the workers that check log files. What it returns waits until they
// have done what there is.
func (c *check) hire(ctx context.Context) (dismiss func()) {
	c.crew = newCrew(func(j logJob) error { return c.checkLogFile(ctx, j) })
	adapting, stop := context.WithCancel(ctx)
	var pace sync.WaitGroup
	switch {
	case c.Workers > 0:
		c.crew.hire(c.Workers)
	case c.Copy:
		c.crew.hire(copyWorkers)
	default:
		c.crew.hire(firstWorkers)
		pace.Go(func() { c.crew.adapt(adapting) })
	}
	return func() {
		stop()
		pace.Wait()
		close(c.crew.jobs)
		c.crew.idle.Wait()
	}
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
	f.Message = shorten(f.Message)
	c.hearing.Lock()
	defer c.hearing.Unlock()
	c.OnFile(f)
}

func (c *check) searchedIn(place string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.searched = append(c.searched, place)
}
