package cloudtrail

import (
	"context"
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
// for this trail (assumption A17).
func (s *Service) checkBucket(q *inquiry, t *trail, now time.Time) *call.Error {
	bucket, err := q.bucket(t.Bucket)
	switch {
	case err != nil:
		return unavailable(err)
	case bucket == nil:
		return refuse("S3BucketDoesNotExistException", "S3 bucket %s does not exist!", t.Bucket)
	}
	source := map[string]string{"aws:SourceArn": t.arn()}
	may := s.seen(bucket.PolicyChanged, now) && bucket.May(servicePrincipal, "s3:GetBucketAcl", "", source)
	for _, folder := range s.folders(t) {
		may = may && mayWrite(bucket, folder+"CloudTrail/"+t.Region+"/", t.arn())
	}
	if !may {
		return refuse("InsufficientS3BucketPolicyException", "Incorrect S3 bucket policy is detected for bucket: %s", t.Bucket)
	}
	return nil
}

// check checks a trail's new settings with the services that they need: the
// bucket always, the others when they or what they depend on are given. What
// is to be resolved is set here. s.mu is not held: answers take their time.
func (s *Service) check(q *inquiry, t *trail, in trailInput, now time.Time) *call.Error {
	if in.IsOrganizationTrail != nil {
		t.Organization = ""
		if *in.IsOrganizationTrail {
			if err := s.checkOrganization(q, t); err != nil {
				return err
			}
		}
	}
	if err := s.checkBucket(q, t, now); err != nil {
		return err
	}
	if in.SnsTopicName != nil {
		if err := s.setTopic(q, t, *in.SnsTopicName, now); err != nil {
			return err
		}
	}
	if in.CloudWatchLogsLogGroupArn != nil || in.CloudWatchLogsRoleArn != nil || in.IsOrganizationTrail != nil {
		if err := s.checkLogGroup(q, t, now); err != nil {
			return err
		}
	}
	switch {
	case in.KmsKeyId != nil:
		return s.setKey(q, t, *in.KmsKeyId, now)
	case in.S3BucketName != nil:
		return s.setKey(q, t, t.Key, now)
	}
	return nil
}

// contextOf is the context of a call, which ends when its caller goes away.
func contextOf(c *call.Call) context.Context {
	if c.HTTP == nil {
		return context.Background()
	}
	return c.HTTP.Context()
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
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	err := s.checkRoom(t)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := s.check(s.inquire(contextOf(c)), t, in, c.Time); err != nil {
		return nil, err
	}
	t.Chains = map[string]*chain{}
	s.mu.Lock()
	defer s.mu.Unlock()
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
	s.changing.Lock()
	defer s.changing.Unlock()
	next, err := s.nextOf(c, in)
	if err != nil {
		return nil, err
	}
	if err := s.check(s.inquire(contextOf(c)), next, in, c.Time); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.Name) // it may have been deleted meanwhile
	if err != nil {
		return nil, err
	}
	t.takeSettings(next)
	s.follow(t, c.Time)
	return t.changed(), nil
}

// nextOf is a copy of the trail that a call updates, with the settings that
// were given.
func (s *Service) nextOf(c *call.Call, in trailInput) (*trail, *call.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.changeable(c, in.Name)
	if err != nil {
		return nil, err
	}
	next := *t
	in.into(&next)
	return &next, checkSettings(&next)
}

// takeSettings takes over what CreateTrail and UpdateTrail set.
func (t *trail) takeSettings(from *trail) {
	t.Bucket, t.Prefix, t.Key = from.Bucket, from.Prefix, from.Key
	t.GlobalEvents, t.MultiRegion, t.Validation = from.GlobalEvents, from.MultiRegion, from.Validation
	t.TopicName, t.Topic = from.TopicName, from.Topic
	t.LogGroup, t.LogRole = from.LogGroup, from.LogRole
	t.Organization = from.Organization
}
