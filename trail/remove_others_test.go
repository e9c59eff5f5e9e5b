package trail

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// blindS3 does not let anyone look at notifications.
type blindS3 struct{ fakeS3 }

func (blindS3) GetBucketNotificationConfiguration(context.Context, *s3.GetBucketNotificationConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error) {
	return nil, api("AccessDenied")
}

// pagedIAM answers the lists of a role with an empty first page.
type pagedIAM struct{ fakeIAM }

func (f pagedIAM) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput, o ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error) {
	if in.Marker == nil {
		return &iam.ListRolePoliciesOutput{IsTruncated: true, Marker: aws.String("2")}, nil
	}
	return f.fakeIAM.ListRolePolicies(ctx, in, o...)
}

func (f pagedIAM) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput, o ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error) {
	if in.Marker == nil {
		return &iam.ListAttachedRolePoliciesOutput{IsTruncated: true, Marker: aws.String("2")}, nil
	}
	return f.fakeIAM.ListAttachedRolePolicies(ctx, in, o...)
}

func (f pagedIAM) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsInput, o ...func(*iam.Options)) (*iam.ListRoleTagsOutput, error) {
	if in.Marker == nil {
		return &iam.ListRoleTagsOutput{IsTruncated: true, Marker: aws.String("2"), Tags: []iamtypes.Tag{{}}}, nil
	}
	return f.fakeIAM.ListRoleTags(ctx, in, o...)
}

// removedWith does what a command does.
func removedWith(t *testing.T, clients Clients, r Removal) Plan {
	t.Helper()
	var err error
	if r.Trails, err = FindCopies(t.Context(), clients, home, "audit"); err != nil {
		t.Fatal(err)
	}
	rest, err := DescribeRemoval(t.Context(), clients, r)
	if err != nil {
		t.Fatal(err)
	}
	p := DiffRemoval(r, rest)
	if _, err = Apply(t.Context(), clients, p, Options{Sleep: noSleep}); err != nil {
		t.Fatal(err)
	}
	return p
}

// prepend puts a statement in front of the others.
func prepend(policy *string, statement string) {
	*policy = strings.Replace(*policy, `"Statement":[`, `"Statement":[`+statement+`,`, 1)
}

