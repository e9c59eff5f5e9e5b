package cloudtrail

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// createWhole makes a trail with everything around it.
const createWhole = `{"Name":"demo","S3BucketName":"trail-bucket","EnableLogFileValidation":true,"SnsTopicName":"told",` +
	`"CloudWatchLogsLogGroupArn":"` + testGroup + `","CloudWatchLogsRoleArn":"` + testRole + `","KmsKeyId":"alias/trails"}`

func TestSettingsThatNeedOtherServices(t *testing.T) {
	const (
		noTopic = "InsufficientSnsTopicPolicyException"
		noGroup = "InvalidCloudWatchLogsLogGroupArnException"
		noRole  = "InvalidCloudWatchLogsRoleArnException"
		noKey   = "KmsKeyNotFoundException"
		both    = `"CloudWatchLogsLogGroupArn":"` + testGroup + `","CloudWatchLogsRoleArn":"` + testRole + `"`
	)
	arns := func(group, role string) string {
		return fmt.Sprintf(`"CloudWatchLogsLogGroupArn":%q,"CloudWatchLogsRoleArn":%q`, group, role)
	}
	missing := func(what string) func(*fakeNeighbours) { return func(f *fakeNeighbours) { f.missing = what } }
	denied := func(what string) func(*fakeNeighbours) { return func(f *fakeNeighbours) { f.denied = what } }
	tests := []struct {
		name, setting, code string
		around              func(*fakeNeighbours)
	}{
		{"topic by name", `"SnsTopicName":"told"`, "", nil},
		{"topic by ARN", `"SnsTopicName":"` + testTopic + `"`, "", nil},
		{"topic of a strange name", `"SnsTopicName":"a topic"`, "InvalidSnsTopicNameException", nil},
		{"topic that is an ARN of something else", `"SnsTopicName":"arn:aws:sqs:us-east-1:123456789012:told"`, "InvalidSnsTopicNameException", nil},
		{"topic with a long name", `"SnsTopicName":"` + strings.Repeat("t", 257) + `"`, "InvalidSnsTopicNameException", nil},
		{"no topic", `"SnsTopicName":"told"`, noTopic, missing(testTopic)},
		{"topic policy", `"SnsTopicName":"told"`, noTopic, denied("sns:Publish")},

		{"group", both, "", nil},
		{"group without a role", `"CloudWatchLogsLogGroupArn":"` + testGroup + `"`, noRole, nil},
		{"role without a group", `"CloudWatchLogsRoleArn":"` + testRole + `"`, noGroup, nil},
		{"group without a star", arns(strings.TrimSuffix(testGroup, ":*"), testRole), noGroup, nil},
		{"group of another region", arns(strings.Replace(testGroup, "us-east-1", "eu-west-1", 1), testRole), noGroup, nil},
		{"group of another account", arns(strings.Replace(testGroup, testAccount, testMember, 1), testRole), noGroup, nil},
		{"no group", both, noGroup, missing(testGroup)},
		{"no role", both, noRole, missing(testRole)},
		{"role of another account", arns(testGroup, otherRole), noRole, nil},
		{"trust", both, noRole, denied("sts:AssumeRole")},
		{"role may not write", both, noGroup, denied("logs:PutLogEvents")},
		{"role may not make streams", both, noGroup, denied("logs:CreateLogStream")},

		{"key by alias", `"KmsKeyId":"alias/trails"`, "", nil},
		{"key by ARN", `"KmsKeyId":"` + testKey + `"`, "", nil},
		{"key by id", `"KmsKeyId":"11111111-2222-3333-4444-555555555555"`, "", nil},
		{"key that is none", `"KmsKeyId":"my key"`, "InvalidKmsKeyIdException", nil},
		{"key of another region", `"KmsKeyId":"` + strings.Replace(testKey, "us-east-1", "eu-west-1", 1) + `"`, noKey, nil},
		{"no key", `"KmsKeyId":"alias/trails"`, noKey, missing(testKey)},
		{"other alias", `"KmsKeyId":"alias/other"`, noKey, nil},
		{"disabled key", `"KmsKeyId":"alias/trails"`, "KmsException", func(f *fakeNeighbours) { f.disabled = true }},
		{"key policy", `"KmsKeyId":"alias/trails"`, "InsufficientEncryptionPolicyException", denied("kms:GenerateDataKey")},
		{"key policy without describe", `"KmsKeyId":"alias/trails"`, "InsufficientEncryptionPolicyException", denied("kms:DescribeKey")},

		{"organization", `"IsOrganizationTrail":true`, "", nil},
		{"no organization", `"IsOrganizationTrail":true`, "OrganizationsNotInUseException", func(f *fakeNeighbours) { f.members = nil }},
		{"member", `"IsOrganizationTrail":true`, "NotOrganizationMasterAccountException", func(f *fakeNeighbours) { f.manager = testMember }},
		{"no trust", `"IsOrganizationTrail":true`, "CloudTrailAccessNotEnabledException", func(f *fakeNeighbours) { f.trusted = false }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, way := range []string{"CreateTrail", "UpdateTrail"} {
				b := newBench(t)
				input := `{"Name":"demo","S3BucketName":"trail-bucket",` + tt.setting + `}`
				if way == "UpdateTrail" {
					b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket"}`)
					input = `{"Name":"demo",` + tt.setting + `}`
				}
				if tt.around != nil {
					b.around.set(tt.around)
				}
				if answer, code := b.ask("us-east-1", way, input); code != tt.code {
					t.Errorf("%s: %q %v, want %q", way, code, answer["message"], tt.code)
				}
			}
		})
	}
}

