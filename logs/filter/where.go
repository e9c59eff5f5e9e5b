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

// sourceIP is for --source-ip: an address, a network, a range of
// addresses, or a service's host name with stars.
func sourceIP(v string) (*condition, error) {
	field := path("sourceIPAddress")
	c := &condition{cost: costField}
	use := func(test func([]byte) bool) { c.match = func(r *logs.Record) bool { return anyValue(field, r, test) } }
	switch {
	case v == "":
		return nil, errEmpty
	case strings.Contains(v, "/"):
		network, err := network(v)
		if err != nil {
			return nil, err
		}
		use(func(text []byte) bool {
			a, ok := address(text)
			return ok && network.Contains(a)
		})
		c.cost++
		return c, nil
	}
	if low, high, ok, err := addressRange(v); ok || err != nil {
		use(func(text []byte) bool {
			a, ok := address(text)
			return ok && a.BitLen() == low.BitLen() && low.Compare(a) <= 0 && a.Compare(high) <= 0
		})
		c.cost++
		return c, err
	}
	if a, err := netip.ParseAddr(v); err == nil {
		if a = plain(a); a.Is4() {
			text := []byte(a.String()) // the only way to write it without colons
			use(func(got []byte) bool { return bytes.Equal(got, text) || mappedAs(got, a) })
			c.literals = []literal{newLiteral(text, false), mappedMark}
			return c, nil
		}
		use(func(text []byte) bool {
			got, ok := address(text)
			return ok && got == a
		})
		return c, nil
	}
	if strings.Trim(v, "0123456789.- ") == "" || strings.Contains(v, ":") && !strings.Contains(v, "*") {
		return nil, fmt.Errorf("this is no IP address: write 203.0.113.7, 2001:db8::1, a network such as 203.0.113.0/24, a range such as 203.0.113.7-203.0.113.9, or a host name; malformed addresses are found with --filter sourceIPAddress=%s", v)
	}
	p := parseWord(v)
	use(p.match)
	c.literals = literals([]pattern{p})
	return c, nil
}

// addressRange reads the first and the last address of a range; ok is false
// for what is none.
func addressRange(v string) (low, high netip.Addr, ok bool, err error) {
	first, last, found := strings.Cut(v, "-")
	low, err1 := netip.ParseAddr(strings.TrimSpace(first))
	high, err2 := netip.ParseAddr(strings.TrimSpace(last))
	if !found || err1 != nil || err2 != nil {
		return low, high, false, nil
	}
	low, high = plain(low), plain(high)
	switch {
	case low.BitLen() != high.BitLen():
		return low, high, true, fmt.Errorf("a range is of IPv4 addresses or of IPv6 ones: %s and %s are of different kinds", low, high)
	case high.Less(low):
		return low, high, true, fmt.Errorf("the range ends before it begins: write %s-%s", high, low)
	}
	return low, high, true, nil
}

// mappedMark stands in every spelling of an IPv4 address as an IPv6 one that
// does not end with it as it is usually written: ::ffff:cb00:7107,
// 0:0:0:0:0:FFFF:cb00:7107.
var mappedMark = newLiteral([]byte("ffff:"), true)

// mappedAs tells whether text is an IPv4 address written as an IPv6 one.
func mappedAs(text []byte, a netip.Addr) bool {
	if bytes.IndexByte(text, ':') < 0 {
		return false
	}
	got, ok := address(text)
	return ok && got == a
}

// network reads a network. One of addresses such as ::ffff:203.0.113.7 is the
// network of the IPv4 addresses that they stand for.
func network(v string) (netip.Prefix, error) {
	base, bits, _ := strings.Cut(v, "/")
	base, _, _ = strings.Cut(base, "%")
	n, err := netip.ParsePrefix(base + "/" + bits)
	if err != nil {
		return n, notNetwork(base, bits)
	}
	if !n.Addr().Is4In6() {
		return n, nil
	}
	const before = 96 // the bits of ::ffff:
	if n.Bits() < before {
		return n, fmt.Errorf("a network of IPv4 addresses in this form has %d to 128 bits behind the slash, not %s", before, bits)
	}
	return netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-before), nil
}

func notNetwork(base, bits string) error {
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
	return plain(a), err == nil
}

// plain is an address without the zone, which says through what interface of
// some host it was reached, and as an IPv4 address where it stands for one:
// ::ffff:203.0.113.7.
func plain(a netip.Addr) netip.Addr { return a.WithZone("").Unmap() }
