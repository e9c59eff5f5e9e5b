package upstream

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// dialer makes connections to an upstream. Without remote it makes none to
// another machine, whatever a name that should mean this one resolves to.
func dialer(remote bool) *net.Dialer {
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	if !remote {
		d.Control = onlyLoopback
	}
	return d
}

// onlyLoopback refuses addresses outside of the loopback network.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err == nil && at.Addr().Unmap().IsLoopback() {
		return nil
	}
	return &AddressError{Why: fmt.Sprintf("%.100s is not this machine", address), Remote: true}
}
