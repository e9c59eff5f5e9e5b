package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"trailctl/bucket"
)

// BucketExtra are the settings of a bucket that making a trail does not care
// about, and making its bucket again does.
type BucketExtra struct {
	bucket.Protection
	KMSKey    string // of default encryption; "" for S3's own or KMS's default key
	BucketKey bool
	Tags      map[string]string
	Lock      *ObjectLock // nil without object lock

	// These tell that there is such a configuration, which is not written.
	Lifecycle, CORS, Replication bool
}

// ObjectLock is a bucket's object lock, with the retention that new objects
// get: Mode is "" for none, and one of Days and Years is 0.
type ObjectLock struct {
	Mode        string // "GOVERNANCE" or "COMPLIANCE"
	Days, Years int32
}

// BucketReader is what ReadBucket needs of the SDK's client.
type BucketReader interface {
	bucket.ProtectionReader
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
	GetBucketTagging(context.Context, *s3.GetBucketTaggingInput, ...func(*s3.Options)) (*s3.GetBucketTaggingOutput, error)
	GetObjectLockConfiguration(context.Context, *s3.GetObjectLockConfigurationInput, ...func(*s3.Options)) (*s3.GetObjectLockConfigurationOutput, error)
	GetBucketCors(context.Context, *s3.GetBucketCorsInput, ...func(*s3.Options)) (*s3.GetBucketCorsOutput, error)
	GetBucketReplication(context.Context, *s3.GetBucketReplicationInput, ...func(*s3.Options)) (*s3.GetBucketReplicationOutput, error)
	GetBucketLifecycleConfiguration(context.Context, *s3.GetBucketLifecycleConfigurationInput, ...func(*s3.Options)) (*s3.GetBucketLifecycleConfigurationOutput, error)
}

// ReadBucket reads them. One that may not be read is named in Unread.
func ReadBucket(ctx context.Context, client BucketReader, name, account string) (BucketExtra, error) {
	p, err := bucket.ReadProtection(ctx, client, name, account)
	x := BucketExtra{Protection: p}
	if err != nil {
		return x, err
	}
	for _, r := range []struct {
		name, missing string
		read          func() error
	}{
		{bucket.EncryptionSetting, "ServerSideEncryptionConfigurationNotFoundError", func() error {
			out, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err != nil || out.ServerSideEncryptionConfiguration == nil {
				return err
			}
			for _, r := range out.ServerSideEncryptionConfiguration.Rules {
				if r.ApplyServerSideEncryptionByDefault != nil {
					x.KMSKey, x.BucketKey = aws.ToString(r.ApplyServerSideEncryptionByDefault.KMSMasterKeyID), aws.ToBool(r.BucketKeyEnabled)
				}
			}
			return nil
		}},
		{"tags", "NoSuchTagSet", func() error {
			out, err := client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err != nil {
				return err
			}
			x.Tags = map[string]string{}
			for _, t := range out.TagSet {
				x.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			return nil
		}},
		{"lifecycle rules", "NoSuchLifecycleConfiguration", func() error {
			out, err := client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil {
				x.Lifecycle = len(out.Rules) > 0
			}
			return err
		}},
		{"CORS rules", "NoSuchCORSConfiguration", func() error {
			out, err := client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil {
				x.CORS = len(out.CORSRules) > 0
			}
			return err
		}},
		{"replication", "ReplicationConfigurationNotFoundError", func() error {
			out, err := client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil {
				x.Replication = out.ReplicationConfiguration != nil
			}
			return err
		}},
		{"object lock", "ObjectLockConfigurationNotFoundError", func() error {
			out, err := client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil {
				x.Lock = lockOf(out.ObjectLockConfiguration)
			}
			return err
		}},
	} {
		err := r.read()
		var api smithy.APIError
		switch {
		case err == nil:
		case errors.As(err, &api) && api.ErrorCode() == r.missing:
		case errors.As(err, &api) && notThere(err): // so that no bucket has it
		case errors.As(err, &api):
			x.Unread[r.name] = err
		default:
			return x, fmt.Errorf("reading the %s of bucket %s: %w", r.name, name, err)
		}
	}
	return x, nil
}

// notThere tells a server that is not AWS, and does not have such settings.
func notThere(err error) bool {
	var answer *awshttp.ResponseError
	return errors.As(err, &answer) && answer.HTTPStatusCode() == http.StatusNotImplemented
}

func lockOf(c *types.ObjectLockConfiguration) *ObjectLock {
	if c == nil || c.ObjectLockEnabled != types.ObjectLockEnabledEnabled {
		return nil
	}
	if c.Rule == nil || c.Rule.DefaultRetention == nil {
		return &ObjectLock{}
	}
	d := c.Rule.DefaultRetention
	return &ObjectLock{Mode: string(d.Mode), Days: aws.ToInt32(d.Days), Years: aws.ToInt32(d.Years)}
}

func (x BucketExtra) notices(name string) []string {
	var list []string
	if unread := incomplete(x.Unread); len(unread) > 0 {
		list = append(list, fmt.Sprintf("Of bucket %q could not be read, and is missing here: %s.", name, strings.Join(unread, ", ")))
	}
	if x.Lifecycle {
		list = append(list, fmt.Sprintf("Bucket %q has lifecycle rules, which are missing here.", name))
	}
	if x.CORS {
		list = append(list, fmt.Sprintf("Bucket %q has CORS rules, which are missing here.", name))
	}
	if x.Replication {
		list = append(list, fmt.Sprintf("Bucket %q is replicated, which is missing here.", name))
	}
	if x.MFADelete {
		list = append(list, fmt.Sprintf("Bucket %q asks for MFA before it deletes versions: only the root user can switch that on, and it is missing here.", name))
	}
	return list
}