// The policies are asked in the way in which they know the trail.
func TestWhatThePoliciesAreAsked(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createWhole)
	const (
		source  = "aws:SourceAccount:123456789012 aws:SourceArn:arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"
		context = " kms:EncryptionContext:aws:cloudtrail:arn:arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"
		stream  = "arn:aws:logs:us-east-1:123456789012:log-group:trail/logs:log-stream:123456789012_CloudTrail_us-east-1"
	)
	want := []string{
		"sns:Publish " + testTopic + " map[" + source + "]",
		"sts:AssumeRole " + testRole + " map[" + source + "]",
		"logs:CreateLogStream " + stream + " map[]",
		"logs:PutLogEvents " + stream + " map[]",
		"kms:DescribeKey " + testKey + " map[" + source + "]",
		"kms:GenerateDataKey " + testKey + " map[" + source + context + "]",
	}
	if !slices.Equal(b.around.asked, want) {
		t.Errorf("asked\n%s\nwant\n%s", strings.Join(b.around.asked, "\n"), strings.Join(want, "\n"))
	}
}

func TestSettingsAreToldAndTakenAway(t *testing.T) {
	b := newBench(t)
	fields := []string{"SnsTopicName", "SnsTopicARN", "CloudWatchLogsLogGroupArn", "CloudWatchLogsRoleArn", "KmsKeyId"}
	values := func(in map[string]any) string {
		var out []string
		for _, f := range fields {
			out = append(out, fmt.Sprint(in[f]))
		}
		return strings.Join(out, " ")
	}
	get := func() map[string]any {
		return b.do("us-east-1", "GetTrail", `{"Name":"demo"}`)["Trail"].(map[string]any)
	}
	want := strings.Join([]string{"told", testTopic, testGroup, testRole, testKey}, " ")
	if got := values(b.do("us-east-1", "CreateTrail", createWhole)); got != want {
		t.Errorf("CreateTrail answers %s", got)
	}
	if got := values(get()); got != want {
		t.Errorf("GetTrail answers %s", got)
	}
	b.do("us-east-1", "UpdateTrail", `{"Name":"demo","EnableLogFileValidation":false}`)
	if got := values(get()); got != want {
		t.Errorf("after another change: %s", got)
	}
	if _, code := b.ask("us-east-1", "UpdateTrail", `{"Name":"demo","CloudWatchLogsLogGroupArn":""}`); code != "InvalidCloudWatchLogsLogGroupArnException" {
		t.Errorf("the group without its role is taken away: %q", code)
	}
	b.do("us-east-1", "UpdateTrail", `{"Name":"demo","SnsTopicName":"","CloudWatchLogsLogGroupArn":"","CloudWatchLogsRoleArn":"","KmsKeyId":""}`)
	if got := values(get()); got != "<nil> <nil> <nil> <nil> <nil>" {
		t.Errorf("after taking all away: %s", got)
	}
}

// What was changed a moment ago is not seen yet.
func TestSettle(t *testing.T) {
	tests := []struct{ what, code string }{
		{"bucket", "InsufficientS3BucketPolicyException"},
		{testTopic, "InsufficientSnsTopicPolicyException"},
		{"trail/logs", "InvalidCloudWatchLogsLogGroupArnException"},
		{testRole, "InvalidCloudWatchLogsRoleArnException"},
		{testKey, "InsufficientEncryptionPolicyException"},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			b := newBench(t, func(o *Options) { o.Settle = 10 * time.Second })
			b.around.set(func(f *fakeNeighbours) { f.changed[tt.what] = b.now })
			if tt.what == "bucket" {
				b.bucket.changed = b.now
			}
			for _, wait := range []time.Duration{0, 9 * time.Second} {
				b.now = b.now.Add(wait)
				if _, code := b.ask("us-east-1", "CreateTrail", createWhole); code != tt.code {
					t.Errorf("at once: %q, want %q", code, tt.code)
				}
			}
			b.now = b.now.Add(time.Second)
			b.do("us-east-1", "CreateTrail", createWhole)
		})
	}
}
