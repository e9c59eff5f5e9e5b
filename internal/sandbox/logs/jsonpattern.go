package logs

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"trailctl/internal/sandbox/call"
)

// condition is an expression of a JSON pattern, asked of a decoded message.
type condition func(message any) bool

// parseJSONPattern reads "{ ... }": comparisons of fields, joined by && and
// ||, where && binds closer, with parentheses. A message that is no JSON
// object matches nothing.
func parseJSONPattern(text string) (matcher, *call.Error) {
	p := &patternParser{rest: text[1:]}
	whole := p.either()
	p.want("}")
	p.space()
	if p.err == nil && p.rest != "" {
		p.fail("there is text after the closing brace: %.40q", p.rest)
	}
	if p.err != nil {
		return nil, p.err
	}
	return func(message string) bool {
		var object map[string]any
		if json.Unmarshal([]byte(message), &object) != nil || object == nil {
			return false
		}
		return whole(object)
	}, nil
}

// patternParser reads a pattern from left to right. After an error it stands
// still: rest is empty.
type patternParser struct {
	rest string
	err  *call.Error
}

func (p *patternParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = invalid("Invalid filter pattern: "+format, args...)
	}
	p.rest = ""
}

func (p *patternParser) space() { p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace) }

// take reads a sign when it comes next.
func (p *patternParser) take(sign string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, sign)
	p.rest = rest
	return ok
}

func (p *patternParser) want(sign string) {
	if !p.take(sign) {
		p.fail("%q is expected before %.40q", sign, p.rest)
	}
}

func (p *patternParser) either() condition {
	c := p.both()
	for p.take("||") {
		left, right := c, p.both()
		c = func(m any) bool { return left(m) || right(m) }
	}
	return c
}

func (p *patternParser) both() condition {
	c := p.one()
	for p.take("&&") {
		left, right := c, p.one()
		c = func(m any) bool { return left(m) && right(m) }
	}
	return c
}

func (p *patternParser) one() condition {
	if p.take("(") {
		c := p.either()
		p.want(")")
		return c
	}
	path := p.path()
	if p.err != nil {
		return nil
	}
	return p.comparison(path)
}

// word reads a keyword when it comes next, in any case.
func (p *patternParser) word(w string) bool {
	p.space()
	if len(p.rest) < len(w) || !strings.EqualFold(p.rest[:len(w)], w) {
		return false
	}
	if next := p.rest[len(w):]; next != "" && (unicode.IsLetter(rune(next[0])) || unicode.IsDigit(rune(next[0]))) {
		return false
	}
	p.rest = p.rest[len(w):]
	return true
}

func (p *patternParser) comparison(path path) condition {
	switch {
	case p.word("NOT"):
		if !p.word("EXISTS") {
			p.fail("EXISTS is expected after NOT, before %.40q", p.rest)
		}
		return func(m any) bool { return len(path.values(m)) == 0 }
	case p.word("EXISTS"):
		return func(m any) bool { return len(path.values(m)) > 0 }
	case p.word("IS"):
		return p.is(path)
	}
	for _, operator := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(operator) {
			return p.compare(path, operator)
		}
	}
	p.fail("a comparison is expected before %.40q", p.rest)
	return nil
}

func (p *patternParser) is(path path) condition {
	var want any
	switch {
	case p.word("NULL"):
	case p.word("TRUE"):
		want = true
	case p.word("FALSE"):
		want = false
	default:
		p.fail("NULL, TRUE or FALSE is expected before %.40q", p.rest)
	}
	return func(m any) bool {
		for _, v := range path.values(m) {
			switch v.(type) {
			case nil, bool:
				if v == want {
					return true
				}
			}
		}
		return false
	}
}

// compare reads the value that a field is compared with. A field that is not
// there compares with nothing, not with != either.
func (p *patternParser) compare(path path, operator string) condition {
	v := p.value()
	if p.err != nil {
		return nil
	}
	if v.number == nil && operator != "=" && operator != "!=" {
		p.fail("%s takes a number", operator)
		return nil
	}
	return func(m any) bool {
		for _, have := range path.values(m) {
			if v.meets(have, operator) {
				return true
			}
		}
		return false
	}
}

// value is the right side of a comparison.
type value struct {
	number *float64
	text   *regexp.Regexp // with * for any characters
}

// bare are the characters of a value without quotation marks.
var bare = regexp.MustCompile(`^[^\s"'(){}&|=<>!%]+`)

func (p *patternParser) value() value {
	p.space()
	switch {
	case strings.HasPrefix(p.rest, `"`):
		inner, rest, ok := quoted(p.rest)
		if !ok {
			p.fail("a quotation mark is not closed")
			return value{}
		}
		p.rest = rest
		return value{text: wildcard(inner)}
	case strings.HasPrefix(p.rest, "%"):
		re, rest, err := expression(p.rest)
		if err != nil {
			p.err, p.rest = err, ""
			return value{}
		}
		p.rest = rest
		return value{text: re}
	}
	word := bare.FindString(p.rest)
	if word == "" {
		p.fail("a value is expected before %.40q", p.rest)
		return value{}
	}
	p.rest = p.rest[len(word):]
	v := value{text: wildcard(word)}
	if n, err := strconv.ParseFloat(word, 64); err == nil {
		v.number = &n
	}
	return v
}

// wildcard makes a text in which * stands for any characters.
func wildcard(text string) *regexp.Regexp {
	parts := strings.Split(text, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`)
}

// meets compares a field's value. Objects, lists and null equal no value.
func (v value) meets(have any, operator string) bool {
	if n, ok := have.(float64); ok && v.number != nil {
		return compareNumbers(n, *v.number, operator)
	}
	var equal bool
	switch have := have.(type) {
	case string:
		equal = v.text.MatchString(have)
	case bool:
		equal = v.text.MatchString(strconv.FormatBool(have))
	case float64:
		equal = v.text.MatchString(strconv.FormatFloat(have, 'f', -1, 64))
	}
	switch operator {
	case "=":
		return equal
	case "!=":
		return !equal
	}
	return false
}

func compareNumbers(a, b float64, operator string) bool {
	switch operator {
	case "=":
		return a == b
	case "!=":
		return a != b
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	}
	return a >= b
}
