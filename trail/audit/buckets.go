package audit

import (
	"errors"
	"slices"
	"strings"

	"trailctl/bucket"
	"trailctl/internal/awserr"
	"trailctl/internal/shell"
)

// ownBucket is what is known of a trail's bucket, or the verdict where that
// is nothing: a bucket of another account is for that account to judge.
func ownBucket(a Account, s Subject) (*BucketFacts, Verdict, bool) {
	switch {
	case s.Bucket == nil:
		return nil, unknown("bucket "+s.Trail.Bucket+" could not be read", s.Unread["bucket"]), false
	case s.Bucket.Owner == bucket.Nobody:
		return nil, fail("bucket "+s.Trail.Bucket+" does not exist", update(s, "--bucket", s.Trail.Bucket),
			Evidence{"s3:HeadBucket", s.Trail.Bucket, "404"}), false
	case s.Bucket.Owner != bucket.Account:
		return nil, unknown("bucket "+s.Trail.Bucket+" belongs to another account, or may not be seen: audit it there", nil,
			Evidence{"s3:HeadBucket", s.Trail.Bucket + " as account " + a.ID, "403"}), false
	case s.BucketErr != nil:
		return nil, unknown("bucket "+s.Trail.Bucket+" could not be read", s.BucketErr), false
	case s.Facts == nil:
		return nil, unknown("bucket "+s.Trail.Bucket+" was not read", nil), false
	}
	return s.Facts, Verdict{}, true
}

// bucketPrivate is CloudTrail.6: neither the policy nor the ACL lets the
// public in. The public access block can make either void (S3 user guide,
// "Blocking public access").
func bucketPrivate(a Account, s Subject) Verdict {
	f, v, ok := ownBucket(a, s)
	if !ok {
		return v
	}
	block, err := s.Bucket.Settings.PublicAccess, s.Bucket.Settings.Unread[bucket.PublicAccessSetting]
	if err != nil {
		return unknown("its public access block could not be read", err)
	}
	var restrict, ignore bool
	if block != nil {
		restrict, ignore = block.RestrictPublicBuckets, block.IgnorePublicACLs
	}
	e := []Evidence{
		{"s3:GetPublicAccessBlock", "RestrictPublicBuckets of " + s.Trail.Bucket, yesNo(restrict)},
		{"s3:GetPublicAccessBlock", "IgnorePublicAcls of " + s.Trail.Bucket, yesNo(ignore)},
	}
	fix := blockPublic(s)
	if !restrict {
		seen, err := publicPolicy(s, f)
		if err != nil {
			return unknown("whether its policy is public could not be read", err, e...)
		}
		e = append(e, seen)
		if f.PublicPolicy {
			return fail("the policy of bucket "+s.Trail.Bucket+" lets the public in", fix, e...)
		}
	}
	if !ignore {
		if f.ACLErr != nil {
			return unknown("its ACL could not be read", f.ACLErr, e...)
		}
		e = append(e, Evidence{"s3:GetBucketAcl", "public grants of " + s.Trail.Bucket, list(f.PublicGrants)})
		if len(f.PublicGrants) > 0 {
			return fail("the ACL of bucket "+s.Trail.Bucket+" lets the public in", fix, e...)
		}
	}
	return pass("bucket "+s.Trail.Bucket+" is not public", e...)
}

// publicPolicy is what tells whether the bucket's policy is public. Where a
// server that imitates AWS lacks the call, a policy that allows nothing but to
// named principals and services is not public (S3 user guide, "The meaning of
// public"); of another one that is not known.
func publicPolicy(s Subject, f *BucketFacts) (Evidence, error) {
	err := f.Unread[bucket.PolicyStatusSetting]
	if err == nil {
		return Evidence{"s3:GetBucketPolicyStatus", "IsPublic of " + s.Trail.Bucket, yesNo(f.PublicPolicy)}, nil
	}
	if _, lacked := awserr.Lacked(err); !lacked || s.Unread["bucket policy"] != nil {
		return Evidence{}, err
	}
	list, unread := statements(s.Bucket.Policy)
	if unread != nil || slices.ContainsFunc(list, statement.allowsUnnamed) {
		return Evidence{}, err
	}
	return Evidence{"s3:GetBucketPolicy", "statements of " + s.Trail.Bucket + " that allow everybody", "(none)"}, nil
}

// bucketLogged is CloudTrail.7.
func bucketLogged(a Account, s Subject) Verdict {
	f, v, ok := ownBucket(a, s)
	if !ok {
		return v
	}
	if err := f.Unread[bucket.LoggingSetting]; err != nil {
		return unknown("where its access is logged could not be read", err)
	}
	if f.Logging == nil {
		return fail("access to bucket "+s.Trail.Bucket+" is not logged",
			command("aws", "s3api", "put-bucket-logging", "--bucket", s.Trail.Bucket,
				"--bucket-logging-status", `{"LoggingEnabled":{"TargetBucket":"LOG-BUCKET","TargetPrefix":`+jsonText(s.Trail.Bucket+"/")+"}}"),
			Evidence{"s3:GetBucketLogging", "LoggingEnabled of " + s.Trail.Bucket, "(none)"})
	}
	return pass("access is logged in bucket "+f.Logging.Bucket, Evidence{"s3:GetBucketLogging", "TargetBucket of " + s.Trail.Bucket, f.Logging.Bucket})
}

