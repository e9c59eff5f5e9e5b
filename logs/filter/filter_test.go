package filter

import (
	"slices"
	"strings"
	"testing"

	"trailctl/logs"
)

// records are what the filters of the tests below choose from.
const records = `{"Records":[
{"eventVersion":"1.08","eventID":"a","eventTime":"2026-01-15T08:00:00Z","eventName":"RunInstances","eventSource":"ec2.amazonaws.com","awsRegion":"us-east-1","sourceIPAddress":"203.0.113.7",
 "userIdentity":{"type":"IAMUser","userName":"Alice","arn":"arn:aws:iam::111122223333:user/dev/Alice","accessKeyId":"AKIAAAAAAAAAAAAAAAAA","principalId":"AIDA"},
 "requestParameters":{"maxCount":10,"price":8.82e-05,"size":9007199254740993,"bucketName":"b*c","nul":null,"empty":"","list":["x","y"],"nested":{"a":[{"b":"1"},{"b":"2"}]}},
 "readOnly":false,"errorCode":"Client.UnauthorizedOperation","errorMessage":"You are not authorized",
 "resources":[{"ARN":"arn:aws:ec2:us-east-1:111122223333:instance/i-1"},{"ARN":"arn:aws:ec2:us-east-1:111122223333:subnet/s-1"}]},
{"eventVersion":"1.08","eventID":"b","eventTime":"2026-01-15T09:30:00Z","eventName":"GetObject","eventSource":"s3.amazonaws.com","awsRegion":"eu-west-1","sourceIPAddress":"2001:db8::1",
 "userIdentity":{"type":"AssumedRole","principalId":"AROA:alice@example.com","arn":"arn:aws:sts::111122223333:assumed-role/deploy/alice@example.com","accessKeyId":"ASIABBBBBBBBBBBBBBBB",
  "sessionContext":{"sessionIssuer":{"type":"Role","userName":"deploy","arn":"arn:aws:iam::111122223333:role/team/deploy"}}},
 "readOnly":"True","userAgent":"say \"hi\" \u0041bc","responseElements":{"credentials":{"accessKeyId":"ASIACCCCCCCCCCCCCCCC","expiration":"Jan 15, 2026, 10:30:00 AM"}}},
{"eventID":"c","eventTime":"2026-01-16T00:00:00Z","eventName":"ConsoleLogin","eventSource":"signin.amazonaws.com","awsRegion":"af-south-1","sourceIPAddress":"autoscaling.amazonaws.com",
 "userIdentity":{"type":"Root","arn":"arn:aws:iam::111122223333:root"},"responseElements":{"ConsoleLogin":"Failure"}},
{"eventID":"d","eventName":"DescribeTrails","eventSource":"cloudtrail.amazonaws.com","sourceIPAddress":"999.1.1.1","eventType":"AwsApiCall"},
{"eventID":"e","eventVersion":"1.08","sourceIPAddress":"AWS Internal","userIdentity":{"type":"IAMUser","userName":"smith, bob"},"requestParameters":{"url":"http://x/?a=1&id=5"},"eventName":"e"}
]}`

