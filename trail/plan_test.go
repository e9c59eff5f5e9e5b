package trail

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"trailctl/bucket"
)

const (
	home      = "eu-west-1"
	auditARN  = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit"
	auditHome = "aws-cloudtrail-logs-111122223333-b81f37a0"
)

func granted(t *testing.T, name, prefix, arn string) string {
	t.Helper()
	return bucket.PolicyFor([]bucket.TrailAccess{{Bucket: name, Partition: "aws", Base: bucket.Base{Prefix: prefix, Account: account}, Trails: []string{arn}}})
}

func safe() bucket.Settings {
	return bucket.Settings{
		PublicAccess: &bucket.PublicAccess{BlockPublicACLs: true, IgnorePublicACLs: true, BlockPublicPolicy: true, RestrictPublicBuckets: true},
		Ownership:    bucket.OwnerEnforced, Encryption: bucket.AES256,
	}
}

// there is what Describe finds when all is as asked.
func there(t *testing.T) Current {
	return Current{
		Account: Account{ID: account, Partition: "aws"},
		Homes: []Home{{Region: home, Logging: true, Trail: &Trail{Name: "audit", ARN: auditARN, HomeRegion: home, Bucket: "logs",
			MultiRegion: true, GlobalServiceEvents: true, LogFileValidation: true, TopicARN: "arn:aws:sns:eu-west-1:111122223333:topic", KMSKey: "key"}}},
		Bucket: BucketState{Name: "logs", InUse: true, Place: bucket.Place{Owner: bucket.Account, Region: home},
			Settings: safe(), Policy: granted(t, "logs", "", auditARN)},
	}
}

// nothing is what Describe finds in an empty account.
func nothing(name string) Current {
	return Current{Account: Account{ID: account, Partition: "aws"}, Homes: []Home{{Region: home}}, Bucket: BucketState{Name: name, ByDefault: name == auditHome}}
}

