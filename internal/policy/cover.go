package policy

import (
	"slices"
	"strings"
)

// coveredBy tells whether a statement allows all of the grant. Conditions
// that are not understood count as not met.
func (g Grant) coveredBy(s Statement) bool {
	if s.Effect != "Allow" || !g.isAmongPrincipalsOf(s) {
		return false
	}
	if !slices.ContainsFunc(s.Actions, func(p string) bool {
		return covers(strings.ToLower(p), strings.ToLower(g.Action))
	}) {
		return false
	}
	if g.Resource == "" {
		if len(s.Resources) > 0 {
			return false
		}
	} else if !slices.ContainsFunc(s.Resources, func(p string) bool { return covers(p, g.Resource) }) {
		return false
	}
	if len(g.SourceARNs) == 0 {
		return g.meets(s.Conditions, "")
	}
	for _, arn := range g.SourceARNs {
		if !g.meets(s.Conditions, arn) {
			return false
		}
	}
	return true
}

func (g Grant) isAmongPrincipalsOf(s Statement) bool {
	switch {
	case g.Service != "":
		return slices.Contains(s.Principals["Service"], g.Service)
	case g.AWS != "":
		return slices.ContainsFunc(s.Principals["AWS"], func(p string) bool { return principal(p) == principal(g.AWS) })
	}
	return len(s.Principals) == 0
}

// meets tells whether the request for one source ("" for none) meets
// conditions.
func (g Grant) meets(conditions map[string]map[string][]string, source string) bool {
	for operator, keys := range conditions {
		for key, patterns := range keys {
			value, known := g.value(key, source)
			if !known || !compare(operator, patterns, value) {
				return false
			}
		}
	}
	return true
}

// value is what the request carries for a context key. For a key of
// SourceLike without a source it is a pattern, which stands for all that it
// matches.
func (g Grant) value(key, source string) (string, bool) {
	if v, ok := valueOf(g.Equals, key); ok {
		return v, true
	}
	if pattern, ok := valueOf(g.SourceLike, key); ok {
		if source == "" || !covers(pattern, source) {
			return pattern, true
		}
		return source, true
	}
	switch {
	case source == "":
		return "", false
	case strings.EqualFold(key, sourceARN):
		return source, true
	case strings.EqualFold(key, sourceAccount):
		parts := strings.Split(source, ":")
		if len(parts) < 6 || parts[4] == "" {
			return "", false
		}
		return parts[4], true
	}
	return "", false
}

// compare knows the operators that such policies use; any other one is not
// met. value may be a pattern, which only a pattern that holds all of it
// covers.
func compare(operator string, patterns []string, value string) bool {
	switch operator {
	case "StringEquals":
		return !strings.ContainsAny(value, "*?") && slices.Contains(patterns, value)
	case "StringLike":
		return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, value) })
	case "ArnLike", "ArnEquals":
		return slices.ContainsFunc(patterns, func(p string) bool { return coversARN(p, value) })
	}
	return false
}

// coversARN compares the six parts of an ARN one by one: under the ARN
// operators a * does not reach across a colon (IAM user guide, "Amazon
// Resource Name (ARN) condition operators").
func coversARN(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	return slices.EqualFunc(p, a, covers)
}

// namesSource tells whether a statement is bound to a source.
func namesSource(s Statement) bool {
	for _, keys := range s.Conditions {
		for key := range keys {
			if strings.EqualFold(key, sourceARN) || strings.EqualFold(key, sourceAccount) {
				return true
			}
		}
	}
	return false
}

// covers tells whether everything that narrow matches is matched by wide,
// too. In both, * stands for any text and ? for one character, as in IAM. A
// text without either is matched by its own value only. The answer may be no
// for two patterns that are alike by accident ("*?" and "?*"), never a wrong
// yes: only a * takes in a *.
func covers(wide, narrow string) bool {
	w, n, star, mark := 0, 0, -1, 0
	for n < len(narrow) {
		switch {
		case w < len(wide) && wide[w] == '*':
			star, mark = w, n
			w++
		case w < len(wide) && (wide[w] == narrow[n] || wide[w] == '?' && narrow[n] != '*'):
			w++
			n++
		case star >= 0:
			mark++
			w, n = star+1, mark
		default:
			return false
		}
	}
	for w < len(wide) && wide[w] == '*' {
		w++
	}
	return w == len(wide)
}
