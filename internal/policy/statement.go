package policy

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// Statement is one statement of ours. Foreign statements may say more than
// fits in here and are therefore kept as text.
type Statement struct {
	Sid        string
	Effect     string              // "Allow" or "Deny"
	Principals map[string][]string // "Service", "AWS", ...; none in a role's own policy
	Actions    []string
	Resources  []string                       // none in a role's trust policy
	Conditions map[string]map[string][]string // operator, key, values
}

// JSON writes the statement in the order in which AWS's documentation shows
// its elements; lists of one are written as a string. The same statement
// always gives the same bytes.
func (s Statement) JSON() json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	element := func(name string, value []byte) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(quote(name))
		b.WriteByte(':')
		b.Write(value)
	}
	if s.Sid != "" {
		element("Sid", quote(s.Sid))
	}
	element("Effect", quote(s.Effect))
	if len(s.Principals) > 0 {
		element("Principal", encode(oneOrMany(s.Principals)))
	}
	element("Action", encode(short(s.Actions)))
	if len(s.Resources) > 0 {
		element("Resource", encode(short(s.Resources)))
	}
	if len(s.Conditions) > 0 {
		conditions := map[string]map[string]any{}
		for operator, keys := range s.Conditions {
			conditions[operator] = oneOrMany(keys)
		}
		element("Condition", encode(conditions))
	}
	b.WriteByte('}')
	return b.Bytes()
}

// encode writes maps with sorted keys, and no HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(v) // maps of strings into a buffer cannot fail
	return bytes.TrimSpace(b.Bytes())
}

func oneOrMany(m map[string][]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = short(v)
	}
	return out
}

func short(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// sid is a statement's Sid, "" when it has none.
func sid(raw json.RawMessage) string {
	var s struct{ Sid any }
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	text, _ := s.Sid.(string)
	return text
}

// read takes a statement apart; false when it says something that Statement
// has no room for (NotAction, a principal that is no list, and the like).
func read(raw json.RawMessage) (Statement, bool) {
	fields, err := members(raw)
	if err != nil {
		return Statement{}, false
	}
	var s Statement
	ok := true
	for _, f := range fields {
		switch f.name {
		case "Sid":
			ok = json.Unmarshal(f.value, &s.Sid) == nil
		case "Effect":
			ok = json.Unmarshal(f.value, &s.Effect) == nil
		case "Principal":
			s.Principals, ok = lists(f.value)
		case "Action":
			s.Actions, ok = list(f.value)
		case "Resource":
			s.Resources, ok = list(f.value)
		case "Condition":
			s.Conditions, ok = conditions(f.value)
		default:
			ok = false
		}
		if !ok {
			return Statement{}, false
		}
	}
	return s, true
}

func list(raw json.RawMessage) ([]string, bool) {
	var one string
	if json.Unmarshal(raw, &one) == nil && !isNull(raw) {
		return []string{one}, true
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil || isNull(raw) {
		return nil, false
	}
	return many, true
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

func lists(raw json.RawMessage) (map[string][]string, bool) {
	fields, err := members(raw)
	if err != nil {
		return nil, false
	}
	out := map[string][]string{}
	for _, f := range fields {
		l, ok := list(f.value)
		if !ok {
			return nil, false
		}
		out[f.name] = l
	}
	return out, true
}

func conditions(raw json.RawMessage) (map[string]map[string][]string, bool) {
	fields, err := members(raw)
	if err != nil {
		return nil, false
	}
	out := map[string]map[string][]string{}
	for _, f := range fields {
		keys, ok := lists(f.value)
		if !ok {
			return nil, false
		}
		out[f.name] = keys
	}
	return out, true
}

// DenySids names the Deny statements of a document, by Sid or by position,
// for messages: a Deny wins over every Allow.
func (d *Document) DenySids() []string {
	var names []string
	for i, raw := range d.statements {
		var s struct{ Effect string }
		if json.Unmarshal(raw, &s) != nil || !strings.EqualFold(s.Effect, "Deny") {
			continue
		}
		names = append(names, nameOf(raw, i))
	}
	return names
}

func union(a []string, b ...string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
