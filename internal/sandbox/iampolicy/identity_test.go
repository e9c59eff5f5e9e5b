package iampolicy

import (
	"strings"
	"testing"
)

func TestParseIdentityAndTrust(t *testing.T) {
	in := func(statement string) string { return `{"Version":"2012-10-17","Statement":[` + statement + `]}` }
	identity := `{"Sid":"a","Effect":"Allow","Action":"logs:PutLogEvents","Resource":"*"}`
	trust := `{"Sid":"a","Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"cloudtrail.amazonaws.com"}}`
	change := func(s, old, with string) string { return in(strings.Replace(s, old, with, 1)) }
	rows := []struct {
		kind, text, want string // want is part of the error; empty for none
	}{
		{"identity", in(identity), ""},
		{"trust", in(trust), ""},
		{"identity", change(identity, `"*"`, `["arn:aws:logs:*:*:log-group:g:*","arn:aws:s3:::b/*"]`), ""},
		{"identity", change(identity, `"Action":"logs:PutLogEvents"`, `"NotAction":["logs:*","*"]`), ""},
		{"trust", change(trust, `"Service":"cloudtrail.amazonaws.com"`, `"AWS":"111122223333"`), ""},
		{"identity", in(trust), "should not specify a principal"},
		{"trust", in(identity), "Syntax errors"}, // no principal
		{"trust", change(trust, `"Sid":"a"`, `"Resource":"*"`), "Has prohibited field Resource"},
		{"identity", change(identity, `"Resource":"*"`, `"NotPrincipal":"*"`), "should not specify a principal"},
		{"identity", change(identity, `,"Resource":"*"`, ``), "must contain resources"},
		{"identity", change(identity, `"*"`, `[]`), "must contain resources"},
		{"identity", change(identity, `"Action":"logs:PutLogEvents",`, ``), "must contain actions"},
		{"identity", change(identity, `logs:PutLogEvents`, `PutLogEvents`), "must be prefaced by a vendor"},
		{"identity", change(identity, `"*"`, `"log-group"`), "must be in ARN format"},
		{"identity", change(identity, `"*"`, `"arn:aws:logs"`), "legacy parsing"},
		{"identity", change(identity, `"a"`, `"a b"`), "must be alpha-numeric"},
		{"identity", in(identity + "," + identity), "must be unique"},
		{"trust", in(trust + "," + trust), "must be unique"},
		{"trust", change(trust, `sts:AssumeRole`, `s3:GetObject`), "may only specify STS"},
		{"trust", change(trust, `cloudtrail.amazonaws.com`, `cloudtrail`), "Invalid principal"},
		{"identity", change(identity, `"Allow"`, `"allow"`), "Syntax errors"},
		{"identity", in(identity) + "x", "invalid Json"},
		{"trust", "", "invalid Json"},
	}
	for _, row := range rows {
		parse := ParseIdentity
		if row.kind == "trust" {
			parse = ParseTrust
		}
		_, err := parse([]byte(row.text))
		switch {
		case row.want == "" && err != nil, row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s %s: %v, want %q", row.kind, row.text, err, row.want)
		}
	}
}

func TestEvaluateIdentityAndTrust(t *testing.T) {
	identity, err := ParseIdentity([]byte(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["logs:CreateLogStream","logs:Put*"],"Resource":"arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:*"},
		{"Effect":"Deny","Action":"*","Resource":"arn:aws:logs:*:*:*:no"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	group := "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:"
	for _, row := range []struct {
		action, resource string
		want             Decision
	}{
		{"logs:PutLogEvents", group + "x", Allow},
		{"logs:CreateLogStream", group + "x", Allow},
		{"logs:DeleteLogStream", group + "x", NoMatch},
		{"logs:PutLogEvents", "arn:aws:logs:us-east-1:111122223333:log-group:h:log-stream:x", NoMatch},
		{"logs:PutLogEvents", group + "no", Deny},
	} {
		if got := identity.Evaluate(Request{Caller: user, Action: row.action, Resource: row.resource}); got != row.want {
			t.Errorf("%s on %s: %s, want %s", row.action, row.resource, got, row.want)
		}
	}
	trust, err := ParseTrust([]byte(`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"cloudtrail.amazonaws.com"},
		"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	ctx := Context{}
	ctx.Set("aws:SourceAccount", "111122223333")
	for _, row := range []struct {
		service string
		ctx     Context
		want    Decision
	}{
		{"cloudtrail.amazonaws.com", ctx, Allow},
		{"cloudtrail.amazonaws.com", nil, NoMatch},
		{"config.amazonaws.com", ctx, NoMatch},
	} {
		r := Request{Caller: Caller{Service: row.service}, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/r", Context: row.ctx}
		if got := trust.Evaluate(r); got != row.want {
			t.Errorf("%s: %s, want %s", row.service, got, row.want)
		}
	}
}
