package iampolicy

import (
	"net/netip"
	"slices"
	"strings"
)

// Public tells whether S3 counts the policy as public: it allows something to
// everyone, and no condition narrows that to fixed callers ("The meaning of
// public", S3 user guide).
func (p *Policy) Public() bool {
	return p != nil && slices.ContainsFunc(p.Statements, func(st Statement) bool {
		return st.Allow && st.everyone() && !slices.ContainsFunc(st.Conditions, narrows)
	})
}

func (st *Statement) everyone() bool {
	if st.NotPrincipal != nil {
		return true
	}
	return st.Principal.Everyone || slices.Contains(st.Principal.AWS, "*")
}

// narrowing lists the keys that, with fixed values, make a statement not public.
func narrowing() []string {
	return []string{
		"aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:sourcearn",
		"aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourcevpc", "aws:sourcevpce",
		"aws:sourceip", "aws:userid", "s3:dataaccesspointarn", "s3:dataaccesspointaccount",
		"s3:x-amz-server-side-encryption-aws-kms-key-id",
	}
}

func narrows(c Condition) bool {
	if c.null || c.ifExists || c.set == "ForAllValues" || c.test.negated {
		return false
	}
	key := strings.ToLower(c.Key)
	if !slices.Contains(narrowing(), key) || len(c.Values) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Values, func(v string) bool { return wide(key, c.Operator, v) })
}

// wide tells whether a condition's value leaves more than fixed callers.
func wide(key, operator, value string) bool {
	switch {
	case key == "aws:sourceip":
		network, err := netip.ParsePrefix(value)
		return err == nil && (network.Addr().Is4() && network.Bits() < 8 || network.Addr().Is6() && network.Bits() < 32)
	case strings.Contains(value, "${"):
		return true
	case key == "aws:sourcearn" || key == "aws:principalarn":
		// A wildcard in an ARN is fixed enough when the account stands.
		head, _, ok := cutARN(value)
		return !ok || strings.HasSuffix(head, ":") && !strings.HasPrefix(value, "arn:aws:s3:::") || strings.ContainsAny(head, "*?")
	case strings.Contains(operator, "Like"):
		return strings.ContainsAny(value, "*?")
	}
	return false
}
