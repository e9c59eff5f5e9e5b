package filter

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"trailctl/logs"
)

// maxAddress is the length of the longest IPv6 address with a zone that is
// looked at.
const maxAddress = 100

// sourceIP is for --source-ip: an address, a network, or a service's host
// name with stars.
func sourceIP(v string) (*condition, error) {
	field := path("sourceIPAddress")
	c := &condition{cost: costField}
	use := func(test func([]byte) bool) { c.match = func(r *logs.Record) bool { return anyValue(field, r, test) } }
	switch {
	case v == "":
		return nil, errEmpty
	case strings.Contains(v, "/"):
		network, err := netip.ParsePrefix(v)
		if err != nil {
			return nil, notNetwork(v)
		}
		use(func(text []byte) bool {
			a, ok := address(text)
			return ok && network.Contains(a)
		})
		c.cost++
		return c, nil
	}
	if a, err := netip.ParseAddr(v); err == nil {
		p := parsePattern(v)
		if a = plain(a, v); a.Is4() {
			// In the form ::ffff:203.0.113.7 it ends like this, too.
			use(func(text []byte) bool {
				if !bytes.HasSuffix(text, []byte(a.String())) {
					return false
				}
				got, ok := address(text)
				return ok && got == a
			})
			c.literals = []literal{newLiteral([]byte(a.String()), false)}
			return c, nil
		}
		use(p.match)
		return c, nil
	}
	if strings.Trim(v, "0123456789.") == "" || strings.Contains(v, ":") && !strings.Contains(v, "*") {
		return nil, fmt.Errorf("this is no IP address: write 203.0.113.7, 2001:db8::1, a network such as 203.0.113.0/24, or a host name; malformed addresses are found with --filter sourceIPAddress=%s", v)
	}
	p := parseWord(v)
	use(p.match)
	c.literals = literals([]pattern{p})
	return c, nil
}

func notNetwork(v string) error {
	base, bits, _ := strings.Cut(v, "/")
	if a, err := netip.ParseAddr(base); err == nil {
		return fmt.Errorf("a network of %s has 0 to %d bits behind the slash, not %q", base, a.BitLen(), bits)
	}
	return errors.New("this is no network: write 203.0.113.0/24 or 2001:db8::/32")
}

// address reads the address of a record.
func address(text []byte) (netip.Addr, bool) {
	if len(text) == 0 || len(text) > maxAddress {
		return netip.Addr{}, false
	}
	// Host names are far more frequent than addresses that fail to parse.
	if c := text[len(text)-1]; bytes.IndexByte(text, ':') < 0 && (c < '0' || c > '9') {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(string(text))
	return plain(a, string(text)), err == nil
}

// plain makes an IPv4 address of one that is written ::ffff:203.0.113.7.
func plain(a netip.Addr, text string) netip.Addr {
	if strings.Contains(text, ".") {
		return a.Unmap()
	}
	return a
}
