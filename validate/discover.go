package validate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
	"trailctl/internal/awserr"
)

// chainID names a chain by where its digest files lie.
type chainID struct {
	bucket.Base
	Region, Trail, Home string
	Backfill            bool
}

// key is the key of the digest file that ends at a time.
func (id chainID) key(end time.Time) string {
	key := id.DigestKey(id.Region, id.Trail, id.Home, end)
	if id.Backfill {
		key = strings.TrimSuffix(key, ".json.gz") + "_backfill.json.gz"
	}
	return key
}

// location is a chain's part in one bucket.
type location struct {
	bucket string
	chainID
}

// entry is a digest file that a listing showed. There may be a great many, so
// it does not hold its key.
type entry struct {
	end  int64 // Unix seconds
	size int64 // as stored
}

func (e entry) time() time.Time { return time.Unix(e.end, 0).UTC() }

// unit is one account and source region in one folder.
type unit struct {
	bucket.Base
	region string
	others bool // digest files of other trails lie here, too
	empty  bool // no digest files of the trail in the range
	walked []*walker
	// siblings are the same account and region in other folders: a trail that
	// became one of an organization goes on in another one.
	siblings []*unit
	// witnesses are known only when unlisted log files are looked for.
	witnesses map[logPlace]*witness
}

// family is a unit and its siblings.
func (u *unit) family() []*unit { return append([]*unit{u}, u.siblings...) }

// everyUnit lists units with their siblings.
func everyUnit(units []*unit) []*unit {
	var all []*unit
	for _, u := range units {
		all = append(all, u.family()...)
	}
	return all
}

var (
	accountName = regexp.MustCompile(`^\d{12}$`)
	orgName     = regexp.MustCompile(`^o-[a-z0-9]+$`)
)

// discover finds the accounts and regions that have digest files or log
// files, siblings behind the first of them.
func (c *check) discover(ctx context.Context) ([]*unit, error) {
	store, err := c.store(ctx, c.Bucket)
	if err != nil {
		return nil, err
	}
	bases := c.Bases
	if bases == nil {
		if bases, err = c.discoverBases(ctx, store); err != nil {
			return nil, err
		}
	}
	regions, err := c.regionsOf(ctx, store, bases)
	if err != nil {
		return nil, err
	}
	var units []*unit
	first := map[[2]string]*unit{} // by account and region
	for i, b := range bases {
		for _, r := range regions[i] {
			if len(c.Regions) > 0 && !slices.Contains(c.Regions, r) {
				continue
			}
			u, id := &unit{Base: b, region: r}, [2]string{b.Account, r}
			if f := first[id]; f != nil {
				f.siblings = append(f.siblings, u)
				continue
			}
			first[id] = u
			units = append(units, u)
		}
	}
	return units, nil
}

// regionsOf finds the regions that have digest files or log files in each of
// the accounts' folders. An organization has many, and each takes two calls.
func (c *check) regionsOf(ctx context.Context, store Store, bases []bucket.Base) ([][]string, error) {
	var calls errgroup.Group
	calls.SetLimit(fetchedAtOnce)
	found := make([][2][]string, len(bases))
	wanted := func(b bucket.Base) bool { return len(c.Accounts) == 0 || slices.Contains(c.Accounts, b.Account) }
	for i, b := range bases {
		c.searchedIn(store.URI(b.Regions(bucket.Digest)))
		if !wanted(b) {
			continue
		}
		for n, kind := range []bucket.Kind{bucket.Digest, bucket.LogFile} {
			calls.Go(func() (err error) {
				found[i][n], err = store.Folders(ctx, b.Regions(kind))
				return err
			})
		}
	}
	if err := calls.Wait(); err != nil {
		return nil, err
	}
	regions := make([][]string, len(bases))
	for i, b := range bases {
		if !wanted(b) {
			continue
		}
		all := append(found[i][0], found[i][1]...)
		if c.MultiRegion && c.Home != "" {
			all = append(all, c.Home) // also when nothing of it is left
		}
		slices.Sort(all)
		regions[i] = slices.Compact(all)
	}
	return regions, nil
}

func (c *check) discoverBases(ctx context.Context, store Store) ([]bucket.Base, error) {
	top := bucket.Base{Prefix: c.Prefix}
	bases, orgs, err := c.accountsBelow(ctx, store, top)
	if err != nil {
		return nil, err
	}
	for _, org := range orgs {
		more, _, err := c.accountsBelow(ctx, store, bucket.Base{Prefix: c.Prefix, Org: org})
		if err != nil {
			return nil, err
		}
		bases = append(bases, more...)
	}
	return bases, nil
}

