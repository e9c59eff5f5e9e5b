package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Same tells whether two documents mean the same: the same statements, in
// any order, and the same other elements. In a statement, a list of one is the
// same as the string in it, the order of lists does not matter, neither does
// the case of actions and condition keys; an account number as principal is
// the same as that account's root ARN, which S3 writes in its place.
func Same(a, b *Document) bool {
	if len(a.statements) != len(b.statements) || !sameFrame(a, b) {
		return false
	}
	return slices.Equal(sortedCanonical(a), sortedCanonical(b))
}

func sameFrame(a, b *Document) bool {
	frame := func(d *Document) string {
		m := map[string]json.RawMessage{}
		for _, f := range d.fields {
			if f.name != statementField {
				m[f.name] = f.value
			}
		}
		text, _ := json.Marshal(m) // values are valid JSON already
		return string(text)
	}
	return frame(a) == frame(b)
}

func sortedCanonical(d *Document) []string {
	var out []string
	for _, raw := range d.statements {
		c, ok := canonical(raw)
		if !ok {
			c = string(raw)
		}
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// canonical writes a statement so that equal meaning gives equal text.
func canonical(raw json.RawMessage) (string, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var m map[string]any
	if dec.Decode(&m) != nil {
		return "", false
	}
	for name, v := range m {
		switch name {
		case "Action", "NotAction":
			m[name] = set(v, strings.ToLower)
		case "Resource", "NotResource":
			m[name] = set(v, keep)
		case "Principal", "NotPrincipal":
			m[name] = eachSet(v, principal)
		case "Condition":
			m[name] = conditionSets(v)
		}
	}
	text, err := json.Marshal(m)
	return string(text), err == nil
}

func keep(s string) string { return s }

var accountRoot = regexp.MustCompile(`^arn:[a-z-]+:iam::(\d{12}):root$`)

func principal(s string) string {
	if m := accountRoot.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return s
}

// set makes a sorted list of a string or a list of scalars; other values stay.
func set(v any, change func(string) string) any {
	var out []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			switch e.(type) {
			case map[string]any, []any, nil:
				return v
			}
			out = append(out, change(fmt.Sprint(e)))
		}
	case map[string]any, nil:
		return v
	default:
		out = []string{change(fmt.Sprint(v))}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func eachSet(v any, change func(string) string) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for k := range m {
		m[k] = set(m[k], change)
	}
	return m
}

func conditionSets(v any) any {
	operators, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for operator, keys := range operators {
		m, ok := keys.(map[string]any)
		if !ok {
			continue
		}
		fold := strings.ToLower
		if sameButForCase(m) {
			fold = keep
		}
		folded := make(map[string]any, len(m))
		for k, values := range m {
			folded[fold(k)] = set(values, keep)
		}
		operators[operator] = folded
	}
	return operators
}

func sameButForCase(m map[string]any) bool {
	seen := map[string]bool{}
	for k := range m {
		k = strings.ToLower(k)
		if seen[k] {
			return true
		}
		seen[k] = true
	}
	return false
}
