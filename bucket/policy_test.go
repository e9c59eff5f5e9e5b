package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

const testTrail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit"

func testAccess() TrailAccess {
	return TrailAccess{Bucket: "logs", Partition: "aws", Base: Base{Account: "111122223333"}, Trails: []string{testTrail}}
}

func TestGrants(t *testing.T) {
	tests := map[string]struct {
		change func(*TrailAccess)
		want   []string // Sid and resource
	}{
		"plain": {func(*TrailAccess) {}, []string{
			"AWSCloudTrailAclCheck20150319 arn:aws:s3:::logs",
			"AWSCloudTrailWrite20150319 arn:aws:s3:::logs/AWSLogs/111122223333/*"}},
		"prefix": {func(a *TrailAccess) { a.Base.Prefix = "a/b" }, []string{
			"AWSCloudTrailAclCheck20150319 arn:aws:s3:::logs",
			"AWSCloudTrailWrite20150319 arn:aws:s3:::logs/a/b/AWSLogs/111122223333/*"}},
		"China": {func(a *TrailAccess) { a.Partition = "aws-cn" }, []string{
			"AWSCloudTrailAclCheck20150319 arn:aws-cn:s3:::logs",
			"AWSCloudTrailWrite20150319 arn:aws-cn:s3:::logs/AWSLogs/111122223333/*"}},
		"organization": {func(a *TrailAccess) { a.Base.Org = "o-abc" }, []string{
			"AWSCloudTrailAclCheck20150319 arn:aws:s3:::logs",
			"AWSCloudTrailWrite20150319 arn:aws:s3:::logs/AWSLogs/111122223333/*",
			"AWSCloudTrailOrganizationWrite20150319 arn:aws:s3:::logs/AWSLogs/o-abc/*"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := testAccess()
			tt.change(&a)
			var got []string
			for _, g := range a.Grants() {
				got = append(got, g.Sid+" "+g.Resource)
				if !slices.Equal(g.SourceARNs, a.Trails) {
					t.Errorf("%s is for %v", g.Sid, g.SourceARNs)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if !json.Valid([]byte(a.Statements())) {
				t.Errorf("%s is not JSON", a.Statements())
			}
		})
	}
}

// The bucket keeps what other trails need of it, whatever they differ in.
func TestMergeForSecondTrail(t *testing.T) {
	first, err := testAccess().Merge("")
	if err != nil || !first.Changed {
		t.Fatal(first, err)
	}
	others := map[string]func(*TrailAccess){
		"another trail":  func(a *TrailAccess) { a.Trails = []string{strings.Replace(testTrail, "audit", "other", 1)} },
		"another region": func(a *TrailAccess) { a.Trails = []string{strings.Replace(testTrail, "eu-west-1", "us-east-1", 1)} },
		"another prefix": func(a *TrailAccess) { a.Base.Prefix = "p" },
		"another account": func(a *TrailAccess) {
			a.Base.Account = "444455556666"
			a.Trails = []string{strings.Replace(testTrail, "111122223333", "444455556666", 1)}
		},
	}
	for name, change := range others {
		t.Run(name, func(t *testing.T) {
			b := testAccess()
			change(&b)
			second, err := b.Merge(first.After)
			if err != nil || !second.Changed {
				t.Fatal(second, err)
			}
			for who, a := range map[string]TrailAccess{"the first": testAccess(), "the second": b} {
				if again, err := a.Merge(second.After); err != nil || again.Changed {
					t.Errorf("%s lost its access (%v) in %s", who, err, second.After)
				}
			}
			if n := strings.Count(second.After, `"Sid"`); n != 2 {
				t.Errorf("%d statements, want 2 with longer lists: %s", n, second.After)
			}
		})
	}
}

func TestMergeLimit(t *testing.T) {
	fill := func(n int) string {
		return `{"Statement":[{"Sid":"F","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"` + strings.Repeat("x", n) + `"}]}`
	}
	c, err := testAccess().Merge(fill(1000))
	if err != nil {
		t.Fatal(err)
	}
	room := MaxPolicy - len(c.After)
	if c, err := testAccess().Merge(fill(1000 + room)); err != nil || len(c.After) != MaxPolicy {
		t.Errorf("a policy of exactly the limit: %v", err)
	}
	if _, err := testAccess().Merge(fill(1000 + room + 1)); !errors.Is(err, ErrPolicyTooLarge) {
		t.Errorf("one byte more: %v, want ErrPolicyTooLarge", err)
	}
}

// policyServer is a bucket's policy with other writers and slow readers.
type policyServer struct {
	text    string
	shown   []string            // texts that reads show first, before the true one
	onWrite func(*policyServer) // happens after each write
	writes  int
	fail    error
}

func (p *policyServer) GetBucketPolicy(_ context.Context, in *s3.GetBucketPolicyInput, _ ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error) {
	if p.fail != nil {
		return nil, p.fail
	}
	text := p.text
	if len(p.shown) > 0 {
		text, p.shown = p.shown[0], p.shown[1:]
	}
	if text == "" {
		return nil, &smithy.GenericAPIError{Code: "NoSuchBucketPolicy"}
	}
	return &s3.GetBucketPolicyOutput{Policy: &text}, nil
}

func (p *policyServer) PutBucketPolicy(_ context.Context, in *s3.PutBucketPolicyInput, _ ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error) {
	p.text = *in.Policy
	p.writes++
	if p.onWrite != nil {
		p.onWrite(p)
	}
	return &s3.PutBucketPolicyOutput{}, nil
}

func noSleep(context.Context, time.Duration) error { return nil }

func TestAllowTrail(t *testing.T) {
	const foreign = `{"Version":"2012-10-17","Statement":[{"Sid":"Foreign","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/x"}]}`
	const newer = `{"Version":"2012-10-17","Statement":[{"Sid":"Newer","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/y"}]}`
	overwrite := func(times int) func(*policyServer) {
		return func(p *policyServer) {
			if p.writes <= times {
				p.text = newer
			}
		}
	}
	granted, err := testAccess().Merge(foreign)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		server  policyServer
		writes  int
		changed bool
		has     string
		err     error
	}{
		"no policy":             {server: policyServer{}, writes: 1, changed: true},
		"foreign statement":     {server: policyServer{text: foreign}, writes: 1, changed: true, has: "Foreign"},
		"already there":         {server: policyServer{text: granted.After}, writes: 0, has: "Foreign"},
		"slow to show":          {server: policyServer{text: foreign, shown: []string{foreign, foreign, foreign}}, writes: 1, changed: true, has: "Foreign"},
		"overwritten by others": {server: policyServer{text: foreign, onWrite: overwrite(2)}, writes: 3, changed: true, has: "Newer"},
		"overwritten for ever":  {server: policyServer{text: foreign, onWrite: overwrite(99)}, writes: 5, err: ErrPolicyContest},
		"not readable":          {server: policyServer{fail: &smithy.GenericAPIError{Code: "AccessDenied"}}, err: ErrDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := AllowTrail(t.Context(), &tt.server, testAccess(), noSleep)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if tt.server.writes != tt.writes {
				t.Errorf("%d writes, want %d", tt.server.writes, tt.writes)
			}
			if err != nil {
				return
			}
			if got.Changed != tt.changed {
				t.Errorf("changed = %v, want %v", got.Changed, tt.changed)
			}
			if now, err := testAccess().Merge(tt.server.text); err != nil || now.Changed {
				t.Errorf("the grants are not in %s (%v)", tt.server.text, err)
			}
			if !strings.Contains(tt.server.text, tt.has) {
				t.Errorf("%s was lost: %s", tt.has, tt.server.text)
			}
		})
	}
}
