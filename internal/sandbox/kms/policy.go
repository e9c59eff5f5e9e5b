package kms

import (
	"fmt"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

// maxPolicy is the quota of the developer guide, "Key policy document size".
const maxPolicy = 32 << 10

// defaultPolicy is what a key gets whose maker names none.
func defaultPolicy(account string) string {
	return fmt.Sprintf(`{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::%s:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`, account)
}

func malformed(format string, args ...any) *call.Error {
	return refuse("MalformedPolicyDocumentException", format, args...)
}

// setPolicy reads a key policy. Unless told otherwise it refuses one that
// takes from its writer the right to change it again.
func (k *key) setPolicy(c *call.Call, text string, bypass bool) *call.Error {
	if len(text) > maxPolicy {
		return refuse("LimitExceededException", "The key policy is larger than %d bytes", maxPolicy)
	}
	p, err := iampolicy.Parse([]byte(text))
	switch {
	case err != nil && strings.Contains(err.Error(), "rincipal"):
		return malformed("Policy contains a statement with one or more invalid principals.")
	case err != nil:
		return malformed("%s", err)
	case !bypass && !k.allowsWriter(c, p):
		return malformed("The new key policy will not allow you to update the key policy in the future.")
	}
	k.Policy, k.policy = text, p
	return nil
}

// allowsWriter tells whether a policy lets the caller write the next one, by
// naming it or by leaving the decision to its account's IAM policies.
func (k *key) allowsWriter(c *call.Call, p *iampolicy.Policy) bool {
	id := c.Identity
	ctx := iampolicy.Context{}
	ctx.Set("aws:PrincipalArn", id.ARN)
	ctx.Set("aws:PrincipalAccount", id.AccountID)
	ctx.Set("kms:CallerAccount", id.AccountID)
	ctx.Set("aws:SecureTransport", "true")
	return p.Evaluate(iampolicy.Request{
		Caller: iampolicy.Caller{ARN: id.ARN, Account: id.AccountID}, Action: "kms:PutKeyPolicy", Resource: k.ARN, Context: ctx,
	}) == iampolicy.Allow
}

type policyInput struct {
	KeyId, PolicyName, Policy      string
	BypassPolicyLockoutSafetyCheck bool
}

// checkPolicyName takes the only name that a key policy can have.
func checkPolicyName(name string) *call.Error {
	if name != "" && name != "default" {
		return refuse("NotFoundException", "No such policy exists")
	}
	return nil
}

func (s *Service) putKeyPolicy(c *call.Call, in policyInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.usable(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	if err := k.setPolicy(c, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	k.Changed = c.Time
	return nil, nil
}

func (s *Service) getKeyPolicy(c *call.Call, in policyInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.own(c, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	return map[string]any{"Policy": k.Policy, "PolicyName": "default"}, nil
}

func (s *Service) listKeyPolicies(c *call.Call, in listInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.own(c, in.KeyId); err != nil {
		return nil, err
	}
	some, next, err := page(in, 100, []string{"default"})
	if err != nil {
		return nil, err
	}
	return listing("PolicyNames", some, next), nil
}
