package filter

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Some expressions have the form of a filter and can find nothing, because
// their value is not what the writer takes it for. An empty answer would look
// like an all-clear, so they are refused.

var (
	joinMarks = regexp.MustCompile(`\s(&&|\|\|)(\s|$)`)
	joinTight = regexp.MustCompile(`(&&?|\|\|?|;|,)\s*(?:not\s+)?[$]?[.]?([\w.\[\]]+)\s*(?:[=!<>^$]|\s(?:in|exists)\b)`)
	joinWords = regexp.MustCompile(`(?i)\s(?:and|or)\s+(?:not\s+)?([\w.\[\]]+)\s*(?:[=!<>^$]|\s(?:in|exists)\b)`)
)

var errMetricFilter = errors.New("this is the pattern of a metric filter: write its conditions without braces, such as eventName=ConsoleLogin, each in a --filter of its own")

// joined answers text in which several conditions stand, as other languages
// have them. Text in quotes is a value and not asked about.
func joined(text string) error {
	mark := strings.TrimSpace(joinMarks.FindString(text))
	if m := joinWords.FindStringSubmatch(text); mark == "" && m != nil {
		if _, err := ParseField(m[1]); err == nil {
			mark = strings.ToLower(strings.Fields(m[0])[0])
		}
	}
	if tight := tightMark(text); mark == "" && len(tight) == 2 {
		mark = tight
	}
	if mark == "" {
		return nil
	}
	return errJoined(mark)
}

// tightMark is the mark with which a further condition begins, as in
// eventName=A||eventName=B; empty when there is none.
func tightMark(text string) string {
	for _, m := range joinTight.FindAllStringSubmatch(text, -1) {
		if _, err := ParseField(m[2]); err == nil {
			return m[1]
		}
	}
	return ""
}

func errJoined(mark string) error {
	return fmt.Errorf("one --filter is one condition: instead of %q give several --filter, all of which must hold, or with --any one of them; values of one field go into one, as in eventName in RunInstances,StartInstances; a value with %s in it stands in quotes",
		mark, mark)
}

// slip answers a value without quotes that is not what its writer takes it
// for.
func (e expression) slip(value string) error {
	exact := e.op == opEqual || e.op == opNot
	switch {
	case exact && isNull(value):
		return fmt.Errorf("to ask for records without the field write \"%s %s\"; for the text %s put it in quotes",
			e.field, map[string]string{opEqual: opAbsent, opNot: opExists}[e.op], value)
	case e.op != opEqual && e.order() == nil && strings.HasPrefix(value, "="):
		return fmt.Errorf("%q is no operator: write %q; a value that begins with \"=\" stands in quotes", e.op+"=", e.op)
	}
	if err := joined(value); err != nil {
		return err
	}
	return several(e.field, e.op, value, value)
}

// network answers a network, or a range, among the values of an address, which
// is compared as text.
func (e expression) network() error {
	if e.field != "sourceIPAddress" && e.field != "address" || !slices.Contains([]string{opEqual, opNot, opIn, opNotIn}, e.op) {
		return nil
	}
	for _, v := range e.values {
		if _, _, ok, _ := addressRange(v); ok && !e.negative() {
			return fmt.Errorf("addresses are compared as text, and %s is a range: write --source-ip %s", v, v)
		} else if ok {
			return fmt.Errorf("addresses are compared as text, and %s is a range: write %s!~ and a regular expression for those inside", v, e.field)
		}
		network, err := netip.ParsePrefix(v)
		if err != nil {
			continue
		}
		if e.negative() {
			return fmt.Errorf("addresses are compared as text, and %s is a network: for addresses outside of it write %s", v, e.outside(network))
		}
		return fmt.Errorf("addresses are compared as text, and %s is a network: write --source-ip %s", v, v)
	}
	return nil
}

// outside is what to write for addresses outside of a network.
func (e expression) outside(network netip.Prefix) string {
	if n := network.Bits() / 8; network.Addr().Is4() && network.Bits()%8 == 0 && n > 0 && n < 4 {
		octets := strings.Split(network.Masked().Addr().String(), ".")
		return e.field + "!=" + strings.Join(octets[:n], ".") + ".*"
	}
	return e.field + "!~ and a regular expression for those inside"
}
