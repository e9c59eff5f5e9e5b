package trail

import (
	"context"
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

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

func (f fakeS3) GetBucketNotificationConfiguration(_ context.Context, in *s3.GetBucketNotificationConfigurationInput, _ ...func(*s3.Options)) (*s3.GetBucketNotificationConfigurationOutput, error) {
	if err := f.read("GetBucketNotificationConfiguration", in.Bucket, "", func(*fakeBucket) bool { return true }); err != nil {
		return nil, err
	}
	n := f.buckets[*in.Bucket].notifications
	return &s3.GetBucketNotificationConfigurationOutput{
		TopicConfigurations: n.TopicConfigurations, QueueConfigurations: n.QueueConfigurations,
		LambdaFunctionConfigurations: n.LambdaFunctionConfigurations, EventBridgeConfiguration: n.EventBridgeConfiguration,
	}, nil
}

func (f fakeS3) PutBucketNotificationConfiguration(_ context.Context, in *s3.PutBucketNotificationConfigurationInput, _ ...func(*s3.Options)) (*s3.PutBucketNotificationConfigurationOutput, error) {
	return &s3.PutBucketNotificationConfigurationOutput{}, f.write("PutBucketNotificationConfiguration", in.Bucket, func(b *fakeBucket) {
		b.notifications = *in.NotificationConfiguration
	})
}
