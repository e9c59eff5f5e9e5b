package export

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/goccy/go-yaml"

	"trailctl/bucket"
)

func parsed(t *testing.T, s Source) map[string]any {
	t.Helper()
	text, err := Write(s, CloudFormation, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return doc
}

// gather collects all texts of a document, keys as well.
func gather(value any, into map[string]bool) {
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			into[k] = true
			gather(inner, into)
		}
	case []any:
		for _, inner := range v {
			gather(inner, into)
		}
	case string:
		into[v] = true
	}
}

func TestCloudFormationKeepsHostileTextsInside(t *testing.T) {
	for _, h := range hostile {
		doc := parsed(t, full(func(text string) string { return text + h }))
		if n := len(doc["Resources"].(map[string]any)); n != 7 {
			t.Errorf("%q: %d resources", h, n)
		}
		found := map[string]bool{}
		gather(doc, found)
		for _, stem := range []string{"key", "value", "prefix", "selector", "x", "y", "p", "arn:aws:s3:::a", "bucket", "topic", "trust", "a", "b"} {
			if !found[stem+h] {
				t.Errorf("%q did not come through", stem+h)
			}
		}
		s := full(func(text string) string { return h + text })
		found = map[string]bool{}
		gather(parsed(t, s), found)
		if !found[h+"key"] || !found[h+"value"] {
			t.Errorf("%q did not come through", h+"key")
		}
	}
}

func TestCloudFormationKeepsTypes(t *testing.T) {
	doc := parsed(t, full(plain))
	resources := doc["Resources"].(map[string]any)
	policy := resources["LogBucketPolicy"].(map[string]any)["Properties"].(map[string]any)["PolicyDocument"].(map[string]any)
	if v, ok := policy["Version"].(string); !ok || v != "2012-10-17" {
		t.Errorf("the policy's version is %v", policy["Version"])
	}
	condition := policy["Statement"].([]any)[0].(map[string]any)["Condition"].(map[string]any)["StringEquals"].(map[string]any)
	if fmt.Sprint(condition["n"]) != "1" || condition["b"] != true {
		t.Errorf("condition %v", condition)
	}
	b := resources["LogBucket"].(map[string]any)
	if b["DeletionPolicy"] != "Retain" || b["UpdateReplacePolicy"] != "Retain" {
		t.Errorf("the bucket goes with its stack: %v", b)
	}
	if after := fmt.Sprint(resources["Trail"].(map[string]any)["DependsOn"]); !strings.Contains(after, "LogBucketPolicy") || !strings.Contains(after, "TopicPolicy") {
		t.Errorf("the trail waits for %s", after)
	}
}

func TestCloudFormationRefusesWhatItWouldActOn(t *testing.T) {
	for _, evil := range []string{"{{resolve:ssm:secret}}", "x{{resolve:secretsmanager:y}}z"} {
		if text, err := Write(full(func(s string) string { return s + evil }), CloudFormation, Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v %s", evil, err, text)
		}
		s := full(plain)
		s.Tags = map[string]string{evil: "x"}
		if _, err := Write(s, CloudFormation, Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("a tag %q: %v", evil, err)
		}
	}
	for _, evil := range []string{`{"Fn::Sub":"x"}`, `{"Statement":[{"Condition":{"StringEquals":{"a":{"Ref":"LogBucket"}}}}]}`, `{"Fn::Transform":{"Name":"x"}}`, `{"a":{"Fn::GetAtt":["Trail","Arn"]}}`} {
		s := full(plain)
		s.Bucket.Policy = evil
		if _, err := Write(s, CloudFormation, Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("policy %s: %v", evil, err)
		}
	}
	for _, broken := range []string{`{`, `[]`, `"x"`} {
		s := full(plain)
		s.Topic.Policy = broken
		if _, err := Write(s, CloudFormation, Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("policy %s: %v", broken, err)
		}
	}
}

// A stack makes nothing in another region.
func TestCloudFormationStaysInItsRegion(t *testing.T) {
	text, err := Write(basic(), CloudFormation, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "AWS::S3::") || !strings.Contains(text, `S3BucketName: "logs-bucket"`) || !strings.Contains(text, "eu-west-1") {
		t.Errorf("the bucket of another region:\n%s", text)
	}
}

func TestCommentsStayOnTheirLine(t *testing.T) {
	for _, f := range Formats() {
		s := full(plain)
		s.Unread = map[string]error{"tags\nevil: true\r\u2028": nil}
		s.Trail.KMSKey = "key\nevil: true"
		s.Insights.Selectors[0].EventCategories = []types.SourceEventCategory{types.SourceEventCategoryManagement, types.SourceEventCategoryData}
		s.Extra.Lifecycle, s.Extra.MFADelete = true, true
		text, err := Write(s, f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "evil") {
				t.Errorf("%s: %q", f, line)
			}
		}
		if !strings.Contains(text, "# Bucket \"logs-bucket\" has lifecycle rules") {
			t.Errorf("%s says nothing of lifecycle rules", f)
		}
		if kept := strings.Contains(text, "# ApiCallRateInsight looks at events of the categories \"Management, Data\"") || strings.Contains(text, "EventCategories"); !kept {
			t.Errorf("%s has lost the categories of Insights", f)
		}
	}
}

func TestForeignBucketIsOnlyNamed(t *testing.T) {
	for _, f := range Formats() {
		s := full(plain)
		s.Bucket.Owner = bucket.Other
		s.Extra = nil
		text, err := Write(s, f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, making := range []string{`"aws_s3_bucket"`, "AWS::S3::Bucket", "create-bucket", "put-bucket-policy"} {
			if strings.Contains(text, making) {
				t.Errorf("%s makes another account's bucket: %s", f, making)
			}
		}
		if !strings.Contains(text, `# Bucket "logs-bucket" belongs to another account`) {
			t.Errorf("%s does not say whose the bucket is", f)
		}
	}
}

func FuzzQuoted(f *testing.F) {
	for _, h := range hostile {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		var got map[string]string
		if err := yaml.Unmarshal([]byte("a: "+quoted(s)+"\n"), &got); err != nil || got["a"] != s {
			t.Errorf("%q came back as %q: %v", s, got["a"], err)
		}
	})
}
