package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"trailctl/internal/render"
	"trailctl/logs/history"
	"trailctl/trail"
)

// historyFailures are the regions whose event history broke off, by the reason
// for it: what is wrong with the credentials or the network is so in all of
// them, and worth one line.
type historyFailures struct {
	list []historyFailure
}

type historyFailure struct {
	reason  string // without the region's name
	first   error
	regions []string
}

// add takes an error that ends a region's history, and tells whether it is
// one.
func (f *historyFailures) add(err error) bool {
	var e *history.RegionError
	if !errors.As(err, &e) || e.Event != "" {
		return false
	}
	text, _ := message(e.Err)
	if i := strings.LastIndex(text, " (request "); i > 0 {
		text = text[:i] // each call has an ID of its own
	}
	reason := strings.ReplaceAll(text, e.Region, "REGION") // as in the host's name
	for i := range f.list {
		if f.list[i].reason == reason {
			f.list[i].regions = append(f.list[i].regions, e.Region)
			return true
		}
	}
	f.list = append(f.list, historyFailure{reason, err, []string{e.Region}})
	return true
}

// say writes a line for each reason.
func (f *historyFailures) say(ctx context.Context, a *app, t *tally) {
	for _, one := range f.list {
		err := one.first
		if len(one.regions) > 1 {
			slices.Sort(one.regions)
			err = &joinedFailure{one}
		}
		t.broken(ctx, a, err)
	}
}

// joinedFailure is what several regions failed for.
type joinedFailure struct{ historyFailure }

func (j *joinedFailure) Error() string {
	const named = 5
	names := j.regions
	if len(names) > named {
		names = append(slices.Clone(names[:named-1]), fmt.Sprintf("%d more", len(names)-named+1))
	}
	return fmt.Sprintf("event history of %s (%s): %s", render.Count(len(j.regions), "region"), strings.Join(names, ", "), j.reason)
}

func (j *joinedFailure) Unwrap() error { return j.first }

// nowhere adds what to do where no region has accepted the credentials.
func nowhere(err error) error {
	var e *history.NowhereError
	if !errors.As(err, &e) {
		return err
	}
	if len(e.Regions) != 1 {
		return withHint(err, "AWS does not know these credentials: check AWS_ACCESS_KEY_ID, or --profile")
	}
	name := e.Regions[0]
	known := trail.Regions("aws")
	if slices.Contains(known, name) {
		return withHint(err, "the account has not enabled the region, or AWS does not know the credentials: without --region all regions are asked")
	}
	stem, _ := cutNumber(name)
	alike := slices.DeleteFunc(known, func(k string) bool { s, _ := cutNumber(k); return s != stem })
	if len(alike) == 0 {
		return withHint(err, "there may be no such region, or the account has not enabled it, or AWS does not know the credentials: without --region all regions are asked")
	}
	return withHint(err, "there may be no such region (there are %s), or the account has not enabled it, or AWS does not know the credentials: without --region all regions are asked",
		strings.Join(alike, ", "))
}
