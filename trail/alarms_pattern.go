package trail

import (
	"errors"
	"slices"
	"strings"
)

// SamePattern tells whether two filter patterns of CloudWatch Logs for JSON
// events mean the same: space, quotes around values, the order of terms and
// needless parentheses do not matter. Patterns that cannot be read are only
// the same when their texts are.
func SamePattern(a, b string) bool {
	if strings.TrimSpace(a) == strings.TrimSpace(b) {
		return true
	}
	x, errX := canonicalPattern(a)
	y, errY := canonicalPattern(b)
	return errX == nil && errY == nil && x == y
}

// canonicalPattern writes a pattern in one way out of many.
func canonicalPattern(text string) (string, error) {
	tokens, err := patternTokens(text)
	if err != nil {
		return "", err
	}
	p := &patternParser{tokens: tokens}
	if !p.take("{") {
		return "", errNoPattern
	}
	expr, err := p.or(0)
	if err != nil {
		return "", err
	}
	if !p.take("}") || len(p.tokens) != 0 {
		return "", errNoPattern
	}
	return expr.String(), nil
}

var errNoPattern = errors.New("not a filter pattern for JSON events")

// patternToken is a mark such as "&&", or a word with its quotes taken off.
type patternToken struct {
	text   string
	word   bool
	quoted bool
}

// patternTokens takes a pattern apart (CloudWatch Logs user guide, "Filter
// pattern syntax").
func patternTokens(text string) ([]patternToken, error) {
	var tokens []patternToken
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		if mark := patternMark(text); mark != "" {
			tokens = append(tokens, patternToken{text: mark})
			text = text[len(mark):]
			continue
		}
		if text[0] == '"' {
			value, rest, err := quotedValue(text[1:])
			if err != nil {
				return nil, err
			}
			tokens = append(tokens, patternToken{text: value, word: true, quoted: true})
			text = rest
			continue
		}
		end := strings.IndexFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n{}()=!<>&|\"", r) })
		switch {
		case end == 0:
			return nil, errNoPattern
		case end < 0:
			end = len(text)
		}
		tokens = append(tokens, patternToken{text: text[:end], word: true})
		text = text[end:]
	}
	return tokens, nil
}

func patternMark(text string) string {
	for _, m := range []string{"&&", "||", "!=", "<=", ">=", "=", "<", ">", "{", "}", "(", ")"} {
		if strings.HasPrefix(text, m) {
			return m
		}
	}
	return ""
}

func quotedValue(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", "", errNoPattern
			}
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errNoPattern
}

// patternExpr is terms joined by one operator, or a single term.
type patternExpr struct {
	op    string // "&&", "||"; "" for a term
	term  string
	parts []patternExpr
}

func (e patternExpr) String() string {
	if e.op == "" {
		return e.term
	}
	var parts []string
	for _, p := range e.parts {
		parts = append(parts, p.String())
	}
	slices.Sort(parts)
	return "(" + strings.Join(slices.Compact(parts), " "+e.op+" ") + ")"
}

type patternParser struct{ tokens []patternToken }

// deepest is more nesting than anybody writes.
const deepest = 50

func (p *patternParser) take(mark string) bool {
	if len(p.tokens) == 0 || p.tokens[0].word || p.tokens[0].text != mark {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *patternParser) word() (patternToken, bool) {
	if len(p.tokens) == 0 || !p.tokens[0].word {
		return patternToken{}, false
	}
	w := p.tokens[0]
	p.tokens = p.tokens[1:]
	return w, true
}

func (p *patternParser) or(depth int) (patternExpr, error) {
	return p.joined("||", func() (patternExpr, error) { return p.and(depth) })
}

func (p *patternParser) and(depth int) (patternExpr, error) {
	return p.joined("&&", func() (patternExpr, error) { return p.operand(depth) })
}

func (p *patternParser) joined(op string, next func() (patternExpr, error)) (patternExpr, error) {
	first, err := next()
	if err != nil {
		return first, err
	}
	all := patternExpr{op: op, parts: flat(op, first)}
	for p.take(op) {
		e, err := next()
		if err != nil {
			return e, err
		}
		all.parts = append(all.parts, flat(op, e)...)
	}
	if len(all.parts) == 1 {
		return all.parts[0], nil
	}
	return all, nil
}

func flat(op string, e patternExpr) []patternExpr {
	if e.op == op {
		return e.parts
	}
	return []patternExpr{e}
}

func (p *patternParser) operand(depth int) (patternExpr, error) {
	if depth > deepest {
		return patternExpr{}, errNoPattern
	}
	if p.take("(") {
		e, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = errNoPattern
		}
		return e, err
	}
	return p.comparison()
}

// comparison is "$.field = value", "$.field NOT EXISTS" or "$.field IS ...".
func (p *patternParser) comparison() (patternExpr, error) {
	field, ok := p.word()
	if !ok || field.quoted || !strings.HasPrefix(field.text, "$") {
		return patternExpr{}, errNoPattern
	}
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(op) {
			value, ok := p.word()
			if !ok {
				return patternExpr{}, errNoPattern
			}
			return patternExpr{term: field.text + op + "\x00" + value.text}, nil
		}
	}
	var words []string
	for len(p.tokens) > 0 && p.tokens[0].word && !p.tokens[0].quoted {
		w, _ := p.word()
		words = append(words, strings.ToUpper(w.text))
	}
	if len(words) == 0 {
		return patternExpr{}, errNoPattern
	}
	return patternExpr{term: field.text + " " + strings.Join(words, " ")}, nil
}
