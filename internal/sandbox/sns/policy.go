package sns

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"trailctl/internal/sandbox/call"
	"trailctl/internal/sandbox/iampolicy"
)

const maxPolicy = 30 << 10 // bytes

// defaultPolicy is what a fresh topic has: its owner's account, and nobody
// else, may use it.
func defaultPolicy(arn, account string) string {
	return fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID",`+
		`"Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission",`+
		`"SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],`+
		`"Resource":%q,"Condition":{"StringEquals":{"AWS:SourceOwner":%q}}}]}`, arn, account)
}

// policyActions are the actions that a topic's policy can speak of.
func policyActions() []string {
	return []string{"addpermission", "deletetopic", "getdataprotectionpolicy", "gettopicattributes", "listsubscriptionsbytopic",
		"listtagsforresource", "publish", "putdataprotectionpolicy", "receive", "removepermission", "settopicattributes", "subscribe"}
}

// setPolicy gives a topic a policy. An empty one restores the default.
func (s *Service) setPolicy(t *topic, text string) *call.Error {
	if text == "" {
		text = defaultPolicy(t.ARN(), t.Account)
	}
	if len(text) > maxPolicy {
		return invalid("Policy Error: the policy is larger than %d bytes", maxPolicy)
	}
	p, err := iampolicy.Parse([]byte(text))
	if err != nil {
		return invalid("Policy Error: %s", err)
	}
	for _, st := range p.Statements {
		if len(st.Resource)+len(st.NotResource) != 1 {
			return invalid("Policy statement must apply to a single resource!")
		}
		for _, action := range slices.Concat(st.Action, st.NotAction) {
			name, ok := strings.CutPrefix(strings.ToLower(action), "sns:")
			if !ok || !slices.Contains(policyActions(), name) {
				return invalid("Policy statement action out of service scope!")
			}
		}
	}
	t.Attributes["Policy"], t.policy, t.PolicyChanged = text, p, s.now().UTC()
	return nil
}

// policyDocument is a policy whose statements are kept as they are.
type policyDocument struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

type sidOnly struct {
	Sid string
}

// document reads a topic's policy, where a statement may stand alone.
func (t *topic) document() policyDocument {
	var d policyDocument
	text := []byte(t.Attributes["Policy"])
	if json.Unmarshal(text, &d) == nil {
		return d
	}
	var one struct {
		Version, ID string
		Statement   json.RawMessage
	}
	json.Unmarshal(text, &one) // it was parsed when it was set
	return policyDocument{Version: one.Version, ID: one.ID, Statement: []json.RawMessage{one.Statement}}
}

func (d policyDocument) find(label string) int {
	return slices.IndexFunc(d.Statement, func(raw json.RawMessage) bool {
		var st sidOnly
		return json.Unmarshal(raw, &st) == nil && st.Sid == label
	})
}

var accountPattern = regexp.MustCompile(`^\d{12}$`)

func (s *Service) addPermission(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	label, accounts, actions := form.Get("Label"), members(form, "AWSAccountId.member"), members(form, "ActionName.member")
	d := t.document()
	switch {
	case label == "":
		return nil, invalid("Label")
	case len(accounts) == 0:
		return nil, invalid("AWSAccountIds")
	case len(actions) == 0:
		return nil, invalid("ActionNames")
	case d.find(label) >= 0:
		return nil, invalid("Statement already exists")
	}
	st := map[string]any{"Sid": label, "Effect": "Allow", "Resource": t.ARN()}
	var principals, allowed []string
	for _, account := range accounts {
		if !accountPattern.MatchString(account) {
			return nil, invalid("AWSAccountIds")
		}
		principals = append(principals, "arn:"+partition(t.Region)+":iam::"+account+":root")
	}
	for _, action := range actions {
		allowed = append(allowed, "SNS:"+action)
	}
	st["Principal"], st["Action"] = map[string]any{"AWS": principals}, allowed
	return nil, s.writeStatements(t, d, st)
}

func (s *Service) writeStatements(t *topic, d policyDocument, more ...map[string]any) *call.Error {
	for _, st := range more {
		text, _ := json.Marshal(st) // texts always marshal
		d.Statement = append(d.Statement, text)
	}
	text, err := json.Marshal(d)
	if err != nil {
		return invalid("Policy Error: %s", err)
	}
	return s.setPolicy(t, string(text))
}

func (s *Service) removePermission(c *call.Call, form url.Values) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, refused := s.topicOf(c, form.Get("TopicArn"))
	if refused != nil {
		return nil, refused
	}
	d := t.document()
	i := d.find(form.Get("Label"))
	if i < 0 {
		return nil, notFound("Statement does not exist")
	}
	if d.Statement = slices.Delete(d.Statement, i, i+1); len(d.Statement) == 0 {
		return nil, s.setPolicy(t, "")
	}
	return nil, s.writeStatements(t, d)
}

// topicOf finds a topic and asks its policy whether the caller may do what is
// asked. The lock is held.
func (s *Service) topicOf(c *call.Call, arn string) (*topic, *call.Error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "sns" || c.AccessKeyID != "" && parts[3] != c.Region {
		return nil, invalid("TopicArn")
	}
	c.Resources = resources(arn, parts[4])
	t := s.topics[arn]
	if t == nil {
		return nil, notFound("Topic does not exist")
	}
	return t, s.authorize(c, t)
}

// authorize lets the owner's callers do what no statement denies them: the
// sandbox has no identity-based policies here. Others need one that allows it.
func (s *Service) authorize(c *call.Call, t *topic) *call.Error {
	if Unsigned(c.Operation) {
		return nil // the token or the subscription's ARN is enough
	}
	ctx := s.commonConditions(t)
	ctx.Set("aws:SourceIp", c.SourceIP)
	ctx.Set("aws:SourceOwner", c.Account)
	ctx.Set("aws:PrincipalArn", c.Identity.ARN)
	ctx.Set("aws:PrincipalAccount", c.Account)
	action := "SNS:" + c.Operation
	decision := t.policy.Evaluate(iampolicy.Request{
		Caller: iampolicy.Caller{ARN: c.Identity.ARN, Account: c.Account}, Action: action, Resource: t.ARN(), Context: ctx,
	})
	why := "because no resource-based policy allows the " + action + " action"
	switch {
	case decision == iampolicy.Allow, decision == iampolicy.NoMatch && c.Account == t.Account:
		return nil
	case decision == iampolicy.Deny:
		why = "with an explicit deny in a resource-based policy"
	}
	return &call.Error{Status: http.StatusForbidden, Code: "AuthorizationError", Message: fmt.Sprintf(
		"User: %s is not authorized to perform: %s on resource: %s %s", c.Identity.ARN, action, t.ARN(), why)}
}
