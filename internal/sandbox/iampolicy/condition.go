package iampolicy

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Context holds the condition keys of a request with their values. Names are
// lower-case: condition keys are compared without regard to case.
type Context map[string][]string

// Set gives a key one value or several.
func (c Context) Set(key string, values ...string) { c[strings.ToLower(key)] = values }

func (c Context) get(key string) []string { return c[strings.ToLower(key)] }

// Condition is one operator on one key of a statement's Condition element.
type Condition struct {
	Operator string // as written: "ForAllValues:StringLikeIfExists"
	Key      string
	Values   []string

	test     test
	set      string // "", "ForAnyValue", "ForAllValues"
	ifExists bool
	null     bool
}

// test is how an operator compares one value of the request with one value
// of the policy. A negated operator is true when no value of the policy meets.
type test struct {
	negated bool
	meets   func(value string, policy pattern) bool
}

func operators() map[string]test {
	positive := map[string]func(string, pattern) bool{
		"StringEquals":           func(v string, p pattern) bool { return p.equal(v) },
		"StringEqualsIgnoreCase": func(v string, p pattern) bool { return p.fold().equal(strings.ToLower(v)) },
		"StringLike":             func(v string, p pattern) bool { return p.match(v) },
		"ArnEquals":              func(v string, p pattern) bool { return p.matchARN(v) },
		"ArnLike":                func(v string, p pattern) bool { return p.matchARN(v) },
		"IpAddress":              inNetwork,
		"NumericEquals":          numeric(func(c int) bool { return c == 0 }),
		"DateEquals":             date(func(c int) bool { return c == 0 }),
	}
	out := map[string]test{
		"Bool":                     {meets: func(v string, p pattern) bool { return p.fold().equal(strings.ToLower(v)) }},
		"BinaryEquals":             {meets: func(v string, p pattern) bool { return p.equal(v) }},
		"NumericLessThan":          {meets: numeric(func(c int) bool { return c < 0 })},
		"NumericLessThanEquals":    {meets: numeric(func(c int) bool { return c <= 0 })},
		"NumericGreaterThan":       {meets: numeric(func(c int) bool { return c > 0 })},
		"NumericGreaterThanEquals": {meets: numeric(func(c int) bool { return c >= 0 })},
		"DateLessThan":             {meets: date(func(c int) bool { return c < 0 })},
		"DateLessThanEquals":       {meets: date(func(c int) bool { return c <= 0 })},
		"DateGreaterThan":          {meets: date(func(c int) bool { return c > 0 })},
		"DateGreaterThanEquals":    {meets: date(func(c int) bool { return c >= 0 })},
	}
	negations := map[string]string{
		"StringEquals": "StringNotEquals", "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
		"StringLike": "StringNotLike", "ArnEquals": "ArnNotEquals", "ArnLike": "ArnNotLike",
		"IpAddress": "NotIpAddress", "NumericEquals": "NumericNotEquals", "DateEquals": "DateNotEquals",
	}
	for name, meets := range positive {
		out[name] = test{meets: meets}
		out[negations[name]] = test{meets: meets, negated: true}
	}
	return out
}

func parseConditions(raw json.RawMessage) ([]Condition, error) {
	byOperator, err := object(raw)
	if err != nil {
		return nil, errors.New("Invalid policy syntax.")
	}
	known := operators()
	var out []Condition
	for operator, raw := range byOperator {
		keys, err := object(raw)
		if err != nil {
			return nil, errors.New("Invalid policy syntax.")
		}
		for key, raw := range keys {
			c := Condition{Operator: operator, Key: key}
			if c.Values, err = scalars(raw); err != nil {
				return nil, err
			}
			if !c.resolve(known) {
				return nil, fmt.Errorf("Invalid Condition type : %s", operator)
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// resolve takes the operator's name apart.
func (c *Condition) resolve(known map[string]test) (ok bool) {
	name := c.Operator
	if set, rest, found := strings.Cut(name, ":"); found {
		if set != "ForAnyValue" && set != "ForAllValues" {
			return false
		}
		c.set, name = set, rest
	}
	if name == "Null" {
		c.null = true
		return true
	}
	name, c.ifExists = strings.CutSuffix(name, "IfExists")
	c.test, ok = known[name]
	return ok
}

// holds tells whether the request meets the condition.
func (c *Condition) holds(ctx Context, variables bool) bool {
	values := ctx.get(c.Key)
	if c.null {
		absent := strconv.FormatBool(len(values) == 0)
		for _, want := range c.Values {
			if strings.EqualFold(want, absent) {
				return true
			}
		}
		return false
	}
	if len(values) == 0 {
		switch {
		case c.ifExists, c.set == "ForAllValues":
			return true
		case c.set == "ForAnyValue":
			return false
		}
		return c.test.negated
	}
	// Without a set operator a negation speaks of all values, as it is the
	// opposite of what its positive twin says.
	all := c.set == "ForAllValues" || c.set == "" && c.test.negated
	for _, v := range values {
		if c.one(v, ctx, variables) != all {
			return !all
		}
	}
	return all
}

// one compares one value of the request with all of the policy's.
func (c *Condition) one(value string, ctx Context, variables bool) bool {
	for _, text := range c.Values {
		if p, ok := compile(text, variables, ctx); ok && c.test.meets(value, p) {
			return !c.test.negated
		}
	}
	return c.test.negated
}

func (p pattern) String() string {
	var b strings.Builder
	for _, t := range p {
		b.WriteRune(t.r)
	}
	return b.String()
}

func inNetwork(value string, p pattern) bool {
	addr, err := netip.ParseAddr(value)
	if err != nil {
		return false
	}
	text := p.String()
	if !strings.Contains(text, "/") {
		want, err := netip.ParseAddr(text)
		return err == nil && want.Unmap() == addr.Unmap()
	}
	network, err := netip.ParsePrefix(text)
	return err == nil && network.Contains(addr.Unmap())
}

func numeric(ok func(int) bool) func(string, pattern) bool {
	return func(value string, p pattern) bool {
		have, err1 := strconv.ParseFloat(value, 64)
		want, err2 := strconv.ParseFloat(p.String(), 64)
		if err1 != nil || err2 != nil {
			return false
		}
		switch {
		case have < want:
			return ok(-1)
		case have > want:
			return ok(1)
		}
		return ok(0)
	}
}

func date(ok func(int) bool) func(string, pattern) bool {
	return func(value string, p pattern) bool {
		have, ok1 := parseDate(value)
		want, ok2 := parseDate(p.String())
		return ok1 && ok2 && ok(have.Compare(want))
	}
}

// parseDate reads the forms of the W3C profile of ISO 8601 that IAM takes,
// and seconds since 1970.
func parseDate(s string) (time.Time, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) > 4 {
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
