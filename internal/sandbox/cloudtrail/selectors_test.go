package cloudtrail

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSelectorRules(t *testing.T) {
	field := func(fields string) string { return `"AdvancedEventSelectors":[{"FieldSelectors":[` + fields + `]}]` }
	const (
		management = `{"Field":"eventCategory","Equals":["Management"]}`
		data       = `{"Field":"eventCategory","Equals":["Data"]}`
		objects    = `{"Field":"resources.type","Equals":["AWS::S3::Object"]}`
		network    = `{"Field":"eventCategory","Equals":["NetworkActivity"]}`
	)
	many := func(n int, prefix string) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`"%s%d/"`, prefix, i))
		}
		return strings.Join(list, ",")
	}
	tests := []struct {
		name, selectors string
		ok              bool
	}{
		{"all management", `"EventSelectors":[{"ReadWriteType":"All","IncludeManagementEvents":true}]`, true},
		{"left out means all", `"EventSelectors":[{}]`, true},
		{"none", `"EventSelectors":[]`, false},
		{"read-only", `"EventSelectors":[{"ReadWriteType":"read-only"}]`, false},
		{"six", `"EventSelectors":[{},{},{},{},{},{}]`, false},
		{"nothing selected", `"EventSelectors":[{"IncludeManagementEvents":false}]`, false},
		{"exclude kms", `"EventSelectors":[{"ExcludeManagementEventSources":["kms.amazonaws.com","rdsdata.amazonaws.com"]}]`, true},
		{"exclude ec2", `"EventSelectors":[{"ExcludeManagementEventSources":["ec2.amazonaws.com"]}]`, false},
		{"all buckets", `"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}]`, true},
		{"one bucket", `"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/"]}]}]`, true},
		{"bucket without slash", `"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b"]}]}]`, false},
		{"unknown type", `"EventSelectors":[{"DataResources":[{"Type":"AWS::EC2::Instance","Values":["arn:aws:ec2"]}]}]`, false},
		{"250 resources", `"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":[` + many(250, "arn:aws:s3:::b") + `]}]}]`, true},
		{"251 resources", `"EventSelectors":[{"DataResources":[{"Type":"AWS::S3::Object","Values":[` + many(251, "arn:aws:s3:::b") + `]}]}]`, false},
		{"both kinds", `"EventSelectors":[{}],` + field(management), false},
		{"advanced management", field(management + `,{"Field":"readOnly","Equals":["true"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]}`), true},
		{"no category", field(`{"Field":"readOnly","Equals":["true"]}`), false},
		{"unknown category", field(`{"Field":"eventCategory","Equals":["Insight"]}`), false},
		{"category twice", field(management + `,` + management), false},
		{"field of data in management", field(management + `,{"Field":"resources.ARN","StartsWith":["x"]}`), false},
		{"data", field(data + `,` + objects + `,{"Field":"eventName","NotStartsWith":["Get"]}`), true},
		{"data without type", field(data), false},
		{"type by prefix", field(data + `,{"Field":"resources.type","StartsWith":["AWS::S3"]}`), false},
		{"readOnly maybe", field(management + `,{"Field":"readOnly","Equals":["maybe"]}`), false},
		{"no operator", field(management + `,{"Field":"eventSource"}`), false},
		{"network", field(network + `,{"Field":"eventSource","Equals":["s3.amazonaws.com"]},{"Field":"errorCode","Equals":["VpceAccessDenied"]}`), true},
		{"network without source", field(network), false},
		{"network with another error", field(network + `,{"Field":"eventSource","Equals":["s3.amazonaws.com"]},{"Field":"errorCode","Equals":["AccessDenied"]}`), false},
		{"498 values", field(data + `,` + objects + `,{"Field":"resources.ARN","StartsWith":[` + many(498, "a") + `]}`), true},
		{"501 values", field(data + `,` + objects + `,{"Field":"resources.ARN","StartsWith":[` + many(499, "a") + `]}`), false},
	}
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	for _, tt := range tests {
		_, code := b.ask("us-east-1", "PutEventSelectors", `{"TrailName":"demo",`+tt.selectors+`}`)
		if tt.ok && code != "" || !tt.ok && code != "InvalidEventSelectorsException" {
			t.Errorf("%s: %q", tt.name, code)
		}
	}
}

