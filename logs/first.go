package logs

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
)

// maxFirst bounds in how many accounts FirstDelivery looks.
const maxFirst = 16

// ErrTooMany says that there are more accounts than can be looked at.
var ErrTooMany = errors.New("too many accounts to look for the first log file of each")

// FirstDelivery is the minute in the name of the first log file that ever was
// delivered to the accounts of some places, in whatever region, and still is
// there; zero where there is none. It takes a call for each region.
func FirstDelivery(ctx context.Context, src Source, places []Place) (time.Time, error) {
	bases := map[bucket.Base]bool{}
	for _, p := range places {
		bases[p.Base] = true
	}
	if len(bases) > maxFirst {
		return time.Time{}, ErrTooMany
	}
	var mu sync.Mutex
	var first time.Time
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(listers)
	for base := range bases {
		regions, err := src.Folders(ctx, base.Regions(bucket.LogFile))
		if err != nil {
			return time.Time{}, errors.Join(err, g.Wait())
		}
		for _, region := range regions {
			g.Go(func() error {
				at, err := firstIn(ctx, src, base.Regions(bucket.LogFile)+region+"/")
				mu.Lock()
				defer mu.Unlock()
				if !at.IsZero() && (first.IsZero() || at.Before(first)) {
					first = at
				}
				return err
			})
		}
	}
	return first, g.Wait()
}

// firstIn is the time of the first log file below a region's folder. Keys are
// in the order of their days, and in a day in that of their times.
func firstIn(ctx context.Context, src Source, prefix string) (time.Time, error) {
	for o, err := range src.List(ctx, prefix, "") {
		if err != nil {
			return time.Time{}, err
		}
		if k, ok := ParseName(o.Key); ok && k.Kind == bucket.LogFile {
			return k.Time, nil
		}
	}
	return time.Time{}, nil
}
