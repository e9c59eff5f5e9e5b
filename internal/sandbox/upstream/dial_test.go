package upstream

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/describe"
)

// elsewhere is an address of this machine that is not of the loopback network,
// as a name could resolve to, and a server there.
func elsewhere(t *testing.T) *url.URL {
	t.Helper()
	list, err := net.InterfaceAddrs()
	if err != nil {
		t.Skip(err)
	}
	for _, one := range list {
		p, err := netip.ParsePrefix(one.String())
		if err != nil || p.Addr().IsLoopback() || p.Addr().IsLinkLocalUnicast() {
			continue
		}
		l, err := net.Listen("tcp", netip.AddrPortFrom(p.Addr(), 0).String())
		if err != nil {
			continue
		}
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<a/>") }))
		srv.Listener.Close()
		srv.Listener = l
		srv.Start()
		t.Cleanup(srv.Close)
		return &url.URL{Scheme: "http", Host: l.Addr().String()}
	}
	t.Skip("this machine has no other address")
	return nil
}

// Where other machines are not allowed nothing is sent to one, whatever name
// led there.
func TestOnlyThisMachineIsReached(t *testing.T) {
	to := elsewhere(t)
	for _, remote := range []bool{false, true} {
		_, err := Ask(t.Context(), to, "", remote)
		if silent := errors.As(err, new(*SilentError)); silent == remote {
			t.Errorf("remote %v: the question: %v", remote, err)
		}

		n := Neighbours(NeighbourOptions{URL: to, Account: "123456789012", Region: "us-east-1", Log: slog.New(slog.DiscardHandler), Remote: remote})
		_, err = n.Bucket.Bucket(t.Context(), "b")
		if refused := err != nil && strings.Contains(err.Error(), "is not this machine"); refused == remote {
			t.Errorf("remote %v: CloudTrail's calls: %v", remote, err)
		}

		f := New(to, slog.New(slog.DiscardHandler), nil, remote)
		defer f.Close()
		c := &call.Call{HTTP: httptest.NewRequest("GET", "/b/k", nil), Service: "s3"}
		failed := false
		pass, err := f.Take(c, describe.REST, func(http.ResponseWriter, *call.Error) { failed = true })
		if err != nil {
			t.Fatal(err)
		}
		pass.Serve(httptest.NewRecorder(), c)
		if failed == remote {
			t.Errorf("remote %v: the proxy: failed %v", remote, failed)
		}
	}
}

func TestLoopbackIsTold(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true, "[::ffff:127.0.0.1]:80": true,
		"10.0.0.1:80": false, "[::ffff:10.0.0.1]:80": false, "0.0.0.0:80": false, "169.254.169.254:80": false, "x": false,
	} {
		if err := onlyLoopback("tcp", address, nil); (err == nil) != want {
			t.Errorf("%s: %v", address, err)
		}
	}
}
