package validate

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trailctl/bucket"
)

// stopper is a bucket whose log files are not answered before all digest files
// were judged, and a check that is interrupted after some log files.
type stopper struct {
	Store
	ready chan struct{}
}

func (s stopper) Get(ctx context.Context, key string) (*bucket.Body, error) {
	if strings.Contains(key, "_CloudTrail_") {
		<-s.ready
	}
	return s.Store.Get(ctx, key)
}

// What a valid digest file lists and an interrupted run did not look at could
// not be checked, and its time is not covered.
func TestInterruptedCounts(t *testing.T) {
	t.Parallel()
	k := newCorpus(t, 6)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var judged, logs atomic.Int64
	ready := make(chan struct{})
	o := k.options()
	o.Workers = 1
	o.Open = func(context.Context, string) (Store, error) { return stopper{k.bucket(testBucket), ready}, nil }
	o.judged = func(chainID, *digestFile, Status) {
		if judged.Add(1) == 6 {
			close(ready)
		}
	}
	o.OnFile = func(f File) {
		if !f.Digest && logs.Add(1) == 5 {
			cancel()
		}
	}
	r, err := Check(ctx, o)
	if !errors.Is(err, context.Canceled) || !r.Interrupted || r.Verdict != VerdictIncomplete {
		t.Fatalf("%v %+v", err, r)
	}
	if got := counts(r.LogFiles); got != "5/12 unchecked=7" {
		t.Errorf("log files %s", got)
	}
	ch := r.Chains[0]
	if len(ch.Covered) != 1 || hour(ch.Covered[0].Start) != "0" || hour(ch.Covered[0].End) != "2" || hour(r.Found.End) != "2" {
		t.Errorf("covered %v, found %v", ch.Covered, r.Found)
	}
}

// However early a run is interrupted, it says so: what was not begun is
// incomplete.
func TestInterruptedEarly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(o *Options, cancel func())
		chains int
	}{
		{"before anything", func(_ *Options, cancel func()) { cancel() }, 0},
		{"opening the bucket", func(o *Options, cancel func()) {
			o.Open = func(ctx context.Context, _ string) (Store, error) { cancel(); return nil, ctx.Err() }
		}, 0},
		{"asking for the keys", func(o *Options, cancel func()) { o.Keys = cancellingKeys{cancel} }, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := newCorpus(t, 6)
			k.beside(6)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			o := k.options()
			o.Trail, o.Home = "", ""
			c.change(&o, cancel)
			r, err := Check(ctx, o)
			if !errors.Is(err, context.Canceled) || r == nil || !r.Interrupted || r.Verdict != VerdictIncomplete || len(r.Chains) != c.chains {
				t.Fatalf("%v %+v", err, r)
			}
			for _, ch := range r.Chains {
				if ch.Verdict != VerdictIncomplete {
					t.Errorf("%s: %s", ch.Trail, ch.Verdict)
				}
			}
		})
	}
}

type cancellingKeys struct{ cancel func() }

func (k cancellingKeys) PublicKeys(ctx context.Context, _ string, _, _ time.Time) ([]PublicKey, error) {
	k.cancel()
	return nil, ctx.Err()
}

// Log files are done in any order: the ranges that are covered stay few.
func TestCoverInAnyOrder(t *testing.T) {
	t.Parallel()
	tl := &tally{}
	most := 0
	for block := range 200 {
		for i := 99; i >= 0; i-- { // a hundred at a time, the last first
			at := corpusStart.Add(time.Duration(100*block+i) * time.Hour)
			tl.cover(Range{Start: at, End: at.Add(time.Hour)})
			most = max(most, len(tl.covered))
		}
	}
	if got := merge(tl.covered); len(got) != 1 || most > 300 {
		t.Errorf("%d ranges, at most %d", len(got), most)
	}
}
