package cli

import (
	"errors"

	"trailctl/bucket"
	"trailctl/trail"
)

// trailHints say what to do about the errors of CloudTrail's own operations,
// by AWS error code.
func trailHints() map[string]string {
	return map[string]string{
		"InsufficientS3BucketPolicyException":                    "CloudTrail may not write to the bucket: look for Deny statements in its policy, and at the policy of its KMS key if it has one; run the same command again",
		"S3BucketDoesNotExistException":                          "CloudTrail does not find the bucket: check --bucket; a bucket made a moment ago needs a little time, so run the same command again",
		"InvalidS3BucketNameException":                           "choose another --bucket: 3 to 63 small letters, digits and -",
		"InvalidS3PrefixException":                               "choose another --prefix: at most 200 characters",
		"InvalidTrailNameException":                              "choose another name: 3 to 128 letters, digits and single . _ - between them",
		"TrailAlreadyExistsException":                            "it came to be a moment ago: run the same command again to compare it with what you asked for",
		"MaximumNumberOfTrailsExceededException":                 "a region holds five trails at most, those for all regions included: \"trailctl trail list\" shows them; delete one, or change an existing one",
		"InvalidHomeRegionException":                             "a trail is changed in its home region: name it with --region; \"trailctl trail list\" shows it",
		"InsufficientEncryptionPolicyException":                  "the KMS key's policy must let cloudtrail.amazonaws.com use the key",
		"KmsKeyNotFoundException":                                "the KMS key must be in the bucket's region",
		"CloudTrailAccessNotEnabledException":                    "switch on trusted access for CloudTrail in the organization first",
		"NotOrganizationMasterAccountException":                  "an organization's trail is changed from its management account",
		"ConflictException":                                      "AWS is still at work on this trail: run the same command again in a minute",
		"InvalidParameterCombinationException":                   "a trail for all regions always records global service events",
		"BucketAlreadyExists":                                    "somebody else owns a bucket of that name: choose another with --bucket",
		"OperationAborted":                                       "S3 is still at work on a bucket of that name: run the same command again in a minute",
		"TooManyBuckets":                                         "the account has as many buckets as it may have: name an existing one with --bucket",
		"MalformedPolicy":                                        "S3 does not take the bucket policy: --dry-run shows it; a statement that is there already may name a user or role that was deleted",
		"IllegalLocationConstraintException":                     "the region is not enabled for this account, or the endpoint is for another one",
		"InvalidLocationConstraint":                              "the region is not one where S3 keeps buckets: check --region",
		"OptInRequired":                                          "the region is not enabled for this account",
		"InsufficientDependencyServiceAccessPermissionException": "the credentials need s3 and iam permissions beside those for CloudTrail",
	}
}

// trailError adds to errors of our own what to do about them.
func trailError(err error) error {
	var foreign *trail.ForeignBucketError
	switch {
	case errors.Is(err, trail.ErrSpec):
		return exitWith(codeUsage, err)
	case errors.As(err, &foreign):
		return withHint(err, "its owner must add these statements to its policy: %s; then run it again with --bucket %s --skip-bucket-policy", foreign.Statements, foreign.Bucket)
	case errors.Is(err, trail.ErrBucketRegion):
		return withHint(err, "choose another --bucket, or say --accept-bucket-region")
	case errors.Is(err, trail.ErrOtherHome):
		return withHint(err, "name its home region with --region")
	case errors.Is(err, trail.ErrNotFound):
		return withHint(err, "\"trailctl trail list\" shows the trails there are")
	case errors.Is(err, bucket.ErrPolicyTooLarge):
		return withHint(err, "take statements out that nobody needs, or choose another --bucket")
	case errors.Is(err, bucket.ErrPolicyContest):
		return withHint(err, "find out who else writes this policy (its history is in the trail), then run the same command again")
	}
	return err
}
