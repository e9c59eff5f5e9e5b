package cloudtrail

import (
	"trailctl/internal/sandbox/call"
)

// trailInput is the input of CreateTrail and UpdateTrail; nil was not given.
type trailInput struct {
	Name                       string
	S3BucketName               *string
	S3KeyPrefix                *string
	SnsTopicName               *string
	IncludeGlobalServiceEvents *bool
	IsMultiRegionTrail         *bool
	EnableLogFileValidation    *bool
	CloudWatchLogsLogGroupArn  *string
	CloudWatchLogsRoleArn      *string
	KmsKeyId                   *string
	IsOrganizationTrail        *bool
	TagsList                   []tag
}

// into writes what was given over a trail's settings.
func (in trailInput) into(t *trail) {
	set(&t.Bucket, in.S3BucketName)
	set(&t.Prefix, in.S3KeyPrefix)
	set(&t.GlobalEvents, in.IncludeGlobalServiceEvents)
	set(&t.MultiRegion, in.IsMultiRegionTrail)
	set(&t.Validation, in.EnableLogFileValidation)
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
}

func given(s *string) bool { return s != nil && *s != "" }

// checkUnserved refuses the settings for which the sandbox has no service
// behind it, with the error that AWS gives when the thing does not exist.
func (in trailInput) checkUnserved() *call.Error {
	switch {
	case given(in.SnsTopicName):
		return refuse("InvalidSnsTopicNameException", "SNS Topic %s does not exist: the sandbox has no SNS.", *in.SnsTopicName)
	case given(in.CloudWatchLogsLogGroupArn):
		return refuse("InvalidCloudWatchLogsLogGroupArnException", "The log group %s does not exist: the sandbox has no CloudWatch Logs.", *in.CloudWatchLogsLogGroupArn)
	case given(in.CloudWatchLogsRoleArn):
		return refuse("InvalidCloudWatchLogsRoleArnException", "You must specify a log group along with the role %s.", *in.CloudWatchLogsRoleArn)
	case given(in.KmsKeyId):
		return refuse("KmsKeyNotFoundException", "The key %s does not exist: the sandbox has no KMS.", *in.KmsKeyId)
	case in.IsOrganizationTrail != nil && *in.IsOrganizationTrail:
		return refuse("OrganizationsNotInUseException", "Your account is not a member of an organization: the sandbox has no Organizations.")
	}
	return nil
}

// checkSettings checks a trail's settings by themselves.
func checkSettings(t *trail) *call.Error {
	if err := checkBucketName(t.Bucket); err != nil {
		return err
	}
	if err := checkPrefix(t.Prefix); err != nil {
		return err
	}
	if t.MultiRegion && !t.GlobalEvents {
		return refuse("InvalidParameterCombinationException", "Multi-Region trail must include global service events.")
	}
	return nil
}

// checkBucket checks that the bucket is there and lets CloudTrail deliver
// for this trail.
func (s *Service) checkBucket(t *trail) *call.Error {
	if _, ok := s.bucket.BucketRegion(t.Bucket); !ok {
		return refuse("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", t.Bucket)
	}
	source := map[string]string{"aws:SourceArn": t.arn()}
	acl := s.bucket.May(servicePrincipal, "s3:GetBucketAcl", t.Bucket, "", source)
	if !acl || !s.mayWrite(t.Bucket, t.base()+"CloudTrail/"+t.Region+"/", t.arn()) {
		return refuse("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", t.Bucket)
	}
	return nil
}

func (s *Service) createTrail(c *call.Call, in trailInput) (any, *call.Error) {
	t := &trail{Account: c.Account, Region: c.Region, Name: in.Name, GlobalEvents: true, Basic: defaultSelectors()}
	in.into(t)
	if err := checkTrailName(t.Name); err != nil {
		return nil, err
	}
	if err := checkSettings(t); err != nil {
		return nil, err
	}
	if err := t.addTags(in.TagsList); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkRoom(t); err != nil {
		return nil, err
	}
	if err := s.checkBucket(t); err != nil {
		return nil, err
	}
	if err := in.checkUnserved(); err != nil {
		return nil, err
	}
	t.Chains = map[string]*chain{}
	s.insert(t)
	return t.changed(), nil
}

// checkRoom checks that a new trail's name is free and that each region that
// it shows in has room for it: a multi-region trail counts in every region
// (user guide, "Quotas in AWS CloudTrail") and its shadows take its name
// there. s.mu is held.
func (s *Service) checkRoom(t *trail) *call.Error {
	regions := map[string]int{}
	for _, other := range s.trails {
		if other.Account != t.Account {
			continue
		}
		if other.Name == t.Name && (other.Region == t.Region || other.MultiRegion || t.MultiRegion) {
			return refuse("TrailAlreadyExistsException", "Trail %s already exists for customer: %s", t.Name, t.Account)
		}
		for _, region := range s.covered(other) {
			regions[region]++
		}
	}
	for _, region := range s.covered(t) {
		if regions[region] >= maxTrails {
			return refuse("MaximumNumberOfTrailsExceededException", "User: %s already has %d trails in %s.", t.Account, maxTrails, region)
		}
	}
	return nil
}

func (s *Service) updateTrail(c *call.Call, in trailInput) (any, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.Name)
	if err != nil {
		return nil, err
	}
	next := *t
	in.into(&next)
	if err := checkSettings(&next); err != nil {
		return nil, err
	}
	if err := s.checkBucket(&next); err != nil {
		return nil, err
	}
	if err := in.checkUnserved(); err != nil {
		return nil, err
	}
	*t = next
	s.follow(t, c.Time)
	return t.changed(), nil
}
