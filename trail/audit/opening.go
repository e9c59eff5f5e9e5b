package audit

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
)

// opening is whether a statement lets CloudTrail write for the sake of a trail
// of any account.
type opening int

const (
	shut    opening = iota
	open            // it does
	unclear         // it holds something that is not understood here
)

// opens judges a statement by itself: what another one denies is not looked
// at.
func (s statement) opens() opening {
	switch s.Effect {
	case "Deny":
		return shut
	case "Allow":
	default:
		return unclear
	}
	who, what := s.reachesCloudTrail(), s.reachesWriting()
	switch {
	case who == shut || what == shut || s.bound():
		return shut
	case who == unclear || what == unclear:
		return unclear
	case len(s.Condition) > 0 && !s.namesCloudTrail():
		// Whether CloudTrail's own calls meet the condition is not known.
		return unclear
	}
	return open
}

// reachesWriting tells whether it speaks of s3:PutObject. Which objects, by
// Resource or NotResource, makes no difference.
func (s statement) reachesWriting() opening {
	var reached bool
	switch {
	case (s.Action == nil) == (s.NotAction == nil):
		return unclear
	case s.Action != nil:
		reached = slices.ContainsFunc(s.Action, matchesPut)
	default:
		reached = !slices.ContainsFunc(s.NotAction, matchesPut)
	}
	if reached {
		return open
	}
	return shut
}

// matchesPut takes * and ? for wildcards, and nothing else (IAM user guide,
// "IAM JSON policy elements: Action").
func matchesPut(action string) bool {
	literal := strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(strings.ToLower(action))
	ok, err := path.Match(literal, "s3:putobject")
	return err == nil && ok
}

// reachesCloudTrail tells whether its principals include the service.
// Everybody does, and so does everybody but some.
func (s statement) reachesCloudTrail() opening {
	switch {
	case (s.Principal == nil) == (s.NotPrincipal == nil):
		return unclear
	case s.NotPrincipal != nil, s.everybody(), s.namesCloudTrail():
		return open
	}
	var kinds map[string]texts
	if json.Unmarshal(s.Principal, &kinds) != nil || len(kinds) == 0 {
		return unclear
	}
	for kind := range kinds {
		if !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind) {
			return unclear
		}
	}
	return shut
}

func (s statement) namesCloudTrail() bool {
	var kinds map[string]texts
	if json.Unmarshal(s.Principal, &kinds) != nil {
		return false
	}
	return slices.ContainsFunc(kinds["Service"], func(p string) bool {
		return strings.Trim(p, "*") == "" || strings.HasPrefix(strings.ToLower(p), "cloudtrail.")
	})
}

// bound tells whether a condition says for whom. One with IfExists or
// ForAllValues does not: the key may be missing.
func (s statement) bound() bool {
	for operator, keys := range s.Condition {
		operator = strings.TrimPrefix(operator, "ForAnyValue:")
		positive := strings.HasPrefix(operator, "StringEquals") || operator == "StringLike" || operator == "ArnEquals" || operator == "ArnLike"
		if !positive || strings.HasSuffix(operator, "IfExists") {
			continue
		}
		for key, values := range keys {
			key = strings.ToLower(key)
			if len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !bounds(key, v) }) {
				return true
			}
		}
	}
	return false
}

// bounds tells whether a value of a key leaves no choice of accounts. The keys
// of principals are missing when a service calls for itself (IAM user guide,
// "AWS global condition context keys"), so that any value keeps it out.
func bounds(key, value string) bool {
	if strings.Contains(value, "${") || strings.Trim(value, "*") == "" {
		return false
	}
	switch key {
	case "aws:sourcearn":
		parts := strings.Split(value, ":")
		return len(parts) >= 6 && parts[4] != "" && !wild(parts[4])
	case "aws:sourceaccount", "aws:sourceorgid":
		return !wild(value)
	case "aws:sourceorgpaths":
		organization, _, _ := strings.Cut(value, "/")
		return !wild(organization)
	case "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount":
		return true
	}
	return false
}

func wild(value string) bool { return strings.ContainsAny(value, "*?") }
