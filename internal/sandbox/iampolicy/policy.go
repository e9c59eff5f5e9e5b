// Package iampolicy decides what one IAM policy says about a request: allowed,
// denied, or nothing. It reads resource-based policies, the trust policies of
// roles and identity-based policies. It is an evaluator of the sandbox's own
// and shares no code with what trailctl writes policies with, so that the one
// is a check of the other. It knows no permission boundaries and no session
// policies, and does not weigh several policies against each other.
package iampolicy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Policy is a parsed policy of any kind.
type Policy struct {
	Version    string // "2012-10-17", or "2008-10-17" when the text names none
	Statements []Statement
}

// Statement is one statement of a policy. The lists are never nil where the
// text has the element.
type Statement struct {
	Sid          string
	Allow        bool // Effect
	Principal    *Principals
	NotPrincipal *Principals
	Action       []string
	NotAction    []string
	Resource     []string
	NotResource  []string
	Conditions   []Condition
}

// Principals is a Principal or NotPrincipal element.
type Principals struct {
	Everyone bool // "*" alone
	AWS      []string
	Service  []string
	Other    []string // Federated and CanonicalUser, which no caller of the sandbox is
}

const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

// kind says which elements a statement must have; what it must not have is
// the rest of the three.
type kind struct{ principal, resource bool }

// Parse reads a resource-based policy. Its errors are the messages that S3
// answers a MalformedPolicy error with.
func Parse(text []byte) (*Policy, error) {
	return parse(text, kind{principal: true, resource: true})
}

func parse(text []byte, k kind) (*Policy, error) {
	if trimmed := bytes.TrimLeft(text, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, errors.New("Policies must be valid JSON and the first byte must be '{'")
	}
	fields, err := object(text)
	if err != nil {
		return nil, errors.New("This policy contains invalid Json")
	}
	p := &Policy{Version: version2008}
	var statements json.RawMessage
	for name, raw := range fields {
		switch name {
		case "Version":
			if p.Version, err = text1(raw); err != nil || p.Version != version2012 && p.Version != version2008 {
				return nil, errors.New("The policy must contain a valid version string")
			}
		case "Id":
			if _, err := text1(raw); err != nil {
				return nil, errors.New("Invalid policy syntax.")
			}
		case "Statement":
			statements = raw
		default:
			return nil, fmt.Errorf("Unknown field %s", name)
		}
	}
	if statements == nil {
		return nil, errors.New("Missing required field Statement")
	}
	for _, raw := range oneOrMany(statements) {
		st, err := parseStatement(raw, k)
		if err != nil {
			return nil, err
		}
		p.Statements = append(p.Statements, st)
	}
	if len(p.Statements) == 0 {
		return nil, errors.New("Could not parse the policy: Statement is empty!")
	}
	return p, nil
}

func parseStatement(raw json.RawMessage, k kind) (Statement, error) {
	var st Statement
	fields, err := object(raw)
	if err != nil {
		return st, errors.New("Invalid policy syntax.")
	}
	for name, raw := range fields {
		if err := st.set(name, raw); err != nil {
			return st, err
		}
	}
	return st, st.complete(fields, k)
}

// set reads one element of a statement.
func (st *Statement) set(name string, raw json.RawMessage) (err error) {
	switch name {
	case "Sid":
		st.Sid, err = text1(raw)
	case "Effect":
		effect, err := text1(raw)
		if err != nil || effect != "Allow" && effect != "Deny" {
			return fmt.Errorf("Invalid effect: %s", effect)
		}
		st.Allow = effect == "Allow"
	case "Principal":
		st.Principal, err = parsePrincipals(raw)
	case "NotPrincipal":
		st.NotPrincipal, err = parsePrincipals(raw)
	case "Action":
		st.Action, err = texts(raw)
	case "NotAction":
		st.NotAction, err = texts(raw)
	case "Resource":
		st.Resource, err = texts(raw)
	case "NotResource":
		st.NotResource, err = texts(raw)
	case "Condition":
		st.Conditions, err = parseConditions(raw)
	default:
		return fmt.Errorf("Unknown field %s", name)
	}
	return err
}

