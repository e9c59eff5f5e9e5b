package trail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// closedS3 lets nobody read a bucket's policy.
type closedS3 struct{ S3 }

func (closedS3) GetBucketPolicy(context.Context, *s3.GetBucketPolicyInput, ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error) {
	return nil, api("AccessDenied")
}

// An update looks at the bucket only for what concerns it: somebody else's
// bucket, or a policy that may not be read, is no reason to refuse a tag.
func TestUpdateLeavesTheBucketAlone(t *testing.T) {
	tests := map[string]struct {
		change func(*Spec)
		looks  bool
	}{
		"nothing":      {func(*Spec) {}, false},
		"tag":          {func(s *Spec) { s.Tags = map[string]string{"only": "this"} }, false},
		"topic":        {func(s *Spec) { s.Topic = ptr("news") }, false},
		"validation":   {func(s *Spec) { s.LogFileValidation = ptr(false) }, false},
		"own objects":  {func(s *Spec) { s.Recording = &Recording{DataEvents: []string{"s3"}, Resources: []string{"account"}} }, false},
		"bucket":       {func(s *Spec) { s.Bucket = "logs" }, true},
		"prefix":       {func(s *Spec) { s.Prefix = ptr("p") }, true},
		"organization": {func(s *Spec) { s.Organization = ptr(true) }, true},
		"key":          {func(s *Spec) { s.KMSKey, s.UpdateKeyPolicy = ptr("alias/audit"), true }, true},
		"notification": {func(s *Spec) { s.Notify = &Notify{Topic: "news"} }, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := settled()
			if _, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs"}, Options{}); err != nil {
				t.Fatal(err)
			}
			f.buckets["logs"].policy = keyPolicy // somebody took the statements out
			f.calls = nil
			spec := Spec{Name: "audit", Region: home, Update: true}
			tt.change(&spec)
			p, err := planned(t, f, spec)
			if err != nil {
				t.Fatal(err)
			}
			read := slices.Contains(f.calls, "HeadBucket") || slices.Contains(f.calls, "GetBucketPolicy")
			repairs := slices.Contains(outline(p), "change bucket policy")
			if read != tt.looks || repairs != tt.looks {
				t.Errorf("read %t, repairs %t: %v, %v", read, repairs, f.calls, outline(p))
			}
			closed := f.clients()
			closed.S3 = func(region string) S3 { return closedS3{f.clients().S3(region)} }
			cur, err := Describe(t.Context(), closed, spec)
			if err == nil {
				_, err = Diff(spec, cur)
			}
			if errors.Is(err, ErrBucketPolicy) != tt.looks {
				t.Errorf("a policy that may not be read: %v", err)
			}
		})
	}
}

// Where a trail delivered before is said when it goes elsewhere.
func TestUpdateSaysWhatIsLeftBehind(t *testing.T) {
	f := settled()
	if _, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs", Prefix: ptr("old")}, Options{}); err != nil {
		t.Fatal(err)
	}
	const left = "goes on to let CloudTrail write to arn:aws:s3:::logs/old/AWSLogs/111122223333/*"
	for name, tt := range map[string]struct {
		change func(*Spec)
		want   bool
	}{
		"another prefix": {func(s *Spec) { s.Prefix = ptr("new") }, true},
		"no prefix":      {func(s *Spec) { s.Prefix = ptr("") }, true},
		"another bucket": {func(s *Spec) { s.Bucket = "other-logs" }, true},
		"same prefix":    {func(s *Spec) { s.Prefix, s.LogFileValidation = ptr("old"), ptr(false) }, false},
	} {
		spec := Spec{Name: "audit", Region: home, Update: true}
		tt.change(&spec)
		p, err := planned(t, f, spec)
		if err != nil || strings.Contains(wording(p), left) != tt.want {
			t.Errorf("%s: %v\n%s", name, err, wording(p))
		}
	}
}

// Of trails in selected regions one records global services; that their
// events come once can only be said where all of them are seen.
func TestGlobalServicesNote(t *testing.T) {
	f := newFake()
	all := Spec{Name: "audit", Region: "us-east-1", Regions: []string{"us-east-1", home, "us-west-2"}, Bucket: "logs"}
	if p, _, err := create(t, f, all, Options{}); err != nil || !strings.Contains(wording(p), "of these it alone records global services such as IAM, so that their events come once") {
		t.Errorf("%v\n%s", err, wording(p))
	}
	some := Spec{Name: "audit", Region: "us-west-2", Regions: []string{"us-west-2", home}, Update: true, GlobalServiceEvents: ptr(true)}
	if p, err := planned(t, f, some); err != nil || !strings.Contains(wording(p), "of these it alone records") || strings.Contains(wording(p), "once") {
		t.Errorf("%v\n%s", err, wording(p))
	}
}

// closedKMS lets nobody read a key's policy.
type closedKMS struct{ KMS }

func (closedKMS) GetKeyPolicy(context.Context, *kms.GetKeyPolicyInput, ...func(*kms.Options)) (*kms.GetKeyPolicyOutput, error) {
	return nil, api("AccessDeniedException")
}

// A key whose policy may not be read is an error of its own, and none for a
// trail that uses the key already.
func TestKeyPolicyThatMayNotBeRead(t *testing.T) {
	for _, update := range []bool{false, true} {
		f := settled()
		closed := f.clients()
		closed.KMS = func(region string) KMS { return closedKMS{f.clients().KMS(region)} }
		plan := func() (Plan, error) {
			spec := Spec{Name: "audit", Region: home, Bucket: "logs", KMSKey: ptr("alias/audit"), UpdateKeyPolicy: update}
			cur, err := Describe(t.Context(), closed, spec)
			if err != nil {
				return Plan{}, err
			}
			return Diff(spec, cur)
		}
		_, err := plan()
		var lacks *KeyPolicyError
		if !errors.Is(err, ErrKeyUnread) || errors.As(err, &lacks) {
			t.Errorf("a new trail: %v", err)
		}
		if _, _, err := create(t, f, Spec{Name: "audit", Region: home, Bucket: "logs", KMSKey: ptr("alias/audit"), UpdateKeyPolicy: true}, Options{}); err != nil {
			t.Fatal(err)
		}
		if p, err := plan(); err != nil || !p.Empty() || !strings.Contains(wording(p), "may not be read") {
			t.Errorf("a trail that uses it: %v\n%s", err, wording(p))
		}
	}
}
