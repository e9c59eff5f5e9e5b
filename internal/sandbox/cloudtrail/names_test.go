package cloudtrail

import (
	"fmt"
	"strings"
	"testing"
)

func TestTrailNames(t *testing.T) {
	const bad = "InvalidTrailNameException"
	tests := []struct{ name, code string }{
		{"abc", ""}, {"a1c", ""}, {"my.trail_name-1", ""}, {strings.Repeat("a", 128), ""}, {"10.0.0.256", ""}, {"1.2.3", ""},
		{"", bad}, {"ab", bad}, {strings.Repeat("a", 129), bad}, {"-abc", bad}, {"abc.", bad}, {"a..b", bad},
		{"a.-b", bad}, {"a__b", bad}, {"a b c", bad}, {"täil", bad}, {"a/b", bad}, {"192.168.5.4", bad},
	}
	for _, tt := range tests {
		got := ""
		if err := checkTrailName(tt.name); err != nil {
			got = err.Code
		}
		if got != tt.code {
			t.Errorf("the name %q: %q, want %q", tt.name, got, tt.code)
		}
	}
}

func TestPrefixes(t *testing.T) {
	tests := []struct {
		prefix string
		ok     bool
	}{
		{"", true}, {"logs", true}, {"team/a", true}, {strings.Repeat("p", 200), true},
		{strings.Repeat("p", 201), false}, {"/logs", false}, {"a//b", false}, {"a\x00b", false}, {" logs", false},
	}
	for _, tt := range tests {
		if err := checkPrefix(tt.prefix); (err == nil) != tt.ok {
			t.Errorf("the prefix %q: %v", tt.prefix, err)
		}
	}
}

func TestCreateTrailRefusals(t *testing.T) {
	tests := []struct {
		name, input, code string
		denied            bool
	}{
		{"fine", `{"Name":"demo","S3BucketName":"trail-bucket"}`, "", false},
		{"no name", `{"S3BucketName":"trail-bucket"}`, "InvalidTrailNameException", false},
		{"name before bucket", `{"Name":"a","S3BucketName":"X"}`, "InvalidTrailNameException", false},
		{"no bucket name", `{"Name":"demo"}`, "InvalidS3BucketNameException", false},
		{"bad bucket name", `{"Name":"demo","S3BucketName":"Trail_Bucket"}`, "InvalidS3BucketNameException", false},
		{"no such bucket", `{"Name":"demo","S3BucketName":"other-bucket"}`, "S3BucketDoesNotExistException", false},
		{"policy", `{"Name":"demo","S3BucketName":"trail-bucket"}`, "InsufficientS3BucketPolicyException", true},
		{"prefix", `{"Name":"demo","S3BucketName":"trail-bucket","S3KeyPrefix":"/x"}`, "InvalidS3PrefixException", false},
		{"multi-region without global events", `{"Name":"demo","S3BucketName":"trail-bucket","IsMultiRegionTrail":true,"IncludeGlobalServiceEvents":false}`, "InvalidParameterCombinationException", false},
		{"tag twice", `{"Name":"demo","S3BucketName":"trail-bucket","TagsList":[{"Key":"a"},{"Key":"a"}]}`, "InvalidTagParameterException", false},
		{"not JSON", `{"Name":`, "SerializationException", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.bucket.deny(tt.denied)
			if answer, code := b.ask("us-east-1", "CreateTrail", tt.input); code != tt.code {
				t.Errorf("%s: %v, want %q", code, answer["message"], tt.code)
			}
		})
	}
}

