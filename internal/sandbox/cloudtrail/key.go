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
func (s *Service) setKey(q *inquiry, t *trail, id string, now time.Time) *call.Error {
	t.Key = ""
	if id == "" {
		return nil
	}
	bucket, err := q.bucket(t.Bucket)
	if err != nil {
		return unavailable(err)
	}
	region, account := "", t.Account
	if bucket != nil {
		region = bucket.Region
	}
	if m := keyARN.FindStringSubmatch(id); m != nil {
		if m[1] != region {
			return refuse("KmsKeyNotFoundException", "The KMS key %s is in the region %s, and the bucket %s in %s.", id, m[1], t.Bucket, region)
		}
		account = m[2]
	} else if !keyID.MatchString(id) {
		return refuse("InvalidKmsKeyIdException", "The KMS key id %.200q is not valid.", id)
	}
	key, err := q.key(account, region, id)
	switch {
	case err != nil:
		return unavailable(err)
	case key == nil:
		return refuse("KmsKeyNotFoundException", "The KMS key %s does not exist in %s.", id, region)
	case !key.Enabled:
		return refuse("KmsException", "The KMS key %s is disabled or pending deletion.", key.ARN)
	}
	t.Key = key.ARN
	describe := key.May(servicePrincipal, "kms:DescribeKey", t.source())
	if !describe || !s.seen(key.Changed, now) || !mayEncrypt(key, t) {
		return refuse("InsufficientEncryptionPolicyException",
			"Insufficient permissions to access S3 bucket %s or KMS key %s.", t.Bucket, key.ARN)
	}
	return nil
}

// mayEncrypt asks the key's policy as S3 does for CloudTrail, with the
// encryption context by which the policy knows the trail (assumption A18).
func mayEncrypt(key *KeyState, t *trail) bool {
	conditions := t.source()
	conditions["kms:EncryptionContext:aws:cloudtrail:arn"] = t.arn()
	return key.May(servicePrincipal, "kms:GenerateDataKey", conditions)
}

// encryption is the error code with which S3 refuses a file that is to be
// encrypted with the trail's key; empty when it can be.
func (s *Service) encryption(j *job, bucket *BucketState) string {
	t := &j.trail
	if t.Key == "" {
		return ""
	}
	region, account := "", ""
	if m := keyARN.FindStringSubmatch(t.Key); m != nil {
		region, account = m[1], m[2]
	}
	key, err := j.around.key(account, region, t.Key)
	switch {
	case err != nil:
		return codeOf(err, "InternalError")
	case key == nil, !strings.EqualFold(region, bucket.Region):
		return "KMS.NotFoundException"
	case !key.Enabled:
		return "KMS.DisabledException"
	case !mayEncrypt(key, t):
		return "AccessDenied"
	}
	return ""
}
