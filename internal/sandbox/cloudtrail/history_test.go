package cloudtrail

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func ids(answer map[string]any) []string {
	var out []string
	for _, e := range answer["Events"].([]any) {
		out = append(out, e.(map[string]any)["EventId"].(string))
	}
	return out
}

// pages asks until there is no token, with new events coming in between.
func (b *bench) pages(question string, size int) (all []string, pages int) {
	b.t.Helper()
	token := ""
	for {
		in := fmt.Sprintf(`{%s"MaxResults":%d,"NextToken":%q}`, question, size, token)
		answer := b.do("us-east-1", "LookupEvents", in)
		all = append(all, ids(answer)...)
		pages++
		b.record("us-east-1", "Meanwhile")
		var more bool
		if token, more = answer["NextToken"].(string); !more {
			return all, pages
		}
	}
}

func TestLookupPaging(t *testing.T) {
	for _, size := range []int{1, 7, 50} {
		b := newBench(t)
		var want []string
		for i := range 137 {
			if i%5 != 0 { // some events share a second
				b.now = b.now.Add(time.Second)
			}
			want = append(want, b.record("us-east-1", "DescribeInstances"))
		}
		b.record("eu-west-1", "DescribeInstances")
		slices.Reverse(want)
		got, pages := b.pages("", size)
		if !slices.Equal(got, want) || pages != (len(want)+size-1)/size {
			t.Errorf("pages of %d: %d events in %d pages, want %d", size, len(got), pages, len(want))
		}
	}
}