// The bucket's policy is asked about the calls that CloudTrail makes, for the
// trail that is being made.
func TestCreateTrailAsksThePolicy(t *testing.T) {
	b := newBench(t)
	b.do("eu-west-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket","S3KeyPrefix":"p"}`)
	const arn = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/demo"
	want := []string{
		"cloudtrail.amazonaws.com s3:GetBucketAcl trail-bucket  " + arn + " ",
		"cloudtrail.amazonaws.com s3:PutObject trail-bucket p/AWSLogs/123456789012/CloudTrail/eu-west-1/ " + arn + " bucket-owner-full-control",
	}
	if fmt.Sprintf("%q", b.bucket.asked) != fmt.Sprintf("%q", want) {
		t.Errorf("asked %q\nwant  %q", b.bucket.asked, want)
	}
}

func TestDuplicatesAndLimits(t *testing.T) {
	b := newBench(t)
	create := func(region, name, more string) string {
		_, code := b.ask(region, "CreateTrail", fmt.Sprintf(`{"Name":%q,"S3BucketName":"trail-bucket"%s}`, name, more))
		return code
	}
	for i, tt := range []struct{ region, name, more, code string }{
		{"us-east-1", "one", "", ""},
		{"us-east-1", "one", "", "TrailAlreadyExistsException"},
		{"eu-west-1", "one", "", ""},
		{"eu-west-1", "all", `,"IsMultiRegionTrail":true`, ""},
		{"us-east-1", "all", "", "TrailAlreadyExistsException"},
		{"us-east-1", "three", "", ""},
		{"us-east-1", "four", "", ""},
		{"us-east-1", "five", "", ""},
		{"us-east-1", "six", "", "MaximumNumberOfTrailsExceededException"},
		{"eu-west-1", "seven", `,"IsMultiRegionTrail":true`, "MaximumNumberOfTrailsExceededException"},
		{"eu-west-1", "eight", "", ""},
	} {
		if got := create(tt.region, tt.name, tt.more); got != tt.code {
			t.Errorf("%d: %s in %s: %q, want %q", i, tt.name, tt.region, got, tt.code)
		}
	}
}

func TestHomeRegion(t *testing.T) {
	const arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"
	tests := []struct{ region, operation, input, code string }{
		{"us-east-1", "StartLogging", `{"Name":"demo"}`, ""},
		{"us-east-1", "StartLogging", `{"Name":"` + arn + `"}`, ""},
		{"eu-west-1", "StartLogging", `{"Name":"demo"}`, "TrailNotFoundException"},
		{"eu-west-1", "StartLogging", `{"Name":"` + arn + `"}`, "InvalidHomeRegionException"},
		{"eu-west-1", "StopLogging", `{"Name":"` + arn + `"}`, "InvalidHomeRegionException"},
		{"eu-west-1", "UpdateTrail", `{"Name":"` + arn + `"}`, "InvalidHomeRegionException"},
		{"eu-west-1", "DeleteTrail", `{"Name":"` + arn + `"}`, "InvalidHomeRegionException"},
		{"eu-west-1", "PutEventSelectors", `{"TrailName":"` + arn + `"}`, "InvalidHomeRegionException"},
		{"eu-west-1", "GetTrailStatus", `{"Name":"` + arn + `"}`, ""},
		{"eu-west-1", "GetTrailStatus", `{"Name":"demo"}`, "TrailNotFoundException"},
		{"eu-west-1", "GetTrail", `{"Name":"` + arn + `"}`, ""},
		{"us-east-1", "GetTrail", `{"Name":"nobody"}`, "TrailNotFoundException"},
		{"us-east-1", "GetTrail", `{"Name":"arn:aws:s3:::demo"}`, "CloudTrailARNInvalidException"},
		{"us-east-1", "GetTrail", `{"Name":"arn:aws:cloudtrail:us-east-1:999999999999:trail/demo"}`, "TrailNotFoundException"},
		{"us-east-1", "ListTags", `{"ResourceIdList":["demo"]}`, "CloudTrailARNInvalidException"},
		{"us-east-1", "AddTags", `{"ResourceId":"` + arn + `","TagsList":[{"Key":"team","Value":"a"}]}`, ""},
		{"eu-west-1", "AddTags", `{"ResourceId":"` + arn + `","TagsList":[{"Key":"team","Value":"a"}]}`, "ResourceNotFoundException"},
	}
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	for _, tt := range tests {
		if answer, code := b.ask(tt.region, tt.operation, tt.input); code != tt.code {
			t.Errorf("%s in %s of %s: %q %v, want %q", tt.operation, tt.region, tt.input, code, answer["message"], tt.code)
		}
	}
}

func TestDescribeTrailsAndShadows(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "CreateTrail", `{"Name":"single","S3BucketName":"trail-bucket"}`)
	tests := []struct {
		region, input string
		want          int
	}{
		{"us-east-1", `{}`, 2},
		{"eu-west-1", `{}`, 1},
		{"eu-west-1", `{"includeShadowTrails":false}`, 0},
		{"us-east-1", `{"includeShadowTrails":false}`, 2},
		{"us-east-1", `{"trailNameList":["single"]}`, 1},
		{"us-east-1", `{"trailNameList":["single","nobody"]}`, 1},
		{"eu-west-1", `{"trailNameList":["single"]}`, 0},
		{"eu-west-1", `{"trailNameList":["arn:aws:cloudtrail:us-east-1:123456789012:trail/single"]}`, 1},
	}
	for _, tt := range tests {
		if got := len(b.do(tt.region, "DescribeTrails", tt.input)["trailList"].([]any)); got != tt.want {
			t.Errorf("DescribeTrails %s in %s lists %d trails, want %d", tt.input, tt.region, got, tt.want)
		}
	}
	if got := len(b.do("eu-west-1", "ListTrails", `{}`)["Trails"].([]any)); got != 2 {
		t.Errorf("ListTrails lists %d trails", got)
	}
}
