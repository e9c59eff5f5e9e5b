package trail

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"trailctl/bucket"
)

const account = "111122223333"

// fakeAWS is an account in memory.
type fakeAWS struct {
	buckets      map[string]*fakeBucket
	trails       map[string]*types.Trail                         // by ARN
	logging      map[string]bool                                 // by ARN
	tags         map[string]map[string]string                    // by the trail's ARN
	selectors    map[string]*cloudtrail.PutEventSelectorsInput   // by the trail's ARN
	insights     map[string]*cloudtrail.PutInsightSelectorsInput // by the trail's ARN
	topics       map[string]*fakeTopic                           // by ARN
	groups       map[string]*fakeGroup                           // by ARN
	roles        map[string]*fakeRole                            // by name
	keys         map[string]*fakeKey                             // by ARN
	organization *fakeOrganization                               // nil: none

	mu       sync.Mutex // calls come from several goroutines
	calls    []string   // operations, in order
	mutating int

	failAt    int   // the call, from 1, that fails; 0 for none
	failAfter bool  // it fails after it had its effect
	failWith  error // how

	bare        bool   // new buckets get no settings, as with some imitations of S3
	refusals    int    // how often CreateTrail and UpdateTrail refuse
	refuseWith  string // with this code; "" is the bucket policy's
	noListTrail bool
}

type fakeBucket struct {
	owner, region string
	policy        string
	block         bool
	ownership     s3types.ObjectOwnership
	encrypted     bool
	notifications s3types.NotificationConfiguration
}

func newFake() *fakeAWS {
	return &fakeAWS{
		buckets: map[string]*fakeBucket{}, trails: map[string]*types.Trail{}, logging: map[string]bool{},
		tags: map[string]map[string]string{}, selectors: map[string]*cloudtrail.PutEventSelectorsInput{},
		insights: map[string]*cloudtrail.PutInsightSelectorsInput{},
		topics:   map[string]*fakeTopic{}, groups: map[string]*fakeGroup{}, roles: map[string]*fakeRole{}, keys: map[string]*fakeKey{},
	}
}

func (f *fakeAWS) clients() Clients {
	return Clients{
		Account:       Account{ID: account, Partition: "aws"},
		CloudTrail:    func(region string) CloudTrail { return fakeTrails{f, region} },
		S3:            func(region string) S3 { return fakeS3{f, region} },
		SNS:           func(region string) SNS { return fakeSNS{f, region} },
		Logs:          func(region string) Logs { return fakeLogs{f, region} },
		IAM:           func() IAM { return fakeIAM{f} },
		KMS:           func(region string) KMS { return fakeKMS{f, region} },
		Organizations: func() Organizations { return fakeOrganizations{f} },
	}
}

// call counts a call and makes it fail when it is its turn. effect is what
// the call does; nil for one that only reads.
func (f *fakeAWS) call(name string, effect func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	mine := f.failAt == len(f.calls)
	if mine && !f.failAfter {
		return f.failWith
	}
	if effect != nil {
		f.mutating++
		if err := effect(); err != nil {
			return err
		}
	}
	if mine {
		return f.failWith
	}
	return nil
}

func api(code string) error { return &smithy.GenericAPIError{Code: code, Message: "from the fake"} }

type fakeTrails struct {
	*fakeAWS
	region string
}

func (f fakeTrails) DescribeTrails(_ context.Context, in *cloudtrail.DescribeTrailsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.DescribeTrailsOutput, error) {
	if err := f.call("DescribeTrails", nil); err != nil {
		return nil, err
	}
	out := &cloudtrail.DescribeTrailsOutput{}
	for _, t := range f.trails {
		if *t.HomeRegion == f.region || *t.IsMultiRegionTrail {
			out.TrailList = append(out.TrailList, *t) // names are not looked at: servers differ
		}
	}
	return out, nil
}

func (f fakeTrails) ListTrails(context.Context, *cloudtrail.ListTrailsInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListTrailsOutput, error) {
	if f.noListTrail {
		return nil, api("UnknownOperationException")
	}
	if err := f.call("ListTrails", nil); err != nil {
		return nil, err
	}
	out := &cloudtrail.ListTrailsOutput{}
	for _, t := range f.trails {
		out.Trails = append(out.Trails, types.TrailInfo{Name: t.Name, TrailARN: t.TrailARN, HomeRegion: t.HomeRegion})
	}
	return out, nil
}

// find takes names and ARNs, as AWS does, but only in the home region.
func (f fakeTrails) find(name string) (*types.Trail, error) {
	for arn, t := range f.trails {
		if (arn == name || *t.Name == name) && *t.HomeRegion == f.region {
			return t, nil
		}
	}
	return nil, api("TrailNotFoundException")
}

