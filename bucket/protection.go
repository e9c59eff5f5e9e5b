package bucket

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"trailctl/internal/awserr"
)

// Protection are the settings of a bucket that say who watches over it. They
// are read for those who look at a bucket, and never changed.
type Protection struct {
	// Logging is where S3 writes the bucket's access log; nil for nowhere.
	Logging *AccessLog
	// Versioning is "Enabled", "Suspended", or "" for never switched on.
	Versioning string
	MFADelete  bool
	// PublicPolicy is what S3 itself says of the policy: that it lets the
	// public in. A bucket without a policy is not public.
	PublicPolicy bool
	Unread       map[string]error // settings that could not be read, by name
}

// AccessLog is where a bucket's access log goes.
type AccessLog struct {
	Bucket, Prefix string
}

// The names of the settings in Protection.Unread.
const (
	LoggingSetting      = "access logging"
	VersioningSetting   = "versioning"
	PolicyStatusSetting = "policy status"
)

// ProtectionReader is what ReadProtection needs of the SDK's client.
type ProtectionReader interface {
	GetBucketLogging(context.Context, *s3.GetBucketLoggingInput, ...func(*s3.Options)) (*s3.GetBucketLoggingOutput, error)
	GetBucketVersioning(context.Context, *s3.GetBucketVersioningInput, ...func(*s3.Options)) (*s3.GetBucketVersioningOutput, error)
	GetBucketPolicyStatus(context.Context, *s3.GetBucketPolicyStatusInput, ...func(*s3.Options)) (*s3.GetBucketPolicyStatusOutput, error)
}

// ReadProtection reads the settings that watch over a bucket. One that may
// not be read is named in Unread; any other trouble is an error.
func ReadProtection(ctx context.Context, client ProtectionReader, name, account string) (Protection, error) {
	p := Protection{Unread: map[string]error{}}
	for _, r := range []setting{
		{LoggingSetting, "", func() error {
			out, err := client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil && out.LoggingEnabled != nil {
				p.Logging = &AccessLog{Bucket: aws.ToString(out.LoggingEnabled.TargetBucket), Prefix: aws.ToString(out.LoggingEnabled.TargetPrefix)}
			}
			return err
		}},
		{VersioningSetting, "", func() error {
			out, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil {
				p.Versioning, p.MFADelete = string(out.Status), out.MFADelete == types.MFADeleteStatusEnabled
			}
			return err
		}},
		{PolicyStatusSetting, "NoSuchBucketPolicy", func() error {
			out, err := client.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil && out.PolicyStatus != nil {
				p.PublicPolicy = aws.ToBool(out.PolicyStatus.IsPublic)
			}
			return err
		}},
	} {
		if err := r.into(p.Unread, name); err != nil {
			return p, err
		}
	}
	return p, nil
}

// setting is one of a bucket's settings.
type setting struct {
	name    string
	missing string // S3's code for "not set"; "" where it has none
	read    func() error
}

// into reads the setting. One that may not be read, or that the server does
// not know, is noted in unread; anything else is an error.
func (s setting) into(unread map[string]error, bucketName string) error {
	err := s.read()
	_, lacked := awserr.Lacked(err)
	switch classified := classify(err); {
	case err == nil, s.missing != "" && codeIs(err, s.missing):
	case errors.Is(classified, ErrDenied), codeIs(err, "NotImplemented", "MethodNotAllowed"), lacked:
		unread[s.name] = classified
	default:
		return fmt.Errorf("reading the %s of bucket %s: %w", s.name, bucketName, classified)
	}
	return nil
}
