package export

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
)

// Each setting of what stands around a trail is written, or a comment says
// that it is missing: nothing is weakened silently. A text that begins with #
// has to stand in a comment.
func TestNothingIsLostSilently(t *testing.T) {
	const alias = "arn:aws:kms:us-east-1:111122223333:alias/topic"
	attribute := func(name, value string) func(*Source) {
		return func(s *Source) { s.Topic.Attributes = map[string]string{name: value} }
	}
	insights := func(categories ...types.SourceEventCategory) func(*Source) {
		return func(s *Source) { s.Insights.Selectors[0].EventCategories = categories }
	}
	for name, tt := range map[string]struct {
		change                         func(*Source)
		terraform, cloudFormation, cli string
	}{
		"a topic's key":                {attribute("KmsMasterKeyId", alias), `kms_master_key_id = "` + alias, `KmsMasterKeyId: "` + alias, `"KmsMasterKeyId": "` + alias},
		"that it is only referred to":  {attribute("KmsMasterKeyId", alias), `# KMS key "` + alias, `# KMS key "` + alias, `# KMS key "` + alias},
		"a topic's name for people":    {attribute("DisplayName", "News"), `"News"`, `DisplayName: "News"`, `"DisplayName": "News"`},
		"its deliveries":               {attribute("DeliveryPolicy", `{"a":1}`), `delivery_policy`, "# The delivery policy", `"DeliveryPolicy": "{\"a\":1}"`},
		"its signatures":               {attribute("SignatureVersion", "2"), `signature_version = 2`, `SignatureVersion: "2"`, `"SignatureVersion": "2"`},
		"its tracing":                  {attribute("TracingConfig", "Active"), `"Active"`, `TracingConfig: "Active"`, `"TracingConfig": "Active"`},
		"the roles of its status logs": {attribute("HTTPFailureFeedbackRoleArn", roleARN), `http_failure_feedback_role_arn`, `Protocol: "http/s"`, `"HTTPFailureFeedbackRoleArn"`},
		"the rates of its status logs": {attribute("SQSSuccessFeedbackSampleRate", "50"), `sqs_success_feedback_sample_rate = 50`, `SuccessFeedbackSampleRate: "50"`, `"SQSSuccessFeedbackSampleRate": "50"`},
		"what else there may be":       {attribute("MaximumMessageSize", "2048"), `# Attribute "MaximumMessageSize"`, `# Attribute "MaximumMessageSize"`, `# Attribute "MaximumMessageSize"`},
		"subscriptions":                {attribute("SubscriptionsConfirmed", "2"), "# Topic", "# Topic", "# Topic"},
		"data events of Insights":      {insights("Management", "Data"), "# ApiCallRateInsight", "EventCategories:", `"EventCategories"`},
		"nothing but data events":      {insights("Data"), "# ApiCallRateInsight", `EventCategories: - "Data"`, `"EventCategories": [ "Data" ]`},
		"a role's boundary":            {func(s *Source) { s.Role.Boundary = "arn:aws:iam::111122223333:policy/b" }, "permissions_boundary", "PermissionsBoundary:", `"PermissionsBoundary"`},
		"a role's sessions":            {func(s *Source) { s.Role.MaxSession = 7200 }, "max_session_duration = 7200", "MaxSessionDuration: 7200", `"MaxSessionDuration": 7200`},
		"what a role is for":           {func(s *Source) { s.Role.Description = "why" }, `"why"`, `Description: "why"`, `"Description": "why"`},
		"a group's class":              {func(s *Source) { s.Group.Class = "INFREQUENT_ACCESS" }, "log_group_class", "LogGroupClass:", `"logGroupClass"`},
		"metric filters":               {func(s *Source) { s.Group.Filters = 3 }, "# Log group", "# Log group", "# Log group"},
		"masked data":                  {func(s *Source) { s.Group.Masked = true }, "# Log group", "# Log group", "# Log group"},
		"a group that stays":           {func(s *Source) { s.Group.Protected = true }, "# Log group", "# Log group", "# Log group"},
		"object lock":                  {func(s *Source) { s.Extra.Lock = &ObjectLock{} }, "object_lock_enabled = true", "ObjectLockEnabled: true", `"ObjectLockEnabledForBucket": true`},
		"retention in days":            {func(s *Source) { s.Extra.Lock = &ObjectLock{Mode: "COMPLIANCE", Days: 30} }, "days = 30", "Days: 30", `"Days": 30`},
		"retention in years":           {func(s *Source) { s.Extra.Lock = &ObjectLock{Mode: "COMPLIANCE", Years: 2} }, `mode = "COMPLIANCE"`, "Years: 2", `"Years": 2`},
		"lifecycle":                    {func(s *Source) { s.Extra.Lifecycle = true }, "# Bucket", "# Bucket", "# Bucket"},
		"CORS":                         {func(s *Source) { s.Extra.CORS = true }, "# Bucket", "# Bucket", "# Bucket"},
		"replication":                  {func(s *Source) { s.Extra.Replication = true }, "# Bucket", "# Bucket", "# Bucket"},
	} {
		for f, want := range map[Format]string{Terraform: tt.terraform, CloudFormation: tt.cloudFormation, CLI: tt.cli} {
			s := full(plain)
			if without := writtenBy(t, s, f); strings.Contains(without, want) {
				t.Fatalf("%s, %s: %q stands there anyway", name, f, want)
			}
			tt.change(&s)
			text := writtenBy(t, s, f)
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s has neither it nor a comment: %q", name, f, want)
			}
			if strings.HasPrefix(want, "# ") && !slices.ContainsFunc(Notices(s, f), func(n string) bool { return strings.HasPrefix("# "+n, want) }) {
				t.Errorf("%s: %s says it in the code only", name, f)
			}
		}
	}
}

// writtenBy is the code with one space where there are more.
func writtenBy(t *testing.T, s Source, f Format) string {
	t.Helper()
	text, err := Write(s, f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(text), " ")
}

// What a terminal acts on, or turns around, is written with escapes.
func TestCodeCanBeShownOnATerminal(t *testing.T) {
	for _, f := range Formats() {
		for _, h := range hostile {
			s := full(func(text string) string { return text + h })
			s.Unread = map[string]error{"tags" + h: nil}
			s.Trail.KMSKey = keyARN + h
			s.Bucket.Settings.Ownership, s.Topic.Attributes = "BucketOwnerEnforced", map[string]string{"DisplayName": h, h: "x"}
			s.Role.Description = h
			text, err := Write(s, f, Options{Import: f == Terraform})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range text {
				if r != '\n' && !unicode.IsPrint(r) {
					t.Errorf("%s: %q stands there as it is", f, string(r))
					break
				}
			}
		}
	}
}