func TestDiff(t *testing.T) {
	audit := func(change func(*Spec)) Spec {
		s := Spec{Name: "audit", Region: home}
		if change != nil {
			change(&s)
		}
		return s
	}
	tests := map[string]struct {
		spec  Spec
		cur   func(t *testing.T) Current
		steps []string // kind and target
		has   string   // part of a note, a warning or a field
		err   error
	}{
		"nothing there": {spec: audit(nil), cur: func(*testing.T) Current { return nothing(auditHome) },
			steps: []string{"create bucket " + auditHome, "create public access block", "create default encryption",
				"create bucket policy", "create trail audit", "change logging"}},
		"nothing there, not to be started": {spec: audit(func(s *Spec) { s.NoStart = true }), cur: func(*testing.T) Current { return nothing(auditHome) },
			steps: []string{"create bucket " + auditHome, "create public access block", "create default encryption",
				"create bucket policy", "create trail audit", "keep logging"}},
		"as asked": {spec: audit(nil), cur: there,
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"asked for what it is": {cur: there, spec: audit(func(s *Spec) {
			s.Bucket, s.Prefix, s.AllRegions, s.LogFileValidation, s.GlobalServiceEvents = "logs", ptr(""), ptr(true), ptr(true), ptr(true)
		}), steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"not logging": {spec: audit(nil), cur: with(func(c *Current) { c.Homes[0].Logging = false }),
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "change logging"}},
		"not logging, and not to": {spec: audit(func(s *Spec) { s.NoStart = true }), cur: with(func(c *Current) { c.Homes[0].Logging = false }),
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"logging, not to be started": {spec: audit(func(s *Spec) { s.NoStart = true }), cur: there, has: "not switched off",
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"one region": {spec: audit(func(s *Spec) { s.AllRegions = ptr(false) }), cur: there, has: "IsMultiRegionTrail true false",
			steps: []string{"keep bucket logs", "keep bucket policy", "change trail audit", "keep logging"}},
		"all regions brings global events": {spec: audit(func(s *Spec) { s.AllRegions = ptr(true) }),
			cur: with(func(c *Current) { c.Homes[0].Trail.MultiRegion, c.Homes[0].Trail.GlobalServiceEvents = false, false }), has: "IncludeGlobalServiceEvents false true",
			steps: []string{"keep bucket logs", "keep bucket policy", "change trail audit", "keep logging"}},
		"no validation": {spec: audit(func(s *Spec) { s.LogFileValidation = ptr(false) }), cur: there, has: "EnableLogFileValidation true false",
			steps: []string{"keep bucket logs", "keep bucket policy", "change trail audit", "keep logging"}},
		"another prefix": {spec: audit(func(s *Spec) { s.Prefix = ptr("p") }), cur: there, has: "S3KeyPrefix  p",
			steps: []string{"keep bucket logs", "change bucket policy", "change trail audit", "keep logging"}},
		"policy gone": {spec: audit(nil), cur: with(func(c *Current) { c.Bucket.Policy = "" }),
			steps: []string{"keep bucket logs", "create bucket policy", "keep trail audit", "keep logging"}},
		"policy for another trail": {spec: audit(nil), cur: func(t *testing.T) Current {
			c := there(t)
			c.Bucket.Policy = granted(t, "logs", "", strings.Replace(auditARN, "audit", "other", 1))
			return c
		}, steps: []string{"keep bucket logs", "change bucket policy", "keep trail audit", "keep logging"}},
		"policy not readable": {spec: audit(nil), cur: with(func(c *Current) { c.Bucket.PolicyErr = bucket.ErrDenied }), err: ErrBucketPolicy},
		"policy not readable, skipped": {spec: audit(func(s *Spec) { s.Bucket, s.SkipBucketPolicy = "logs", true }),
			cur:   with(func(c *Current) { c.Bucket.PolicyErr = bucket.ErrDenied }),
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"policy is not JSON": {spec: audit(nil), cur: with(func(c *Current) { c.Bucket.Policy = "{" }), err: errAny},
		"another region":     {spec: audit(nil), cur: with(func(c *Current) { c.Bucket.Region, c.Bucket.InUse = "us-east-1", false }), err: ErrBucketRegion},
		"another region, accepted": {spec: audit(func(s *Spec) { s.AcceptBucketRegion = true }), has: "us-east-1",
			cur:   with(func(c *Current) { c.Bucket.Region, c.Bucket.InUse = "us-east-1", false }),
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"another region, in use": {spec: audit(nil), cur: with(func(c *Current) { c.Bucket.Region = "us-east-1" }), has: "us-east-1",
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"public": {spec: audit(nil), cur: with(func(c *Current) { c.Bucket.Settings = bucket.Settings{Ownership: "ObjectWriter"} }), has: "public access",
			steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"default bucket, half made": {spec: audit(nil),
			cur: with(func(c *Current) { c.Bucket.ByDefault, c.Bucket.Settings = true, bucket.Settings{} }),
			steps: []string{"keep bucket logs", "create public access block", "create object ownership", "create default encryption",
				"keep bucket policy", "keep trail audit", "keep logging"}},
		"default bucket, opened on purpose": {spec: audit(nil), has: "public access", cur: with(func(c *Current) {
			c.Bucket.ByDefault, c.Bucket.Settings.PublicAccess = true, &bucket.PublicAccess{}
		}), steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"settings not readable": {spec: audit(nil), has: "could not be read", cur: with(func(c *Current) {
			c.Bucket.Settings = bucket.Settings{Ownership: bucket.OwnerEnforced, Encryption: bucket.AES256, Unread: map[string]error{bucket.PublicAccessSetting: bucket.ErrDenied}}
		}), steps: []string{"keep bucket logs", "keep bucket policy", "keep trail audit", "keep logging"}},
		"somebody else's bucket": {spec: audit(func(s *Spec) { s.Bucket = "central" }), cur: foreign("central", false), err: ErrBucketForeign},
		"somebody else's bucket, accepted": {spec: audit(func(s *Spec) { s.Bucket, s.SkipBucketPolicy = "central", true }), cur: foreign("central", false),
			has:   "once the policy holds",
			steps: []string{"keep bucket central", "keep bucket policy", "create trail audit", "change logging"}},
		"somebody else's bucket by default": {spec: audit(func(s *Spec) { s.SkipBucketPolicy = true }), cur: foreign(auditHome, false), err: ErrBucketForeign},
		"somebody else's bucket in use": {spec: audit(nil), cur: foreign("central", true),
			steps: []string{"keep bucket central", "keep bucket policy", "create trail audit", "change logging"}},
		"in China": {spec: Spec{Name: "audit", Region: "cn-north-1"}, has: "arn:aws-cn:s3:::" + auditHome, cur: func(*testing.T) Current {
			c := nothing(auditHome)
			c.Account.Partition, c.Homes[0].Region = "aws-cn", "cn-north-1"
			return c
		}, steps: []string{"create bucket " + auditHome, "create public access block", "create default encryption",
			"create bucket policy", "create trail audit", "change logging"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := Diff(tt.spec, tt.cur(t))
			if (err == nil) != (tt.err == nil) || (tt.err != errAny && !errors.Is(err, tt.err)) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			if got := outline(p); !slices.Equal(got, tt.steps) {
				t.Errorf("got  %q\nwant %q", got, tt.steps)
			}
			if !strings.Contains(wording(p), tt.has) {
				t.Errorf("%q is not in %s", tt.has, wording(p))
			}
			for _, s := range p.Steps {
				if (s.Kind == Keep) != (s.do == nil) {
					t.Errorf("%s %s: has something to do: %v", s.Kind, s.Target, s.do != nil)
				}
			}
			if p.Trail.ARN == "" || p.Trail.Bucket == "" || p.Trail.HomeRegion == "" {
				t.Errorf("the trail is not whole: %+v", p.Trail)
			}
		})
	}
}

var errAny = errors.New("any error")

func with(change func(*Current)) func(*testing.T) Current {
	return func(t *testing.T) Current {
		c := there(t)
		change(&c)
		return c
	}
}

func foreign(name string, inUse bool) func(*testing.T) Current {
	return func(*testing.T) Current {
		c := nothing(name)
		c.Bucket.Owner, c.Bucket.InUse = bucket.Other, inUse
		return c
	}
}

func outline(p Plan) []string {
	var got []string
	for _, s := range p.Steps {
		got = append(got, string(s.Kind)+" "+s.Target)
	}
	return got
}

func wording(p Plan) string {
	var b strings.Builder
	for _, s := range p.Steps {
		b.WriteString(s.Summary + "\n" + s.After + "\n" + strings.Join(append(s.Notes, s.Warnings...), "\n") + "\n")
		for _, f := range s.Fields {
			b.WriteString(f.Name + " " + f.Before + " " + f.After + "\n")
		}
	}
	return b.String()
}
