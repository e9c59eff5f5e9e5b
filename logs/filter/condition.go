package filter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"trailctl/logs"
)

// condition is one thing that is asked of a record, compiled.
type condition struct {
	text  string // as a person would write it
	match func(r *logs.Record) bool
	// literals are texts of which one stands in the bytes of every file with
	// a record that matches, unless escapes hide it; nil when nothing is
	// known.
	literals []literal
	// whole says that the literals may span the JSON around the values, which
	// a file in the text form does not have.
	whole bool
	cost  int // how long match takes, roughly: cheap conditions come first
}

const (
	costField  = 1  // a field at the top
	costNested = 3  // one below
	costWho    = 8  // several fields
	costRegexp = 10 // for each value
	costRaw    = 12 // the whole record
)

// maxLiterals is how many texts are looked for in a file at most: each costs
// about a tenth of the time that walking through its records takes.
const maxLiterals = 6

// compile makes a condition of an expression. Its errors say what to write.
func (e expression) compile() (*condition, error) {
	path, err := ParseField(e.field)
	if err != nil {
		return nil, err
	}
	if err := e.network(); err != nil {
		return nil, err
	}
	c := &condition{text: e.String(), cost: costField}
	if strings.Contains(e.field, ".") {
		c.cost = costNested
	}
	test, literals, err := e.test()
	if err != nil {
		return nil, err
	}
	if e.op == opRegexp || e.op == opNoRegexp {
		c.cost += costRegexp
	}
	if e.negative() {
		c.match = func(r *logs.Record) bool { return !anyValue(path, r, test) }
		return c, nil
	}
	if c.match = e.eventTime(path); c.match == nil {
		c.match = func(r *logs.Record) bool { return anyValue(path, r, test) }
	}
	if verbatim(e.field) {
		c.literals = literals
	}
	return c, nil
}

// anyValue tells whether one of the values of a path passes a test.
func anyValue(path logs.Path, r *logs.Record, test func([]byte) bool) bool {
	found := false
	path.Each(r, func(text []byte) bool {
		found = test(text)
		return !found
	})
	return found
}

// verbatim tells whether the values of a field stand in the file as they are,
// escapes aside: those of fields do, while words may be put together of
// several fields.
func verbatim(field string) bool {
	switch field {
	case "event", "service", "region", "address", "id":
		return true
	}
	return !slices.Contains(logs.Words(), field)
}

// test is what one value of the field must pass, or for a negative operator
// what none may.
func (e expression) test() (func([]byte) bool, []literal, error) {
	switch e.op {
	case opExists, opAbsent:
		return func([]byte) bool { return true }, nil, nil
	case opRegexp, opNoRegexp:
		return e.regexp()
	case opLess, opAtMost, opMore, opAtLeast:
		test, err := e.comparison()
		return test, nil, err
	}
	list := make([]pattern, len(e.values))
	for i, v := range e.values {
		switch e.op {
		case opPrefix:
			list[i] = pattern{parts: append(splitStars(v), nil)}
		case opSuffix:
			list[i] = pattern{parts: append([][]byte{nil}, splitStars(v)...)}
		default:
			list[i] = parsePattern(v)
		}
	}
	if len(list) == 1 {
		one := list[0]
		return one.match, literals(list), nil
	}
	return newPatterns(list).match, literals(list), nil
}

func (e expression) regexp() (func([]byte) bool, []literal, error) {
	re, err := regexp.Compile(e.values[0])
	if err != nil {
		return nil, nil, fmt.Errorf("the regular expression %q cannot be read: %s (the syntax is RE2: https://golang.org/s/re2syntax)",
			e.values[0], strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	// U+FFFD in an expression also matches bytes that are no UTF-8.
	prefix, _ := re.LiteralPrefix()
	if prefix == "" || strings.ContainsRune(prefix, '\uFFFD') {
		return re.Match, nil, nil
	}
	return re.Match, []literal{newLiteral([]byte(prefix), false)}, nil
}

var errRelative = errors.New("a time that depends on the clock: write a date or a time, or use --since")

// comparison compares numbers with numbers and times with times. A value of
// another kind is neither below nor above.
func (e expression) comparison() (func([]byte) bool, error) {
	holds := e.order()
	if limit, ok := parseDecimal([]byte(e.values[0])); ok {
		return func(text []byte) bool {
			d, ok := parseDecimal(text)
			return ok && holds(d.compare(limit))
		}, nil
	}
	limit, err := e.time()
	if err != nil {
		return nil, err
	}
	return func(text []byte) bool {
		at, ok := parseTime(text)
		return ok && holds(at.Compare(limit))
	}, nil
}

// order tells of the result of a comparison whether the operator holds.
func (e expression) order() func(int) bool {
	return map[string]func(int) bool{
		opLess:    func(c int) bool { return c < 0 },
		opAtMost:  func(c int) bool { return c <= 0 },
		opMore:    func(c int) bool { return c > 0 },
		opAtLeast: func(c int) bool { return c >= 0 },
	}[e.op]
}

// time is the value to compare with, which must be a time.
func (e expression) time() (time.Time, error) {
	value := e.values[0]
	if relative(value) {
		return time.Time{}, fmt.Errorf("%q is %w", value, errRelative)
	}
	at, ok := parseTime([]byte(value))
	if !ok {
		return time.Time{}, fmt.Errorf("%q is neither a number nor a time, and %s compares only these: write 100, 8.82e-05, 2026-01-31 or 2026-01-31T13:00:00Z",
			value, e.op)
	}
	return at, nil
}

// eventTime compares the eventTime with a time; nil when the expression does
// something else.
func (e expression) eventTime(path logs.Path) func(*logs.Record) bool {
	holds := e.order()
	if holds == nil || !isEventTime(path.String()) {
		return nil
	}
	limit, err := e.time()
	if err != nil { // a number
		return nil
	}
	return func(r *logs.Record) bool {
		at, ok := r.Time()
		return ok && holds(at.Compare(limit))
	}
}
