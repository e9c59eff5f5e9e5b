package trail

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/bucket"
	"trailctl/internal/topic"
)

// What stands around a trail and does not fit is refused before anything is
// changed, or said in the plan.
func TestPlansAround(t *testing.T) {
	plain := Spec{Name: "audit", Region: home, Bucket: "logs"}
	role := func(trust, inline string, attached ...string) func(*fakeAWS) {
		return func(f *fakeAWS) {
			f.groups[groupHome] = &fakeGroup{}
			f.roles["given"] = &fakeRole{trust: trust, inline: map[string]string{"p": inline}, attached: attached}
		}
	}
	const (
		trusting = `{"Statement":{"Effect":"Allow","Principal":{"Service":["cloudtrail.amazonaws.com","ec2.amazonaws.com"]},"Action":"sts:*"}}`
		wide     = `{"Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`
	)
	tests := map[string]struct {
		change func(*Spec)
		before func(*fakeAWS)
		err    error
		says   string // part of the error, of the plan, or of both
	}{
		"log group missing": {func(s *Spec) { s.LogGroup = ptr("events") }, nil, ErrGroupMissing, "log group events in eu-west-1"},
		"log group of others": {func(s *Spec) { s.LogGroup = ptr("arn:aws:logs:eu-west-1:999999999999:log-group:events") }, nil,
			ErrGroupForeign, ""},
		"log group that only begins so": {func(s *Spec) { s.LogGroup = ptr("events") }, func(f *fakeAWS) { f.groups[groupHome+"-2"] = &fakeGroup{} },
			ErrGroupMissing, ""},
		"log group there": {func(s *Spec) { s.LogGroup = ptr("events") }, func(f *fakeAWS) { f.groups[groupHome] = &fakeGroup{} }, nil, "is there, in eu-west-1"},
		"shorter retention": {func(s *Spec) { s.LogGroup, s.Retention = ptr("events"), ptr(int32(7)) },
			func(f *fakeAWS) { f.groups[groupHome] = &fakeGroup{retention: 30} }, nil, "events that are older are deleted"},
		"retention without a group": {func(s *Spec) { s.Retention = ptr(int32(7)) }, nil, ErrNoLogGroup, ""},
		"role missing":              {func(s *Spec) { s.LogGroup, s.LogRole = ptr("events"), "given" }, func(f *fakeAWS) { f.groups[groupHome] = &fakeGroup{} }, ErrRoleMissing, ""},
		"role of others":            {func(s *Spec) { s.LogGroup, s.LogRole = ptr("events"), "arn:aws:iam::999999999999:role/x" }, role(trusting, wide), ErrRoleForeign, ""},
		"role given":                {func(s *Spec) { s.LogGroup, s.LogRole = ptr("events"), "given" }, role(trusting, wide), nil, "is left as it is"},
		"role that trusts nobody": {func(s *Spec) { s.LogGroup, s.LogRole = ptr("events"), "given" }, role(`{"Statement":[]}`, wide),
			ErrRoleTrust, ""},
		"role that may not": {func(s *Spec) { s.LogGroup, s.LogRole = ptr("events"), "given" }, role(trusting, `{"Statement":[]}`), nil,
			"does not allow logs:PutLogEvents"},
		"role with attached policies": {func(s *Spec) { s.LogGroup, s.LogRole = ptr("events"), "given" }, role(trusting, `{"Statement":[]}`, "arn:aws:iam::aws:policy/x"), nil,
			"not looked into"},
		"key missing":      {func(s *Spec) { s.KMSKey = ptr("alias/none") }, nil, ErrKeyMissing, ""},
		"key elsewhere":    {func(s *Spec) { s.KMSKey = ptr(strings.Replace(keyHome, home, "us-east-1", 1)) }, nil, ErrKeyRegion, ""},
		"key not allowed":  {func(s *Spec) { s.KMSKey = ptr("alias/audit") }, nil, ErrKeyPolicy, ""},
		"key disabled":     {func(s *Spec) { s.KMSKey, s.UpdateKeyPolicy = ptr("alias/audit"), true }, func(f *fakeAWS) { f.keys[keyHome].state = "PendingDeletion" }, ErrKeyUnfit, "PendingDeletion"},
		"key of AWS":       {func(s *Spec) { s.KMSKey = ptr("alias/audit") }, func(f *fakeAWS) { f.keys[keyHome].manager = "AWS" }, ErrKeyUnfit, ""},
		"key of two parts": {func(s *Spec) { s.KMSKey = ptr("alias/audit") }, func(f *fakeAWS) { f.keys[keyHome].spec = "RSA_2048" }, ErrKeyUnfit, ""},
		"key of the console's": {func(s *Spec) { s.KMSKey = ptr("alias/audit") }, func(f *fakeAWS) {
			f.keys[keyHome].policy = `{"Statement":[
				{"Sid":"Allow CloudTrail to encrypt logs","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*",
				 "Condition":{"StringEquals":{"AWS:SourceArn":"` + auditARN + `"},"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}}},
				{"Sid":"Allow CloudTrail to describe key","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:DescribeKey","Resource":"` + keyHome + `"}]}`
		}, nil, "lets CloudTrail encrypt with it"},
		"no organization":                 {func(s *Spec) { s.Organization = ptr(true) }, func(f *fakeAWS) { f.organization = nil }, errAny, "AWSOrganizationsNotInUse"},
		"a member of an organization":     {func(s *Spec) { s.Organization = ptr(true) }, func(f *fakeAWS) { f.organization.management = "999999999999" }, ErrNotManagement, "999999999999"},
		"organization":                    {func(s *Spec) { s.Organization = ptr(true) }, nil, nil, "logs/AWSLogs/o-abcdefghij/*"},
		"topic of others":                 {func(s *Spec) { s.Topic = ptr("arn:aws:sns:eu-west-1:999999999999:news") }, nil, nil, "once its policy holds"},
		"topic":                           {func(s *Spec) { s.Topic = ptr("news") }, nil, nil, "opens it to cloudtrail.amazonaws.com for SNS:Publish, on behalf of " + auditARN},
		"topic that is broken":            {func(s *Spec) { s.Topic = ptr("news") }, func(f *fakeAWS) { f.topics[topicHome] = &fakeTopic{policy: "{"} }, errAny, "policy of topic"},
		"notification without a topic":    {func(s *Spec) { s.Notify = &Notify{} }, nil, ErrNotifyNoTopic, ""},
		"notification elsewhere":          {func(s *Spec) { s.Notify = &Notify{Topic: "arn:aws:sns:us-east-1:111122223333:news"} }, nil, ErrSpec, "own region"},
		"notification of a strange event": {func(s *Spec) { s.Notify = &Notify{Topic: "news", Events: []string{"s3:All"}} }, nil, ErrSpec, "s3:All"},
		"notification that overlaps": {func(s *Spec) { s.Notify = &Notify{Topic: "news"} }, func(f *fakeAWS) {
			f.buckets["logs"].notifications.QueueConfigurations[0].Events = []s3types.Event{"s3:ObjectCreated:Put"}
		}, bucket.ErrOverlap, `"foreign"`},
		"notification to another topic": {func(s *Spec) {
			s.Topic, s.Notify = ptr("news"), &Notify{Topic: "objects", Name: "n", Prefix: "AWSLogs/"}
		}, nil, nil, "S3 tells topic objects"},
		"notification of somebody else's bucket": {func(s *Spec) { s.Bucket, s.SkipBucketPolicy, s.Notify = "central", true, &Notify{Topic: "news"} },
			func(f *fakeAWS) { f.buckets["central"] = &fakeBucket{owner: "999999999999", region: home} }, ErrNotifyForeign, ""},
		"insights of what is not recorded": {func(s *Spec) {
			i, _ := ParseInsights([]string{CallRate})
			s.Recording, s.Insights = &Recording{Management: "read"}, &i
		}, nil, ErrSpec, "insight"},
		"too many tags": {func(s *Spec) { s.Tags = map[string]string{"new": ""} }, func(f *fakeAWS) {
			f.trails[auditARN] = auditTrail()
			f.tags[auditARN] = map[string]string{}
			for i := range maxTags {
				f.tags[auditARN][strings.Repeat("x", i+1)] = ""
			}
			f.buckets["logs"].policy = granted(t, "logs", "", auditARN)
		}, ErrSpec, "51 tags"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, spec := settled(), plain
			if tt.before != nil {
				tt.before(f)
			}
			tt.change(&spec)
			if err := spec.Validate(); err != nil {
				t.Fatal(err)
			}
			p, err := planned(t, f, spec)
			if (err == nil) != (tt.err == nil) || (tt.err != errAny && !errors.Is(err, tt.err)) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			text := wording(p)
			if err != nil {
				text = err.Error()
			}
			if !strings.Contains(text, tt.says) {
				t.Errorf("%q is not in %s", tt.says, text)
			}
			if f.mutating != 0 {
				t.Errorf("planning changed something: %v", f.calls)
			}
		})
	}
}

