// Package filter chooses records: by the values of their fields, by text in
// them, by who, where and when, and by ready sets for the questions that are
// asked in the middle of the night. It knows records only, not the files they
// come from.
package filter

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"trailctl/logs"
)

// Options are what the command line says. Everything given must hold, with
// Any at least one of Filters and Grep; of several values of one of the lists
// one must, and a value of Users and below may be several with commas between
// them. docs/filters.md says what each means.
type Options struct {
	Filters    []string // FIELD=VALUE and its like
	Any        bool     // one of Filters and Grep is enough
	Grep       []string // text that stands in the raw record
	IgnoreCase bool     // in Grep, for ASCII letters
	Presets    []string // names of Presets

	Users, Roles, SourceIPs, AccessKeys, EventNames, Services []string
	Errors, Writes                                            bool
}

// Filter is compiled and may be used by several goroutines. A nil Filter lets
// every record pass.
type Filter struct {
	all []*condition // all must hold; the cheap ones come first
}

// Compile reads the options. Its errors are for the person who typed them:
// they say in which flag what is wrong and what to write.
func Compile(o Options) (*Filter, error) {
	f := &Filter{}
	typed, err := o.typed()
	if err != nil {
		return nil, err
	}
	if o.Any && len(typed) > 1 {
		typed = []*condition{anyOf(typed, " or ")}
	}
	f.all = typed
	for _, list := range []struct {
		flag   string
		values []string
		read   reader
	}{
		{"event-name", o.EventNames, listed(plainWord(eventName))},
		{"service", o.Services, listed(plainWord(service))},
		{"access-key", o.AccessKeys, listed(plainWord(accessKey))},
		{"source-ip", o.SourceIPs, listed(sourceIP)},
		{"user", o.Users, wholeOrListed(user)},
		{"role", o.Roles, wholeOrListed(role)},
		{"preset", splitNames(o.Presets), preset},
	} {
		var conditions []*condition
		for _, v := range list.values {
			c, err := list.read(v)
			if err != nil {
				return nil, fmt.Errorf("--%s %q: %w", list.flag, v, err)
			}
			c.text = list.flag + " " + v
			conditions = append(conditions, c)
		}
		if len(conditions) > 0 {
			f.all = append(f.all, anyOf(conditions, " or "))
		}
	}
	if o.Errors {
		f.all = append(f.all, failed())
	}
	if o.Writes {
		f.all = append(f.all, writes())
	}
	slices.SortStableFunc(f.all, func(a, b *condition) int { return a.cost - b.cost })
	return f, nil
}

// typed compiles what --filter and --grep say.
func (o Options) typed() ([]*condition, error) {
	var list []*condition
	for _, s := range o.Filters {
		c, err := compile(s)
		if err != nil {
			return nil, fmt.Errorf("--filter %q: %w", s, err)
		}
		list = append(list, c)
	}
	for _, s := range o.Grep {
		c, err := grep(s, o.IgnoreCase)
		if err != nil {
			return nil, fmt.Errorf("--grep %q: %w", s, err)
		}
		list = append(list, c)
	}
	return list, nil
}

// compile makes a condition of the text of an expression.
func compile(s string) (*condition, error) {
	e, err := parse(s)
	if err != nil {
		return nil, err
	}
	return e.compile()
}

// All tells that the filter lets every record pass.
func (f *Filter) All() bool { return f == nil || len(f.all) == 0 }

// Match tells whether a record is chosen.
func (f *Filter) Match(r *logs.Record) bool {
	if f.All() {
		return true
	}
	for _, c := range f.all {
		if c.without(r.Raw) {
			return false
		}
	}
	for _, c := range f.all {
		if !c.match(r) {
			return false
		}
	}
	return true
}

// without tells, at the price of a search, that a record cannot match.
// Finding a text is far faster than finding the fields, unless it is made of
// frequent letters in any case.
func (c *condition) without(raw []byte) bool {
	if len(c.literals) != 1 || c.literals[0].fold && c.literals[0].anchor < 0 {
		return false
	}
	return !c.literals[0].in(raw) && bytes.IndexByte(raw, '\\') < 0
}

// Absent tells, fast, that no record in the uncompressed bytes of a file can
// match, in whatever form they are. False says nothing.
func (f *Filter) Absent(data []byte) bool {
	if f.All() {
		return false
	}
	var spelled spelling
	for _, c := range f.all {
		if c.absent(data, &spelled) {
			return true
		}
	}
	return false
}

// String says in words what is chosen, for messages; empty for everything.
func (f *Filter) String() string {
	if f.All() {
		return ""
	}
	texts := make([]string, len(f.all))
	for i, c := range f.all {
		texts[i] = c.text
		if strings.Contains(c.text, " or ") && len(f.all) > 1 {
			texts[i] = "(" + c.text + ")"
		}
	}
	return strings.Join(texts, " and ")
}

// anyOf is a condition that holds when one of the given does.
func anyOf(list []*condition, joint string) *condition {
	if len(list) == 1 {
		return list[0]
	}
	list = slices.SortedStableFunc(slices.Values(list), func(a, b *condition) int { return a.cost - b.cost })
	c := &condition{match: func(r *logs.Record) bool {
		for _, one := range list {
			if one.match(r) {
				return true
			}
		}
		return false
	}}
	var texts []string
	known := true
	for _, one := range list {
		texts = append(texts, one.text)
		c.cost += one.cost
		c.whole = c.whole || one.whole
		known = known && one.literals != nil
		for _, l := range one.literals {
			if !slices.ContainsFunc(c.literals, l.same) {
				c.literals = append(c.literals, l)
			}
		}
	}
	c.text = strings.Join(texts, joint)
	if !known || len(c.literals) > maxLiterals {
		c.literals = nil
	}
	return c
}

// allOf is a condition that holds when all of the given do.
func allOf(list []*condition) *condition {
	list = slices.SortedStableFunc(slices.Values(list), func(a, b *condition) int { return a.cost - b.cost })
	c := &condition{match: func(r *logs.Record) bool {
		for _, one := range list {
			if !one.match(r) {
				return false
			}
		}
		return true
	}}
	for _, one := range list {
		c.cost += one.cost
		if one.literals != nil && (c.literals == nil || len(one.literals) < len(c.literals)) {
			c.literals, c.whole = one.literals, one.whole
		}
	}
	return c
}