func (f fakeTrails) GetTrailStatus(_ context.Context, in *cloudtrail.GetTrailStatusInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.GetTrailStatusOutput, error) {
	if err := f.call("GetTrailStatus", nil); err != nil {
		return nil, err
	}
	t, err := f.find(*in.Name)
	if err != nil {
		return nil, err
	}
	return &cloudtrail.GetTrailStatusOutput{IsLogging: aws.Bool(f.logging[*t.TrailARN])}, nil
}

// allowed is CloudTrail's look at what a trail is connected with.
func (f fakeTrails) allowed(t *types.Trail) error {
	b := f.buckets[*t.S3BucketName]
	if b == nil {
		return api("S3BucketDoesNotExistException")
	}
	base := bucket.Base{Prefix: aws.ToString(t.S3KeyPrefix), Account: account}
	if aws.ToBool(t.IsOrganizationTrail) {
		switch {
		case f.organization == nil:
			return api("OrganizationsNotInUseException")
		case !f.organization.access:
			return api("CloudTrailAccessNotEnabledException")
		}
		base.Org = f.organization.id
	}
	access := bucket.TrailAccess{Bucket: *t.S3BucketName, Partition: "aws", Base: base, Trails: []string{*t.TrailARN}}
	if !holdsGrants(b.policy, access.Grants()...) {
		return api("InsufficientS3BucketPolicyException")
	}
	if err := f.allowedAround(t); err != nil {
		return err
	}
	if f.refusals > 0 {
		f.refusals--
		return api(cmp.Or(f.refuseWith, "InsufficientS3BucketPolicyException"))
	}
	return nil
}

func (f fakeTrails) CreateTrail(_ context.Context, in *cloudtrail.CreateTrailInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.CreateTrailOutput, error) {
	arn := ARN("aws", f.region, account, *in.Name)
	return &cloudtrail.CreateTrailOutput{}, f.call("CreateTrail", func() error {
		if f.trails[arn] != nil {
			return api("TrailAlreadyExistsException")
		}
		t := &types.Trail{
			Name: in.Name, TrailARN: &arn, HomeRegion: aws.String(f.region), S3BucketName: in.S3BucketName, S3KeyPrefix: in.S3KeyPrefix,
			IsMultiRegionTrail: in.IsMultiRegionTrail, IncludeGlobalServiceEvents: in.IncludeGlobalServiceEvents,
			LogFileValidationEnabled: in.EnableLogFileValidation, IsOrganizationTrail: in.IsOrganizationTrail,
			SnsTopicARN: f.topicOf(in.SnsTopicName), KmsKeyId: in.KmsKeyId,
			CloudWatchLogsLogGroupArn: in.CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn: in.CloudWatchLogsRoleArn,
		}
		if err := f.allowed(t); err != nil {
			return err
		}
		f.trails[arn], f.tags[arn] = t, map[string]string{}
		for _, tag := range in.TagsList {
			f.tags[arn][*tag.Key] = *tag.Value
		}
		return nil
	})
}

func (f fakeTrails) UpdateTrail(_ context.Context, in *cloudtrail.UpdateTrailInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.UpdateTrailOutput, error) {
	return &cloudtrail.UpdateTrailOutput{}, f.call("UpdateTrail", func() error {
		t, err := f.find(*in.Name)
		if err != nil {
			return err
		}
		next := *t
		set(&next.S3BucketName, in.S3BucketName)
		set(&next.S3KeyPrefix, in.S3KeyPrefix)
		set(&next.IsMultiRegionTrail, in.IsMultiRegionTrail)
		set(&next.IncludeGlobalServiceEvents, in.IncludeGlobalServiceEvents)
		set(&next.LogFileValidationEnabled, in.EnableLogFileValidation)
		set(&next.IsOrganizationTrail, in.IsOrganizationTrail)
		set(&next.KmsKeyId, in.KmsKeyId)
		set(&next.CloudWatchLogsLogGroupArn, in.CloudWatchLogsLogGroupArn)
		set(&next.CloudWatchLogsRoleArn, in.CloudWatchLogsRoleArn)
		if in.SnsTopicName != nil {
			next.SnsTopicARN = f.topicOf(in.SnsTopicName)
		}
		if err := f.allowed(&next); err != nil {
			return err
		}
		*t = next
		return nil
	})
}

func set[T any](to **T, v *T) {
	if v != nil {
		*to = v
	}
}

func (f fakeTrails) StartLogging(_ context.Context, in *cloudtrail.StartLoggingInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.StartLoggingOutput, error) {
	return &cloudtrail.StartLoggingOutput{}, f.call("StartLogging", func() error {
		t, err := f.find(*in.Name)
		if err == nil {
			f.logging[*t.TrailARN] = true
		}
		return err
	})
}

