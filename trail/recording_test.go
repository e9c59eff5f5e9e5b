package trail

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// brief writes selectors a line each: "Management readOnly=false".
func brief(s Selectors) string {
	var b strings.Builder
	for _, e := range s.Basic {
		fmt.Fprintf(&b, "basic %s", e.ReadWriteType)
		if !aws.ToBool(e.IncludeManagementEvents) {
			b.WriteString(" data")
		}
		if len(e.ExcludeManagementEventSources) > 0 {
			fmt.Fprintf(&b, " without %s", strings.Join(e.ExcludeManagementEventSources, ","))
		}
		for _, d := range e.DataResources {
			fmt.Fprintf(&b, " %s=%s", *d.Type, strings.Join(d.Values, ","))
		}
		b.WriteString("\n")
	}
	signs := map[string]string{"Equals": "=", "StartsWith": "^", "EndsWith": "$", "NotEquals": "!=", "NotStartsWith": "!^", "NotEndsWith": "!$"}
	for _, a := range s.Advanced {
		var words []string
		for _, f := range a.FieldSelectors {
			for _, o := range operators(&f) {
				if len(*o.values) > 0 {
					words = append(words, *f.Field+signs[o.name]+strings.Join(*o.values, ","))
				}
			}
		}
		b.WriteString(strings.TrimPrefix(strings.Join(words, " "), "eventCategory=") + "\n")
	}
	return b.String()
}

