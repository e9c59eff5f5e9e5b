package cli

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/sandbox"
	"trailctl/internal/sandbox/upstream"
)

func upstreamFlag(to *string) cli.Flag {
	return &cli.StringFlag{
		Name: "upstream", Category: "Upstream", Destination: to, Action: notEmpty("upstream"),
		Usage: "`URL` of another local AWS, such as LocalStack, that answers every call but CloudTrail's and takes the deliveries",
	}
}

// upstreamURL reads --upstream; nil without it.
func (o *sandboxOptions) upstreamURL() (*url.URL, error) {
	if o.upstream == "" {
		return nil, nil
	}
	u, err := upstream.ParseAddress(o.upstream, o.allowRemote)
	if err == nil {
		return u, nil
	}
	shown := awsconf.ShownEndpoint(o.upstream)
	if wrong := (*upstream.AddressError)(nil); errors.As(err, &wrong) && wrong.Remote {
		return nil, withHint(usagef("--upstream %s: %s", shown, err),
			"use 127.0.0.1, or start a sandbox with --allow-remote, which also lets other machines call it if --listen does")
	}
	return nil, withHint(usagef("--upstream %s: %s", shown, err), "write it as in --upstream http://127.0.0.1:4566")
}

// checkUpstream finds what cannot go together with --upstream.
func (o *sandboxOptions) checkUpstream() error {
	u, err := o.upstreamURL()
	if err != nil || u == nil {
		return err
	}
	if o.settle != 0 {
		return usagef("--settle and --upstream do not go together: when a policy was changed is not known of an upstream")
	}
	return nil
}

// startError is an error of starting with what to do about it.
func (o *sandboxOptions) startError(err error) error {
	err = fmt.Errorf("starting the sandbox: %w", err)
	var silent *upstream.SilentError
	var busy *sandbox.InUseError
	var unfit *sandbox.UnfitError
	switch {
	case errors.As(err, &busy):
		return withHint(err, "stop that sandbox, or give this one a folder of its own with --dir")
	case errors.As(err, &unfit):
		return withHint(err, "%s, or name another folder with --dir", o.fitting(unfit))
	case !errors.As(err, &silent):
		return err
	case silent.Instead != "":
		return withHint(err, "write --upstream %s", silent.Instead)
	}
	return withHint(err, "start the upstream first, and see that --upstream names its address")
}

// fitting says how a start fits the folder.
func (o *sandboxOptions) fitting(unfit *sandbox.UnfitError) string {
	var steps []string
	switch {
	case unfit.Kept.Upstream && !unfit.Asked.Upstream:
		steps = append(steps, "add --upstream URL")
	case !unfit.Kept.Upstream && unfit.Asked.Upstream:
		steps = append(steps, "leave --upstream out")
	case unfit.Kept.Upstream && o.account == "":
		steps = append(steps, "start the upstream of that account or give --account "+unfit.Kept.Account)
	}
	if unfit.Kept.Account != unfit.Asked.Account && (o.account != "" || !unfit.Kept.Upstream) {
		steps = append(steps, "give --account "+unfit.Kept.Account)
	}
	return strings.Join(steps, " and ")
}