func TestOnlyWhatIsSelectedIsDelivered(t *testing.T) {
	object := func(arn string) func(*Record) {
		return func(r *Record) {
			r.EventCategory, r.ManagementEvent, r.EventSource = Data, false, "s3.amazonaws.com"
			r.Resources = []RecordResource{{Type: "AWS::S3::Object", ARN: arn}, {Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::b"}}
		}
	}
	whole := func(r *Record) {
		object("")(r)
		r.Resources = []RecordResource{{Type: "AWS::S3::Object", ARNPrefix: "arn:aws:s3:::d/"}, {Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::d"}}
	}
	source := func(s string) func(*Record) { return func(r *Record) { r.EventSource = s } }
	tests := []struct {
		name, selectors string
		want            []string
	}{
		{"default", "", []string{"DescribeInstances", "RunInstances", "Encrypt"}},
		{"write only", `"EventSelectors":[{"ReadWriteType":"WriteOnly"}]`, []string{"RunInstances", "Encrypt"}},
		{"read only", `"EventSelectors":[{"ReadWriteType":"ReadOnly"}]`, []string{"DescribeInstances"}},
		{"without kms", `"EventSelectors":[{"ExcludeManagementEventSources":["kms.amazonaws.com"]}]`, []string{"DescribeInstances", "RunInstances"}},
		{"objects of all buckets", `"EventSelectors":[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::"]}]}]`, []string{"PutObject", "PutElsewhere", "ListObjects"}},
		{"objects of a bucket that is listed", `"EventSelectors":[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::d/"]}]}]`, []string{"ListObjects"}},
		{"objects of a prefix", `"EventSelectors":[{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3:::b/in/"]}]}]`, []string{"PutObject"}},
		{"advanced management", `"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"eventSource","NotEquals":["kms.amazonaws.com"]},{"Field":"readOnly","Equals":["false"]}]}]`, []string{"RunInstances"}},
		{"advanced data", `"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","NotStartsWith":["arn:aws:s3:::b/in/"]}]}]`, []string{"PutElsewhere", "ListObjects"}},
		{"advanced by name", `"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"eventName","EndsWith":["Object"]}]}]`, []string{"PutObject"}},
		{"two advanced", `"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["true"]}]},{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","EndsWith":["/in/x"]}]}]`, []string{"DescribeInstances", "PutObject"}},
		{"ARN of another type", `"AdvancedEventSelectors":[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"resources.ARN","Equals":["arn:aws:s3:::b"]}]}]`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket"}`)
			if tt.selectors != "" {
				b.do("us-east-1", "PutEventSelectors", `{"TrailName":"demo",`+tt.selectors+`}`)
			}
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			names := map[string]string{}
			names[b.record("us-east-1", "DescribeInstances")] = "DescribeInstances"
			names[b.record("us-east-1", "RunInstances")] = "RunInstances"
			names[b.record("us-east-1", "Encrypt", source("kms.amazonaws.com"))] = "Encrypt"
			names[b.record("us-east-1", "PutObject", object("arn:aws:s3:::b/in/x"))] = "PutObject"
			names[b.record("us-east-1", "PutElsewhere", object("arn:aws:s3:::c/y"))] = "PutElsewhere"
			names[b.record("us-east-1", "ListObjects", whole)] = "ListObjects"
			b.advance(10 * time.Minute)
			var got []string
			for _, id := range b.delivered("") {
				got = append(got, names[id])
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("delivered %v, want %v", got, tt.want)
			}
		})
	}
}

// Global service events are recorded in us-east-1; a trail of that region
// alone has them unless it leaves them out.
func TestGlobalServiceEvents(t *testing.T) {
	b := newBench(t)
	for region, in := range map[string]string{
		"us-east-1": `{"Name":"without","S3BucketName":"trail-bucket","S3KeyPrefix":"without","IncludeGlobalServiceEvents":false}`,
		"eu-west-1": `{"Name":"elsewhere","S3BucketName":"trail-bucket","S3KeyPrefix":"elsewhere"}`,
	} {
		b.do(region, "CreateTrail", in)
	}
	b.do("us-east-1", "CreateTrail", `{"Name":"with","S3BucketName":"trail-bucket","S3KeyPrefix":"with"}`)
	b.do("us-east-1", "StartLogging", `{"Name":"with"}`)
	b.do("us-east-1", "StartLogging", `{"Name":"without"}`)
	b.do("eu-west-1", "StartLogging", `{"Name":"elsewhere"}`)
	id := b.record("us-east-1", "CreateUser", func(r *Record) { r.EventSource = "iam.amazonaws.com" })
	other := b.record("us-east-1", "CreateAccount", func(r *Record) { r.EventSource = "organizations.amazonaws.com" })
	b.advance(10 * time.Minute)
	if got := b.delivered(""); !slices.Equal(got, []string{id, other}) || len(b.bucket.keys("with/")) != 1 {
		t.Errorf("delivered %v in %v", got, b.bucket.keys(""))
	}
}

func FuzzAdvancedSelectors(f *testing.F) {
	f.Add(`[{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]}]}]`)
	f.Add(`[{"Name":"x","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]},{"Field":"readOnly","Equals":["true"]}]}]`)
	event, err := NewEvent(Record{EventTime: stamp(testStart), EventCategory: Management, EventName: "X", EventID: "1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var list []advancedSelector
		if json.Unmarshal([]byte(text), &list) != nil || checkAdvanced(list) != nil {
			return
		}
		for _, s := range list {
			if s.selects(event) && s.category() != Management {
				t.Errorf("a selector of %s selects a management event: %s", s.category(), text)
			}
		}
	})
}
