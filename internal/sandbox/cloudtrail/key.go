package cloudtrail

import (
	"regexp"
	"strings"
	"time"

	"trailctl/internal/sandbox/call"
)

var (
	keyID  = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}|alias/[A-Za-z0-9/_-]{1,250})$`)
	keyARN = regexp.MustCompile(`^arn:[a-z0-9-]+:kms:([a-z0-9-]+):(\d{12}):(key/|alias/).+$`)
)

// setKey resolves the KMS key of a trail, which lies in the bucket's region,
// and checks that CloudTrail may encrypt with it. An empty id takes the key
// away.
func (s *Service) setKey(t *trail, id string, now time.Time) *call.Error {
	t.Key = ""
	if id == "" {
		return nil
	}
	region, _ := s.Bucket.BucketRegion(t.Bucket)
	account := t.Account
	if m := keyARN.FindStringSubmatch(id); m != nil {
		if m[1] != region {
			return refuse("KmsKeyNotFoundException", "The KMS key %s is in the region %s, and the bucket %s in %s.", id, m[1], t.Bucket, region)
		}
		account = m[2]
	} else if !keyID.MatchString(id) {
		return refuse("InvalidKmsKeyIdException", "The KMS key id %.200q is not valid.", id)
	}
	arn, ok := s.Keys.Find(account, region, id)
	switch {
	case !ok:
		return refuse("KmsKeyNotFoundException", "The KMS key %s does not exist in %s.", id, region)
	case !s.Keys.Enabled(arn):
		return refuse("KmsException", "The KMS key %s is disabled or pending deletion.", arn)
	}
	t.Key = arn
	describe := s.Keys.May(servicePrincipal, "kms:DescribeKey", arn, t.source())
	if !describe || !s.seen(s.Keys.KeyChanged(arn), now) || !s.mayEncrypt(t) {
		return refuse("InsufficientEncryptionPolicyException",
			"Insufficient permissions to access S3 bucket %s or KMS key %s.", t.Bucket, arn)
	}
	return nil
}

// mayEncrypt asks the key's policy as S3 does for CloudTrail, with the
// encryption context by which the policy knows the trail.
func (s *Service) mayEncrypt(t *trail) bool {
	conditions := t.source()
	conditions["kms:EncryptionContext:aws:cloudtrail:arn"] = t.arn()
	return s.Keys.May(servicePrincipal, "kms:GenerateDataKey", t.Key, conditions)
}

// encryption is the error code with which S3 refuses a file that is to be
// encrypted with the trail's key; empty when it can be.
func (s *Service) encryption(t *trail) string {
	if t.Key == "" {
		return ""
	}
	region, account := "", ""
	if m := keyARN.FindStringSubmatch(t.Key); m != nil {
		region, account = m[1], m[2]
	}
	_, found := s.Keys.Find(account, region, t.Key)
	bucketRegion, _ := s.Bucket.BucketRegion(t.Bucket)
	switch {
	case !found, !strings.EqualFold(region, bucketRegion):
		return "KMS.NotFoundException"
	case !s.Keys.Enabled(t.Key):
		return "KMS.DisabledException"
	case !s.mayEncrypt(t):
		return "AccessDenied"
	}
	return ""
}
