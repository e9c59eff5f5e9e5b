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
		"InsufficientS3BucketPolicyException":                    "CloudTrail may not write to the bucket: look for Deny statements in its policy, and at the policy of its KMS key if it has one; run the same command again, an update with --bucket so that it looks after the policy, too",
		"S3BucketDoesNotExistException":                          "CloudTrail does not find the bucket: check --bucket; a bucket made a moment ago needs a little time, so run the same command again",
		"InvalidS3BucketNameException":                           "choose another --bucket: 3 to 63 small letters, digits and -",
		"InvalidS3PrefixException":                               "choose another --prefix: at most 200 characters",
		"InvalidEventSelectorsException":                         "CloudTrail does not take these selectors: \"trailctl trail selectors types\" shows the resource types, --dry-run what was sent",
		"InvalidInsightSelectorsException":                       "CloudTrail does not take these Insights: call-rate needs write management events",
		"InvalidTrailNameException":                              "choose another name: 3 to 128 letters, digits and single . _ - between them",
		"TrailAlreadyExistsException":                            "it came to be a moment ago: run the same command again to compare it with what you asked for",
		"MaximumNumberOfTrailsExceededException":                 "a region holds five trails at most, those for all regions included: \"trailctl trail list\" shows them; delete one, or change an existing one",
		"InvalidHomeRegionException":                             "a trail is changed in its home region: name it with --region; \"trailctl trail list\" shows it",
		"InsufficientEncryptionPolicyException":                  "the policies of the KMS key and of the bucket must let cloudtrail.amazonaws.com use them: --update-key-policy adds to the key's what is missing; look for Deny statements",
		"InsufficientSnsTopicPolicyException":                    "CloudTrail may not publish to the topic: look for Deny statements in its policy, and at the policy of its KMS key if it has one; run the same command again",
		"InvalidSnsTopicNameException":                           "CloudTrail does not find the topic: check --sns-topic; a topic made a moment ago needs a little time, so run the same command again",
		"InvalidCloudWatchLogsLogGroupArnException":              "CloudTrail does not find the log group, or its role may not write there: check --log-group and --log-group-role; a role made a moment ago needs a little time, so run the same command again",
		"InvalidCloudWatchLogsRoleArnException":                  "CloudTrail may not assume the role: check --log-group-role; a role made a moment ago needs a little time, so run the same command again",
		"CloudWatchLogsDeliveryUnavailableException":             "CloudTrail delivers to no log groups in this region: leave --log-group away",
		"KmsKeyDisabledException":                                "enable the KMS key, or choose another --kms-key",
		"InvalidKmsKeyIdException":                               "check --kms-key: a key's id or ARN, or alias/NAME",
		"OrganizationsNotInUseException":                         "the account is in no organization: leave --organization away",
		"AWSOrganizationsNotInUseException":                      "the account is in no organization: leave --organization away",
		"OrganizationNotInAllFeaturesModeException":              "the organization must have all features enabled for an organization trail",
		"NoManagementAccountSLRExistsException":                  "the management account needs CloudTrail's service-linked role: aws iam create-service-linked-role --aws-service-name cloudtrail.amazonaws.com",
		"TagsLimitExceededException":                             "a trail has 50 tags at most: take some away with \"trailctl trail update NAME --remove-tag KEY\"",
		"MalformedPolicyDocument":                                "IAM does not take the policy: --dry-run shows it",
		"MalformedPolicyDocumentException":                       "KMS does not take the key policy: --dry-run shows it; a statement that is there already may name a user or role that was deleted",
		"LimitExceeded":                                          "the account has as many of these as it may have: name an existing one",
		"LimitExceededException":                                 "the account has as many of these as it may have: name an existing one",
		"DeleteConflict":                                         "somebody gave the role another policy just now: run the same command again",
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
	var key *trail.KeyPolicyError
	var trust *trail.RoleTrustError
	switch {
	case errors.Is(err, trail.ErrSpec):
		return exitWith(codeUsage, err)
	case errors.As(err, &foreign):
		return withHint(err, "its owner must add these statements to its policy: %s; then run it again with --bucket %s --skip-bucket-policy", foreign.Statements, foreign.Bucket)
	case errors.As(err, &key):
		return withHint(err, "--update-key-policy adds these statements to it: %s", key.Statements)
	case errors.As(err, &trust):
		return withHint(err, "whoever looks after it must add this to its trust policy: %s; without --log-group-role a role is made", trust.Statements)
	case errors.Is(err, trail.ErrGroupMissing):
		return withHint(err, "--create-log-group makes it")
	case errors.Is(err, trail.ErrNoLogGroup):
		return withHint(err, "name one with --log-group")
	case errors.Is(err, trail.ErrRoleTaken):
		return withHint(err, "name the role that is to be used with --log-group-role")
	case errors.Is(err, trail.ErrRoleMissing):
		return withHint(err, "check --log-group-role, or name the role that is to be used instead of the trail's")
	case errors.Is(err, trail.ErrKeyMissing), errors.Is(err, trail.ErrKeyRegion):
		return withHint(err, "choose a --kms-key of the bucket's region")
	case errors.Is(err, trail.ErrKeyUnfit):
		return withHint(err, "choose another --kms-key: a symmetric key that you manage, enabled")
	case errors.Is(err, trail.ErrNotManagement):
		return withHint(err, "run it with credentials of that account, or leave --organization away")
	case errors.Is(err, trail.ErrKeyUnread):
		return withHint(err, "allow kms:GetKeyPolicy on that key to the credentials in use (and kms:PutKeyPolicy for --update-key-policy)")
	case errors.Is(err, trail.ErrBuckets):
		return withHint(err, "name one --bucket for all of them, or change them one at a time with --region")
	case errors.Is(err, trail.ErrTaken):
		return withHint(err, "run the same command again: it compares the trail with what you ask for")
	case errors.Is(err, trail.ErrNotifyNoTopic):
		return withHint(err, "name one with --sns-topic or --notify-topic")
	case errors.Is(err, trail.ErrNotifyForeign):
		return withHint(err, "leave --notify away and ask its owner")
	case errors.Is(err, bucket.ErrOverlap):
		return withHint(err, "choose other --notify-events, --notify-prefix or --notify-suffix, or remove the other entry: \"trailctl bucket show\" shows them")
	case errors.Is(err, bucket.ErrNameTaken):
		return withHint(err, "choose another --notify-name")
	case errors.Is(err, bucket.ErrDestination):
		return withHint(err, "check that each topic, queue and function of the bucket's notifications exists and lets S3 in, then run the same command again")
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
