package iampolicy

import (
	"strings"
	"unicode/utf8"
)

// pattern is a text with wildcards, after its policy variables have been put
// in: their values match themselves only, whatever characters they hold.
type pattern []token

type token struct {
	r    rune
	wild bool // r is '*' or '?' as a wildcard
}

// compile puts the request's values in for ${name}. ok is false when a
// variable has no value: then the pattern matches nothing.
func compile(text string, variables bool, c Context) (p pattern, ok bool) {
	for text != "" {
		if variables && strings.HasPrefix(text, "${") {
			if name, rest, found := strings.Cut(text[2:], "}"); found {
				value, ok := variable(name, c)
				if !ok {
					return nil, false
				}
				p = p.literal(value)
				text = rest
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(text)
		p = append(p, token{r: r, wild: r == '*' || r == '?'})
		text = text[size:]
	}
	return p, true
}

// variable looks a policy variable up; ${name, 'text'} has a default.
func variable(name string, c Context) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	name, fallback, hasDefault := strings.Cut(name, ",")
	if values := c.get(strings.TrimSpace(name)); len(values) == 1 {
		return values[0], true
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), hasDefault
}

func (p pattern) literal(s string) pattern {
	for _, r := range s {
		p = append(p, token{r: r})
	}
	return p
}

// match is the usual walk with one point of return, the last star met, so
// that no pattern takes more than len(p) times len(s) steps.
func (p pattern) match(s string) bool {
	text := []rune(s)
	var i, j, mark int
	star := -1
	for i < len(text) {
		switch {
		case j < len(p) && p[j].wild && p[j].r == '*':
			star, mark = j, i
			j++
		case j < len(p) && (p[j].wild || p[j].r == text[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j].wild && p[j].r == '*' {
		j++
	}
	return j == len(p)
}

// equal compares without wildcards: '*' and '?' are characters here.
func (p pattern) equal(s string) bool {
	text := []rune(s)
	if len(p) != len(text) {
		return false
	}
	for i, t := range p {
		if t.r != text[i] {
			return false
		}
	}
	return true
}

// fold is the pattern in lower case, for operators that ignore case.
func (p pattern) fold() pattern {
	out := make(pattern, 0, len(p))
	for _, t := range p {
		for _, r := range strings.ToLower(string(t.r)) {
			out = append(out, token{r: r, wild: t.wild})
		}
	}
	return out
}

// matchARN compares the six parts of an ARN each on its own, so that a star
// in one part does not reach into the next.
func (p pattern) matchARN(s string) bool {
	parts := strings.SplitN(s, ":", 6)
	patterns := p.splitColon()
	if len(parts) != 6 || len(patterns) != 6 {
		return false
	}
	for i, part := range parts {
		if !patterns[i].match(part) {
			return false
		}
	}
	return true
}

func (p pattern) splitColon() []pattern {
	var out []pattern
	start := 0
	for i, t := range p {
		if t.r == ':' && len(out) < 5 {
			out = append(out, p[start:i])
			start = i + 1
		}
	}
	return append(out, p[start:])
}

// glob matches without variables, as actions do.
func glob(text, s string) bool {
	p, _ := compile(text, false, nil)
	return p.match(s)
}
