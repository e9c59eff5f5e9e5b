package trail

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/bucket"
)

const account = "111122223333"

// fakeAWS is an account in memory.
type fakeAWS struct {
	buckets map[string]*fakeBucket
	trails  map[string]*types.Trail // by ARN
	logging map[string]bool         // by ARN

	mu       sync.Mutex // calls come from several goroutines
	calls    []string   // operations, in order
	mutating int

	failAt    int   // the call, from 1, that fails; 0 for none
	failAfter bool  // it fails after it had its effect
	failWith  error // how

	bare        bool // new buckets get no settings, as with some imitations of S3
	refusals    int  // how often CreateTrail and UpdateTrail refuse the policy
	noListTrail bool
}

type fakeBucket struct {
	owner, region string
	policy        string
	block         bool
	ownership     s3types.ObjectOwnership
	encrypted     bool
}

func newFake() *fakeAWS {
	return &fakeAWS{buckets: map[string]*fakeBucket{}, trails: map[string]*types.Trail{}, logging: map[string]bool{}}
}

func (f *fakeAWS) clients() Clients {
	return Clients{
		Account:    Account{ID: account, Partition: "aws"},
		CloudTrail: func(region string) CloudTrail { return fakeTrails{f, region} },
		S3:         func(region string) S3 { return fakeS3{f, region} },
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

// allowed is CloudTrail's look at the bucket.
func (f fakeTrails) allowed(arn, name, prefix string) error {
	b := f.buckets[name]
	if b == nil {
		return api("S3BucketDoesNotExistException")
	}
	access := bucket.TrailAccess{Bucket: name, Partition: "aws", Base: bucket.Base{Prefix: prefix, Account: account}, Trails: []string{arn}}
	if c, err := access.Merge(b.policy); err != nil || c.Changed {
		return api("InsufficientS3BucketPolicyException")
	}
	if f.refusals > 0 {
		f.refusals--
		return api("InsufficientS3BucketPolicyException")
	}
	return nil
}

func (f fakeTrails) CreateTrail(_ context.Context, in *cloudtrail.CreateTrailInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.CreateTrailOutput, error) {
	arn := ARN("aws", f.region, account, *in.Name)
	return &cloudtrail.CreateTrailOutput{}, f.call("CreateTrail", func() error {
		if f.trails[arn] != nil {
			return api("TrailAlreadyExistsException")
		}
		if err := f.allowed(arn, *in.S3BucketName, aws.ToString(in.S3KeyPrefix)); err != nil {
			return err
		}
		f.trails[arn] = &types.Trail{
			Name: in.Name, TrailARN: &arn, HomeRegion: aws.String(f.region), S3BucketName: in.S3BucketName, S3KeyPrefix: in.S3KeyPrefix,
			IsMultiRegionTrail: in.IsMultiRegionTrail, IncludeGlobalServiceEvents: in.IncludeGlobalServiceEvents,
			LogFileValidationEnabled: in.EnableLogFileValidation,
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
		if err := f.allowed(*t.TrailARN, *next.S3BucketName, aws.ToString(next.S3KeyPrefix)); err != nil {
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

type fakeS3 struct {
	*fakeAWS
	region string
}

func (f fakeS3) HeadBucket(_ context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	if err := f.call("HeadBucket", nil); err != nil {
		return nil, err
	}
	b := f.buckets[*in.Bucket]
	switch {
	case b == nil:
		return nil, httpError(http.StatusNotFound, "NotFound", "")
	case b.owner != account:
		return nil, httpError(http.StatusForbidden, "Forbidden", b.region)
	}
	return &s3.HeadBucketOutput{BucketRegion: &b.region}, nil
}

func httpError(status int, code, region string) error {
	h := http.Header{}
	if region != "" {
		h.Set("x-amz-bucket-region", region)
	}
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: h}}, Err: api(code)}
}

// own is the account's bucket, reached in its own region.
func (f fakeS3) own(name *string) (*fakeBucket, error) {
	b := f.buckets[*name]
	switch {
	case b == nil:
		return nil, api("NoSuchBucket")
	case b.owner != account:
		return nil, api("AccessDenied")
	case b.region != f.region:
		return nil, api("PermanentRedirect")
	}
	return b, nil
}

func (f fakeS3) GetBucketLocation(context.Context, *s3.GetBucketLocationInput, ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error) {
	return nil, errors.New("nobody should have to ask")
}

func (f fakeS3) read(name string, in *string, missing string, is func(*fakeBucket) bool) error {
	if err := f.call(name, nil); err != nil {
		return err
	}
	b, err := f.own(in)
	if err == nil && !is(b) {
		err = api(missing)
	}
	return err
}

func (f fakeS3) GetBucketPolicy(_ context.Context, in *s3.GetBucketPolicyInput, _ ...func(*s3.Options)) (*s3.GetBucketPolicyOutput, error) {
	err := f.read("GetBucketPolicy", in.Bucket, "NoSuchBucketPolicy", func(b *fakeBucket) bool { return b.policy != "" })
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketPolicyOutput{Policy: aws.String(f.buckets[*in.Bucket].policy)}, nil
}

func (f fakeS3) GetPublicAccessBlock(_ context.Context, in *s3.GetPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error) {
	on := aws.Bool(true)
	return &s3.GetPublicAccessBlockOutput{PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
			BlockPublicAcls: on, IgnorePublicAcls: on, BlockPublicPolicy: on, RestrictPublicBuckets: on}},
		f.read("GetPublicAccessBlock", in.Bucket, "NoSuchPublicAccessBlockConfiguration", func(b *fakeBucket) bool { return b.block })
}

func (f fakeS3) GetBucketOwnershipControls(_ context.Context, in *s3.GetBucketOwnershipControlsInput, _ ...func(*s3.Options)) (*s3.GetBucketOwnershipControlsOutput, error) {
	err := f.read("GetBucketOwnershipControls", in.Bucket, "OwnershipControlsNotFoundError", func(b *fakeBucket) bool { return b.ownership != "" })
	if err != nil {
		return nil, err
	}
	return &s3.GetBucketOwnershipControlsOutput{OwnershipControls: &s3types.OwnershipControls{
		Rules: []s3types.OwnershipControlsRule{{ObjectOwnership: f.buckets[*in.Bucket].ownership}}}}, nil
}

func (f fakeS3) GetBucketEncryption(_ context.Context, in *s3.GetBucketEncryptionInput, _ ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error) {
	return &s3.GetBucketEncryptionOutput{ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
			Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: "AES256"}}}}},
		f.read("GetBucketEncryption", in.Bucket, "ServerSideEncryptionConfigurationNotFoundError", func(b *fakeBucket) bool { return b.encrypted })
}

