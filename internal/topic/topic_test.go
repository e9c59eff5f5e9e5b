package topic

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/policy"
)

const (
	here   = "arn:aws:sns:us-east-1:111122223333:t"
	audit  = "arn:aws:cloudtrail:us-east-1:111122223333:trail/audit"
	second = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit"
)

func TestParseARN(t *testing.T) {
	tests := map[string]error{
		here: nil, "arn:aws-cn:sns:cn-north-1:111122223333:T_-9": nil,
		"arn:aws:sns:us-east-1:111122223333:t:5be8-sub": ErrARN, "arn:aws:sqs:us-east-1:111122223333:t": ErrARN,
		"arn:aws:sns:us-east-1:1111:t": ErrARN, "arn:aws:sns::111122223333:t": ErrARN, "t": ErrARN, "": ErrARN,
		"arn:aws:sns:us-east-1:111122223333:t.fifo": ErrFIFO, "arn:aws:sns:us-east-1:111122223333:": ErrName,
	}
	for arn, want := range tests {
		ref, err := ParseARN(arn)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", arn, err, want)
		}
		if err == nil && ref.ARN() != arn {
			t.Errorf("%s came back as %s", arn, ref.ARN())
		}
	}
}

func FuzzParseARN(f *testing.F) {
	f.Add(here)
	f.Add("arn:aws:sns:us-east-1:111122223333:a:b")
	f.Fuzz(func(t *testing.T, arn string) {
		if ref, err := ParseARN(arn); err == nil && ref.ARN() != arn {
			t.Errorf("%q came back as %q", arn, ref.ARN())
		}
	})
}

func TestResolve(t *testing.T) {
	tests := map[string]struct {
		want string
		err  error
	}{
		"t": {want: here}, here: {want: here},
		"arn:aws:sns:eu-west-1:444455556666:x": {want: "arn:aws:sns:eu-west-1:444455556666:x"},
		strings.Repeat("n", 256):               {want: ARN("aws", "us-east-1", "111122223333", strings.Repeat("n", 256))},
		strings.Repeat("n", 257):               {err: ErrName}, "a b": {err: ErrName}, "a.b": {err: ErrName}, "": {err: ErrName}, "x.fifo": {err: ErrFIFO},
	}
	for in, tt := range tests {
		ref, err := Resolve(in, "aws", "us-east-1", "111122223333")
		if !errors.Is(err, tt.err) || err == nil && ref.ARN() != tt.want {
			t.Errorf("%q: %s, %v", in, ref.ARN(), err)
		}
	}
}

// server is SNS with one account's topics and another writer.
type server struct {
	policy  map[string]string // by ARN
	tags    map[string]string
	key     string
	onWrite func(*server)
	writes  int
	fail    map[string]error // by operation
	creates []int            // how many tags each attempt had
}

func (s *server) GetTopicAttributes(_ context.Context, in *sns.GetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error) {
	if err := s.fail["get"]; err != nil {
		return nil, err
	}
	text, ok := s.policy[*in.TopicArn]
	if !ok {
		return nil, &smithy.GenericAPIError{Code: "NotFound"}
	}
	return &sns.GetTopicAttributesOutput{Attributes: map[string]string{"Policy": text, "KmsMasterKeyId": s.key}}, nil
}

func (s *server) SetTopicAttributes(_ context.Context, in *sns.SetTopicAttributesInput, _ ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error) {
	if err := s.fail["set"]; err != nil {
		return nil, err
	}
	if *in.AttributeName != "Policy" {
		return nil, errors.New("only the policy may be set")
	}
	s.policy[*in.TopicArn] = *in.AttributeValue
	s.writes++
	if s.onWrite != nil {
		s.onWrite(s)
	}
	return &sns.SetTopicAttributesOutput{}, nil
}

func (s *server) CreateTopic(_ context.Context, in *sns.CreateTopicInput, _ ...func(*sns.Options)) (*sns.CreateTopicOutput, error) {
	s.creates = append(s.creates, len(in.Tags))
	if err := s.fail["create"]; err != nil && len(in.Tags) > 0 {
		return nil, err
	}
	arn := ARN("aws", "us-east-1", "111122223333", *in.Name)
	if s.policy[arn] == "" {
		s.policy[arn] = DefaultPolicy(arn)
	}
	return &sns.CreateTopicOutput{TopicArn: &arn}, nil
}

