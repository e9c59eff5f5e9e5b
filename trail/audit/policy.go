package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"trailctl/internal/policy"
)

// statement is what the rules look at in a statement of a policy. Each field
// takes one text or a list of them.
type statement struct {
	Sid          string
	Effect       string
	Principal    json.RawMessage
	NotPrincipal json.RawMessage
	Action       texts
	NotAction    texts
	Resource     texts
	Condition    map[string]map[string]texts
}

// texts are one JSON string, or a list of them; booleans are the words for
// them.
type texts []string

func (t *texts) UnmarshalJSON(raw []byte) error {
	var many []any
	if json.Unmarshal(raw, &many) != nil {
		var one any
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		many = []any{one}
	}
	*t = nil
	for _, v := range many {
		*t = append(*t, fmt.Sprint(v))
	}
	return nil
}

// statements reads a policy; no text has none.
func statements(text string) ([]statement, error) {
	doc, err := policy.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("bucket policy: %w", err)
	}
	var list []statement
	for _, raw := range doc.Statements() {
		var s statement
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, fmt.Errorf("bucket policy: %w", err)
		}
		list = append(list, s)
	}
	return list, nil
}

func (s statement) name() string {
	if s.Sid == "" {
		return "(no Sid)"
	}
	return s.Sid
}

// deniesPlain tells the statement that CIS asks for.
func (s statement) deniesPlain(bucketName string) bool {
	if s.Effect != "Deny" || !s.everybody() || !slices.ContainsFunc(s.Action, func(a string) bool { return a == "*" || strings.EqualFold(a, "s3:*") }) {
		return false
	}
	if len(s.Condition) != 1 || !s.covers(":::"+bucketName+"/") || !s.covers(":::"+bucketName) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if len(keys) == 1 && strings.EqualFold(operator, "Bool") && strings.EqualFold(key, "aws:SecureTransport") &&
				len(values) == 1 && strings.EqualFold(values[0], "false") {
				return true
			}
		}
	}
	return false
}

// covers tells whether a resource of the statement is the bucket (a name that
// ends in no slash), or everything in it.
func (s statement) covers(name string) bool {
	return slices.ContainsFunc(s.Resource, func(r string) bool {
		_, rest, _ := strings.Cut(r, ":::")
		return r == "*" || ":::"+rest == name || ":::"+rest == name+"*" || rest == "*"
	})
}

func (s statement) everybody() bool {
	var one string
	if json.Unmarshal(s.Principal, &one) == nil {
		return one == "*"
	}
	var many map[string]texts
	return json.Unmarshal(s.Principal, &many) == nil && slices.Contains(many["AWS"], "*")
}

// allowsUnnamed tells a statement that allows something to others than named
// principals and services, or that is not understood.
func (s statement) allowsUnnamed() bool {
	if s.Effect == "Deny" {
		return false
	}
	var named map[string]texts
	if json.Unmarshal(s.Principal, &named) != nil || len(named) == 0 {
		return true
	}
	for _, names := range named {
		if slices.ContainsFunc(names, func(name string) bool { return strings.ContainsAny(name, "*?") }) {
			return true
		}
	}
	return false
}

// denyPlain is the statement that bucketTLS asks for.
func denyPlain(partition, bucketName string) string {
	arn := "arn:" + partition + ":s3:::" + bucketName
	return fmt.Sprintf(`{"Sid":"DenyWithoutTLS","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":[%s,%s],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
		jsonText(arn), jsonText(arn+"/*"))
}

func jsonText(s string) string {
	raw, _ := json.Marshal(s) // a string cannot fail
	return string(raw)
}
