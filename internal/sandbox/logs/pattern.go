package logs

import (
	"regexp"
	"strings"
	"unicode"

	"trailctl/internal/sandbox/call"
)

// Filter patterns: CloudWatch Logs user guide, "Filter pattern syntax for
// metric filters, subscription filters, filter log events, and Live Tail".
// Patterns for space-delimited events ("[ip, user, ...]") are not known here.

// matcher tells whether a message matches.
type matcher func(message string) bool

// parseFilter reads a filter pattern. An empty one matches everything.
func parseFilter(text string) (matcher, *call.Error) {
	if len([]rune(text)) > maxPattern {
		return nil, constraint(text, "filterPattern", "have length less than or equal to 1024")
	}
	switch trimmed := strings.TrimSpace(strings.ToValidUTF8(text, "\uFFFD")); {
	case trimmed == "":
		return func(string) bool { return true }, nil
	case trimmed[0] == '{':
		return parseJSONPattern(trimmed)
	case trimmed[0] == '[':
		return nil, invalid("Invalid filter pattern: the sandbox does not know patterns for space-delimited log events")
	default:
		return parseTerms(trimmed)
	}
}

// terms is a pattern for unstructured messages: all of these, one of those,
// none of the last.
type terms struct{ all, any, none []matcher }

func (t terms) match(message string) bool {
	for _, m := range t.none {
		if m(message) {
			return false
		}
	}
	for _, m := range t.all {
		if !m(message) {
			return false
		}
	}
	// Beside terms that must be there, optional ones decide nothing.
	if len(t.all) > 0 || len(t.any) == 0 {
		return true
	}
	for _, m := range t.any {
		if m(message) {
			return true
		}
	}
	return false
}

func parseTerms(text string) (matcher, *call.Error) {
	var t terms
	for text != "" {
		sign := byte(0)
		if text[0] == '?' || text[0] == '-' {
			sign, text = text[0], text[1:]
		}
		m, rest, err := parseTerm(text)
		if err != nil {
			return nil, err
		}
		switch sign {
		case '?':
			t.any = append(t.any, m)
		case '-':
			t.none = append(t.none, m)
		default:
			t.all = append(t.all, m)
		}
		text = strings.TrimLeftFunc(rest, unicode.IsSpace)
	}
	return t.match, nil
}

// parseTerm reads a word, a phrase in quotation marks or an expression
// between percent signs.
func parseTerm(text string) (m matcher, rest string, err *call.Error) {
	switch {
	case strings.HasPrefix(text, `"`):
		phrase, rest, ok := quoted(text)
		if !ok {
			return nil, "", invalid("Invalid filter pattern: a quotation mark is not closed")
		}
		return contains(phrase), rest, nil
	case strings.HasPrefix(text, "%"):
		re, rest, err := expression(text)
		if err != nil {
			return nil, "", err
		}
		return re.MatchString, rest, nil
	}
	end := strings.IndexFunc(text, unicode.IsSpace)
	if end < 0 {
		end = len(text)
	}
	word := text[:end]
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return nil, "", invalid("Invalid character(s) in term '%.100s'", word)
	}
	return contains(word), text[end:], nil
}

func contains(term string) matcher {
	return func(message string) bool { return strings.Contains(message, term) }
}

// quoted reads a text in quotation marks, in which a backslash takes the next
// character as it is.
func quoted(text string) (inner, rest string, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return "", "", false
			}
		}
		b.WriteByte(text[i])
	}
	return "", "", false
}

// regexLetters are the characters that an expression may hold.
var regexLetters = regexp.MustCompile(`^[A-Za-z0-9:_#=@/;,^$?\[\]{}|\\*+. -]+$`)

// expression reads a regular expression between percent signs.
func expression(text string) (re *regexp.Regexp, rest string, err *call.Error) {
	inner, rest, ok := strings.Cut(text[1:], "%")
	if !ok || !regexLetters.MatchString(inner) {
		return nil, "", invalid("Invalid filter pattern: the regular expression %.100q is not supported", inner)
	}
	compiled, compileErr := regexp.Compile(inner)
	if compileErr != nil {
		return nil, "", invalid("Invalid filter pattern: the regular expression %.100q is not valid", inner)
	}
	return compiled, rest, nil
}