func chosen(t *testing.T, f *Filter, data string) string {
	t.Helper()
	var ids strings.Builder
	report := logs.Split([]byte(data), func(r logs.Record) bool {
		if f.Match(&r) {
			ids.WriteString(r.ID())
		}
		return true
	})
	if err := report.Err(); err != nil {
		t.Fatal(err)
	}
	return ids.String()
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{}, "abcde"},
		{Options{Filters: []string{"eventName=RunInstances"}}, "a"},
		{Options{Filters: []string{"eventName = RunInstances"}}, "a"},
		{Options{Filters: []string{"eventName='RunInstances'"}}, "a"},
		{Options{Filters: []string{"eventName=runinstances"}}, ""},
		{Options{Filters: []string{"eventName!=RunInstances"}}, "bcde"},
		{Options{Filters: []string{"awsRegion!=us-east-1"}}, "bcde"}, // d and e have none
		{Options{Filters: []string{"eventName=*In*s"}}, "a"},
		{Options{Filters: []string{"eventName!=*In*s"}}, "bcde"},
		{Options{Filters: []string{"eventName=*"}}, "abcde"},
		{Options{Filters: []string{"awsRegion=*"}}, "abc"},
		{Options{Filters: []string{"eventName=Run"}}, ""},
		{Options{Filters: []string{"eventName^=Get"}}, "b"},
		{Options{Filters: []string{"eventName$=Login"}}, "c"},
		{Options{Filters: []string{"eventName=~^(Run|Get)"}}, "ab"},
		{Options{Filters: []string{"eventName!~^(Run|Get)"}}, "cde"},
		{Options{Filters: []string{"errorCode exists"}}, "a"},
		{Options{Filters: []string{"errorCode !exists"}}, "bcde"},
		{Options{Filters: []string{"errorCode not exists"}}, "bcde"},
		{Options{Filters: []string{"requestParameters.nul exists"}}, ""},
		{Options{Filters: []string{"requestParameters.empty exists"}}, "a"},
		{Options{Filters: []string{`requestParameters.empty=""`}}, "a"},
		{Options{Filters: []string{"awsRegion in us-east-1,eu-west-1"}}, "ab"},
		{Options{Filters: []string{"awsRegion in us-east-1 , eu-*"}}, "ab"},
		{Options{Filters: []string{"awsRegion in a,b,c,d,us-east-1,eu-*"}}, "ab"},
		{Options{Filters: []string{"awsRegion not in us-east-1,eu-west-1"}}, "cde"},
		{Options{Filters: []string{"awsRegion !in us-east-1,eu-west-1"}}, "cde"},
		{Options{Filters: []string{`requestParameters.bucketName=b\*c`}}, "a"},
		{Options{Filters: []string{`requestParameters.bucketName=b\**`}}, "a"},
		{Options{Filters: []string{`requestParameters.bucketName=\*`}}, ""},
		{Options{Filters: []string{"requestParameters.list[]=y"}}, "a"},
		{Options{Filters: []string{"requestParameters.list[]!=y"}}, "bcde"},
		{Options{Filters: []string{"requestParameters.nested.a[].b=2"}}, "a"},
		{Options{Filters: []string{"resources[].ARN$=subnet/s-1"}}, "a"},
		{Options{Filters: []string{"requestParameters.maxCount=10"}}, "a"},
		{Options{Filters: []string{"requestParameters.maxCount>9"}}, "a"},
		{Options{Filters: []string{"requestParameters.maxCount>10"}}, ""},
		{Options{Filters: []string{"requestParameters.maxCount>=10.0"}}, "a"},
		{Options{Filters: []string{"requestParameters.price<0.0000883"}}, "a"},
		{Options{Filters: []string{"requestParameters.price<8.82e-05"}}, ""},
		{Options{Filters: []string{"requestParameters.size>9007199254740992"}}, "a"}, // equal as float64
		{Options{Filters: []string{"requestParameters.bucketName>1"}}, ""},
		{Options{Filters: []string{"eventTime<2026-01-15T09:00:00Z"}}, "a"},
		{Options{Filters: []string{"eventTime>=2026-01-15T09:30:00Z"}}, "bc"},
		{Options{Filters: []string{"eventTime>2026-01-15T09:30:00Z"}}, "c"},
		{Options{Filters: []string{"eventTime>=2026-01-15T10:30:00+01:00"}}, "bc"},
		{Options{Filters: []string{"eventTime>=2026-01-15 09:29", "eventTime<2026-01-16"}}, "b"},
		{Options{Filters: []string{"responseElements.credentials.expiration>2026-01-15T10:00:00Z"}}, "b"},
		{Options{Filters: []string{"readOnly=true"}}, "b"},
		{Options{Filters: []string{"readOnly=false"}}, "a"},
		{Options{Filters: []string{"readOnly!=true"}}, "acde"},
		{Options{Filters: []string{"sourceIPAddress=2001:db8:0:0::1"}}, "b"},
		{Options{Filters: []string{`userAgent=say "hi" Abc`}}, "b"},
		{Options{Filters: []string{"event=ConsoleLogin"}}, "c"},
		{Options{Filters: []string{"service=ec2"}}, "a"},
		{Options{Filters: []string{"identity=root"}}, "c"},
		{Options{Filters: []string{`"userIdentity".type=Root`}}, "c"},
		{Options{Filters: []string{`$.userIdentity.type=Root`}}, "c"},  // as in a metric filter
		{Options{Filters: []string{`.userIdentity.type = Root`}}, "c"}, // as for jq
		{Options{Filters: []string{`.errorCode exists`}}, "a"},
		{Options{Filters: []string{`$.awsRegion in eu-west-1,x`}}, "b"},
		{Options{Filters: []string{`eventName!="a && b"`}}, "abcde"},
		{Options{Filters: []string{`eventName !in "a || b",'c and awsRegion=d'`}}, "abcde"},
		{Options{Filters: []string{`errorMessage!=you and me=x`}}, "abcde"}, // no field is called me
		{Options{Filters: []string{"eventName=RunInstances", "awsRegion=eu-west-1"}}, ""},
		{Options{Filters: []string{"eventName=RunInstances", "awsRegion=eu-west-1"}, Any: true}, "ab"},
		{Options{Filters: []string{"eventName=RunInstances"}, Grep: []string{"ConsoleLogin"}, Any: true}, "ac"},
		{Options{Filters: []string{"eventName=RunInstances", "eventID=c"}, Any: true, Services: []string{"ec2"}}, "a"},

		{Options{Grep: []string{"2001:db8"}}, "b"},
		{Options{Grep: []string{`say "hi" Abc`}}, "b"}, // the escapes undone
		{Options{Grep: []string{`\u0041bc`}}, "b"},     // as it stands there
		{Options{Grep: []string{`CONSOLElogin`}}, ""},
		{Options{Grep: []string{`CONSOLElogin`}, IgnoreCase: true}, "c"},
		{Options{Grep: []string{`SAY "HI" a`}, IgnoreCase: true}, "b"},
		{Options{Grep: []string{"eventID", "Failure"}}, "c"},

		{Options{EventNames: []string{"RunInstances"}}, "a"},
		{Options{EventNames: []string{"runinstances"}}, "a"},
		{Options{EventNames: []string{"RUNINSTANCES"}}, ""},
		{Options{EventNames: []string{"get*", "*Login"}}, "bc"},
		{Options{EventNames: []string{"ec2:RunInstances", "ec2:GetObject"}}, "a"},
		{Options{Services: []string{"EC2"}}, "a"},
		{Options{Services: []string{"s3.amazonaws.com", "cloud*"}}, "bd"},
		{Options{Services: []string{"s"}}, ""},
		{Options{EventNames: []string{"RunInstances,GetObject"}}, "ab"},
		{Options{EventNames: []string{"s3:GetObject, runinstances"}}, "ab"},
		{Options{Services: []string{"ec2,s3"}}, "ab"},
		{Options{SourceIPs: []string{"203.0.113.7,2001:db8::/32"}}, "ab"},
		{Options{SourceIPs: []string{"203.0.113.1-203.0.113.9"}}, "a"},
		{Options{SourceIPs: []string{"203.0.113.1 - 203.0.113.6"}}, ""},
		{Options{SourceIPs: []string{"2001:db8::-2001:db8::1,203.0.113.7-203.0.113.7"}}, "ab"},
		{Options{SourceIPs: []string{"::-::ffff"}}, ""},
		{Options{SourceIPs: []string{"AWS Internal"}}, "e"},
		{Options{AccessKeys: []string{"AKIAAAAAAAAAAAAAAAAA,ASIACCCCCCCCCCCCCCCC"}}, "ab"},
		{Options{Users: []string{"alice,root"}}, "ac"},
		{Options{Users: []string{"smith, bob"}}, "e"}, // a name with a comma in it
		{Options{Users: []string{"alice,"}}, "a"},
		{Options{Users: []string{"alice,root"}, EventNames: []string{"RunInstances,GetObject"}}, "a"},
		{Options{Roles: []string{"deploy,other"}}, "b"},
		{Options{Filters: []string{"awsRegion in (us-east-1, eu-west-1)"}}, "ab"},
		{Options{Filters: []string{"awsRegion in [us-east-1,eu-*]"}}, "ab"},
		{Options{Filters: []string{"awsRegion in('us-east-1')"}}, "a"},
		{Options{Filters: []string{"sourceIPAddress=AWS Internal"}}, "e"},
		{Options{Filters: []string{`eventName !in "a,b"`, `eventName!="a|b"`, "eventID=a"}}, "a"},
		{Options{Filters: []string{"eventName=~Run|Get"}}, "ab"},
		{Options{Filters: []string{"requestParameters.url=http://x/?a=1&id=5"}}, "e"},
		{Options{AccessKeys: []string{"ASIACCCCCCCCCCCCCCCC"}}, "b"}, // handed out by b
		{Options{AccessKeys: []string{"AKIA*"}}, "a"},
		{Options{SourceIPs: []string{"203.0.113.7"}}, "a"},
		{Options{SourceIPs: []string{"203.0.113.0/24"}}, "a"},
		{Options{SourceIPs: []string{"2001:db8::/32", "10.0.0.0/8"}}, "b"},
		{Options{SourceIPs: []string{"2001:DB8::1"}}, "b"},
		{Options{SourceIPs: []string{"::ffff:203.0.113.7"}}, "a"},
		{Options{SourceIPs: []string{"0.0.0.0/0"}}, "a"},
		{Options{SourceIPs: []string{"autoscaling.amazonaws.com"}}, "c"},
		{Options{SourceIPs: []string{"*.amazonaws.com"}}, "c"},
		{Options{Users: []string{"alice"}}, "a"},
		{Options{Users: []string{"Alice"}}, "a"},
		{Options{Users: []string{"dev/Alice"}}, "a"},
		{Options{Users: []string{"alice@example.com"}}, "b"},
		{Options{Users: []string{"deploy/alice@example.com"}}, "b"}, // as tables show it
		{Options{Users: []string{"arn:aws:iam::111122223333:user/dev/Alice"}}, "a"},
		{Options{Users: []string{"*alice*"}}, "ab"},
		{Options{Users: []string{"root"}}, "c"},
		{Options{Roles: []string{"deploy"}}, "b"},
		{Options{Roles: []string{"team/deploy"}}, "b"},
		{Options{Roles: []string{"arn:aws:iam::111122223333:role/team/deploy"}}, "b"},
		{Options{Roles: []string{"dep*"}}, "b"},
		{Options{Roles: []string{"alice@example.com"}}, ""},
		{Options{Errors: true}, "ac"},
		{Options{Writes: true}, "ace"}, // c and e do not say, and their names are no reads
		{Options{Presets: []string{"root"}}, "c"},
		{Options{Presets: []string{"console-login", "denied"}}, "ac"},
		{Options{Presets: []string{"console-login, denied"}}, "ac"},
		{Options{Presets: []string{"key-use"}}, "a"},
		{Options{Presets: []string{"new-region"}}, "c"},
		{Options{Presets: []string{"execution"}, Errors: true}, "a"},
	} {
		f, err := Compile(c.o)
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
			continue
		}
		if got := chosen(t, f, records); got != c.want {
			t.Errorf("%s: chose %q, want %q", f, got, c.want)
		}
		if c.want != "" && f.Absent([]byte(records)) {
			t.Errorf("%s: Absent, but %s match", f, c.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string // part of the error
	}{
		{Options{Filters: []string{""}}, "it is empty"},
		{Options{Filters: []string{"eventName"}}, "write eventName=VALUE"},
		{Options{Filters: []string{"eventName:RunInstances"}}, "write eventName=RunInstances"},
		{Options{Filters: []string{"eventName RunInstances"}}, "write eventName=VALUE"},
		{Options{Filters: []string{"eventName like Run*"}}, "write eventName=Run*"},
		{Options{Filters: []string{"eventName contains Run"}}, "write eventName=*Run*"},
		{Options{Filters: []string{"exists errorCode"}}, `write "errorCode exists"`},
		{Options{Filters: []string{"errorCode EXISTS"}}, `write "errorCode exists"`},
		{Options{Filters: []string{"=RunInstances"}}, "the field is missing"},
		{Options{Filters: []string{"eventName="}}, "the value is missing"},
		{Options{Filters: []string{"errorCode=null"}}, `"errorCode !exists"`},
		{Options{Filters: []string{"errorCode!=null"}}, `"errorCode exists"`},
		{Options{Filters: []string{"eventName==RunInstances"}}, `write one "="`},
		{Options{Filters: []string{"eventName~=Run"}}, `write "=~"`},
		{Options{Filters: []string{"eventName=^Run"}}, `write "^="`},
		{Options{Filters: []string{"eventTime=>2026-01-01"}}, `write ">="`},
		{Options{Filters: []string{"eventName<>RunInstances"}}, `write "!="`},
		{Options{Filters: []string{"eventName!RunInstances"}}, "no operator"},
		{Options{Filters: []string{"eventName=~("}}, "missing closing )"},
		{Options{Filters: []string{"eventName=~(?!x)y"}}, "RE2"},
		{Options{Filters: []string{"awsRegion in"}}, "the values are missing"},
		{Options{Filters: []string{"awsRegion in a,,b"}}, "value 2 of the list is empty"},
		{Options{Filters: []string{"eventTime>yesterday"}}, "neither a number nor a time"},
		{Options{Filters: []string{"eventTime>2h"}}, "use --since"},
		{Options{Filters: []string{"eventname=RunInstances"}}, "did you mean eventName?"},
		{Options{Filters: []string{"evenTime>2026-01-01"}}, "did you mean eventTime?"},
		{Options{Filters: []string{"ip=1.2.3.4"}}, "did you mean sourceIPAddress?"},
		{Options{Filters: []string{"bucketName=x"}}, "did you mean requestParameters.bucketName?"},
		{Options{Filters: []string{"userIdentity.username=x"}}, "did you mean userIdentity.userName?"},
		{Options{Filters: []string{"useridentity.arn=x"}}, "did you mean userIdentity.arn?"},
		{Options{Filters: []string{"resource[].ARN=x"}}, "did you mean resources[].ARN?"},
		{Options{Filters: []string{"colour=red"}}, `in double quotes, and all in single ones: '"colour"'`},
		{Options{Filters: []string{"sourceIPAddress=192.0.2.0/24"}}, "write --source-ip 192.0.2.0/24"},
		{Options{Filters: []string{"address in 203.0.113.7,10.0.0.0/8"}}, "write --source-ip 10.0.0.0/8"},
		{Options{Filters: []string{"sourceIPAddress!=10.1.0.0/16"}}, "write sourceIPAddress!=10.1.*"},
		{Options{Filters: []string{"sourceIPAddress not in 10.16.0.0/12"}}, "write sourceIPAddress!~"},
		{Options{Filters: []string{"eventName=A || eventName=B"}}, `instead of "||"`},
		{Options{Filters: []string{`eventName="A" && awsRegion="B"`}}, `instead of "&&"`},
		{Options{Filters: []string{"eventName in A,B && awsRegion=C"}}, `instead of "&&"`},
		{Options{Filters: []string{"errorCode exists && userAgent exists"}}, `instead of "&&"`},
		{Options{Filters: []string{"eventName=A OR .awsRegion=B"}}, `instead of "or"`},
		{Options{Filters: []string{"eventName=A and not errorCode exists"}}, `instead of "and"`},
		{Options{Filters: []string{"{ ($.eventName = ConsoleLogin) && ($.errorMessage = x) }"}}, "metric filter"},
		{Options{Filters: []string{".useridentity.arn=x"}}, "did you mean userIdentity.arn?"},
		{Options{Filters: []string{"eventName=A,B"}}, "write eventName in A,B"},
		{Options{Filters: []string{"awsRegion!=A, B"}}, "write awsRegion !in A,B"},
		{Options{Filters: []string{"eventName=A|B"}}, "write eventName in A,B"},
		{Options{Filters: []string{"eventName=A||eventName=B"}}, `instead of "||"`},
		{Options{Filters: []string{"eventName=A&&awsRegion=B"}}, `instead of "&&"`},
		{Options{Filters: []string{"eventName=A|eventName=B"}}, `instead of "|"`},
		{Options{Filters: []string{"requestParameters.x=A||eventName=B"}}, `instead of "||"`},
		{Options{Filters: []string{"eventName in A B"}}, "write eventName in A,B"},
		{Options{Filters: []string{"eventName in (A,B"}}, "write eventName in A,B"},
		{Options{Filters: []string{"eventName!==A"}}, `write "!="`},
		{Options{Filters: []string{"errorCode=NULL"}}, `"errorCode !exists"`},
		{Options{Filters: []string{"sourceIPAddress=10.0.0.1-10.0.0.9"}}, "write --source-ip 10.0.0.1-10.0.0.9"},
		{Options{Filters: []string{"AssumeRole"}}, "for example eventName=AssumeRole"},
		{Options{EventNames: []string{"A|B"}}, "with commas between them: A,B"},
		{Options{EventNames: []string{"A,,B"}}, "it is empty"},
		{Options{Services: []string{"ec2 s3"}}, "ec2,s3"},
		{Options{SourceIPs: []string{"10.0.0.9-10.0.0.1"}}, "write 10.0.0.1-10.0.0.9"},
		{Options{SourceIPs: []string{"10.0.0.1-::1"}}, "of different kinds"},
		{Options{SourceIPs: []string{"10.0.0.1-9"}}, "no IP address"},
		{Options{SourceIPs: []string{"10.0.0.1..10.0.0.9"}}, "no IP address"},
		{Options{Grep: []string{""}}, "--grep"},
		{Options{EventNames: []string{""}}, "--event-name"},
		{Options{SourceIPs: []string{"203.0.113.0/33"}}, "0 to 32 bits"},
		{Options{SourceIPs: []string{"203.0.113.256"}}, "no IP address"},
		{Options{SourceIPs: []string{"x/y"}}, "no network"},
		{Options{Presets: []string{"iam-change"}}, "did you mean iam-changes?"},
		{Options{Presets: []string{"everything"}}, "there are root,"},
		{Options{Presets: []string{"root,denid"}}, `--preset "denid": there is no such set: did you mean denied?`},
		{Options{Presets: []string{"root,"}}, `--preset "": there is no such set`},
	} {
		_, err := Compile(c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want an error with %q", c.o, err, c.want)
		}
	}
}

