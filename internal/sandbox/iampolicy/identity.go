package iampolicy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ParseIdentity reads an identity-based policy, such as a role's inline one:
// it names no principal. Its errors are the messages that IAM answers a
// MalformedPolicyDocument error with.
func ParseIdentity(text []byte) (*Policy, error) {
	p, err := parse(text, kind{resource: true})
	if err != nil {
		return nil, identityMessage(err)
	}
	if err := p.checkSids(); err != nil {
		return nil, err
	}
	for _, st := range p.Statements {
		if err := checkIdentity(st); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// identityMessage puts IAM's words for what IAM words differently than S3.
func identityMessage(err error) error {
	switch err.Error() {
	case "Has prohibited field Principal":
		return errors.New("Policy document should not specify a principal.")
	case "Missing required field Resource", "Missing required field Resource cannot be empty!":
		return errors.New("Policy statement must contain resources.")
	case "Missing required field Action", "Missing required field Action cannot be empty!":
		return errors.New("Policy statement must contain actions.")
	case "Has prohibited field Resource":
		return err
	}
	if strings.Contains(strings.ToLower(err.Error()), "json") {
		return errors.New("This policy contains invalid Json")
	}
	if errors.Is(err, errPrincipal) {
		return err
	}
	return errors.New("Syntax errors in policy.")
}

var (
	sidPattern    = regexp.MustCompile(`^[A-Za-z0-9]*$`)
	actionPattern = regexp.MustCompile(`^[A-Za-z0-9-]+:[A-Za-z0-9*?_:-]+$`)
)

func (p *Policy) checkSids() error {
	var seen []string
	for _, st := range p.Statements {
		switch {
		case !sidPattern.MatchString(st.Sid):
			return fmt.Errorf("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [A-Za-z0-9]*")
		case st.Sid != "" && slices.Contains(seen, st.Sid):
			return errors.New("Statement IDs (SID) in a single policy must be unique.")
		}
		seen = append(seen, st.Sid)
	}
	return nil
}

func checkIdentity(st Statement) error {
	for _, action := range slices.Concat(st.Action, st.NotAction) {
		if action != "*" && !actionPattern.MatchString(action) {
			return errors.New("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	for _, resource := range slices.Concat(st.Resource, st.NotResource) {
		if resource != "*" && !strings.HasPrefix(resource, "arn:") {
			return fmt.Errorf("Resource %.200s must be in ARN format or \"*\".", resource)
		}
		if resource != "*" && strings.Count(resource, ":") < 5 && !strings.Contains(resource, "*") {
			return errors.New("The policy failed legacy parsing")
		}
	}
	return nil
}

// ParseTrust reads a role's trust policy: it names no resource, which is
// always the role itself. Its errors are as those of ParseIdentity.
func ParseTrust(text []byte) (*Policy, error) {
	p, err := parse(text, kind{principal: true})
	if err != nil {
		return nil, identityMessage(err)
	}
	if err := p.checkSids(); err != nil {
		return nil, err
	}
	for _, st := range p.Statements {
		for _, action := range slices.Concat(st.Action, st.NotAction) {
			if !strings.HasPrefix(strings.ToLower(action), "sts:") {
				return nil, errors.New("AssumeRole policy may only specify STS AssumeRole actions.")
			}
		}
	}
	return p, nil
}