// selectorsOf reads what brief writes of advanced selectors, operators = and ^
// and != only.
func selectorsOf(t *testing.T, lines ...string) *Selectors {
	t.Helper()
	var list []string
	for _, line := range lines {
		var fields []string
		for i, word := range strings.Fields(line) {
			if i == 0 {
				word = "eventCategory=" + word
			}
			at := strings.IndexAny(word, "=^!")
			end, op := at+1, map[byte]string{'=': "Equals", '^': "StartsWith", '!': "NotEquals"}[word[at]]
			if word[at] == '!' {
				end++
			}
			fields = append(fields, fmt.Sprintf(`{"Field":%q,%q:["%s"]}`, word[:at], op, strings.ReplaceAll(word[end:], ",", `","`)))
		}
		list = append(list, `{"FieldSelectors":[`+strings.Join(fields, ",")+`]}`)
	}
	s, err := ParseSelectors([]byte("[" + strings.Join(list, ",") + "]"))
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func basicOf(t *testing.T, text string) *Selectors {
	t.Helper()
	s, err := ParseSelectors([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func TestRecordingSelectors(t *testing.T) {
	const (
		management = "Management"
		objects    = "Data resources.type=AWS::S3::Object"
		functions  = "Data resources.type=AWS::Lambda::Function"
		kms        = "kms.amazonaws.com"
	)
	own := Own{Account: Account{ID: account, Partition: "aws"}, Regions: []string{"eu-west-1", "us-east-1"}, Buckets: []string{"b", "a"}, LogBucket: "logs"}
	plain := basicOf(t, `[{"ReadWriteType":"All"}]`)
	for _, c := range []struct {
		name string
		ask  Recording
		now  *Selectors // nil: a new trail
		want string     // "same": what the trail has, untouched
	}{
		{"a new trail records all management events beside", Recording{DataEvents: []string{"s3"}}, nil, management + "\n" + objects + "\n"},
		{"management events alone are basic", Recording{Management: "write"}, nil, "basic WriteOnly\n"},
		{"reads", Recording{Management: "read", Exclude: []string{"rdsdata", "kms"}}, nil, "basic ReadOnly without kms.amazonaws.com,rdsdata.amazonaws.com\n"},
		{"none of them", Recording{Management: "none", DataEvents: []string{"lambda"}}, nil, functions + "\n"},

		{"the same in another form is left alone", Recording{Management: "all"}, selectorsOf(t, management), "same"},
		{"what is not named stays: exclusion", Recording{Management: "write"}, basicOf(t, `[{"ExcludeManagementEventSources":["kms.amazonaws.com"]}]`), "basic WriteOnly without " + kms + "\n"},
		{"what is not named stays: which events", Recording{Exclude: []string{"kms"}}, basicOf(t, `[{"ReadWriteType":"ReadOnly"}]`), "basic ReadOnly without " + kms + "\n"},
		{"an exclusion ends", Recording{Exclude: []string{"none"}}, selectorsOf(t, management+" eventSource!="+kms, functions), management + "\n" + functions + "\n"},
		{"nothing is excluded from nothing", Recording{Exclude: []string{"none"}}, selectorsOf(t, functions), "same"},
		{"management events stay when data events are named", Recording{DataEvents: []string{"s3"}}, selectorsOf(t, management+" readOnly=false", functions), management + " readOnly=false\n" + objects + "\n"},
		{"two selectors of management events stay as they are", Recording{DataEvents: []string{"s3"}}, selectorsOf(t, management+" readOnly=false", management+" readOnly=true eventSource!="+kms), management + " readOnly=false\n" + management + " readOnly=true eventSource!=" + kms + "\n" + objects + "\n"},
		{"two become one when all is said", Recording{Management: "all", Exclude: []string{"none"}}, selectorsOf(t, management+" readOnly=false", management+" readOnly=true eventSource!="+kms), "basic All\n"},
		{"basic ones are put into advanced form", Recording{NetworkEvents: []string{"ec2"}}, basicOf(t, `[{"ReadWriteType":"WriteOnly","DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::a/x"]},{"Type":"AWS::Lambda::Function","Values":["arn:aws:lambda"]}]}]`),
			management + " readOnly=false\n" + objects + " readOnly=false resources.ARN^arn:aws:s3:::a/x\n" + functions + " readOnly=false\nNetworkActivity eventSource=ec2.amazonaws.com\n"},
		{"data events end", Recording{DataEvents: []string{"none"}}, selectorsOf(t, management, objects), "basic All\n"},

		{"a narrowed type stays narrowed beside a new one", Recording{DataEvents: []string{"s3", "lambda"}}, selectorsOf(t, management, objects+" eventName=GetObject"), management + "\n" + objects + " eventName=GetObject\n" + functions + "\n"},
		{"unless its resources are named", Recording{DataEvents: []string{"s3"}, Resources: []string{"all"}}, selectorsOf(t, management, objects+" eventName=GetObject"), management + "\n" + objects + "\n"},
		{"the account's own", Recording{DataEvents: []string{"s3", "lambda"}, Resources: []string{"account"}}, plain,
			management + "\n" + objects + " resources.ARN^arn:aws:s3:::a/,arn:aws:s3:::b/\n" + functions + " resources.ARN^arn:aws:lambda:eu-west-1:111122223333:,arn:aws:lambda:us-east-1:111122223333:\n"},
		{"the account's own, again", Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}, selectorsOf(t, management, objects+" resources.ARN^arn:aws:s3:::b/,arn:aws:s3:::a/"), "same"},
		{"the account's own and another's", Recording{DataEvents: []string{"sns", "xray"}, Resources: []string{"account", "arn:aws:xray:eu-west-1:444455556666:"}}, plain,
			management + "\nData resources.type=AWS::SNS::Topic resources.ARN^arn:aws:sns:eu-west-1:111122223333:,arn:aws:sns:us-east-1:111122223333:\nData resources.type=AWS::XRay::Trace resources.ARN^arn:aws:xray:eu-west-1:444455556666:\n"},
		{"beginnings of ARNs go to their types", Recording{DataEvents: []string{"s3", "s3-access-point", "dynamodb"}, Resources: []string{"arn:aws:s3:::a/in/", "arn:aws:s3:eu-west-1:1:accesspoint/p", "arn:aws:dynamodb:eu-west-1:1:table/t"}}, plain,
			management + "\n" + objects + " resources.ARN^arn:aws:s3:::a/in/\nData resources.type=AWS::S3::AccessPoint resources.ARN^arn:aws:s3:eu-west-1:1:accesspoint/p\nData resources.type=AWS::DynamoDB::Table resources.ARN^arn:aws:dynamodb:eu-west-1:1:table/t\n"},
		{"whole names, known or not", Recording{DataEvents: []string{"aws::sqs::queue", "AWS::New::Thing"}}, plain, management + "\nData resources.type=AWS::SQS::Queue\nData resources.type=AWS::New::Thing\n"},

		{"network activity, denied only", Recording{NetworkEvents: []string{"KMS", "s3.amazonaws.com"}, NetworkDenied: true}, plain,
			management + "\nNetworkActivity eventSource=kms.amazonaws.com errorCode=VpceAccessDenied\nNetworkActivity eventSource=s3.amazonaws.com errorCode=VpceAccessDenied\n"},
		{"network activity ends", Recording{NetworkEvents: []string{"none"}}, selectorsOf(t, management, "NetworkActivity eventSource="+kms), "basic All\n"},
	} {
		own.Now = c.now
		got, _, err := c.ask.Selectors(own)
		if err != nil {
			t.Errorf("%s: %s", c.name, err)
			continue
		}
		if c.want == "same" {
			if got.String() != c.now.String() {
				t.Errorf("%s: it became\n%s", c.name, brief(got))
			}
			continue
		}
		if brief(got) != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, brief(got), c.want)
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: CloudTrail would not take it: %s", c.name, err)
		}
		own.Now = &got
		if again, _, err := c.ask.Selectors(own); err != nil || !again.Equal(got) {
			t.Errorf("%s: asked again it becomes\n%s%v", c.name, brief(again), err)
		}
	}
}

func TestRecordingRefused(t *testing.T) {
	many := make([]string, 501)
	for i := range many {
		many[i] = fmt.Sprintf("bucket-%d", i)
	}
	reads, writes := "Management readOnly=true eventSource!=kms.amazonaws.com", "Management readOnly=false"
	for _, c := range []struct {
		ask  Recording
		own  Own
		want string
	}{
		{Recording{Management: "some"}, Own{}, `all, read, write or none, not "some"`},
		{Recording{Management: "none", Exclude: []string{"kms"}}, Own{}, "nothing can be excluded"},
		{Recording{Management: "none"}, Own{}, "must record something"},
		{Recording{Management: "none", DataEvents: []string{"none"}, NetworkEvents: []string{"none"}}, Own{}, "must record something"},
		{Recording{Exclude: []string{"s3"}}, Own{}, `only kms and rdsdata can be excluded from management events, not "s3"`},
		{Recording{Exclude: []string{"kms", "none"}}, Own{}, `not "none"`},
		{Recording{Exclude: []string{"kms"}}, Own{Now: selectorsOf(t, "Data resources.type=AWS::S3::Object")}, "not recorded"},
		{Recording{Management: "write"}, Own{Now: selectorsOf(t, reads, writes)}, "the trail has 2 selectors of management events"},
		{Recording{DataEvents: []string{"s4"}}, Own{}, `no resource type "s4"`},
		{Recording{DataEvents: []string{"AWS::S3"}}, Own{}, `no resource type "AWS::S3"`},
		{Recording{DataEvents: []string{"s3", "AWS::S3::Object"}}, Own{}, "AWS::S3::Object are asked for twice"},
		{Recording{DataEvents: []string{"s3", "none"}}, Own{}, `no resource type "none"`},
		{Recording{Resources: []string{"account"}}, Own{}, "none are asked for"},
		{Recording{DataEvents: []string{"none"}, Resources: []string{"all"}}, Own{}, "none are asked for"},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"all", "account"}}, Own{}, "all resources and some"},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"mine"}}, Own{}, `not "mine"`},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"arn:aws:s3:::a"}}, Own{}, "write arn:aws:s3:::a/"},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"arn:aws:s3:::a/*"}}, Own{}, "mean nothing here"},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"arn:aws:lambda:eu-west-1:1:function:f"}}, Own{}, "could be a resource of"},
		{Recording{DataEvents: []string{"s3", "xray"}, Resources: []string{"arn:aws:s3:::a/"}}, Own{}, "data events of AWS::XRay::Trace are asked for, and no resources"},
		{Recording{DataEvents: []string{"ebs"}, Resources: []string{"account"}}, Own{}, "the ARNs of AWS::EC2::Snapshot are not known to tell"},
		{Recording{DataEvents: []string{"AWS::New::Thing"}, Resources: []string{"account"}}, Own{}, "give the beginnings of ARNs"},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}, Own{}, "has no buckets"},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}, Own{Buckets: many}, "500 are allowed"},
		{Recording{NetworkDenied: true}, Own{}, "of services that are named"},
		{Recording{NetworkEvents: []string{"none"}, NetworkDenied: true}, Own{}, "of services that are named"},
		{Recording{NetworkEvents: []string{"ec2", "none"}}, Own{}, "of no service and of some"},
		{Recording{NetworkEvents: []string{"ec2", "ec2.amazonaws.com"}}, Own{}, "asked for twice"},
		{Recording{NetworkEvents: []string{"example.com"}}, Own{}, `not "example.com"`},
	} {
		_, _, err := c.ask.Selectors(c.own)
		if !errors.Is(err, ErrSpec) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %q", c.ask, err, c.want)
		}
	}
}