func (f fakeTrails) StopLogging(_ context.Context, in *cloudtrail.StopLoggingInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.StopLoggingOutput, error) {
	return &cloudtrail.StopLoggingOutput{}, f.call("StopLogging", func() error {
		t, err := f.find(*in.Name)
		if err == nil {
			delete(f.logging, *t.TrailARN)
		}
		return err
	})
}

func (f fakeTrails) DeleteTrail(_ context.Context, in *cloudtrail.DeleteTrailInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.DeleteTrailOutput, error) {
	return &cloudtrail.DeleteTrailOutput{}, f.call("DeleteTrail", func() error {
		t, err := f.find(*in.Name)
		if err == nil {
			delete(f.logging, *t.TrailARN)
			delete(f.tags, *t.TrailARN)
			delete(f.trails, *t.TrailARN)
		}
		return err
	})
}

func (f fakeTrails) ListTags(_ context.Context, in *cloudtrail.ListTagsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.ListTagsOutput, error) {
	if err := f.call("ListTags", nil); err != nil {
		return nil, err
	}
	list := types.ResourceTag{ResourceId: &in.ResourceIdList[0], TagsList: tagList(f.tags[in.ResourceIdList[0]])}
	return &cloudtrail.ListTagsOutput{ResourceTagList: []types.ResourceTag{list}}, nil
}

func (f fakeTrails) AddTags(_ context.Context, in *cloudtrail.AddTagsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.AddTagsOutput, error) {
	return &cloudtrail.AddTagsOutput{}, f.call("AddTags", func() error {
		for _, t := range in.TagsList {
			f.tags[*in.ResourceId][*t.Key] = *t.Value
		}
		return nil
	})
}

func (f fakeTrails) RemoveTags(_ context.Context, in *cloudtrail.RemoveTagsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.RemoveTagsOutput, error) {
	return &cloudtrail.RemoveTagsOutput{}, f.call("RemoveTags", func() error {
		for _, t := range in.TagsList {
			delete(f.tags[*in.ResourceId], *t.Key)
		}
		return nil
	})
}

// byAny finds a trail by name or ARN for calls that take both.
func (f fakeTrails) byAny(name *string) (string, error) {
	t, err := f.find(aws.ToString(name))
	if err != nil {
		return "", err
	}
	return *t.TrailARN, nil
}

func (f fakeTrails) GetEventSelectors(_ context.Context, in *cloudtrail.GetEventSelectorsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.GetEventSelectorsOutput, error) {
	if err := f.call("GetEventSelectors", nil); err != nil {
		return nil, err
	}
	arn, err := f.byAny(in.TrailName)
	if err != nil {
		return nil, err
	}
	out := &cloudtrail.GetEventSelectorsOutput{TrailARN: &arn}
	if s := f.selectors[arn]; s != nil {
		out.EventSelectors, out.AdvancedEventSelectors = s.EventSelectors, s.AdvancedEventSelectors
	} else {
		out.EventSelectors = []types.EventSelector{{ReadWriteType: types.ReadWriteTypeAll, IncludeManagementEvents: aws.Bool(true)}}
	}
	return out, nil
}

func (f fakeTrails) PutEventSelectors(_ context.Context, in *cloudtrail.PutEventSelectorsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.PutEventSelectorsOutput, error) {
	return &cloudtrail.PutEventSelectorsOutput{}, f.call("PutEventSelectors", func() error {
		arn, err := f.byAny(in.TrailName)
		if err == nil {
			f.selectors[arn] = in
			f.trails[arn].HasCustomEventSelectors = aws.Bool(true)
		}
		return err
	})
}

func (f fakeTrails) GetInsightSelectors(_ context.Context, in *cloudtrail.GetInsightSelectorsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.GetInsightSelectorsOutput, error) {
	if err := f.call("GetInsightSelectors", nil); err != nil {
		return nil, err
	}
	arn, err := f.byAny(in.TrailName)
	if err != nil {
		return nil, err
	}
	s := f.insights[arn]
	if s == nil || len(s.InsightSelectors) == 0 {
		return nil, api("InsightNotEnabledException")
	}
	return &cloudtrail.GetInsightSelectorsOutput{TrailARN: &arn, InsightSelectors: s.InsightSelectors}, nil
}

func (f fakeTrails) PutInsightSelectors(_ context.Context, in *cloudtrail.PutInsightSelectorsInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.PutInsightSelectorsOutput, error) {
	return &cloudtrail.PutInsightSelectorsOutput{}, f.call("PutInsightSelectors", func() error {
		arn, err := f.byAny(in.TrailName)
		if err == nil {
			f.insights[arn] = in
		}
		return err
	})
}

func noSleep(context.Context, time.Duration) error { return nil }
