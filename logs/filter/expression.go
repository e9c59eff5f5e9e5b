package filter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// expression is one FIELD OPERATOR VALUE:
//
//	eventName=RunInstances   eventName!=Get*        errorCode=~(?i)denied
//	eventName^=Delete        userAgent$=curl/8.5.0  eventTime>=2026-01-31T13:00Z
//	errorCode exists         errorCode !exists      awsRegion in us-east-1,eu-*
//
// Spaces around the operator mean nothing. A value in quotes is what stands
// between them, a doubled quote standing for one.
type expression struct {
	field  string
	op     string   // one of operators
	values []string // one, save for "in" and "!in", and for "exists" none
}

// The operators, as they are written. "not exists" and "not in" mean the same
// as "!exists" and "!in".
const (
	opEqual    = "="
	opNot      = "!="
	opRegexp   = "=~"
	opNoRegexp = "!~"
	opPrefix   = "^="
	opSuffix   = "$="
	opLess     = "<"
	opAtMost   = "<="
	opMore     = ">"
	opAtLeast  = ">="
	opExists   = "exists"
	opAbsent   = "!exists"
	opIn       = "in"
	opNotIn    = "!in"
)

// symbols are the operators that need no space around them, the longer ones
// first.
var symbols = []string{opNot, opRegexp, opNoRegexp, opPrefix, opSuffix, opAtMost, opAtLeast, opEqual, opLess, opMore}

// slips are what people write for an operator when they think of another
// language.
var slips = map[string]string{
	"==": `write one "="; a value that begins with "=" stands in quotes`,
	"~=": `write "=~" for a regular expression`,
	"=>": `write ">="`,
	"=<": `write "<="`,
	"<>": `write "!="`,
	"=!": `write "!="`,
	"=^": `write "^=" for "begins with"`,
	"=$": `write "$=" for "ends with"`,
}

const operatorChars = "=!<>^$~"

var (
	existsForm = regexp.MustCompile(`(?s)^(.*?\S)\s+(!|not\s+)?exists\s*$`)
	inForm     = regexp.MustCompile(`(?s)^(.*?\S)\s+(!|not\s+)?in(?:\s+(.*)|([(\[{].*))?$`)
)

// parse reads an expression. It looks at its form only; see compile.
func parse(s string) (expression, error) {
	s = withoutLead(s)
	if strings.HasPrefix(s, "{") {
		return expression{}, errMetricFilter
	}
	e, err := parseForm(s)
	if err == nil && !strings.HasPrefix(e.field, `"`) {
		err = joined(e.field)
	}
	return e, err
}

func parseForm(s string) (expression, error) {
	if m := existsForm.FindStringSubmatch(s); m != nil && operatorAt(m[1]) < 0 && oneWord(m[1]) {
		return expression{field: strings.TrimSpace(m[1]), op: negated(opExists, m[2])}, nil
	}
	if m := inForm.FindStringSubmatch(s); m != nil && operatorAt(m[1]) < 0 && oneWord(m[1]) {
		e := expression{field: strings.TrimSpace(m[1]), op: negated(opIn, m[2])}
		var err error
		e.values, err = e.list(m[3] + m[4])
		return e, err
	}
	field, op, rest, err := cutOperator(s)
	if err != nil {
		return expression{}, err
	}
	value, quoted := unquoted(rest)
	e := expression{field: field, op: op, values: []string{value}}
	switch {
	case field == "":
		return expression{}, fmt.Errorf("the field is missing: write for example eventName=RunInstances")
	case value == "" && !quoted:
		return expression{}, e.noValue()
	case quoted:
		return e, nil
	}
	return e, e.slip(value)
}

// oneWord tells whether what stands before an operator can be a field: words
// behind it are an operator of another language.
func oneWord(s string) bool { return strings.Contains(s, `"`) || len(strings.Fields(s)) <= 1 }

// noValue is the error of an expression that ends in its operator.
func (e expression) noValue() error {
	if e.order() != nil {
		return fmt.Errorf("the value is missing: write for example %s%s2026-01-31, or a number", e.field, e.op)
	}
	return fmt.Errorf("the value is missing: write for example %s%sRunInstances; \"%s !exists\" asks for records without the field, and %s%s\"\" for an empty one",
		e.field, e.op, e.field, e.field, e.op)
}

// list reads the values of "in".
func (e expression) list(text string) ([]string, error) {
	text = withoutBrackets(text)
	values, err := splitList(text, func(value string) error {
		if err := joined(value); err != nil {
			return err
		}
		if i := strings.IndexByte("([{", value[0]); i >= 0 && !strings.Contains(value, ")]}"[i:i+1]) {
			return fmt.Errorf("the bracket in front of the list is not closed: %s", advise(e.field, e.op, value[1:]+text[strings.Index(text, value)+len(value):]))
		}
		return several(e.field, e.op, value, text)
	})
	return values, err
}

