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

	"trailctl/internal/policy"
)

const testTrail = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit"

func testAccess() TrailAccess {
	return TrailAccess{Bucket: "logs", Partition: "aws", Base: Base{Account: "111122223333"}, Trails: []string{testTrail}}
}

// merged is a policy with what access grants in it.
func merged(t *testing.T, access TrailAccess, before string) PolicyChange {
	t.Helper()
	c, err := policy.Merge(before, access.Grants())
	if err != nil {
		t.Fatal(err)
	}
	return c
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
			if text := PolicyFor([]TrailAccess{a}); !json.Valid([]byte(text)) {
				t.Errorf("%s is not JSON", text)
			}
		})
	}
}

// The bucket keeps what other trails need of it, whatever they differ in.
func TestMergeForSecondTrail(t *testing.T) {
	first := merged(t, testAccess(), "")
	others := map[string]struct {
		change     func(*TrailAccess)
		statements int // three where a longer list would let each write for the other
	}{
		"another trail":  {func(a *TrailAccess) { a.Trails = []string{strings.Replace(testTrail, "audit", "other", 1)} }, 2},
		"another region": {func(a *TrailAccess) { a.Trails = []string{strings.Replace(testTrail, "eu-west-1", "us-east-1", 1)} }, 2},
		"another prefix": {func(a *TrailAccess) { a.Base.Prefix = "p" }, 2},
		"another trail with another prefix": {func(a *TrailAccess) {
			a.Base.Prefix = "p"
			a.Trails = []string{strings.Replace(testTrail, "audit", "other", 1)}
		}, 3},
		"another account": {func(a *TrailAccess) {
			a.Base.Account = "444455556666"
			a.Trails = []string{strings.Replace(testTrail, "111122223333", "444455556666", 1)}
		}, 3},
	}
	for name, tt := range others {
		t.Run(name, func(t *testing.T) {
			b := testAccess()
			tt.change(&b)
			second := merged(t, b, first.After)
			if !second.Changed {
				t.Fatal(second)
			}
			for who, a := range map[string]TrailAccess{"the first": testAccess(), "the second": b} {
				if again := merged(t, a, second.After); again.Changed {
					t.Errorf("%s lost its access in %s", who, second.After)
				}
			}
			if n := strings.Count(second.After, `"Sid"`); n != tt.statements {
				t.Errorf("%d statements, want %d: %s", n, tt.statements, second.After)
			}
		})
	}
}

func TestPolicyLimit(t *testing.T) {
	fill := func(n int) string {
		return `{"Statement":[{"Sid":"F","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"` + strings.Repeat("x", n) + `"}]}`
	}
	room := MaxPolicy - len(merged(t, testAccess(), fill(1000)).After)
	for n, want := range map[int]error{1000 + room: nil, 1000 + room + 1: ErrPolicyTooLarge} {
		w := withBucket()
		w.text = fill(n)
		if _, err := AllowTrails(t.Context(), w, []TrailAccess{testAccess()}, noSleep); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v, want %v", n, err, want)
		}
		w.text = fill(n)
		if _, err := PlanPolicy(t.Context(), w.clients(), "logs", []TrailAccess{testAccess()}); !errors.Is(err, want) {
			t.Errorf("%d bytes, planned: %v, want %v", n, err, want)
		}
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

func TestAllowTrails(t *testing.T) {
	const foreign = `{"Version":"2012-10-17","Statement":[{"Sid":"Foreign","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/x"}]}`
	const newer = `{"Version":"2012-10-17","Statement":[{"Sid":"Newer","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::logs/y"}]}`
	overwrite := func(times int) func(*policyServer) {
		return func(p *policyServer) {
			if p.writes <= times {
				p.text = newer
			}
		}
	}
	granted := merged(t, testAccess(), foreign)
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
			got, err := AllowTrails(t.Context(), &tt.server, []TrailAccess{testAccess()}, noSleep)
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
			if now := merged(t, testAccess(), tt.server.text); now.Changed {
				t.Errorf("the grants are not in %s", tt.server.text)
			}
			if !strings.Contains(tt.server.text, tt.has) {
				t.Errorf("%s was lost: %s", tt.has, tt.server.text)
			}
		})
	}
}
