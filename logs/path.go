package logs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Path names values of a record: a field by its way through the JSON
// ("eventName", "userIdentity.sessionContext.sessionIssuer.userName",
// "resources[].ARN", where [] stands for each element of a list), or a word
// that stands for something which several fields tell together: see Words.
type Path struct {
	text  string
	top   field    // of a known top-level field, else fieldNone
	steps []string // below the record, "[]" for each element
	word  func(r *Record) string
}

// Words are the names that stand for more than one field.
func Words() []string {
	var names []string
	for name := range words() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func words() map[string]func(*Record) string {
	return map[string]func(*Record) string{
		"identity": func(r *Record) string { return r.Identity().Words() },
		"service":  func(r *Record) string { return service(r.Source()) },
		"event":    (*Record).Name,
		"address":  (*Record).SourceAddress,
		"region":   (*Record).Region,
		"account":  (*Record).Account,
		"role":     func(r *Record) string { return r.Identity().Issuer },
		"user":     func(r *Record) string { return r.Identity().UserName },
		"error":    func(r *Record) string { return firstOf(r.ErrorCode(), r.ErrorMessage()) },
		"time":     func(r *Record) string { return r.text(fieldTime) },
	}
}

var stepPattern = regexp.MustCompile(`^[A-Za-z0-9_:/$@ -]+$`)

// ParsePath reads a path.
func ParsePath(s string) (Path, error) {
	if w, ok := words()[s]; ok {
		return Path{text: s, word: w}, nil
	}
	p := Path{text: s}
	for part := range strings.SplitSeq(s, ".") {
		name, each := strings.CutSuffix(part, "[]")
		if !stepPattern.MatchString(name) {
			return Path{}, fmt.Errorf("%q is not the path of a field: use eventName, userIdentity.arn or resources[].ARN", s)
		}
		p.steps = append(p.steps, name)
		if each {
			p.steps = append(p.steps, "[]")
		}
	}
	p.top = fieldOf([]byte(p.steps[0]))
	return p, nil
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

// Each visits the values of the path in a record, as text, until visit
// answers false: strings without their quotes and escapes, numbers and
// booleans as they are written, objects and lists as JSON. Absent values and
// null are not visited. The bytes may be used until visit returns.
func (p Path) Each(r *Record, visit func(text []byte) bool) {
	if p.word != nil {
		if s := p.word(r); s != "" {
			visit([]byte(s))
		}
		return
	}
	value := r.Raw
	steps := p.steps
	if p.top != fieldNone {
		value, steps = r.value(p.top), steps[1:]
	}
	eachAt(value, steps, visit)
}

func eachAt(value []byte, steps []string, visit func([]byte) bool) bool {
	switch {
	case len(value) == 0 || value[0] == 'n':
		return true
	case len(steps) == 0 && value[0] == '"':
		return visit(unquote(value))
	case len(steps) == 0:
		return visit(value)
	case steps[0] == "[]":
		more := true
		eachElement(value, func(e []byte) bool {
			more = eachAt(e, steps[1:], visit)
			return more
		})
		return more
	}
	return eachAt(lookup(value, steps[0]), steps[1:], visit)
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
