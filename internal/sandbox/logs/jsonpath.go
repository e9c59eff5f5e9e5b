package logs

import (
	"regexp"
	"strconv"
	"strings"
)

// path is a selector of a JSON pattern: $.name.other[0].
type path []step

// step goes into an object's field, or into a list's element.
type step struct {
	name  string
	list  bool
	index int // -1 for every element
}

var (
	namePattern  = regexp.MustCompile(`^[A-Za-z0-9_:@#-]+`)
	indexPattern = regexp.MustCompile(`^\[(\d{1,9}|\*)\]`)
	keyPattern   = regexp.MustCompile(`^\.?\[(?:'([^']*)'|"([^"]*)")\]`)
)

// path reads a selector.
func (p *patternParser) path() path {
	if !p.take("$") {
		p.fail("a field ($.name) is expected before %.40q", p.rest)
		return nil
	}
	var out path
	for {
		if m := keyPattern.FindStringSubmatch(p.rest); m != nil {
			out = append(out, step{name: m[1] + m[2]})
			p.rest = p.rest[len(m[0]):]
			continue
		}
		if m := indexPattern.FindStringSubmatch(p.rest); m != nil {
			i, err := strconv.Atoi(m[1])
			if err != nil {
				i = -1
			}
			out = append(out, step{list: true, index: i})
			p.rest = p.rest[len(m[0]):]
			continue
		}
		if !strings.HasPrefix(p.rest, ".") {
			break
		}
		name := namePattern.FindString(p.rest[1:])
		if name == "" {
			p.fail("a name is expected after $. and before %.40q", p.rest[1:])
			return nil
		}
		out = append(out, step{name: name})
		p.rest = p.rest[1+len(name):]
	}
	if len(out) == 0 {
		p.fail("a field ($.name) is expected before %.40q", p.rest)
	}
	return out
}

// values are what the path leads to: nothing, one value, or several where it
// goes through every element of a list.
func (p path) values(message any) []any {
	found := []any{message}
	for _, s := range p {
		var next []any
		for _, v := range found {
			next = append(next, s.values(v)...)
		}
		found = next
	}
	return found
}

func (s step) values(v any) []any {
	if !s.list {
		object, _ := v.(map[string]any)
		if field, ok := object[s.name]; ok {
			return []any{field}
		}
		return nil
	}
	elements, _ := v.([]any)
	switch {
	case s.index < 0:
		return elements
	case s.index < len(elements):
		return elements[s.index : s.index+1]
	}
	return nil
}