func negated(op, not string) string {
	if not != "" {
		return "!" + op
	}
	return op
}

func cutOperator(s string) (field, op, rest string, err error) {
	at := operatorAt(s)
	if at < 0 || !oneWord(s[:at]) && inWords(s) || strings.HasPrefix(s, opAbsent+" ") {
		return "", "", "", noOperator(s)
	}
	field, tail := strings.TrimSpace(s[:at]), s[at:]
	for _, o := range symbols {
		if strings.HasPrefix(tail, o) {
			op = o
			break
		}
	}
	if len(tail) >= 2 && op == "" || op == opEqual || op == opLess {
		if advice := slips[tail[:min(2, len(tail))]]; advice != "" {
			return "", "", "", fmt.Errorf("%q is no operator: %s", tail[:2], advice)
		}
	}
	if op == "" {
		return "", "", "", fmt.Errorf("%q is no operator: there are = != =~ !~ ^= $= < <= > >=, exists, !exists, in, !in", tail[:1])
	}
	return field, op, strings.TrimSpace(tail[len(op):]), nil
}

// operatorAt is where an operator may begin: outside of the quotes that stand
// around names with odd characters. It is -1 when there is none.
func operatorAt(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			if end := strings.IndexByte(s[i+1:], '"'); end >= 0 {
				i += end + 1
			}
		} else if strings.IndexByte(operatorChars, s[i]) >= 0 {
			return i
		}
	}
	return -1
}

// unquoted takes the quotes off a value that stands in them.
func unquoted(s string) (value string, quoted bool) {
	if len(s) < 2 || s[0] != '"' && s[0] != '\'' || s[len(s)-1] != s[0] {
		return s, false
	}
	quote, inner := s[:1], s[1:len(s)-1]
	single := strings.ReplaceAll(inner, quote+quote, "")
	if strings.Contains(single, quote) {
		return s, false // "a" and "b": the quotes belong to the text
	}
	return strings.ReplaceAll(inner, quote+quote, quote), true
}

// splitList reads the values of "in": commas between them, spaces around
// them without meaning, quotes around those that hold either. check sees those
// without quotes.
func splitList(s string, check func(value string) error) ([]string, error) {
	var values []string
	for i := 0; ; {
		item, next := listItem(s, i)
		value, quoted := unquoted(strings.TrimSpace(item))
		if value == "" && !quoted {
			if len(values) == 0 && next < 0 {
				return nil, fmt.Errorf("the values are missing: write for example awsRegion in us-east-1,eu-west-1")
			}
			return nil, fmt.Errorf("value %d of the list is empty: take the comma out, or write \"\" for an empty text", len(values)+1)
		}
		if !quoted {
			if err := check(value); err != nil {
				return nil, err
			}
		}
		values = append(values, value)
		if next < 0 {
			return values, nil
		}
		i = next
	}
}

// listItem is what stands from i on to the next comma outside of quotes; next
// is behind that comma, or -1.
func listItem(s string, i int) (item string, next int) {
	start := i
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if i < len(s) && (s[i] == '"' || s[i] == '\'') {
		if end := closing(s, i); end > 0 {
			i = end
		}
	}
	if comma := strings.IndexByte(s[i:], ','); comma >= 0 {
		return s[start : i+comma], i + comma + 1
	}
	return s[start:], -1
}

// closing is behind the quote that ends the one at i and that a comma or the
// end follows; 0 when there is none.
func closing(s string, i int) int {
	quote := s[i]
	for j := i + 1; j < len(s); j++ {
		if s[j] != quote {
			continue
		}
		if j+1 < len(s) && s[j+1] == quote {
			j++
			continue
		}
		if rest := strings.TrimLeft(s[j+1:], " "); rest == "" || rest[0] == ',' {
			return j + 1
		}
		return 0
	}
	return 0
}

// String writes the expression so that it can be parsed again.
func (e expression) String() string {
	switch e.op {
	case opExists, opAbsent:
		return e.field + " " + e.op
	case opIn, opNotIn:
		items := make([]string, len(e.values))
		for i, v := range e.values {
			items[i] = e.quoted(v)
		}
		return e.field + " " + e.op + " " + strings.Join(items, ",")
	}
	return e.field + e.op + e.quoted(e.values[0])
}

// quoted puts a value in quotes if it would be misread, or refused, without
// them.
func (e expression) quoted(v string) string {
	list := e.op == opIn || e.op == opNotIn
	risky := v == "" || v != strings.TrimSpace(v) || strings.ContainsAny(v[:1], `"'=~^$!<>`) || isNull(v) ||
		list && strings.ContainsAny(v, ",()[]{}") || e.slip(v) != nil
	if !risky {
		return v
	}
	return `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
}

// negative tells operators that hold when no value of the field is as
// described, and so for records that lack the field.
func (e expression) negative() bool {
	return slices.Contains([]string{opNot, opNoRegexp, opAbsent, opNotIn}, e.op)
}
