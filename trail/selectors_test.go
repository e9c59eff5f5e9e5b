package trail

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseSelectors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a list of basic ones, with defaults", `[{}]`, "basic All\n"},
		{"the answer of get-event-selectors", `{"TrailARN":"arn:x","EventSelectors":[{"ReadWriteType":"WriteOnly","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":["kms.amazonaws.com"]}]}`, "basic WriteOnly without kms.amazonaws.com\n"},
		{"data resources", `[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws-cn:s3:::"]},{"Type":"AWS::DynamoDB::Table","Values":["arn:aws:dynamodb:eu-west-1:1:table/t"]}]}]`,
			"basic All data AWS::S3::Object=arn:aws-cn:s3::: AWS::DynamoDB::Table=arn:aws:dynamodb:eu-west-1:1:table/t\n"},
		{"the parameters of put-event-selectors", `{"TrailName":"t","AdvancedEventSelectors":[{"Name":"n","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]}`, "Management\n"},
		{"all operators", `[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},
			{"Field":"eventName","Equals":["a"],"StartsWith":["b"],"EndsWith":["c"],"NotEquals":["d"],"NotStartsWith":["e"],"NotEndsWith":["f"]},
			{"Field":"sessionCredentialFromConsole","NotEquals":["true"]}]}]`,
			"Data resources.type=AWS::S3::Object eventName=a eventName^b eventName$c eventName!=d eventName!^e eventName!$f sessionCredentialFromConsole!=true\n"},
		{"network activity", `[{"FieldSelectors":[{"Field":"eventSource","Equals":["ec2.amazonaws.com"]},{"Field":"eventCategory","Equals":["NetworkActivity"]},{"Field":"errorCode","Equals":["VpceAccessDenied"]},{"Field":"vpcEndpointId","StartsWith":["vpce-0"]}]}]`,
			"eventSource=ec2.amazonaws.com eventCategory=NetworkActivity errorCode=VpceAccessDenied vpcEndpointId^vpce-0\n"},
	} {
		s, err := ParseSelectors([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %s", c.name, err)
			continue
		}
		if brief(s) != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, brief(s), c.want)
		}
	}
}

// field is an advanced selector of a category with one field more.
func field(category, more string) string {
	return fmt.Sprintf(`[{"Name":"mine","FieldSelectors":[{"Field":"eventCategory","Equals":[%q]},%s]}]`, category, more)
}

