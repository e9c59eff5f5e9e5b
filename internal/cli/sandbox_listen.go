package cli

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
)

// listener begins to listen. That the address is the upstream's is found
// first: when the upstream is there, the address is taken, and the upstream is
// not what should be stopped.
func (o *sandboxOptions) listener(behind *url.URL) (net.Listener, error) {
	if own, err := net.ResolveTCPAddr("tcp", o.listen); err == nil && own.Port != 0 {
		if err := checkLoop(behind, own); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, o.listenError(err)
	}
	if err := checkLoop(behind, l.Addr()); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func (o *sandboxOptions) listenError(err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("starting the sandbox: %w", err)
	}
	err = fmt.Errorf("starting the sandbox: another program already listens on %s", o.listen)
	const free = "stop that program, or choose another address: --listen 127.0.0.1:0 takes a free port"
	if o.upstream != "" {
		return withHint(err, free)
	}
	return withHint(err, "if that is another AWS such as LocalStack, put the sandbox before it: --listen %s --upstream http://%s; else %s",
		besideListen(o.listen), reached(o.listen), free)
}

// besideListen is an address that is free when the one of an upstream is taken.
func besideListen(taken string) string {
	if _, port, err := net.SplitHostPort(taken); err == nil && port == "4570" {
		return "127.0.0.1:4580"
	}
	return "127.0.0.1:4570"
}

// reached is the address at which this machine reaches a listener.
func reached(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip, no := netip.ParseAddr(host); err == nil && (host == "" || no == nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// listenExample is what a --listen without a host or a port should have been.
func listenExample(given string) string {
	if _, err := strconv.ParseUint(given, 10, 16); err == nil {
		return "127.0.0.1:" + given
	}
	return "127.0.0.1:4566"
}

// checkLoop refuses an upstream at the address that the sandbox itself has.
func checkLoop(u *url.URL, own net.Addr) error {
	if u == nil {
		return nil
	}
	listens, err := netip.ParseAddrPort(own.String())
	if err != nil || portOf(u) != fmt.Sprint(listens.Port()) || !answersAt(listens.Addr(), u.Hostname()) {
		return nil
	}
	return withHint(usagef("--upstream %s is the address at which this sandbox itself is to answer", u),
		"give the sandbox another one: --listen %s", besideListen(own.String()))
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
