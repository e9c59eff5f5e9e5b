package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trailctl/internal/render"
	"trailctl/logs"
	"trailctl/logs/filter"
	"trailctl/logs/tail"
)

// tailView shows what a following brings, and counts it.
type tailView struct {
	tally
	app   *app
	ctx   context.Context // of the following
	out   recordSink
	limit int
	begin time.Time

	read, shown, files int
	ended              bool // by what was shown: Take has returned an error
}

// Take shows records at once.
func (v *tailView) Take(b *tail.Batch) error {
	err := v.take(b)
	v.ended = err != nil
	return err
}

func (v *tailView) take(b *tail.Batch) error {
	v.read += b.Met
	if b.File != "" {
		v.files++
	}
	for i := range b.Records {
		if err := v.out.Write(&b.Records[i]); err != nil {
			return printed(err)
		}
		if v.shown++; v.limit > 0 && v.shown >= v.limit {
			return errEnough
		}
	}
	if b.Err != nil {
		v.failed++
		v.broken(v.ctx, v.app, b.Err)
	}
	return printed(v.out.Flush())
}

// Tell says what a person should know.
func (v *tailView) Tell(n tail.Notice) {
	if v.ctx.Err() != nil {
		return
	}
	switch n.Kind {
	case tail.Trouble:
		text, hint := message(n.Err)
		v.app.warn("%s (this is tried again until it works)", text)
		if hint != "" && !strings.HasSuffix(hint, "run it again") { // it does so by itself
			v.app.note("hint: %s", hint)
		}
	case tail.Over:
		v.app.note("%s works again, after %s", n.What, n.Lasted.Round(time.Second))
	default:
		if n.Err != nil {
			v.app.warn("%s (%s)", n.What, plain(n.Err))
			return
		}
		v.app.warn("%s", n.What)
	}
}

// end sums up, and makes the command's error of the one that ended the
// following.
func (v *tailView) end(ctx context.Context, err error) error {
	counts := fmt.Sprintf("%s shown of %d read", render.Count(v.shown, "record"), v.read)
	if v.files > 0 {
		counts += " in " + render.Count(v.files, "log file")
	}
	if v.failed > 0 {
		counts += fmt.Sprintf(", of which %d could not be read whole", v.failed)
	}
	v.app.note("%s; followed for %s", counts, time.Since(v.begin).Round(time.Second))
	switch {
	case errors.Is(err, errEnough), errors.Is(err, errTimeUp):
		return v.tally.err()
	case ctx.Err() != nil:
		return exitWith(codeInterrupted, nil)
	}
	return err
}

// scopedFilter is a filter with the accounts and regions that are wanted.
type scopedFilter struct {
	*filter.Filter
	accounts, regions []string // none: all
	own               string   // whose reading is left out: part of a user agent; empty for nobody's
}

// Match tells whether a record is wanted.
func (s *scopedFilter) Match(r *logs.Record) bool {
	return (len(s.accounts) == 0 || slices.Contains(s.accounts, r.Account())) &&
		(len(s.regions) == 0 || slices.Contains(s.regions, r.Region())) && s.Filter.Match(r) && (s.own == "" || !isOwn(r, s.own))
}