func TestNilFilterLetsEverythingPass(t *testing.T) {
	var f *Filter
	if !f.All() || !f.Match(&logs.Record{}) || f.Absent(nil) || f.String() != "" {
		t.Error("a nil filter chooses")
	}
}

func TestString(t *testing.T) {
	f, err := Compile(Options{
		Filters: []string{"eventName = RunInstances", "awsRegion not in a , b"}, Any: true,
		Users: []string{"alice", "bob"}, Errors: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `errors and (eventName=RunInstances or awsRegion !in a,b) and (user alice or user bob)`
	if got := f.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestParseKeepsMeaning(t *testing.T) {
	for _, c := range []struct {
		in, field, op string
		values        []string
	}{
		{"a=b=c", "a", "=", []string{"b=c"}},
		{"a = b in c", "a", "=", []string{"b in c"}},
		{"a in b=c", "a", "in", []string{"b=c"}},
		{"a=x exists", "a", "=", []string{"x exists"}},
		{`a="x"`, "a", "=", []string{"x"}},
		{`a=" x "`, "a", "=", []string{" x "}},
		{`a="x" and "y"`, "a", "=", []string{`"x" and "y"`}},
		{`a="""x"""`, "a", "=", []string{`"x"`}},
		{`a in "x,y",'z'`, "a", "in", []string{"x,y", "z"}},
		{`a in "x"y,z`, "a", "in", []string{`"x"y`, "z"}},
		{`a!=b`, "a", "!=", []string{"b"}},
		{`a<=1`, "a", "<=", []string{"1"}},
		{`"a=b".c=d`, `"a=b".c`, "=", []string{"d"}},
		{`"a in b" exists`, `"a in b"`, "exists", nil},
		{`a not   exists`, "a", "!exists", nil},
		{`a="null"`, "a", "=", []string{"null"}},
	} {
		e, err := parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if e.field != c.field || e.op != c.op || !slices.Equal(e.values, c.values) {
			t.Errorf("%s: got %q %q %q", c.in, e.field, e.op, e.values)
		}
	}
}

func TestIndexFold(t *testing.T) {
	for _, c := range []struct {
		text, low string
		want      int
	}{
		{"", "", 0}, {"abc", "", 0}, {"", "a", -1}, {"a", "ab", -1}, {"xAbC", "abc", 1}, {"aab", "ab", 1},
		{"ALICE", "alice", 0}, {"x/Q", "/q", 1}, {"qqzQZ", "qz", 1}, {"zzzq", "zq", 2}, {"q", "zq", -1}, {"é[", "[", 2},
	} {
		if got := indexFold([]byte(c.text), []byte(c.low)); got != c.want {
			t.Errorf("%q in %q: %d, want %d", c.low, c.text, got, c.want)
		}
	}
}

// The quick look of --user must not lose a name.
func TestUserNames(t *testing.T) {
	for _, c := range []struct{ identity, user string }{
		{`{"type":"AWSAccount","accountId":"111122223333"}`, "account 111122223333"},
		{`{"type":"AWSAccount","accountId":"111122223333"}`, "acc* 111122223333"},
		{`{"type":"AWSAccount","accountId":"ANONYMOUS_PRINCIPAL"}`, "anonymous"},
		{`{"type":"AWSService"}`, "an AWS service"},
		{`{"type":"AWSService","invokedBy":"autoscaling.amazonaws.com"}`, "autoscaling"},
		{`{"type":"AssumedRole","principalId":"AROA:s","sessionContext":{"sessionIssuer":{"userName":"r"}}}`, "r/s"},
		{`{"type":"IAMUser","userName":"a\u006cice"}`, "alice"},
		{`{"type":"IAMUser","userName":"ALICE"}`, "alice"},
		{`{"type":"IdentityCenterUser","onBehalfOf":{"userId":"9067-1"}}`, "9067-1"},
	} {
		f := mustCompile(t, Options{Users: []string{c.user}})
		if !f.Match(&logs.Record{Raw: []byte(`{"userIdentity":` + c.identity + `}`)}) {
			t.Errorf("--user %q does not find %s", c.user, c.identity)
		}
	}
}
