package upstream

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/internal/sandbox/cloudtrail"
	"trailctl/internal/sandbox/iampolicy"
)

// bucket is the upstream's S3.
type bucket struct{ *clients }

// Bucket looks at a bucket. When its policy was put is not known.
func (b bucket) Bucket(ctx context.Context, name string) (*cloudtrail.BucketState, error) {
	ctx, cancel := question(ctx)
	defer cancel()
	api := b.in("", "").s3
	where, err := api.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &name})
	if err = b.refusal(err); isRefusal(err, "NoSuchBucket", "NotFound", "404") {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	policy, err := b.policy(ctx, api, name)
	if err != nil {
		return nil, err
	}
	may := func(principal, action, key string, conditions map[string]string) bool {
		resource := "arn:aws:s3:::" + name
		if key != "" {
			resource += "/" + key
		}
		return policy.AllowsService(iampolicy.ServiceRequest{
			Principal: principal, Action: action, Resource: resource, Account: b.Account, Time: b.Now(), Conditions: conditions,
		})
	}
	return &cloudtrail.BucketState{Region: regionOf(where.LocationConstraint), May: may}, nil
}

// regionOf reads the answer of GetBucketLocation, which knows two names from
// before there were others (API reference, GetBucketLocation).
func regionOf(location types.BucketLocationConstraint) string {
	switch location {
	case "":
		return "us-east-1"
	case types.BucketLocationConstraintEu:
		return "eu-west-1"
	}
	return string(location)
}

// policy is a bucket's policy; nil without one.
func (b bucket) policy(ctx context.Context, api *s3.Client, name string) (*iampolicy.Policy, error) {
	out, err := api.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &name})
	if err = b.refusal(err); isRefusal(err, "NoSuchBucketPolicy") {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return b.parse(aws.ToString(out.Policy), "bucket "+name, iampolicy.Parse), nil
}

// parse reads a policy that the upstream has taken. One that AWS would have
// refused allows nothing.
func (c *clients) parse(text, of string, read func([]byte) (*iampolicy.Policy, error)) *iampolicy.Policy {
	if text == "" {
		return nil
	}
	p, err := read([]byte(text))
	if err != nil {
		c.Log.Warn("a policy that AWS would not take allows nothing", "policy of", of, "error", err)
	}
	return p
}

// Put stores an object as CloudTrail does. The same one can be put twice.
func (b bucket) Put(ctx context.Context, o cloudtrail.Object) error {
	ctx, cancel := context.WithTimeout(ctx, putTime)
	defer cancel()
	sum := md5.Sum(o.Body)
	in := &s3.PutObjectInput{
		Bucket: &o.Bucket, Key: &o.Key, Body: bytes.NewReader(o.Body), ContentMD5: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
		ContentType: &o.ContentType, ContentEncoding: &o.ContentEncoding, Metadata: o.Metadata,
		ACL: types.ObjectCannedACLBucketOwnerFullControl,
	}
	if o.KMSKey != "" {
		in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, &o.KMSKey
	}
	api := b.in("", o.Region).s3
	_, err := api.PutObject(ctx, in)
	if err = b.refusal(err); isRefusal(err, "AccessControlListNotSupported") || isLack(err) {
		// Where ACLs are off AWS takes this one; others take none.
		in.ACL, in.Body = "", bytes.NewReader(o.Body)
		_, err = api.PutObject(ctx, in)
		err = b.refusal(err)
	}
	return err
}
