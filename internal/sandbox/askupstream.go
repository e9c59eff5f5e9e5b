package sandbox

import (
	"context"
	"errors"
	"log/slog"

	"trailctl/internal/sandbox/upstream"
)

// askUpstream fills in what was left out with what the upstream says of
// itself. The error is an *upstream.SilentError when nothing answers there.
func (o *Options) askUpstream(ctx context.Context) error {
	if o.Upstream == nil {
		return nil
	}
	if o.Settle != 0 {
		return errors.New("when a policy was changed is not known of an upstream: Settle and Upstream do not go together")
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	about, err := upstream.Ask(ctx, o.Upstream, o.Account, o.AllowRemote)
	if err != nil {
		return err
	}
	switch {
	case o.Account == "" && about.UntoldAccount == nil:
		o.Account = about.Account
	case o.Account == "":
		log.Warn("the upstream does not tell its account", "account", DefaultAccount, "error", about.UntoldAccount)
	case about.Account != "" && about.Account != o.Account:
		log.Warn("the upstream takes whoever calls for another account", "account", o.Account, "upstream", about.Account)
	}
	switch {
	case len(o.Regions) == 0 && about.UntoldRegions == nil:
		o.Regions = about.Regions
	case len(o.Regions) == 0:
		log.Warn("the upstream does not tell its regions", "regions", "the 17 of a new account", "error", about.UntoldRegions)
	}
	return nil
}