func TestParseSelectorsRefused(t *testing.T) {
	const kind = `{"Field":"resources.type","Equals":["AWS::S3::Object"]},`
	numbers := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = fmt.Sprintf("%q", fmt.Sprintf("arn:aws:s3:::b/%d", i))
		}
		return strings.Join(list, ",")
	}
	for _, c := range []struct{ text, want string }{
		{"", "are empty"},
		{" \n", "are empty"},
		{"[]", "there are no selectors"},
		{"{}", "there are no selectors"},
		{"null", "there are no selectors"},
		{"7", "a list or an object, not of the kind number"},
		{`[{}`, "ends too early"},
		{`[{}] x`, "something after"},
		{`[{"a":}]`, "invalid character"},
		{"[{\"Name\":\"\xff\"}]", "not UTF-8"},
		{strings.Repeat(" ", 3) + `"` + strings.Repeat("x", maxSelectorsText) + `"`, "longer than"},
		{`[null]`, "selector 1 is null"},
		{`[{"ReadWriteTyp":"All"}]`, `unknown field "ReadWriteTyp"`},
		{`[{"ReadWriteType":5}]`, "must be a text, not of the kind number"},
		{`[{"IncludeManagementEvents":"yes"}]`, "true or false, not of the kind string"},
		{`[{"DataResources":{}}]`, "must be a list, not of the kind object"},
		{`{"Selectors":[]}`, `unknown field "Selectors"`},
		{`[{"ReadWriteType":"All","readwritetype":"ReadOnly"}]`, "stands twice"},
		{`[{"FieldSelectors":[]},{}]`, "basic and advanced selectors are mixed"},
		{`{"EventSelectors":[{}],"AdvancedEventSelectors":[{"FieldSelectors":[]}]}`, "both basic and advanced"},

		{`[{},{},{},{},{},{}]`, "there are 6 basic selectors; 5 are allowed"},
		{`[{},{"ReadWriteType":"Both"}]`, `selector 2, ReadWriteType: it is All, ReadOnly or WriteOnly, not "Both"`},
		{`[{"IncludeManagementEvents":false}]`, "selector 1 records nothing"},
		{`[{"ExcludeManagementEventSources":["s3.amazonaws.com"]}]`, `only kms.amazonaws.com and rdsdata.amazonaws.com can be excluded, not "s3.amazonaws.com"`},
		{`[{"IncludeManagementEvents":false,"ExcludeManagementEventSources":["kms.amazonaws.com"],"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]`, "there is nothing to exclude"},
		{`[{"DataResources":[{"Type":"AWS::SQS::Queue","Values":["arn:aws:sqs"]}]}]`, "selector 1, DataResources 1, Type: basic selectors take AWS::S3::Object"},
		{`[{"DataResources":[{"Type":"AWS::S3::Object","Values":[]}]}]`, "arn:aws:s3 means all"},
		{`[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:lambda"]}]}]`, "is not an ARN of s3"},
		{`[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b"]}]}]`, "write arn:aws:s3:::b/ for all"},
		{`[{"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda:eu-west-1"]}]}]`, "is cut off"},
		{`[{"DataResources":[{"Type":"AWS::S3::Object","Values":[` + numbers(251) + `]}]}]`, "name 251 resources; 250 are allowed"},

		{`[{"FieldSelectors":[]}]`, "selector 1, FieldSelectors: it has none"},
		{`[{"FieldSelectors":[{"Field":"readOnly","Equals":["true"]}]}]`, "field eventCategory: it must be there"},
		{`[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Insight"]}]}]`, "one of Management, Data and NetworkActivity"},
		{`[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management","Data"]}]}]`, "field eventCategory"},
		{field("Management", `{"Field":"eventCategory","Equals":["Management"]}`), "selector 1 (mine), field eventCategory: it is there twice"},
		{field("Management", `{"Field":"eventName","Equals":["x"]}`), `selector 1 (mine), field "eventName": for the category Management there are eventCategory, eventSource, readOnly`},
		{field("Management", `{"Field":"eventSource","Equals":["kms.amazonaws.com"]}`), "field eventSource: it takes NotEquals only, not Equals"},
		{field("Management", `{"Field":"eventSource","NotEquals":["s3.amazonaws.com"]}`), `the values are kms.amazonaws.com and rdsdata.amazonaws.com, not "s3.amazonaws.com"`},
		{field("Management", `{"Field":"readOnly","NotEquals":["true"]}`), "field readOnly: it takes Equals only, not NotEquals"},
		{field("Management", `{"Field":"readOnly","Equals":["yes"]}`), `the values are true and false, not "yes"`},
		{field("Management", `{"Field":"readOnly","Equals":["true","false"]}`), "it takes one value, not 2"},
		{field("Management", `{"Field":"readOnly"}`), "it has no operator with a value"},
		{field("Data", `{"Field":"eventName","Equals":["x"]}`), "field resources.type: the category Data needs it"},
		{field("Data", `{"Field":"resources.type","StartsWith":["AWS::S3::Object"]}`), "field resources.type: it takes Equals only"},
		{field("Data", `{"Field":"resources.type","Equals":["AWS::S3::Object","AWS::SQS::Queue"]}`), "it takes one value, not 2; another selector"},
		{field("Data", `{"Field":"resources.type","Equals":["s3"]}`), `"s3" is not in the form AWS::S3::Object`},
		{field("Data", kind+`{"Field":"eventName","Equals":[""]}`), "field eventName, Equals: a value is empty"},
		{field("Data", kind+`{"Field":"eventName","Equals":["`+strings.Repeat("x", 2049)+`"]}`), "2049 characters; 2048 are allowed"},
		{field("Data", kind+`{"Field":"vpcEndpointId","Equals":["x"]}`), `field "vpcEndpointId": for the category Data there are`},
		{field("Data", kind+`{"Field":"sessionCredentialFromConsole","StartsWith":["t"]}`), "it takes Equals or NotEquals only"},
		{field("Data", kind+`{"Field":"resources.ARN","StartsWith":[`+numbers(499)+`]}`), "have 501 values in all; 500 are allowed"},
		{field("NetworkActivity", `{"Field":"eventName","Equals":["x"]}`), "field eventSource: the category NetworkActivity needs it"},
		{field("NetworkActivity", `{"Field":"eventSource","Equals":["ec2.amazonaws.com","kms.amazonaws.com"]}`), "it takes one value, not 2"},
		{field("NetworkActivity", `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]},{"Field":"errorCode","Equals":["AccessDenied"]}`), `the values are VpceAccessDenied, not "AccessDenied"`},
		{`[{"Name":"` + strings.Repeat("x", 1001) + `","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}]`, "1001 characters; 1000 are allowed"},
	} {
		text := c.text
		if len(text) > 200 {
			text = text[:200]
		}
		if _, err := ParseSelectors([]byte(c.text)); !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", text, err, c.want)
		}
	}
}