// bucketMFADelete is CIS v3.0.0 2.1.2. Only the account's root user can
// switch it on.
func bucketMFADelete(a Account, s Subject) Verdict {
	f, v, ok := ownBucket(a, s)
	if !ok {
		return v
	}
	if err := f.Unread[bucket.VersioningSetting]; err != nil {
		return unknown("its versioning could not be read", err)
	}
	mfa := "Disabled"
	if f.MFADelete {
		mfa = "Enabled"
	}
	e := []Evidence{
		{"s3:GetBucketVersioning", "Status of " + s.Trail.Bucket, orNone(f.Versioning)},
		{"s3:GetBucketVersioning", "MFADelete of " + s.Trail.Bucket, mfa},
	}
	fix := command("aws", "s3api", "put-bucket-versioning", "--bucket", s.Trail.Bucket,
		"--versioning-configuration", "Status=Enabled,MFADelete=Enabled", "--mfa", "SERIAL CODE")
	switch {
	case f.Versioning != "Enabled":
		return fail("bucket "+s.Trail.Bucket+" keeps no versions", fix, e...)
	case !f.MFADelete:
		return fail("versions in bucket "+s.Trail.Bucket+" can be deleted without MFA", fix, e...)
	}
	return pass("bucket "+s.Trail.Bucket+" asks for MFA", e...)
}

// bucketBlocked is CIS v3.0.0 2.1.4: all four switches are on.
func bucketBlocked(a Account, s Subject) Verdict {
	if _, v, ok := ownBucket(a, s); !ok {
		return v
	}
	if err := s.Bucket.Settings.Unread[bucket.PublicAccessSetting]; err != nil {
		return unknown("its public access block could not be read", err)
	}
	b := s.Bucket.Settings.PublicAccess
	if b == nil {
		return fail("bucket "+s.Trail.Bucket+" has no public access block", blockPublic(s),
			Evidence{"s3:GetPublicAccessBlock", s.Trail.Bucket, "(none)"})
	}
	var e []Evidence
	var off []string
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"BlockPublicAcls", b.BlockPublicACLs}, {"IgnorePublicAcls", b.IgnorePublicACLs},
		{"BlockPublicPolicy", b.BlockPublicPolicy}, {"RestrictPublicBuckets", b.RestrictPublicBuckets},
	} {
		e = append(e, Evidence{"s3:GetPublicAccessBlock", f.name + " of " + s.Trail.Bucket, yesNo(f.on)})
		if !f.on {
			off = append(off, f.name)
		}
	}
	if len(off) > 0 {
		return fail("off: "+strings.Join(off, ", "), blockPublic(s), e...)
	}
	return pass("all four switches are on", e...)
}

// bucketTLS is CIS v3.0.0 2.1.1: a Deny statement for everybody, every
// action, and requests without TLS.
func bucketTLS(a Account, s Subject) Verdict {
	statements, v, ok := policyOf(a, s)
	if !ok {
		return v
	}
	for _, st := range statements {
		if st.deniesPlain(s.Trail.Bucket) {
			return pass("statement "+st.name()+" denies them", Evidence{"s3:GetBucketPolicy", "statement of " + s.Trail.Bucket, st.name()})
		}
	}
	return fail("no statement of the policy of bucket "+s.Trail.Bucket+" denies requests without TLS",
		"add to the policy of "+shell.Quote(s.Trail.Bucket)+": "+shell.Quote(denyPlain(a.Partition, s.Trail.Bucket)),
		Evidence{"s3:GetBucketPolicy", "Deny for aws:SecureTransport of " + s.Trail.Bucket, "(none)"})
}

// sourceBound holds that the service can write for nobody but known trails:
// without aws:SourceArn or the like, any account's trail may deliver into the
// bucket ("confused deputy", CloudTrail user guide).
func sourceBound(a Account, s Subject) Verdict {
	statements, v, ok := policyOf(a, s)
	if !ok {
		return v
	}
	found := map[opening][]string{}
	for _, st := range statements {
		o := st.opens()
		found[o] = append(found[o], st.name())
	}
	e := Evidence{"s3:GetBucketPolicy", "statements without aws:SourceArn of " + s.Trail.Bucket, list(found[open])}
	switch {
	case len(found[open]) > 0:
		condition := `"Condition":{"StringEquals":{"aws:SourceArn":` + jsonText(s.Trail.ARN) + "}}"
		return fail("these statements of the policy of bucket "+s.Trail.Bucket+" let CloudTrail write for any account: "+list(found[open]),
			"add to "+shell.Quote(list(found[open]))+" in the policy of "+shell.Quote(s.Trail.Bucket)+": "+shell.Quote(condition), e)
	case len(found[unclear]) > 0:
		return unknown("whether these statements of the policy of bucket "+s.Trail.Bucket+" let CloudTrail write for any account is not understood: "+list(found[unclear]), nil, e)
	}
	return pass("CloudTrail writes for known trails only", e)
}

func policyOf(a Account, s Subject) ([]statement, Verdict, bool) {
	if _, v, ok := ownBucket(a, s); !ok {
		return nil, v, false
	}
	if err := s.Unread["bucket policy"]; err != nil {
		return nil, unknown("the policy of bucket "+s.Trail.Bucket+" could not be read", err), false
	}
	list, err := statements(s.Bucket.Policy)
	if err != nil {
		return nil, unknown("the policy of bucket "+s.Trail.Bucket+" could not be understood", errors.Unwrap(err)), false
	}
	return list, Verdict{}, true
}
