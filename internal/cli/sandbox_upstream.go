package cli

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"

	"github.com/urfave/cli/v2"

	"trailctl/internal/awsconf"
	"trailctl/internal/sandbox/upstream"
)

func upstreamFlag(to *string) cli.Flag {
	return &cli.StringFlag{
		Name: "upstream", Category: "Upstream", Destination: to,
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

// checkLoop refuses an upstream that is the sandbox itself.
func checkLoop(u *url.URL, own net.Addr) error {
	if u == nil {
		return nil
	}
	listens, err := netip.ParseAddrPort(own.String())
	if err != nil || portOf(u) != fmt.Sprint(listens.Port()) || !answersAt(listens.Addr(), u.Hostname()) {
		return nil
	}
	return withHint(usagef("--upstream %s is the address that this sandbox itself answers at", u),
		"start the upstream on another port, or the sandbox: --listen 127.0.0.1:0 takes a free one")
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}

// answersAt tells whether a listener on an address answers for a host.
func answersAt(listens netip.Addr, host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return loopback(host) || listens.IsUnspecified()
	}
	return ip.Unmap() == listens.Unmap() || listens.IsUnspecified() && ip.IsLoopback()
}

// upstreamText says what stands behind the sandbox.
func (o *sandboxOptions) upstreamText() string {
	if o.upstream == "" {
		return ""
	}
	text := fmt.Sprintf("# CloudTrail is its own; every other call goes on to %s, and log files are delivered there.\n", awsconf.ShownEndpoint(o.upstream))
	if o.dir == "" {
		text += "# Its trails, their history and their signing keys end with it (--dir DIR keeps them); what was delivered stays.\n"
	}
	return text
}

// seedPatience says why making events takes its time.
func (o *sandboxOptions) seedPatience() string {
	if o.upstream == "" {
		return ""
	}
	return " each of their files is delivered to the upstream, which can take minutes"
}

// startError is an error of starting with what to do about it.
func (o *sandboxOptions) startError(err error) error {
	err = fmt.Errorf("starting the sandbox: %w", err)
	if errors.As(err, new(*upstream.SilentError)) {
		return withHint(err, "start the upstream first, and see that --upstream names its address")
	}
	return err
}
