package logs

import (
	"maps"
	"slices"
	"sync"

	"trailctl/bucket"
)

// Layout is what a search for files met on its way to them, those that were
// not wanted included: it tells an empty answer from a wrong question. Give a
// Query an empty one and look at it when Find has ended.
type Layout struct {
	mu                sync.Mutex
	noLogs, unnamed   bool
	whole             bool // Find met all there is
	accounts, regions map[string]bool
	places            map[Place]bool
}

// Place is one region of one kind of file of one account.
type Place struct {
	Base   bucket.Base
	Region string
	Kind   bucket.Kind
}

// NoLogs tells that the prefix leads to no AWSLogs/ folder.
func (l *Layout) NoLogs() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.noLogs
}

// Accounts are those that have files, sorted. ok is false when there may be
// more: the search was broken off, something could not be listed, or there are
// files whose names tell no account.
func (l *Layout) Accounts() (ids []string, ok bool) { return l.sorted(&l.accounts) }

// Regions are those that have files, of whatever account, sorted. ok is as that
// of Accounts.
func (l *Layout) Regions() (names []string, ok bool) { return l.sorted(&l.regions) }

func (l *Layout) sorted(set *map[string]bool) ([]string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Sorted(maps.Keys(*set)), l.whole && !l.unnamed
}

// Places are those that were asked for and have a folder in the bucket, or a
// file, whether or not any of their files lies in the window.
func (l *Layout) Places() []Place {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.places))
}

// The rest is how Find fills it. A nil Layout takes nothing.

func (l *Layout) setNoLogs() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noLogs = true
}

func (l *Layout) setWhole() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = true
}

func (l *Layout) addAccount(id string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	note(&l.accounts, id)
}

func (l *Layout) addRegion(name string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	note(&l.regions, name)
}

func (l *Layout) addPlaces(places []place) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range places {
		if p.err == nil {
			note(&l.places, Place{p.Base, p.region, p.kind})
		}
	}
}

// meet takes from a file what there was no folder to tell.
func (l *Layout) meet(f Found) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !f.Log {
		l.unnamed = l.unnamed || f.Skip == ""
		return
	}
	if isDigest(f) {
		return
	}
	note(&l.accounts, f.Key.Account)
	note(&l.regions, f.Key.Region)
	if f.Skip == SkipWindow {
		note(&l.places, Place{f.Key.Base, f.Key.Region, f.Key.Kind})
	}
}

// maxNoted bounds how many names are kept: a bucket may have any number.
const maxNoted = 10_000

func note[T comparable](set *map[T]bool, name T) {
	if *set == nil {
		*set = map[T]bool{}
	}
	if len(*set) < maxNoted {
		(*set)[name] = true
	}
}