func (f fakeS3) CreateBucket(_ context.Context, in *s3.CreateBucketInput, _ ...func(*s3.Options)) (*s3.CreateBucketOutput, error) {
	return &s3.CreateBucketOutput{}, f.call("CreateBucket", func() error {
		if b := f.buckets[*in.Bucket]; b != nil {
			return api("BucketAlreadyOwnedByYou")
		}
		f.buckets[*in.Bucket] = &fakeBucket{owner: account, region: f.region, ownership: in.ObjectOwnership, block: !f.bare, encrypted: !f.bare}
		return nil
	})
}

func (f fakeS3) write(name string, in *string, change func(*fakeBucket)) error {
	return f.call(name, func() error {
		b, err := f.own(in)
		if err == nil {
			change(b)
		}
		return err
	})
}

func (f fakeS3) PutBucketPolicy(_ context.Context, in *s3.PutBucketPolicyInput, _ ...func(*s3.Options)) (*s3.PutBucketPolicyOutput, error) {
	return &s3.PutBucketPolicyOutput{}, f.write("PutBucketPolicy", in.Bucket, func(b *fakeBucket) { b.policy = *in.Policy })
}

func (f fakeS3) PutPublicAccessBlock(_ context.Context, in *s3.PutPublicAccessBlockInput, _ ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error) {
	return &s3.PutPublicAccessBlockOutput{}, f.write("PutPublicAccessBlock", in.Bucket, func(b *fakeBucket) { b.block = true })
}

func (f fakeS3) PutBucketOwnershipControls(_ context.Context, in *s3.PutBucketOwnershipControlsInput, _ ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error) {
	return &s3.PutBucketOwnershipControlsOutput{}, f.write("PutBucketOwnershipControls", in.Bucket, func(b *fakeBucket) {
		b.ownership = in.OwnershipControls.Rules[0].ObjectOwnership
	})
}

func (f fakeS3) PutBucketEncryption(_ context.Context, in *s3.PutBucketEncryptionInput, _ ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error) {
	return &s3.PutBucketEncryptionOutput{}, f.write("PutBucketEncryption", in.Bucket, func(b *fakeBucket) { b.encrypted = true })
}

func noSleep(context.Context, time.Duration) error { return nil }
