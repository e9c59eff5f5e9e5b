package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Sentence is a statement taken apart for people to read. What it says with
// NotPrincipal, NotAction and NotResource is told as "all but ...".
type Sentence struct {
	Sid        string
	Allows     bool // otherwise it denies
	Who        []string
	Actions    []string
	Resources  []string
	Conditions []string // "aws:SourceArn is arn:...", all of which must hold

	actions    []string
	butActions bool // all actions but those
}

// String is the whole sentence.
func (s Sentence) String() string {
	verb := "denies"
	if s.Allows {
		verb = "allows"
	}
	text := fmt.Sprintf("%s %s: %s", verb, strings.Join(s.Who, ", "), strings.Join(s.Actions, ", "))
	if len(s.Resources) > 0 {
		text += " on " + strings.Join(s.Resources, ", ")
	}
	if len(s.Conditions) > 0 {
		text += ", if " + strings.Join(s.Conditions, " and ")
	}
	return text
}

// Does tells whether the statement is about an action, such as
// "s3:PutObject".
func (s Sentence) Does(action string) bool {
	named := slices.ContainsFunc(s.actions, func(p string) bool {
		return covers(strings.ToLower(p), strings.ToLower(action))
	})
	return named != s.butActions
}

const allBut = "all but "

// Sentences reads a policy's statements for people.
func Sentences(text string) ([]Sentence, error) {
	d, err := Parse(text)
	if err != nil {
		return nil, err
	}
	var out []Sentence
	for _, raw := range d.statements {
		out = append(out, sentence(raw))
	}
	return out, nil
}

func sentence(raw json.RawMessage) Sentence {
	s := Sentence{Sid: sid(raw)}
	fields, err := members(raw)
	if err != nil {
		return s
	}
	for _, f := range fields {
		switch f.name {
		case "Effect":
			s.Allows = string(f.value) == `"Allow"`
		case "Principal":
			s.Who = people(f.value)
		case "NotPrincipal":
			s.Who = []string{allBut + strings.Join(people(f.value), ", ")}
		case "Action":
			s.Actions, s.actions = spoken(f.value), spoken(f.value)
		case "NotAction":
			s.actions, s.butActions = spoken(f.value), true
			s.Actions = []string{allBut + strings.Join(s.actions, ", ")}
		case "Resource":
			s.Resources = spoken(f.value)
		case "NotResource":
			s.Resources = []string{allBut + strings.Join(spoken(f.value), ", ")}
		case "Condition":
			s.Conditions = demands(f.value)
		}
	}
	return s
}

// spoken is a string or a list of strings; anything else as it stands.
func spoken(raw json.RawMessage) []string {
	if l, ok := list(raw); ok {
		return l
	}
	return []string{string(raw)}
}

func people(raw json.RawMessage) []string {
	m, ok := lists(raw)
	if !ok {
		return everyone(spoken(raw))
	}
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(m)) {
		out = append(out, everyone(m[kind])...)
	}
	return out
}

func everyone(names []string) []string {
	out := slices.Clone(names)
	for i, n := range out {
		if n == "*" {
			out[i] = "everyone"
		}
	}
	return out
}

func demands(raw json.RawMessage) []string {
	operators, ok := conditions(raw)
	if !ok {
		return []string{string(raw)}
	}
	var out []string
	for _, operator := range slices.Sorted(maps.Keys(operators)) {
		for _, key := range slices.Sorted(maps.Keys(operators[operator])) {
			out = append(out, fmt.Sprintf("%s %s %s", key, verb(operator), strings.Join(operators[operator][key], " or ")))
		}
	}
	return out
}

// verb puts the usual operators into words; the others keep their names.
func verb(operator string) string {
	switch operator {
	case "StringEquals", "ArnEquals", "Bool":
		return "is"
	case "StringNotEquals", "ArnNotEquals":
		return "is not"
	case "StringLike", "ArnLike":
		return "is like"
	case "StringNotLike", "ArnNotLike":
		return "is not like"
	case "Null":
		return "is missing:"
	}
	return operator
}