func (c *check) accountsBelow(ctx context.Context, store Store, b bucket.Base) (bases []bucket.Base, orgs []string, err error) {
	prefix := strings.TrimSuffix(b.String(), "/") // Account is empty: two slashes at the end
	if !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	c.searchedIn(store.URI(prefix))
	names, err := store.Folders(ctx, prefix)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		switch {
		case accountName.MatchString(n) && c.wants(b.Org, n):
			b.Account = n
			bases = append(bases, b)
		case b.Org == "" && orgName.MatchString(n):
			orgs = append(orgs, n)
		}
	}
	return bases, orgs, nil
}

// wants tells whether an account's folder is to be looked into.
func (c *check) wants(org, account string) bool {
	if org == "" && c.Owner != "" && account != c.Owner {
		return false
	}
	return len(c.Accounts) == 0 || slices.Contains(c.Accounts, account)
}

// witnessReach is how far after the end of the range a digest file is looked
// for that tells what came before it.
const witnessReach = 48 * time.Hour

// list finds the digest files of a unit that end after a time, by chain and
// in the order of time.
func (c *check) list(ctx context.Context, name string, u *unit, after, until time.Time) (map[chainID][]entry, error) {
	found, err := c.listAll(ctx, name, u, after, until)
	for id := range found {
		if !c.concerns(id) {
			u.others = true
			delete(found, id)
		}
	}
	return found, err
}

// concerns tells whether a chain is one of the trail that is checked.
func (c *check) concerns(id chainID) bool {
	return (c.Trail == "" || id.Trail == c.Trail) && (c.Home == "" || id.Home == c.Home)
}

// listAll is list for all trails.
func (c *check) listAll(ctx context.Context, name string, u *unit, after, until time.Time) (map[chainID][]entry, error) {
	store, err := c.store(ctx, name)
	if err != nil {
		return nil, err
	}
	prefix := u.Regions(bucket.Digest) + u.region + "/"
	from := ""
	if !after.IsZero() {
		from = u.Day(bucket.Digest, u.region, after)
	}
	// Names are sorted by day first and by trail second.
	limit := until.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	found := map[chainID][]entry{}
	for o, err := range store.List(ctx, prefix, from) {
		if err != nil {
			return nil, err
		}
		k, ok := bucket.ParseKey(o.Key)
		if !ok || (k.Kind != bucket.Digest && k.Kind != bucket.BackfillDigest) {
			continue
		}
		if !k.Time.Before(limit) {
			break
		}
		if !k.Time.After(after) && !after.IsZero() {
			continue
		}
		id := chainID{Base: k.Base, Region: k.Region, Trail: k.Trail, Home: k.Home, Backfill: k.Kind == bucket.BackfillDigest}
		if id.key(k.Time) != o.Key {
			continue // a copy in another day's folder is not where CloudTrail put it
		}
		found[id] = append(found[id], entry{end: k.Time.Unix(), size: o.Size})
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.end, b.end) })
	}
	// A server may list a key twice.
	for id, list := range found {
		found[id] = slices.CompactFunc(list, func(a, b entry) bool { return a.end == b.end })
	}
	return found, nil
}

// cut ends a list with the first digest file that ends at the end of the
// range or after it: it covers the end, or begins later and tells what came
// before it.
func (c *check) cut(list []entry) []entry {
	end := c.End.Unix()
	i := slices.IndexFunc(list, func(e entry) bool { return e.end >= end })
	if i < 0 {
		return list
	}
	if c.Copy && i+1 < len(list) {
		i++ // it may hold the signature of the one before it
	}
	return list[:i+1]
}

func (c *check) uri(ctx context.Context, name, key string) string {
	if store, err := c.store(ctx, name); err == nil {
		return store.URI(key)
	}
	return bucket.URI(name, key)
}

func (c *check) problem(f Finding) {
	f.Message, f.Detail = shorten(f.Message), shorten(f.Detail)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.findings = append(c.findings, f)
}

// missing tells whether an error says that an object is not there.
func missing(err error) bool { return errors.Is(err, bucket.ErrNotFound) }

// apiError is what the SDK's errors say of themselves.
type apiError interface {
	ErrorCode() string
	ErrorMessage() string
}

// reason is an error in a few words.
func reason(err error) string {
	var api apiError
	var call *smithy.OperationError
	var sending *url.Error
	switch {
	case errors.Is(err, bucket.ErrArchived):
		return bucket.ErrArchived.Error()
	case errors.Is(err, bucket.ErrDenied):
		return bucket.ErrDenied.Error()
	case errors.Is(err, errTooLarge):
		return errTooLarge.Error()
	case awserr.WebPage(err) && errors.As(err, &call):
		return awserr.Plain(call)
	case errors.As(err, &api):
		return fmt.Sprintf("%s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	if errors.As(err, &sending) {
		return "no answer: " + sending.Err.Error()
	}
	// The object is named beside it.
	text := err.Error()
	if i := strings.LastIndex(text, ": connection broke"); i >= 0 {
		text = text[i+2:]
	}
	return text
}