func TestLookupAttributes(t *testing.T) {
	b := newBench(t)
	alice := b.record("us-east-1", "DescribeInstances")
	b.now = b.now.Add(time.Hour)
	root := b.record("us-east-1", "CreateBucket", func(r *Record) {
		r.UserIdentity = Identity{Type: "Root", AccessKeyID: "ASIAROOT"}
		r.EventSource = "s3.amazonaws.com"
		r.RequestParameters = map[string]any{"bucketName": "b1"}
		r.Resources = []RecordResource{{Type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::b1"}}
	})
	b.now = b.now.Add(time.Hour)
	role := b.record("us-east-1", "StartLogging", func(r *Record) {
		r.UserIdentity = Identity{Type: "AssumedRole", ARN: "arn:aws:sts::123456789012:assumed-role/ops/session-1"}
		r.EventSource = eventSource
		r.RequestParameters = map[string]any{"name": "demo"}
	})
	hour := func(h int) int64 { return testStart.Add(time.Duration(h) * time.Hour).Unix() }
	attribute := func(key, value string) string {
		return fmt.Sprintf(`{"LookupAttributes":[{"AttributeKey":%q,"AttributeValue":%q}]}`, key, value)
	}
	tests := []struct {
		input string
		want  []string
		code  string
	}{
		{`{}`, []string{role, root, alice}, ""},
		{attribute("EventName", "CreateBucket"), []string{root}, ""},
		{attribute("EventSource", "ec2.amazonaws.com"), []string{alice}, ""},
		{attribute("EventId", alice), []string{alice}, ""},
		{attribute("ReadOnly", "true"), []string{alice}, ""},
		{attribute("Username", "alice"), []string{alice}, ""},
		{attribute("Username", "root"), []string{root}, ""},
		{attribute("Username", "session-1"), []string{role}, ""},
		{attribute("AccessKeyId", "ASIAROOT"), []string{root}, ""},
		{attribute("ResourceName", "b1"), []string{root}, ""},
		{attribute("ResourceName", "demo"), []string{role}, ""},
		{attribute("ResourceType", "AWS::S3::Bucket"), []string{root}, ""},
		{attribute("ResourceName", "nothing"), nil, ""},
		{fmt.Sprintf(`{"StartTime":%d,"EndTime":%d}`, hour(0), hour(1)), []string{root, alice}, ""},
		{fmt.Sprintf(`{"StartTime":%d}`, hour(1)), []string{role, root}, ""},
		{`{"EventCategory":"insight"}`, nil, ""},
		{attribute("Colour", "red"), nil, "InvalidLookupAttributesException"},
		{`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"a"},{"AttributeKey":"Username","AttributeValue":"b"}]}`, nil, "InvalidLookupAttributesException"},
		{fmt.Sprintf(`{"StartTime":%d,"EndTime":%d}`, hour(1), hour(0)), nil, "InvalidTimeRangeException"},
		{`{"MaxResults":51}`, nil, "InvalidMaxResultsException"},
		{`{"MaxResults":0}`, nil, "InvalidMaxResultsException"},
		{`{"NextToken":"garbage"}`, nil, "InvalidNextTokenException"},
		{`{"EventCategory":"data"}`, nil, "InvalidEventCategoryException"},
	}
	for _, tt := range tests {
		answer, code := b.ask("us-east-1", "LookupEvents", tt.input)
		if code != tt.code || code == "" && !slices.Equal(ids(answer), tt.want) {
			t.Errorf("%s: %q %v, want %q %v", tt.input, code, answer, tt.code, tt.want)
		}
	}
}

func TestTokenBelongsToItsQuestion(t *testing.T) {
	b := newBench(t)
	b.record("us-east-1", "One")
	b.record("us-east-1", "Two")
	token := b.do("us-east-1", "LookupEvents", `{"MaxResults":1}`)["NextToken"]
	in := fmt.Sprintf(`{"LookupAttributes":[{"AttributeKey":"EventName","AttributeValue":"One"}],"NextToken":%q}`, token)
	if _, code := b.ask("us-east-1", "LookupEvents", in); code != "InvalidNextTokenException" {
		t.Errorf("a token of another question: %q", code)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	b := newBench(t, func(o *Options) { o.MaxHistory = 10 })
	var last string
	for range 25 {
		b.now = b.now.Add(time.Second)
		last = b.record("us-east-1", "Many")
	}
	b.record("eu-west-1", "Few")
	if got := ids(b.do("us-east-1", "LookupEvents", `{}`)); len(got) != 9 || got[0] != last {
		t.Errorf("the history keeps %v", got)
	}
	if got := ids(b.do("eu-west-1", "LookupEvents", `{}`)); len(got) != 1 || b.s.Events() != 10 {
		t.Errorf("eu-west-1 keeps %v, all regions %d", got, b.s.Events())
	}
	b.now = b.now.Add(91 * 24 * time.Hour)
	b.record("us-east-1", "Later")
	if got := ids(b.do("us-east-1", "LookupEvents", `{}`)); len(got) != 1 {
		t.Errorf("after 91 days: %v", got)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	inDir := func(o *Options) { o.Dir = dir }
	b := newBench(t, inDir)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "AddTags", `{"ResourceId":"arn:aws:cloudtrail:us-east-1:123456789012:trail/demo","TagsList":[{"Key":"team","Value":"a"}]}`)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.advance(90 * time.Minute)
	waiting := b.record("us-east-1", "Waiting")
	if err := b.s.Close(); err != nil {
		t.Fatal(err)
	}
	// A crash has left half a line behind.
	f, err := os.OpenFile(filepath.Join(dir, historyName), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"eventVersion":"1.`)
	f.Close()

	again := newBench(t, inDir)
	again.bucket, again.now = b.bucket, b.now.Add(10*time.Hour)
	again.s.Bucket = b.bucket
	again.s.Resume(again.now)
	again.events = 100
	after := again.record("us-east-1", "After")
	if got := ids(again.do("us-east-1", "LookupEvents", `{}`)); !slices.Equal(got, []string{after, waiting}) {
		t.Errorf("the history after the restart: %v", got)
	}
	tags := again.do("us-east-1", "ListTags", `{"ResourceIdList":["arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"]}`)
	if fmt.Sprint(tags) != "map[ResourceTagList:[map[ResourceId:arn:aws:cloudtrail:us-east-1:123456789012:trail/demo TagsList:[map[Key:team Value:a]]]]]" {
		t.Errorf("the tags after the restart: %v", tags)
	}
	again.advance(2 * time.Hour)
	if got := again.delivered("us-east-1"); !slices.Equal(got, []string{waiting, after}) {
		t.Errorf("delivered after the restart: %v", got)
	}
	// One digest covers the time in which nobody ran, and continues the chain.
	if chain := again.checkChain("us-east-1"); len(chain) != 4 || chain[1].PreviousKey == nil {
		t.Errorf("the chain over the restart: %d digests", len(chain))
	}
	if err := again.s.Close(); err != nil {
		t.Fatal(err)
	}
	third := newBench(t, inDir)
	if n := third.s.Events(); n != 2 {
		t.Errorf("%d events after the second restart", n)
	}
}

func TestLateEventsFindTheirPlace(t *testing.T) {
	b := newBench(t)
	first := b.record("us-east-1", "First")
	b.now = b.now.Add(time.Minute)
	last := b.record("us-east-1", "Last")
	b.now = b.now.Add(-30 * time.Second)
	late := b.record("us-east-1", "Late")
	b.now = b.now.Add(time.Hour)
	if got := ids(b.do("us-east-1", "LookupEvents", `{}`)); !slices.Equal(got, []string{last, late, first}) {
		t.Errorf("the history is %v", got)
	}
}
