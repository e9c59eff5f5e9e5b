package cloudtrail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDeliveryTellsTheTopicAndTheGroup(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createWhole)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	id := b.record("us-east-1", "RunInstances")
	huge := b.record("us-east-1", "RunInstances", func(r *Record) {
		r.RequestParameters = map[string]any{"x": strings.Repeat("x", 300<<10)}
	})
	b.advance(5 * time.Minute)
	keys := b.bucket.keys("/CloudTrail/us-east-1/")
	if len(keys) != 1 || len(b.delivered("us-east-1")) != 2 {
		t.Fatalf("delivered %v %v", keys, b.delivered("us-east-1"))
	}
	if want := fmt.Sprintf(`{"s3Bucket":"trail-bucket","s3ObjectKey":[%q]}`, keys[0]); !slices.Equal(b.around.published, []string{want}) {
		t.Errorf("published %q, want %q", b.around.published, want)
	}
	events := b.around.events["123456789012_CloudTrail_us-east-1"]
	if len(b.around.events) != 1 || len(events) != 1 || !strings.Contains(events[0], id) || strings.Contains(events[0], huge) {
		t.Errorf("the log group has %.300q", b.around.events)
	}
	st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`)
	for _, field := range []string{"LatestNotificationTime", "LatestCloudWatchLogsDeliveryTime"} {
		if st[field] != st["LatestDeliveryTime"] || st[field] == nil {
			t.Errorf("%s is %v", field, st[field])
		}
	}
	if st["LatestNotificationError"] != nil || st["LatestCloudWatchLogsDeliveryError"] != nil || st["LatestNotificationAttemptSucceeded"] != "2026-03-01T10:05:00Z" {
		t.Errorf("status %v", st)
	}
	b.advance(time.Hour)
	for _, key := range b.bucket.keys("AWSLogs/") {
		if b.bucket.objects[key].key != testKey {
			t.Errorf("%s is encrypted with %q", key, b.bucket.objects[key].key)
		}
	}
}

// Whatever somebody breaks shows in the status, and goes away when it is mended.
func TestBrokenNeighboursShow(t *testing.T) {
	tests := []struct {
		name, field, code string
		around            func(*fakeNeighbours)
	}{
		{"topic policy", "LatestNotificationError", "AuthorizationError", func(f *fakeNeighbours) { f.denied = "sns:Publish" }},
		{"topic", "LatestNotificationError", "NotFound", func(f *fakeNeighbours) { f.missing = testTopic }},
		{"topic's own", "LatestNotificationError", "ThrottlingException", func(f *fakeNeighbours) { f.refusal = throttled }},
		{"group", "LatestCloudWatchLogsDeliveryError", "ResourceNotFoundException", func(f *fakeNeighbours) { f.missing = testGroup }},
		{"role", "LatestCloudWatchLogsDeliveryError", "AccessDenied", func(f *fakeNeighbours) { f.missing = testRole }},
		{"trust", "LatestCloudWatchLogsDeliveryError", "AccessDenied", func(f *fakeNeighbours) { f.denied = "sts:AssumeRole" }},
		{"role policy", "LatestCloudWatchLogsDeliveryError", "AccessDenied", func(f *fakeNeighbours) { f.denied = "logs:PutLogEvents" }},
		{"group's own", "LatestCloudWatchLogsDeliveryError", "ThrottlingException", func(f *fakeNeighbours) { f.refusal = throttled }},
		{"key", "LatestDeliveryError", "KMS.NotFoundException", func(f *fakeNeighbours) { f.missing = testKey }},
		{"key disabled", "LatestDeliveryError", "KMS.DisabledException", func(f *fakeNeighbours) { f.disabled = true }},
		{"key policy", "LatestDigestDeliveryError", "AccessDenied", func(f *fakeNeighbours) { f.denied = "kms:GenerateDataKey" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createWhole)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			b.record("us-east-1", "One")
			b.advance(5 * time.Minute)
			b.around.set(tt.around)
			b.record("us-east-1", "Two")
			b.advance(time.Hour)
			if st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`); st[tt.field] != tt.code {
				t.Errorf("%s is %v, want %q: %v", tt.field, st[tt.field], tt.code, st)
			}
			b.around.set(func(f *fakeNeighbours) { f.missing, f.denied, f.refusal, f.disabled = "", "", nil, false })
			b.record("us-east-1", "Three")
			b.advance(time.Hour)
			if st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`); st[tt.field] != nil {
				t.Errorf("%s is %v when all is well again", tt.field, st[tt.field])
			}
			if got := b.delivered("us-east-1"); len(got) != 3 {
				t.Errorf("the bucket has %v", got)
			}
		})
	}
}

// The log group has each event once, also when the bucket takes it later.
func TestLogGroupHasEachEventOnce(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createWhole)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.bucket.deny(true)
	for i := range 3 {
		b.record("us-east-1", fmt.Sprint("Event", i))
		b.advance(5 * time.Minute)
	}
	b.bucket.deny(false)
	b.record("us-east-1", "Last")
	b.advance(5 * time.Minute)
	if got := len(b.around.events["123456789012_CloudTrail_us-east-1"]); got != 4 {
		t.Errorf("the log group has %d events", got)
	}
	if got := b.delivered("us-east-1"); len(got) != 4 {
		t.Errorf("the bucket has %v", got)
	}
}

func TestOrganizationTrail(t *testing.T) {
	b := newBench(t)
	by := func(account string) func(*Record) { return func(r *Record) { r.RecipientAccountID = account } }
	b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket","EnableLogFileValidation":true,"IsOrganizationTrail":true,`+
		`"IsMultiRegionTrail":true,"CloudWatchLogsLogGroupArn":"`+testGroup+`","CloudWatchLogsRoleArn":"`+testRole+`"}`)
	for _, want := range []string{
		"trail-bucket AWSLogs/123456789012/CloudTrail/us-east-1/",
		"trail-bucket AWSLogs/o-a1b2c3d4e5/123456789012/CloudTrail/us-east-1/",
		"trail-bucket AWSLogs/o-a1b2c3d4e5/222222222222/CloudTrail/us-east-1/",
	} {
		if !slices.ContainsFunc(b.bucket.asked, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("the bucket policy was not asked about %s: %q", want, b.bucket.asked)
		}
	}
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.record("eu-west-1", "Own")
	b.record("eu-west-1", "Theirs", by(testMember))
	b.record("eu-west-1", "Foreign", by("333333333333"))
	b.around.set(func(f *fakeNeighbours) { f.members = append(f.members, "444444444444") })
	b.record("us-east-1", "Joined", by("444444444444"))
	b.advance(90 * time.Minute)
	for account, n := range map[string]int{testAccount: 1, testMember: 1, "333333333333": 0, "444444444444": 1} {
		if got := b.bucket.keys("AWSLogs/o-a1b2c3d4e5/" + account + "/CloudTrail/"); len(got) != n {
			t.Errorf("account %s has the log files %v", account, got)
		}
	}
	want := "AWSLogs/o-a1b2c3d4e5/222222222222/CloudTrail-Digest/eu-west-1/2026/03/01/222222222222_CloudTrail-Digest_eu-west-1_demo_us-east-1_20260301T110217Z.json.gz"
	digests := b.bucket.keys("AWSLogs/o-a1b2c3d4e5/222222222222/CloudTrail-Digest/eu-west-1/")
	if len(digests) != 1 || digests[0] != want {
		t.Fatalf("digest files %v", digests)
	}
	if d := b.readDigest(want, "eu-west-1"); d.Account != testMember || len(d.LogFiles) != 1 {
		t.Errorf("the member's digest file is %+v", d)
	}
	for stream, n := range map[string]int{"123456789012_CloudTrail_us-east-1": 1, "o-a1b2c3d4e5_222222222222_CloudTrail_us-east-1": 1} {
		if len(b.around.events[stream]) != n {
			t.Errorf("the stream %s has %d events of %d streams", stream, len(b.around.events[stream]), len(b.around.events))
		}
	}
}

