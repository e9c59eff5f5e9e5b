package cli

import (
	"context"
	"time"

	"trailctl/internal/when"
	"trailctl/logs"
)

// sinceFirst is the part of a window in which a trail can have delivered: it
// begins with the trail's first log file, or where there is none when its
// logging was started. Of other targets nobody knows that, and the window stays
// as it is, as it does where it cannot be found out.
func (t *logsTarget) sinceFirst(ctx context.Context, window when.Window, places []logs.Place) when.Window {
	if t.started == nil {
		return window
	}
	begin, err := logs.FirstDelivery(ctx, t.source, places)
	if err == nil && begin.IsZero() {
		begin, err = t.started(ctx)
	}
	if err == nil && begin.After(window.Start) {
		window.Start = begin.UTC().Truncate(time.Minute)
	}
	if !window.End.IsZero() && window.End.Before(window.Start) {
		window.End = window.Start
	}
	return window
}
