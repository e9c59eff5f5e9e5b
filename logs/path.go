package logs

import (
	"fmt"
	"strconv"
	"strings"
)

// Path names values of a record: a field by its way through the JSON
// ("eventName", "userIdentity.sessionContext.sessionIssuer.userName"), or a
// word that stands for something which several fields tell together: see
// Words. Behind a list, [] means each element ("resources[].ARN") and [0] the
// first. A name with dots or other marks in it stands in double quotes:
// requestParameters."ec2.tag".
type Path struct {
	text  string
	word  word
	top   field // of a known top-level field, else fieldNone
	steps []step
}

// step is one step down: to a member, or with each to all elements of a
// list, or with index to one of them.
type step struct {
	name  string
	index int
	each  bool
	list  bool // index or each counts, not name
}

// badPath says why something is not a path.
func badPath(s, why string) error {
	return fmt.Errorf("%q is not the path of a field: %s; use eventName, userIdentity.arn, resources[].ARN, resources[0] or requestParameters.\"a.b\"", s, why)
}

// ParsePath reads a path. Fields come and go, so any name is taken, except
// one that differs from a known name only by its case.
func ParsePath(s string) (Path, error) {
	if w := wordOf(s); w != noWord {
		return Path{text: s, word: w}, nil
	}
	p := Path{text: s}
	for rest := s; ; {
		var name string
		var err error
		if name, rest, err = cutName(s, rest); err != nil {
			return Path{}, err
		}
		p.steps = append(p.steps, step{name: name})
		for strings.HasPrefix(rest, "[") {
			var st step
			if st, rest, err = cutIndex(s, rest); err != nil {
				return Path{}, err
			}
			p.steps = append(p.steps, st)
		}
		if rest == "" {
			break
		}
		var found bool
		if rest, found = strings.CutPrefix(rest, "."); !found {
			return Path{}, badPath(s, fmt.Sprintf("expected a dot before %q", rest))
		}
	}
	top := p.steps[0].name
	p.top = fieldOf([]byte(top))
	if right := rightCase(top); right != "" && p.top == fieldNone && s[0] != '"' {
		return Path{}, fmt.Errorf("no field is called %q: did you mean %s?", top, right)
	}
	return p, nil
}

// cutName takes the name of a step off a path.
func cutName(path, rest string) (name, after string, err error) {
	if quoted, ok := strings.CutPrefix(rest, `"`); ok {
		name, after, ok = strings.Cut(quoted, `"`)
		if !ok {
			return "", "", badPath(path, "a quote is not closed")
		}
		return name, after, nil
	}
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 {
		return "", "", badPath(path, "a name is missing")
	}
	name = rest[:end]
	for _, c := range name {
		if c > '~' || c < ' ' || c != ' ' && !strings.ContainsRune("_:/$@-", c) && !isAlnum(c) {
			return "", "", badPath(path, fmt.Sprintf("%q has to stand in quotes", name))
		}
	}
	return name, rest[end:], nil
}

func isAlnum(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// cutIndex takes [] or [0] off a path.
func cutIndex(path, rest string) (st step, after string, err error) {
	inside, after, ok := strings.Cut(rest[1:], "]")
	if !ok {
		return step{}, "", badPath(path, "a bracket is not closed")
	}
	if inside == "" {
		return step{list: true, each: true}, after, nil
	}
	n, err := strconv.ParseUint(inside, 10, 31)
	if err != nil {
		return step{}, "", badPath(path, fmt.Sprintf("[%s] is no number of an element", inside))
	}
	return step{list: true, index: int(n)}, after, nil
}

// rightCase is the known name that a name is but for its case.
func rightCase(name string) string {
	for _, known := range fieldNames {
		if known != "" && strings.EqualFold(known, name) {
			return known
		}
	}
	for _, known := range wordNames {
		if known != "" && strings.EqualFold(known, name) {
			return known
		}
	}
	return ""
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

// Each visits the values of the path in a record, as text, until visit
// answers false: strings without their quotes and escapes, numbers and
// booleans as they are written, objects and lists as JSON. Absent values and
// null are not visited. The bytes may be used until visit returns.
func (p Path) Each(r *Record, visit func(text []byte) bool) {
	if p.word != noWord {
		p.word.each(r, visit)
		return
	}
	value, steps := r.Raw, p.steps
	if p.top != fieldNone {
		value, steps = r.value(p.top), steps[1:]
	}
	eachAt(value, steps, visit)
}

func eachAt(value []byte, steps []step, visit func([]byte) bool) bool {
	for len(steps) > 0 && !steps[0].each && len(value) > 0 {
		if st := steps[0]; st.list {
			value = element(value, st.index)
		} else {
			value = lookup(value, st.name)
		}
		steps = steps[1:]
	}
	switch {
	case len(value) == 0 || value[0] == 'n':
		return true
	case len(steps) == 0:
		return visit(plain(value))
	}
	more := true
	eachElement(value, func(e []byte) bool {
		more = eachAt(e, steps[1:], visit)
		return more
	})
	return more
}

// element finds an element of an array.
func element(array []byte, index int) []byte {
	var found []byte
	eachElement(array, func(e []byte) bool {
		if index == 0 {
			found = e
		}
		index--
		return index >= 0
	})
	return found
}

// plain is a string without its quotes and escapes, and any other value as
// it is.
func plain(value []byte) []byte {
	if len(value) == 0 || value[0] != '"' {
		return value
	}
	return Unquote(value)
}

// First is the first value of a path as text, empty when there is none.
func (p Path) First(r *Record) string {
	first := ""
	p.Each(r, func(text []byte) bool {
		first = string(text)
		return false
	})
	return first
}
