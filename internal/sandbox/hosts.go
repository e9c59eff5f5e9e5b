package sandbox

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Refusal begins the plain text that a refused call gets, before the reason.
const Refusal = "the sandbox refuses "

// refuseForeign answers a call that a web page makes from a browser on this
// machine, and tells whether there was one to refuse. Being on loopback does
// not keep those out: a page's own name can be made to resolve to 127.0.0.1
// (DNS rebinding), and a browser sends simple calls to any address.
func (s *Sandbox) refuseForeign(w http.ResponseWriter, r *http.Request) bool {
	why := foreign(r)
	if s.options.AllowRemote || why == "" {
		return false
	}
	s.log.Warn("a call was refused", "why", why)
	body := Refusal + why + ".\n" +
		"It answers programs on this machine, at 127.0.0.1 or localhost; started with --allow-remote it answers everybody.\n"
	w.Header().Set("X-Content-Type-Options", "nosniff")
	writeBody(w, http.StatusForbidden, "text/plain; charset=utf-8", []byte(body))
	return true
}

// foreign says what shows that a call comes from a web page of somebody else;
// empty when nothing does.
func foreign(r *http.Request) string {
	if !ownHost(r.Host) {
		return fmt.Sprintf("the call because its Host is %.100q, which is no address of this machine", r.Host)
	}
	for _, origin := range r.Header.Values("Origin") {
		if !localOrigin(origin) {
			return fmt.Sprintf("the call because a web page of another machine made it: its Origin is %.100q", origin)
		}
	}
	if slices.Contains(r.Header.Values("Sec-Fetch-Site"), "cross-site") {
		return "the call because a web page of another site made it: its Sec-Fetch-Site is cross-site"
	}
	return ""
}

// ownDomains are those whose names only their owners can point anywhere:
// AWS's own, and public ones that stand for 127.0.0.1.
var ownDomains = []string{"localhost", "amazonaws.com", "amazonaws.com.cn", "127.0.0.1.nip.io", "localhost.localstack.cloud"}

// ownHost tells whether a Host can be the sandbox's. An address always can:
// only names can be made to resolve to something else.
func ownHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return true
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.ContainsFunc(ownDomains, func(domain string) bool { return within(host, domain) })
}

func localOrigin(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || within(host, "localhost")
}

func within(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}
