package cloudtrail

import (
	"time"

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

// into writes what was given over a trail's settings, but for those that have
// to be resolved first.
func (in trailInput) into(t *trail) {
	set(&t.Bucket, in.S3BucketName)
	set(&t.Prefix, in.S3KeyPrefix)
	set(&t.GlobalEvents, in.IncludeGlobalServiceEvents)
	set(&t.MultiRegion, in.IsMultiRegionTrail)
	set(&t.Validation, in.EnableLogFileValidation)
	set(&t.LogGroup, in.CloudWatchLogsLogGroupArn)
	set(&t.LogRole, in.CloudWatchLogsRoleArn)
}

func set[T any](to *T, given *T) {
	if given != nil {
		*to = *given
	}
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
func (s *Service) checkBucket(t *trail, now time.Time) *call.Error {
	if _, ok := s.Bucket.BucketRegion(t.Bucket); !ok {
		return refuse("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", t.Bucket)
	}
	source := map[string]string{"aws:SourceArn": t.arn()}
	may := s.seen(s.Bucket.PolicyChanged(t.Bucket), now) &&
		s.Bucket.May(servicePrincipal, "s3:GetBucketAcl", t.Bucket, "", source)
	for _, folder := range s.folders(t) {
		may = may && s.mayWrite(t.Bucket, folder+"CloudTrail/"+t.Region+"/", t.arn())
	}
	if !may {
		return refuse("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", t.Bucket)
	}
	return nil
}

// check checks a trail's new settings with the services that they need: the
// bucket always, the others when they or what they depend on are given. What
// is to be resolved is set here.
func (s *Service) check(t *trail, in trailInput, now time.Time) *call.Error {
	if in.IsOrganizationTrail != nil {
		t.Organization = ""
		if *in.IsOrganizationTrail {
			if err := s.checkOrganization(t); err != nil {
				return err
			}
		}
	}
	if err := s.checkBucket(t, now); err != nil {
		return err
	}
	if in.SnsTopicName != nil {
		if err := s.setTopic(t, *in.SnsTopicName, now); err != nil {
			return err
		}
	}
	if in.CloudWatchLogsLogGroupArn != nil || in.CloudWatchLogsRoleArn != nil || in.IsOrganizationTrail != nil {
		if err := s.checkLogGroup(t, now); err != nil {
			return err
		}
	}
	switch {
	case in.KmsKeyId != nil:
		return s.setKey(t, *in.KmsKeyId, now)
	case in.S3BucketName != nil:
		return s.setKey(t, t.Key, now)
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
	if err := s.check(t, in, c.Time); err != nil {
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
	if err := s.check(&next, in, c.Time); err != nil {
		return nil, err
	}
	*t = next
	s.follow(t, c.Time)
	return t.changed(), nil
}
