package upstream

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AddressError tells why an address cannot be an upstream's.
type AddressError struct {
	Why string
	// Remote tells that it is only because the address may be another machine's.
	Remote bool
}

func (e *AddressError) Error() string { return e.Why }

// ParseAddress reads the address of an upstream, http(s)://HOST:PORT. AWS's own
// addresses are always refused: a sandbox takes any signature, and would make
// real calls of what was meant for a rehearsal. Addresses of other machines
// are refused without remote. The error is an *AddressError.
func ParseAddress(text string, remote bool) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "":
		return nil, &AddressError{Why: "it is not of the form http://HOST:PORT"}
	case u.User != nil:
		return nil, &AddressError{Why: "it holds a user name, which is sent to nobody"}
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, &AddressError{Why: "it has something after HOST:PORT"}
	}
	host := strings.TrimRight(strings.ToLower(u.Hostname()), ".")
	switch {
	case strings.ContainsFunc(host, func(c rune) bool { return c >= utf8.RuneSelf }):
		// Clients write such letters in others, and AWS's own name can be the outcome.
		return nil, &AddressError{Why: "its host is not written in ASCII"}
	case u.Port() != "" && !isPort(u.Port()):
		return nil, &AddressError{Why: fmt.Sprintf("%.20s is no port", u.Port())}
	case slices.ContainsFunc(awsDomains, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) }):
		return nil, &AddressError{Why: fmt.Sprintf("%.100s is AWS's own address, and calls to a sandbox must never reach an account", host)}
	case !remote && !local(host):
		return nil, &AddressError{Why: fmt.Sprintf("%.100s may be another machine", host), Remote: true}
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// awsDomains are those under which AWS answers API calls, those of its other
// partitions among them (botocore, partitions.json).
var awsDomains = []string{
	"amazonaws.com", "api.aws", "on.aws", "aws.dev", "awsapps.com",
	"amazonaws.com.cn", "api.amazonwebservices.com.cn", "awsapps.cn",
	"amazonaws.eu", "api.amazonwebservices.eu",
	"c2s.ic.gov", "api.aws.ic.gov", "csp.hci.ic.gov", "api.aws.hci.ic.gov",
	"sc2s.sgov.gov", "api.aws.scloud", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

// local tells whether a host is this machine: an address of the loopback
// network, or a name that always means one.
func local(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	for _, d := range []string{"localhost", "localhost.localstack.cloud"} {
		if host == d || strings.HasSuffix(host, "."+d) {
			return true
		}
	}
	return false
}
