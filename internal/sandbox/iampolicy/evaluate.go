package iampolicy

import (
	"slices"
	"strings"
)

// Decision is what a policy says about a request.
type Decision int

// The decisions: a Deny anywhere outweighs every Allow.
const (
	NoMatch Decision = iota
	Allow
	Deny
)

func (d Decision) String() string {
	return [...]string{"no match", "allow", "deny"}[d]
}

// Caller is who makes a request: one of the four.
type Caller struct {
	Anonymous bool
	Service   string // "cloudtrail.amazonaws.com"
	Account   string // twelve digits, with ARN
	ARN       string // of a user, a role's session or the account's root
}

// Request is what is asked of the resource.
type Request struct {
	Caller   Caller
	Action   string // "s3:GetObject"
	Resource string // an ARN
	Context  Context
}

// Evaluate decides a request by the policy alone; what holds for requests that
// no statement matches is the resource's own rule.
func (p *Policy) Evaluate(r Request) Decision {
	if p == nil {
		return NoMatch
	}
	variables := p.Version == version2012
	decision := NoMatch
	for i := range p.Statements {
		st := &p.Statements[i]
		if !st.matches(r, variables) {
			continue
		}
		if !st.Allow {
			return Deny
		}
		decision = Allow
	}
	return decision
}

func (st *Statement) matches(r Request, variables bool) bool {
	switch {
	case st.Principal != nil && !st.Principal.include(r.Caller):
		return false
	case st.NotPrincipal != nil && st.NotPrincipal.include(r.Caller):
		return false
	case st.Action != nil && !matchAction(st.Action, r.Action):
		return false
	case st.NotAction != nil && matchAction(st.NotAction, r.Action):
		return false
	case st.Resource != nil && !matchResource(st.Resource, r, variables):
		return false
	case st.NotResource != nil && matchResource(st.NotResource, r, variables):
		return false
	}
	for i := range st.Conditions {
		if !st.Conditions[i].holds(r.Context, variables) {
			return false
		}
	}
	return true
}

func matchAction(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return glob(strings.ToLower(p), strings.ToLower(action))
	})
}

func matchResource(patterns []string, r Request, variables bool) bool {
	return slices.ContainsFunc(patterns, func(text string) bool {
		p, ok := compile(text, variables, r.Context)
		return ok && p.match(r.Resource)
	})
}

func (p *Principals) include(c Caller) bool {
	if p.Everyone {
		return true
	}
	if c.Service != "" {
		return slices.Contains(p.Service, c.Service)
	}
	return slices.ContainsFunc(p.AWS, func(name string) bool {
		switch {
		case name == "*":
			return true
		case c.Anonymous:
			return false
		}
		return slices.Contains(names(c), name)
	})
}

// names lists the principals that a caller is: itself, its account, and the
// role behind a session.
func names(c Caller) []string {
	out := []string{c.ARN, c.Account}
	head, resource, ok := cutARN(c.ARN)
	if !ok {
		return out
	}
	partition := strings.SplitN(head, ":", 3)[1]
	out = append(out, "arn:"+partition+":iam::"+c.Account+":root")
	if parts := strings.Split(resource, "/"); parts[0] == "assumed-role" && len(parts) == 3 {
		out = append(out, "arn:"+partition+":iam::"+c.Account+":role/"+parts[1])
	}
	return out
}

// cutARN splits an ARN before its resource.
func cutARN(arn string) (head, resource string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return "", "", false
	}
	return strings.Join(parts[:5], ":"), parts[5], true
}
