package tail

import (
	"strings"
	"testing"
)

func TestSenders(t *testing.T) {
	allow := func(principal, action string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":` + action + `,"Resource":"*"}}`
	}
	for _, c := range []struct{ name, policy, want string }{
		{"none", "", ""},
		{"no statement", `{"Version":"2012-10-17"}`, ""},
		{"sns", allow(`{"Service":"sns.amazonaws.com"}`, `"sqs:SendMessage"`), "sns"},
		{"lists", allow(`{"Service":["s3.amazonaws.com","events.amazonaws.com"]}`, `["sqs:GetQueueUrl","SQS:sendmessage"]`), "s3 events"},
		{"everybody", allow(`"*"`, `"sqs:*"`), "sns s3 events"},
		{"every account", allow(`{"AWS":"*"}`, `"*"`), "sns s3 events"},
		{"the account only", allow(`{"AWS":"arn:aws:iam::123456789012:root"}`, `"sqs:*"`), ""},
		{"reading only", allow(`{"Service":"sns.amazonaws.com"}`, `"sqs:ReceiveMessage"`), ""},
		{"reading with *", allow(`{"Service":"sns.amazonaws.com"}`, `"sqs:Receive*"`), ""},
		{"sending with *", allow(`{"Service":"sns.amazonaws.com"}`, `"sqs:Send*"`), "sns"},
		{"a deny", strings.Replace(allow(`"*"`, `"*"`), "Allow", "Deny", 1), ""},
		{"all but", allow(`"*"`, `[]`)[:len(allow(`"*"`, `[]`))-2] + `,"NotAction":"sqs:DeleteQueue"}}`, "sns s3 events"},
		{"no JSON", `{`, "?"},
		{"another shape", `{"Statement":"Allow"}`, "?"},
	} {
		services, ok := Senders(c.policy)
		got := strings.Join(services, " ")
		if !ok {
			got = "?"
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Whatever a queue's policy holds, it is answered.
func FuzzSenders(f *testing.F) {
	f.Add(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage"}]}`)
	f.Add(`{"Statement":{"Principal":"*","Action":[null]}}`)
	f.Fuzz(func(t *testing.T, policy string) {
		services, ok := Senders(policy)
		if len(services) > 3 || !ok && services != nil {
			t.Errorf("%q: %q, %v", policy, services, ok)
		}
	})
}