func TestRecordingNotes(t *testing.T) {
	own := Own{Account: Account{ID: account, Partition: "aws"}, Regions: []string{"eu-west-1"}, Buckets: []string{"a", "logs"}, LogBucket: "logs"}
	cost := "data events cost extra"
	for _, c := range []struct {
		ask  Recording
		own  func(*Own)
		want []string // how each begins
	}{
		{Recording{Management: "write"}, nil, nil},
		{Recording{DataEvents: []string{"lambda"}}, nil, []string{cost}},
		{Recording{DataEvents: []string{"s3"}}, nil, []string{"bucket logs, which receives", cost}},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}, nil, []string{"the ARNs of S3 objects name no account: the 2 buckets", "bucket logs, which receives", cost}},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}, func(o *Own) { o.LogBucket = "foreign" }, []string{"the ARNs of S3", cost}},
		{Recording{DataEvents: []string{"s3"}, Resources: []string{"arn:aws:s3:::a/"}}, nil, []string{cost}},
		{Recording{DataEvents: []string{"lambda"}, Resources: []string{"account"}}, func(o *Own) { o.Organization = true }, []string{"the account's resources in eu-west-1 are", "it is an organization's trail", cost}},
		{Recording{DataEvents: []string{"AWS::New::Thing"}}, nil, []string{"AWS::New::Thing is none of the", cost}},
		{Recording{DataEvents: []string{"lambda"}}, func(o *Own) { o.Now = selectorsOf(t, "Data resources.type=AWS::Lambda::Function eventName=Invoke") }, []string{"of AWS::Lambda::Function the same is recorded", cost}},
	} {
		o := own
		if c.own != nil {
			c.own(&o)
		}
		_, notes, err := c.ask.Selectors(o)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(notes, c.want, strings.HasPrefix) {
			t.Errorf("%+v: got %q, want %q", c.ask, notes, c.want)
		}
	}
}

func TestResourceTypes(t *testing.T) {
	short, long := map[string]bool{}, map[string]bool{}
	for _, r := range ResourceTypes() {
		if short[r.Short] || long[r.Name] || !typePattern.MatchString(r.Name) {
			t.Errorf("%+v is there twice, or has no type's name", r)
		}
		short[r.Short], long[r.Name] = true, true
		for _, name := range []string{r.Short, r.Name, derivedName(r.Name)} {
			if got, known, ok := LookUpType(name); got.Name != r.Name && !strings.EqualFold(got.Name, r.Name) || !known || !ok {
				t.Errorf("%s finds %+v, want %s", name, got, r.Name)
			}
		}
	}
	if len(long) < 200 {
		t.Errorf("only %d types", len(long))
	}
	for name := range nicknames() {
		if !long[name] {
			t.Errorf("%s has a short name and is not in the table", name)
		}
	}
}