func TestOrganizationTrailInAMemberAccount(t *testing.T) {
	const arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket","IsOrganizationTrail":true,"IsMultiRegionTrail":true}`)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	tests := []struct{ account, operation, input, code string }{
		{testMember, "GetTrail", `{"Name":"` + arn + `"}`, ""},
		{testMember, "GetTrailStatus", `{"Name":"` + arn + `"}`, ""},
		{testMember, "GetEventSelectors", `{"TrailName":"` + arn + `"}`, ""},
		{testMember, "StopLogging", `{"Name":"` + arn + `"}`, "NotOrganizationMasterAccountException"},
		{testMember, "DeleteTrail", `{"Name":"` + arn + `"}`, "NotOrganizationMasterAccountException"},
		{testMember, "UpdateTrail", `{"Name":"` + arn + `"}`, "NotOrganizationMasterAccountException"},
		{testMember, "PutInsightSelectors", `{"TrailName":"` + arn + `","InsightSelectors":[]}`, "NotOrganizationMasterAccountException"},
		{"333333333333", "GetTrail", `{"Name":"` + arn + `"}`, "TrailNotFoundException"},
		{"333333333333", "StopLogging", `{"Name":"` + arn + `"}`, "TrailNotFoundException"},
		{testAccount, "StopLogging", `{"Name":"` + arn + `"}`, ""},
	}
	for _, tt := range tests {
		if _, code := b.askAs(tt.account, "us-east-1", tt.operation, tt.input); code != tt.code {
			t.Errorf("%s by %s: %q, want %q", tt.operation, tt.account, code, tt.code)
		}
	}
	for _, tt := range []struct {
		account, region, input string
		want                   int
	}{
		{testMember, "us-east-1", `{}`, 1},
		{testMember, "eu-west-1", `{}`, 1},
		{testMember, "us-east-1", `{"includeShadowTrails":false}`, 0},
		{testMember, "us-east-1", `{"trailNameList":["demo"]}`, 1},
		{"333333333333", "us-east-1", `{}`, 0},
		{"333333333333", "us-east-1", `{"trailNameList":["` + arn + `"]}`, 0},
		{testAccount, "us-east-1", `{"includeShadowTrails":false}`, 1},
	} {
		answer, _ := b.askAs(tt.account, tt.region, "DescribeTrails", tt.input)
		if got := len(answer["trailList"].([]any)); got != tt.want {
			t.Errorf("DescribeTrails %s of %s in %s lists %d trails", tt.input, tt.account, tt.region, got)
		}
	}
}

