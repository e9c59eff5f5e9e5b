package upstream

import (
	"context"
	"errors"
	"time"
)

// errLate ends a call whose caller has left and which nobody answers.
var errLate = errors.New("nobody waits for the answer any more")

// outlasting is the context of a call at the upstream. Its end is not that of
// the caller's connection: who has sent a whole call and left has made it all
// the same, and what the upstream did is recorded. The answer is waited for as
// long as patience says. A request that broke off is ended at once, and so is
// what nobody records.
func (p *Passage) outlasting(caller context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(caller))
	unrecorded := p.call.Unrecorded
	closing := context.AfterFunc(p.forward.ended, func() { cancel(nil) })
	left := context.AfterFunc(caller, func() {
		if unrecorded || p.body != nil && !p.body.complete() {
			cancel(nil)
			return
		}
		limit := time.NewTimer(p.forward.patience)
		defer limit.Stop()
		select {
		case <-limit.C:
			cancel(errLate)
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		left()
		closing()
		cancel(nil)
	}
}