// What others have joined to a topic or a role that was made for the trail
// makes it stay.
func TestRemovalKeepsWhatOthersUse(t *testing.T) {
	role := DefaultRole("audit")
	tests := map[string]struct {
		before  func(*fakeAWS, *Clients)
		removal Removal
		stays   bool
		has     string
	}{
		"notifications cannot be read": {func(f *fakeAWS, c *Clients) {
			c.S3 = func(region string) S3 { return blindS3{fakeS3{f, region}} }
		}, Removal{Topic: true}, true, "stays: the notifications of bucket logs may not be read, and one of them may name it"},
		"bucket of another account": {func(f *fakeAWS, _ *Clients) { f.buckets["logs"].owner = "444455556666" },
			Removal{Topic: true}, true, "stays: bucket logs is not this account's"},
		"bucket gone": {func(f *fakeAWS, _ *Clients) { delete(f.buckets, "logs") }, Removal{Topic: true}, false, ""},
		"topic: another service": {func(f *fakeAWS, _ *Clients) {
			prepend(&f.topics[topicHome].policy, `{"Sid":"Alarms","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"SNS:Publish","Resource":"`+topicHome+`"}`)
		}, Removal{Topic: true}, true, "its policy says more than was written for this trail: it allows cloudwatch.amazonaws.com: SNS:Publish on " + topicHome},
		"topic: a statement that denies": {func(f *fakeAWS, _ *Clients) {
			prepend(&f.topics[topicHome].policy, `{"Effect":"Deny","Principal":"*","Action":"SNS:Publish","Resource":"`+topicHome+`","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`)
		}, Removal{Topic: true}, true, "it denies everyone: SNS:Publish"},
		"topic: another account's trail": {func(f *fakeAWS, _ *Clients) {
			replace(&f.topics[topicHome].policy, `"`+auditARN+`"`, `["`+auditARN+`","arn:aws:cloudtrail:eu-west-1:444455556666:trail/theirs"]`)
		}, Removal{Topic: true}, true, "arn:aws:cloudtrail:eu-west-1:444455556666:trail/theirs"},
		"topic: a trail that is gone": {func(f *fakeAWS, _ *Clients) {
			replace(&f.topics[topicHome].policy, `"`+auditARN+`"`, `["`+auditARN+`","arn:aws:cloudtrail:eu-west-1:111122223333:trail/was"]`)
		}, Removal{Topic: true}, false, ""},
		"topic: another bucket": {func(f *fakeAWS, _ *Clients) {
			replace(&f.topics[topicHome].policy, `"arn:aws:s3:::logs"`, `["arn:aws:s3:::logs","arn:aws:s3:::other"]`)
		}, Removal{Topic: true}, true, "arn:aws:s3:::other"},
		"topic: open to everyone": {func(f *fakeAWS, _ *Clients) {
			replace(&f.topics[topicHome].policy, `,"Condition":{"StringEquals":{"AWS:SourceOwner":"111122223333"}}`, ``)
		}, Removal{Topic: true}, true, "it allows everyone"},
		"topic: no policy that can be read": {func(f *fakeAWS, _ *Clients) { f.topics[topicHome].policy = "{" },
			Removal{Topic: true}, true, "its policy cannot be understood"},
		"role: trusts somebody else": {func(f *fakeAWS, _ *Clients) {
			prepend(&f.roles[role].trust, `{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`)
		}, Removal{Role: true}, true, "its trust policy says more than was written for this trail: it allows ec2.amazonaws.com: sts:AssumeRole"},
		"role: further statement": {func(f *fakeAWS, _ *Clients) {
			p := f.roles[role].inline[rolePolicyName]
			prepend(&p, `{"Sid":"Theirs","Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`)
			f.roles[role].inline[rolePolicyName] = p
		}, Removal{Role: true}, true, "its policy CloudTrailToCloudWatchLogs says more than was written for this trail: it allows"},
		"role: further log group": {func(f *fakeAWS, _ *Clients) {
			p := f.roles[role].inline[rolePolicyName]
			replace(&p, `"Resource":[`, `"Resource":["`+groupHome+`-theirs:*",`)
			f.roles[role].inline[rolePolicyName] = p
		}, Removal{Role: true}, true, groupHome + "-theirs:*"},
		"role: an earlier log group of the trail": {func(f *fakeAWS, _ *Clients) {
			p := f.roles[role].inline[rolePolicyName]
			replace(&p, `"Resource":[`, `"Resource":["`+groupHome+`-before:log-stream:111122223333_CloudTrail_eu-west-1*",`)
			f.roles[role].inline[rolePolicyName] = p
		}, Removal{Role: true}, false, ""},
		"role: a log group of another account": {func(f *fakeAWS, _ *Clients) {
			p := f.roles[role].inline[rolePolicyName]
			replace(&p, `"Resource":[`, `"Resource":["arn:aws:logs:eu-west-1:444455556666:log-group:x:log-stream:111122223333_CloudTrail_eu-west-1*",`)
			f.roles[role].inline[rolePolicyName] = p
		}, Removal{Role: true}, true, "444455556666"},
		"role: nothing but pages": {func(f *fakeAWS, c *Clients) { c.IAM = func() IAM { return pagedIAM{fakeIAM{f}} } },
			Removal{Role: true}, false, ""},
		"role: attached on the second page": {func(f *fakeAWS, c *Clients) {
			c.IAM = func() IAM { return pagedIAM{fakeIAM{f}} }
			f.roles[role].attached = []string{"arn:aws:iam::aws:policy/AdministratorAccess"}
		}, Removal{Role: true}, true, "somebody gave it other policies: arn:aws:iam::aws:policy/AdministratorAccess"},
		"role: inline on the second page": {func(f *fakeAWS, c *Clients) {
			c.IAM = func() IAM { return pagedIAM{fakeIAM{f}} }
			f.roles[role].inline["theirs"] = "{}"
		}, Removal{Role: true}, true, "somebody gave it other policies: theirs"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
				t.Fatal(err)
			}
			clients := f.clients()
			tt.before(f, &clients)
			p := removedWith(t, clients, tt.removal)
			there := tt.removal.Topic && f.topics[topicHome] != nil || tt.removal.Role && f.roles[role] != nil
			if there != tt.stays || !strings.Contains(wording(p), tt.has) {
				t.Errorf("there %v, want %v, and %q in %s", there, tt.stays, tt.has, wording(p))
			}
			if f.trails[auditARN] != nil {
				t.Error("the trail is still there")
			}
		})
	}
}

func replace(text *string, before, after string) {
	if !strings.Contains(*text, before) {
		panic(before + " is not in " + *text)
	}
	*text = strings.Replace(*text, before, after, 1)
}

// Copies of a trail may deliver to different buckets: each may notify the
// topic.
func TestRemovalLooksAtEveryBucket(t *testing.T) {
	f := settled()
	f.buckets["far"] = &fakeBucket{owner: account, region: "us-east-1"}
	spec := Spec{Name: "audit", Region: home, Bucket: "logs", Topic: ptr("news"), AllRegions: ptr(false)}
	far := Spec{Name: "audit", Region: "us-east-1", Bucket: "far", Topic: ptr("news"), AllRegions: ptr(false), Notify: &Notify{}}
	for _, s := range []Spec{spec, far} {
		if _, _, err := create(t, f, s, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.buckets["far"].notifications.TopicConfigurations) != 1 {
		t.Fatalf("%+v", f.buckets["far"].notifications)
	}
	removedWith(t, f.clients(), Removal{Topic: true})
	if len(f.topics) != 0 || len(f.buckets["far"].notifications.TopicConfigurations) != 0 {
		t.Errorf("%d topics; bucket far: %+v", len(f.topics), f.buckets["far"].notifications)
	}
}

// Nobody is told that what stays in the bucket policy is of no use to anyone.
func TestRemovalNoteOnBucketPolicy(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, everyOption(t), Options{}); err != nil {
		t.Fatal(err)
	}
	p := removedWith(t, f.clients(), Removal{})
	if text := wording(p); strings.Contains(text, "nobody else") || !strings.Contains(text, "a new trail of the same name") {
		t.Error(text)
	}
}