func planned(t *testing.T, f *fakeAWS, spec Spec) (Plan, error) {
	t.Helper()
	cur, err := Describe(t.Context(), f.clients(), spec)
	if err != nil {
		return Plan{}, err
	}
	return Diff(spec, cur)
}

func auditTrail() *types.Trail {
	return &types.Trail{
		Name: aws.String("audit"), TrailARN: aws.String(auditARN), HomeRegion: aws.String(home), S3BucketName: aws.String("logs"),
		IsMultiRegionTrail: aws.Bool(true), IncludeGlobalServiceEvents: aws.Bool(true), LogFileValidationEnabled: aws.Bool(true),
	}
}

// The errors that need somebody else's work say what has to be written where.
func TestErrorsShowStatements(t *testing.T) {
	f := settled()
	_, err := planned(t, f, Spec{Name: "audit", Region: home, Bucket: "logs", KMSKey: ptr("alias/audit")})
	var key *KeyPolicyError
	if !errors.As(err, &key) || !strings.Contains(key.Statements, "kms:GenerateDataKey*") || !strings.Contains(key.Statements, "kms:DescribeKey") {
		t.Errorf("got %v", err)
	}
	f.groups[groupHome] = &fakeGroup{}
	f.roles["given"] = &fakeRole{trust: `{"Statement":[]}`}
	_, err = planned(t, f, Spec{Name: "audit", Region: home, Bucket: "logs", LogGroup: ptr("events"), LogRole: "given"})
	var trust *RoleTrustError
	if !errors.As(err, &trust) || !strings.Contains(trust.Statements, "sts:AssumeRole") {
		t.Errorf("got %v", err)
	}
}

// A bucket that is made by the plan is one of the account's when data events
// of the account's own objects are chosen: a second run finds nothing to do.
func TestOwnObjectsIncludeTheNewBucket(t *testing.T) {
	f := newFake()
	spec := Spec{Name: "audit", Region: home, Bucket: "logs", Recording: &Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}}}
	if _, _, err := create(t, f, spec, Options{}); err != nil {
		t.Fatal(err)
	}
	if p, err := planned(t, f, spec); err != nil || !p.Empty() {
		t.Errorf("%v, %v", outline(p), err)
	}
}

func TestTopicName(t *testing.T) {
	for arn, want := range map[string]string{
		topicHome: "news",
		topic.ARN("aws", "us-east-1", account, "news"): topic.ARN("aws", "us-east-1", account, "news"),
		topic.ARN("aws", home, "999999999999", "news"): topic.ARN("aws", home, "999999999999", "news"),
		"": "",
	} {
		if got := (Trail{ARN: auditARN, HomeRegion: home, TopicARN: arn}).topicName(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