// complete checks that a statement has what it must have, once, and nothing
// that its kind of policy has not.
func (st *Statement) complete(fields map[string]json.RawMessage, k kind) error {
	if _, ok := fields["Effect"]; !ok {
		return errors.New("Missing required field Effect")
	}
	wanted := map[string]bool{"Principal": k.principal, "Action": true, "Resource": k.resource}
	for _, name := range []string{"Principal", "Action", "Resource"} {
		_, plain := fields[name]
		_, not := fields["Not"+name]
		if !wanted[name] {
			if plain || not {
				return fmt.Errorf("Has prohibited field %s", name)
			}
			continue
		}
		if !plain && !not {
			return fmt.Errorf("Missing required field %s", name)
		}
		if plain && not {
			return errors.New("Invalid policy syntax.")
		}
	}
	if len(st.Action)+len(st.NotAction) == 0 {
		return errors.New("Missing required field Action cannot be empty!")
	}
	if k.resource && len(st.Resource)+len(st.NotResource) == 0 {
		return errors.New("Missing required field Resource cannot be empty!")
	}
	return nil
}

var errPrincipal = errors.New("Invalid principal in policy")

func parsePrincipals(raw json.RawMessage) (*Principals, error) {
	if star, err := text1(raw); err == nil {
		if star != "*" {
			return nil, errPrincipal
		}
		return &Principals{Everyone: true}, nil
	}
	fields, err := object(raw)
	if err != nil || len(fields) == 0 {
		return nil, errPrincipal
	}
	p := &Principals{}
	for kind, raw := range fields {
		names, err := texts(raw)
		if err != nil || len(names) == 0 {
			return nil, errPrincipal
		}
		switch kind {
		case "AWS":
			p.AWS = names
		case "Service":
			p.Service = names
		case "Federated", "CanonicalUser":
			p.Other = append(p.Other, names...)
		default:
			return nil, errPrincipal
		}
	}
	return p, p.check()
}

var (
	awsPrincipal     = regexp.MustCompile(`^(\*|\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/[^*?]+))$`)
	servicePrincipal = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.amazonaws\.com(\.cn)?$`)
)

func (p *Principals) check() error {
	bad := func(re *regexp.Regexp) func(string) bool {
		return func(s string) bool { return !re.MatchString(s) }
	}
	if slices.ContainsFunc(p.AWS, bad(awsPrincipal)) || slices.ContainsFunc(p.Service, bad(servicePrincipal)) {
		return errPrincipal
	}
	return nil
}

// object reads a JSON object and refuses what follows it. Names of elements
// are compared as written, which encoding/json's structs would not do.
func object(raw []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	var fields map[string]json.RawMessage
	if err := dec.Decode(&fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the object")
	}
	return fields, nil
}

// oneOrMany reads an element that stands alone or in a list.
func oneOrMany(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err == nil {
		return list
	}
	return []json.RawMessage{raw}
}

func text1(raw json.RawMessage) (string, error) {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil || s == nil {
		return "", errors.New("Invalid policy syntax.")
	}
	return *s, nil
}

func texts(raw json.RawMessage) ([]string, error) {
	list := oneOrMany(raw)
	out := make([]string, 0, len(list))
	for _, one := range list {
		s, err := text1(one)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// scalars reads the values of a condition, where JSON numbers and booleans
// stand for their text.
func scalars(raw json.RawMessage) ([]string, error) {
	var out []string
	for _, one := range oneOrMany(raw) {
		if s, err := text1(one); err == nil {
			out = append(out, s)
			continue
		}
		plain := strings.TrimSpace(string(one))
		if plain == "" || plain == "null" || strings.ContainsAny(plain[:1], "{[") {
			return nil, errors.New("Invalid policy syntax.")
		}
		out = append(out, plain)
	}
	return out, nil
}
