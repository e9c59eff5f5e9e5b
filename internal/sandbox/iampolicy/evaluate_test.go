package iampolicy

import (
	"fmt"
	"testing"
)

var user = Caller{ARN: "arn:aws:iam::111122223333:user/dev", Account: "111122223333"}

func request(keys ...string) Request {
	ctx := Context{}
	for i := 0; i < len(keys); i += 2 {
		ctx.Set(keys[i], keys[i+1])
	}
	return Request{Caller: user, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/dir/key", Context: ctx}
}

func mustParse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// statement fills what a row leaves out.
func statement(effect, principal, action, resource, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":%q,%s,%s,%s,"Condition":{%s}}}`, effect, principal, action, resource, condition)
}

const (
	anyone      = `"Principal":"*"`
	anyAction   = `"Action":"s3:*"`
	anyResource = `"Resource":"*"`
)

func TestPrincipals(t *testing.T) {
	session := Caller{ARN: "arn:aws:sts::111122223333:assumed-role/ops/me", Account: "111122223333"}
	other := Caller{ARN: "arn:aws:iam::999988887777:user/dev", Account: "999988887777"}
	trail := Caller{Service: "cloudtrail.amazonaws.com"}
	nobody := Caller{Anonymous: true}
	rows := []struct {
		principal string
		yes, no   []Caller
	}{
		{`"*"`, []Caller{user, other, trail, nobody}, nil},
		{`{"AWS":"*"}`, []Caller{user, other, nobody}, []Caller{trail}},
		{`{"AWS":"111122223333"}`, []Caller{user, session}, []Caller{other, trail, nobody}},
		{`{"AWS":"arn:aws:iam::111122223333:root"}`, []Caller{user, session}, []Caller{other, trail, nobody}},
		{`{"AWS":["arn:aws:iam::111122223333:user/dev","999988887777"]}`, []Caller{user, other}, []Caller{session, trail, nobody}},
		{`{"AWS":"arn:aws:iam::111122223333:role/ops"}`, []Caller{session}, []Caller{user, other}},
		{`{"AWS":"arn:aws:sts::111122223333:assumed-role/ops/me"}`, []Caller{session}, []Caller{user}},
		{`{"Service":"cloudtrail.amazonaws.com"}`, []Caller{trail}, []Caller{user, nobody, {Service: "config.amazonaws.com"}}},
		{`{"Service":["config.amazonaws.com","cloudtrail.amazonaws.com"],"AWS":"999988887777"}`, []Caller{trail, other}, []Caller{user, nobody}},
		{`{"Federated":"accounts.google.com"}`, nil, []Caller{user, trail, nobody}},
	}
	for _, row := range rows {
		for _, not := range []string{"", "Not"} {
			p := mustParse(t, statement("Allow", `"`+not+`Principal":`+row.principal, anyAction, anyResource, ""))
			want := map[bool]Decision{true: Allow, false: NoMatch}
			check := func(callers []Caller, meets bool) {
				for _, c := range callers {
					r := request()
					r.Caller = c
					if got := p.Evaluate(r); got != want[meets] {
						t.Errorf("%sPrincipal %s, %+v: %s", not, row.principal, c, got)
					}
				}
			}
			check(row.yes, not == "")
			check(row.no, not != "")
		}
	}
}

func TestActionsAndResources(t *testing.T) {
	rows := []struct {
		action, resource string
		want             Decision
	}{
		{`"Action":"s3:GetObject"`, anyResource, Allow},
		{`"Action":"S3:getobject"`, anyResource, Allow},
		{`"Action":"*"`, anyResource, Allow},
		{`"Action":["s3:PutObject","s3:Get*"]`, anyResource, Allow},
		{`"Action":"s3:GetObjec?"`, anyResource, Allow},
		{`"Action":"s3:GetObject?"`, anyResource, NoMatch},
		{`"Action":"s3:Get"`, anyResource, NoMatch},
		{`"NotAction":"s3:Put*"`, anyResource, Allow},
		{`"NotAction":["s3:Put*","s3:GetObject"]`, anyResource, NoMatch},
		{anyAction, `"Resource":"arn:aws:s3:::b/*"`, Allow},
		{anyAction, `"Resource":"arn:aws:s3:::b/*/key"`, Allow},
		{anyAction, `"Resource":"arn:aws:s3:::b/d?r/key"`, Allow},
		{anyAction, `"Resource":"arn:aws:s3:::b/DIR/key"`, NoMatch},
		{anyAction, `"Resource":"arn:aws:s3:::b"`, NoMatch},
		{anyAction, `"Resource":["arn:aws:s3:::c/*","arn:aws:s3:::b/dir/key"]`, Allow},
		{anyAction, `"NotResource":"arn:aws:s3:::b/dir/*"`, NoMatch},
		{anyAction, `"NotResource":"arn:aws:s3:::b/other/*"`, Allow},
		{anyAction, `"Resource":"arn:aws:s3:::b/${aws:username}/*"`, NoMatch},
		{anyAction, `"Resource":"arn:aws:s3:::b/${team}/*"`, Allow},
		{anyAction, `"Resource":"arn:aws:s3:::b/${nobody, 'dir'}/*"`, Allow},
		{anyAction, `"Resource":"arn:aws:s3:::b/${star}"`, NoMatch},
		{anyAction, `"Resource":"arn:aws:s3:::b/dir${*}"`, NoMatch},
	}
	for _, row := range rows {
		p := mustParse(t, statement("Allow", anyone, row.action, row.resource, ""))
		if got := p.Evaluate(request("team", "dir", "star", "*")); got != row.want {
			t.Errorf("%s %s: %s", row.action, row.resource, got)
		}
	}
	// Version 2008 knows no variables.
	old := mustParse(t, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/${team}/*"}}`)
	if got := old.Evaluate(request("team", "dir")); got != NoMatch {
		t.Errorf("a variable in a policy of 2008: %s", got)
	}
}

func TestConditions(t *testing.T) {
	rows := []struct {
		condition string
		holds     bool
	}{
		{`"StringEquals":{"s":"abc"}`, true},
		{`"StringEquals":{"S":"abc"}`, true},
		{`"StringEquals":{"s":["x","abc"]}`, true},
		{`"StringEquals":{"s":"ABC"}`, false},
		{`"StringEquals":{"s":"a*"}`, false},
		{`"StringEquals":{"none":"abc"}`, false},
		{`"StringEquals":{"s":"abc","none":"abc"}`, false},
		{`"StringEquals":{"s":"abc"},"StringLike":{"s":"x*"}`, false},
		{`"StringEqualsIfExists":{"none":"abc"}`, true},
		{`"StringEqualsIfExists":{"s":"x"}`, false},
		{`"StringNotEquals":{"s":"x"}`, true},
		{`"StringNotEquals":{"s":["x","abc"]}`, false},
		{`"StringNotEquals":{"none":"x"}`, true},
		{`"StringEqualsIgnoreCase":{"s":"ABC"}`, true},
		{`"StringNotEqualsIgnoreCase":{"s":"ABC"}`, false},
		{`"StringLike":{"s":"a?c"}`, true},
		{`"StringLike":{"s":"b*"}`, false},
		{`"StringNotLike":{"s":"a*"}`, false},
		{`"StringNotLike":{"s":"b*"}`, true},
		{`"StringEquals":{"s":"${same}"}`, true},
		{`"StringLike":{"s":"${star}"}`, false},
		{`"ArnEquals":{"arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}`, true},
		{`"ArnEquals":{"arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}`, true},
		{`"ArnLike":{"arn":"arn:aws:cloudtrail:us-east-1:*:trail/t"}`, true},
		{`"ArnLike":{"arn":"arn:aws:cloudtrail*"}`, false},
		{`"ArnLike":{"arn":"arn:aws:*:111122223333:trail/t"}`, false},
		{`"ArnLike":{"s":"abc"}`, false},
		{`"ArnNotLike":{"arn":"arn:aws:sns:*:*:*"}`, true},
		{`"ArnNotEquals":{"arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/t"}`, false},
		{`"Bool":{"yes":"true"}`, true},
		{`"Bool":{"yes":true}`, true},
		{`"Bool":{"yes":"false"}`, false},
		{`"Bool":{"none":"false"}`, false},
		{`"BoolIfExists":{"none":"false"}`, true},
		{`"Null":{"none":"true"}`, true},
		{`"Null":{"s":"true"}`, false},
		{`"Null":{"s":"false"}`, true},
		{`"Null":{"s":false}`, true},
		{`"IpAddress":{"ip":"10.0.0.0/8"}`, true},
		{`"IpAddress":{"ip":"10.1.2.3"}`, true},
		{`"IpAddress":{"ip":["192.168.0.0/16","10.1.0.0/16"]}`, true},
		{`"IpAddress":{"ip":"11.0.0.0/8"}`, false},
		{`"IpAddress":{"s":"10.0.0.0/8"}`, false},
		{`"NotIpAddress":{"ip":"10.0.0.0/8"}`, false},
		{`"NotIpAddress":{"ip":"11.0.0.0/8"}`, true},
		{`"IpAddress":{"ip6":"2001:db8::/32"}`, true},
		{`"NumericEquals":{"n":10}`, true},
		{`"NumericEquals":{"n":"10.0"}`, true},
		{`"NumericNotEquals":{"n":"10"}`, false},
		{`"NumericLessThan":{"n":"10"}`, false},
		{`"NumericLessThanEquals":{"n":"10"}`, true},
		{`"NumericGreaterThan":{"n":"9"}`, true},
		{`"NumericGreaterThanEquals":{"n":"11"}`, false},
		{`"NumericEquals":{"s":"10"}`, false},
		{`"DateLessThan":{"when":"2026-03-02"}`, true},
		{`"DateLessThan":{"when":"2026-03-01T12:00:00Z"}`, false},
		{`"DateLessThanEquals":{"when":"2026-03-01T12:00:00Z"}`, true},
		{`"DateGreaterThan":{"when":"2026-03-01T11:00Z"}`, true},
		{`"DateGreaterThanEquals":{"when":"1772366400"}`, true},
		{`"DateEquals":{"when":"2026-03-01T13:00:00+01:00"}`, true},
		{`"DateNotEquals":{"when":"2026"}`, true},
		{`"DateLessThan":{"s":"2026-03-02"}`, false},
		{`"StringEquals":{"many":"a"}`, true},
		{`"StringNotEquals":{"many":"a"}`, false},
		{`"StringNotEquals":{"many":"c"}`, true},
		{`"ForAnyValue:StringEquals":{"many":"b"}`, true},
		{`"ForAnyValue:StringEquals":{"many":"c"}`, false},
		{`"ForAnyValue:StringEquals":{"none":"c"}`, false},
		{`"ForAnyValue:StringNotEquals":{"many":"a"}`, true},
		{`"ForAnyValue:StringNotEquals":{"many":["a","b"]}`, false},
		{`"ForAllValues:StringEquals":{"many":["a","b","c"]}`, true},
		{`"ForAllValues:StringEquals":{"many":["a","c"]}`, false},
		{`"ForAllValues:StringEquals":{"none":"a"}`, true},
		{`"ForAllValues:StringNotEquals":{"many":"c"}`, true},
		{`"ForAllValues:StringLike":{"many":"?"}`, true},
		{``, true},
	}
	r := request("s", "abc", "same", "abc", "star", "*", "yes", "true", "ip", "10.1.2.3", "ip6", "2001:db8::1", "n", "10",
		"when", "2026-03-01T12:00:00Z", "arn", "arn:aws:cloudtrail:us-east-1:111122223333:trail/t")
	r.Context.Set("many", "a", "b")
	for _, row := range rows {
		p := mustParse(t, statement("Allow", anyone, anyAction, anyResource, row.condition))
		if got := p.Evaluate(r) == Allow; got != row.holds {
			t.Errorf("%s: %t", row.condition, got)
		}
	}
}

func TestDenyOutweighsAllow(t *testing.T) {
	allow := `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`
	deny := `{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"*"}`
	other := `{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*"}`
	for text, want := range map[string]Decision{allow + "," + deny: Deny, deny + "," + allow: Deny, allow + "," + other: Allow, other: NoMatch, deny: Deny} {
		if got := mustParse(t, `{"Statement":[`+text+`]}`).Evaluate(request()); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
	var none *Policy
	if got := none.Evaluate(request()); got != NoMatch {
		t.Errorf("no policy: %s", got)
	}
}

func TestPublic(t *testing.T) {
	rows := []struct {
		effect, principal, condition string
		public                       bool
	}{
		{"Allow", `"Principal":"*"`, ``, true},
		{"Allow", `"Principal":{"AWS":"*"}`, ``, true},
		{"Allow", `"NotPrincipal":{"AWS":"111122223333"}`, ``, true},
		{"Deny", `"Principal":"*"`, ``, false},
		{"Allow", `"Principal":{"AWS":"111122223333"}`, ``, false},
		{"Allow", `"Principal":{"Service":"cloudtrail.amazonaws.com"}`, ``, false},
		{"Allow", `"Principal":"*"`, `"StringEquals":{"aws:SourceAccount":"111122223333"}`, false},
		{"Allow", `"Principal":"*"`, `"StringLike":{"aws:PrincipalOrgID":"o-*"}`, true},
		{"Allow", `"Principal":"*"`, `"StringEquals":{"aws:UserAgent":"x"}`, true},
		{"Allow", `"Principal":"*"`, `"StringNotEquals":{"aws:SourceVpc":"vpc-1"}`, true},
		{"Allow", `"Principal":"*"`, `"StringEqualsIfExists":{"aws:SourceVpc":"vpc-1"}`, true},
		{"Allow", `"Principal":"*"`, `"StringEquals":{"aws:SourceVpc":"${aws:username}"}`, true},
		{"Allow", `"Principal":"*"`, `"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`, false},
		{"Allow", `"Principal":"*"`, `"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}`, true},
		{"Allow", `"Principal":"*"`, `"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/*"}`, false},
		{"Allow", `"Principal":"*"`, `"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:us-east-1:*:trail/*"}`, true},
	}
	for _, row := range rows {
		p := mustParse(t, statement(row.effect, row.principal, anyAction, anyResource, row.condition))
		if got := p.Public(); got != row.public {
			t.Errorf("%s %s %s: %t", row.effect, row.principal, row.condition, got)
		}
	}
}