func TestSelectorsEqual(t *testing.T) {
	one := selectorsOf(t, "Management", "Data resources.type=AWS::S3::Object eventName=a,b")
	for _, c := range []struct {
		name string
		o    *Selectors
		want bool
	}{
		{"itself", one, true},
		{"in another order", selectorsOf(t, "Data eventName=b,a resources.type=AWS::S3::Object", "Management"), true},
		{"another value", selectorsOf(t, "Management", "Data resources.type=AWS::S3::Object eventName=a,c"), false},
		{"another operator", selectorsOf(t, "Management", "Data resources.type=AWS::S3::Object eventName!=a,b"), false},
		{"one less", selectorsOf(t, "Management"), false},
		{"the same events in basic form are written otherwise", basicOf(t, `[{}]`), false},
		{"a name", basicOf(t, strings.Replace(one.String(), `"FieldSelectors"`, `"Name":"x","FieldSelectors"`, 1)), false},
	} {
		if one.Equal(*c.o) != c.want || c.o.Equal(*one) != c.want {
			t.Errorf("%s: equal is %t", c.name, !c.want)
		}
	}
	if text := one.String(); text != one.String() || strings.Contains(text, `"b",`) {
		t.Errorf("comparing changed the order: %s", text)
	}
	// What CloudTrail leaves out of its answers is what it fills in.
	if !basicOf(t, `[{}]`).Equal(newSelectors()) {
		t.Error("defaults make a difference")
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		s    *Selectors
		want []string
	}{
		{basicOf(t, `[{"ReadWriteType":"ReadOnly","ExcludeManagementEventSources":["kms.amazonaws.com"],"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/"]}]}]`),
			[]string{"management|all services|read|eventSource is not kms.amazonaws.com", "data|s3|read|ARN begins with arn:aws:s3:::b/"}},
		{selectorsOf(t, "Data resources.type=AWS::New::Thing readOnly=false eventName=a,b,c,d eventSource!=e,f"),
			[]string{"data|AWS::New::Thing|write|eventName is a; or b; or c; or 1 more; eventSource is not e; nor f"}},
		{selectorsOf(t, "NetworkActivity eventSource=ec2.amazonaws.com errorCode=VpceAccessDenied"),
			[]string{"network activity|ec2.amazonaws.com|all|errorCode is VpceAccessDenied"}},
	} {
		var got []string
		for _, r := range c.s.Rules() {
			got = append(got, strings.Join([]string{r.Events, r.Of, r.Access, strings.Join(r.Filters, "; ")}, "|"))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// Whatever is read comes out of String so that reading that gives the same,
// also for the AWS CLI.
func FuzzParseSelectors(f *testing.F) {
	for _, seed := range []string{
		`[{}]`, `{"EventSelectors":[{"ReadWriteType":"All","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/"]}]}]}`,
		field("Management", `{"Field":"readOnly","Equals":["true"]}`), `[{"FieldSelectors":null}]`, `{"a":1,"a":2}`, `[[[[`,
		field("NetworkActivity", `{"Field":"eventSource","Equals":["ec2.amazonaws.com"]}`), string([]byte{'[', 0xff}),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseSelectors(text)
		if err != nil {
			if !errors.Is(err, ErrSpec) {
				t.Fatalf("not of ErrSpec: %v", err)
			}
			return
		}
		again, err := ParseSelectors([]byte(s.String()))
		if err != nil || !again.Equal(s) || !s.sameEvents(again) {
			t.Fatalf("%s\nread again: %v\n%s", s, err, again)
		}
		if err := (Selectors{Advanced: s.advanced()}).Validate(); err != nil && !strings.Contains(err.Error(), "are allowed") {
			t.Fatalf("%s\nin advanced form: %s", s, err)
		}
		_ = s.Rules()
	})
}

func TestAnswerIsTheCLIsShape(t *testing.T) {
	s := basicOf(t, `[{"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}]`)
	got, err := json.Marshal(s.Answer("arn:aws:cloudtrail:eu-west-1:111122223333:trail/t"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"TrailARN":"arn:aws:cloudtrail:eu-west-1:111122223333:trail/t","EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}],"ExcludeManagementEventSources":[]}]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