func (s *server) ListTagsForResource(context.Context, *sns.ListTagsForResourceInput, ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error) {
	if err := s.fail["tags"]; err != nil {
		return nil, err
	}
	out := &sns.ListTagsForResourceOutput{}
	for k, v := range s.tags {
		out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return out, nil
}

func code(c string) error { return &smithy.GenericAPIError{Code: c} }

func TestRead(t *testing.T) {
	tests := map[string]struct {
		server server
		exists bool
		err    error
		tags   error
	}{
		"there":           {server: server{policy: map[string]string{here: "P"}, tags: map[string]string{"a": "b"}, key: "k"}, exists: true},
		"absent":          {server: server{}},
		"denied":          {server: server{fail: map[string]error{"get": code("AuthorizationError")}}, err: ErrDenied},
		"tags unreadable": {server: server{policy: map[string]string{here: "P"}, fail: map[string]error{"tags": code("AuthorizationError")}}, exists: true, tags: ErrDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Read(t.Context(), &tt.server, here)
			if !errors.Is(err, tt.err) || s.Exists != tt.exists || !errors.Is(s.TagsErr, tt.tags) {
				t.Fatalf("%+v, %v", s, err)
			}
			if tt.exists && (s.Policy != "P" || s.KMSKey != tt.server.key || len(s.Tags) != len(tt.server.tags)) {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestCreate(t *testing.T) {
	different := &smithy.GenericAPIError{Code: "InvalidParameter", Message: "Invalid parameter: Tags Reason: Topic already exists with different tags"}
	tests := map[string]struct {
		fail    error
		creates []int
		err     bool
	}{
		"new":                      {creates: []int{1}},
		"there, with another tag":  {fail: different, creates: []int{1, 0}},
		"another invalid argument": {fail: &smithy.GenericAPIError{Code: "InvalidParameter", Message: "Topic Name"}, creates: []int{1}, err: true},
		"not allowed":              {fail: code("AuthorizationError"), creates: []int{1}, err: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &server{policy: map[string]string{}, fail: map[string]error{"create": tt.fail}}
			arn, err := Create(t.Context(), s, "t", map[string]string{"k": "v"})
			if (err != nil) != tt.err || !tt.err && arn != here || len(s.creates) != len(tt.creates) {
				t.Errorf("%s, %v, %v", arn, err, s.creates)
			}
		})
	}
}

func noSleep(context.Context, time.Duration) error { return nil }

// Both services are let in beside what stands there, also when somebody else
// writes in between; and both go again without a trace.
func TestAllowAndRevoke(t *testing.T) {
	const foreign = `{"Sid":"Partner","Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"SNS:Subscribe","Resource":"` + here + `"}`
	def := DefaultPolicy(here)
	withForeign := strings.Replace(def, `"Statement":[`, `"Statement":[`+foreign+`,`, 1)
	s := &server{policy: map[string]string{here: def}}
	s.onWrite = func(s *server) {
		if s.writes == 1 { // a colleague puts back what they had, and something of theirs
			s.policy[here] = withForeign
		}
	}
	first, err := Allow(t.Context(), s, here, []policy.Grant{TrailGrant(here, audit)}, noSleep)
	if err != nil || !first.Changed || s.writes != 2 {
		t.Fatalf("%+v, %v, %d writes", first, err, s.writes)
	}
	if _, err := Allow(t.Context(), s, here, []policy.Grant{TrailGrant(here, second)}, noSleep); err != nil {
		t.Fatal(err)
	}
	if _, err := Allow(t.Context(), s, here, []policy.Grant{BucketGrant(here, "arn:aws:s3:::logs", "111122223333")}, noSleep); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{foreign, "__default_statement_ID", `["` + audit + `","` + second + `"]`, TrailSid, BucketSid, `"aws:SourceAccount":"111122223333"`} {
		if !strings.Contains(s.policy[here], part) {
			t.Errorf("%s is not in %s", part, s.policy[here])
		}
	}
	writes := s.writes
	again, err := Allow(t.Context(), s, here, []policy.Grant{TrailGrant(here, audit, second), BucketGrant(here, "arn:aws:s3:::logs", "111122223333")}, noSleep)
	if err != nil || again.Changed || s.writes != writes {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	if _, err := Revoke(t.Context(), s, here, []policy.Grant{TrailGrant(here, audit), TrailGrant(here, second), BucketGrant(here, "arn:aws:s3:::logs", "111122223333")}, noSleep); err != nil {
		t.Fatal(err)
	}
	if s.policy[here] != withForeign {
		t.Errorf("got  %s\nwant %s", s.policy[here], withForeign)
	}
}

// A topic cannot be without a policy.
func TestRevokeTheLast(t *testing.T) {
	only, err := Merge(here, "", TrailGrant(here, audit))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{policy: map[string]string{here: only.After}}
	if _, err := Revoke(t.Context(), s, here, []policy.Grant{TrailGrant(here, audit)}, noSleep); err != nil || s.policy[here] != DefaultPolicy(here) {
		t.Errorf("%s, %v", s.policy[here], err)
	}
}

func TestMergeLimit(t *testing.T) {
	long := `{"Statement":[{"Sid":"F","Effect":"Deny","Principal":"*","Action":"SNS:*","Resource":"` + strings.Repeat("x", MaxPolicy) + `"}]}`
	if _, err := Merge(here, long, TrailGrant(here, audit)); !errors.Is(err, policy.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