// A member is told about the deliveries of its own events only.
func TestStatusOfAnOrganizationTrail(t *testing.T) {
	const arn = `{"Name":"arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"}`
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket","IsOrganizationTrail":true}`)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.record("us-east-1", "Own")
	b.advance(5 * time.Minute)
	if st, _ := b.askAs(testMember, "us-east-1", "GetTrailStatus", arn); st["LatestDeliveryTime"] != nil || st["IsLogging"] != true {
		t.Errorf("the member is told %v", st)
	}
	b.bucket.deny(true)
	b.record("us-east-1", "Theirs", func(r *Record) { r.RecipientAccountID = testMember })
	b.advance(5 * time.Minute)
	for _, account := range []string{testMember, testAccount} {
		if st, _ := b.askAs(account, "us-east-1", "GetTrailStatus", arn); st["LatestDeliveryError"] != "AccessDenied" {
			t.Errorf("%s is told %v", account, st)
		}
	}
}

// A trail with a key cannot move to a bucket of another region.
func TestKeyAndBucketStayTogether(t *testing.T) {
	b := newBench(t)
	b.bucket.regions["far-bucket"] = "eu-west-1"
	b.do("us-east-1", "CreateTrail", createWhole)
	if _, code := b.ask("us-east-1", "UpdateTrail", `{"Name":"demo","S3BucketName":"far-bucket"}`); code != "KmsKeyNotFoundException" {
		t.Errorf("with the key: %q", code)
	}
	b.do("us-east-1", "UpdateTrail", `{"Name":"demo","S3BucketName":"far-bucket","KmsKeyId":""}`)
}

// A trail that is its account's own again leaves the other accounts where their
// files are.
func TestOrganizationTrailBecomesOneAccounts(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", `{"Name":"demo","S3BucketName":"trail-bucket","IsOrganizationTrail":true,"EnableLogFileValidation":true}`)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.advance(10 * time.Minute)
	b.record("us-east-1", "Last", func(r *Record) { r.RecipientAccountID = testMember })
	b.do("us-east-1", "UpdateTrail", `{"Name":"demo","IsOrganizationTrail":false}`)
	b.record("us-east-1", "Late", func(r *Record) { r.RecipientAccountID = testMember })
	b.record("us-east-1", "Own")
	b.advance(3 * time.Hour)
	for prefix, n := range map[string]int{
		"AWSLogs/o-a1b2c3d4e5/222222222222/CloudTrail/": 1, "AWSLogs/o-a1b2c3d4e5/222222222222/CloudTrail-Digest/": 1,
		"AWSLogs/222222222222/": 0, "AWSLogs/123456789012/CloudTrail/": 1,
	} {
		if got := b.bucket.keys(prefix); len(got) != n {
			t.Errorf("below %s there are %v", prefix, got)
		}
	}
}

// losing is a CloudWatch Logs that takes events, and whose answers are lost.
type losing struct {
	fakeGroups
	times int
}

func (l *losing) PutEvents(ctx context.Context, account, region, name, stream string, events []LogEvent) error {
	if err := l.fakeGroups.PutEvents(ctx, account, region, name, stream, events); err != nil {
		return err
	}
	if l.times > 0 {
		l.times--
		return errSilent
	}
	return nil
}

// Events that the log group has had, as far as anybody knows, are sent once more
// and then no longer. Others follow.
func TestLogEventsAreRepeatedOnce(t *testing.T) {
	tests := []struct {
		lost          int
		first, second int // how often the log group has the events
	}{{0, 1, 1}, {1, 2, 1}, {2, 2, 1}, {3, 2, 2}, {4, 2, 2}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.lost), func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createWhole)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			b.s.Groups = &losing{fakeGroups{b.around}, tt.lost}
			want := []string{b.record("us-east-1", "First")}
			b.advance(5 * time.Minute)
			want = append(want, b.record("us-east-1", "Second"))
			st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`)
			if got := st["LatestCloudWatchLogsDeliveryError"]; (got != nil) != (tt.lost > 0) {
				t.Errorf("the status tells %v", got)
			}
			b.advance(40 * time.Minute)
			times := map[string]int{}
			for _, text := range b.around.events["123456789012_CloudTrail_us-east-1"] {
				e, err := parseEvent([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				times[e.Name]++
			}
			if times["First"] != tt.first || times["Second"] != tt.second {
				t.Errorf("the log group has %v", times)
			}
			if got := b.delivered(""); !slices.Equal(got, want) {
				t.Errorf("delivered %v, want %v", got, want)
			}
		})
	}
}
