package filter

import (
	"fmt"
	"strings"
	"testing"
)

// spelledAddresses are addresses as records may have them.
var spelledAddresses = []string{
	"203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107", "0:0:0:0:0:FFFF:CB00:7107", // one address
	"203.0.113.8", "2001:db8::1", "2001:DB8:0:0::1", "fe80::1%eth0", "fe80::1", "203.0.113.07", "ec2.amazonaws.com", "::cb00:7107",
}

func TestSourceIPSpellings(t *testing.T) {
	const seven = "0123"
	for _, c := range []struct{ flag, want string }{
		{"203.0.113.7", seven},
		{"::ffff:203.0.113.7", seven},
		{"::FFFF:cb00:7107", seven},
		{"203.0.113.0/24", seven + "4"},
		{"::ffff:203.0.113.0/120", seven + "4"},
		{"::ffff:cb00:7107/128", seven},
		{"::ffff:0:0/96", seven + "4"},
		{"0.0.0.0/0", seven + "4"},
		{"::/0", "5678b"},
		{"2001:0db8::1", "56"},
		{"fe80::1", "78"},
		{"fe80::1%eth1", "78"},
		{"fe80::/10", "78"},
		{"fe80::%eth0/10", "78"},
		{"ec2.*", "a"},
	} {
		f, err := Compile(Options{SourceIPs: []string{c.flag}})
		if err != nil {
			t.Errorf("%s: %v", c.flag, err)
			continue
		}
		got := ""
		for i, a := range spelledAddresses {
			data := fmt.Sprintf(`{"Records":[{"eventVersion":"1.08","eventID":"%x","sourceIPAddress":"%s"}]}`, i, a)
			id := chosen(t, f, data)
			if id != "" && f.Absent([]byte(data)) {
				t.Errorf("%s: Absent in a file with %s", c.flag, a)
			}
			got += id
		}
		if got != c.want {
			t.Errorf("%s chose %s, want %s", c.flag, got, c.want)
		}
	}
}

// Files without the address are passed over, also where there are several.
func TestSourceIPAbsent(t *testing.T) {
	f := mustCompile(t, Options{SourceIPs: []string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"}})
	const data = `{"Records":[{"eventVersion":"1.08","sourceIPAddress":"%s"}]}`
	for a, want := range map[string]bool{"203.0.113.9": true, "2001:db8::1": true, "203.0.113.5": false, "::FFFF:cb00:7105": false} {
		if got := f.Absent(fmt.Appendf(nil, data, a)); got != want {
			t.Errorf("%s: Absent is %v", a, got)
		}
	}
}

func TestNetworkRefuses(t *testing.T) {
	for flag, want := range map[string]string{
		"::ffff:203.0.113.0/90":  "96 to 128 bits",
		"::ffff:203.0.113.0/129": "0 to 128 bits",
		"fe80::1%eth0/129":       "0 to 128 bits",
		"fe80::1%/x":             "0 to 128 bits",
		"%/8":                    "no network",
	} {
		if _, err := Compile(Options{SourceIPs: []string{flag}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", flag, err, want)
		}
	}
}
