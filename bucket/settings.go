package bucket

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Owner says whose a bucket is.
type Owner int

// What is known about a bucket's name.
const (
	Nobody  Owner = iota // the bucket does not exist
	Account              // it is the account's own
	Other                // another account's, or the credentials may not see it
)

// Place is where a bucket lies and whose it is.
type Place struct {
	Owner  Owner
	Region string // empty when the bucket does not exist or does not tell
}

// Locator is what Locate needs of the SDK's client.
type Locator interface {
	HeadBucket
	GetBucketLocation(context.Context, *s3.GetBucketLocationInput, ...func(*s3.Options)) (*s3.GetBucketLocationOutput, error)
}

// Locate finds a bucket. clients gives a client for a region; "" is any
// region. A bucket's owner is asked for, because a bucket can be readable and
// still belong to somebody else who chose its name on purpose.
func Locate(ctx context.Context, clients func(region string) Locator, name, account string) (Place, error) {
	region, reachable, err := Region(ctx, clients(""), name)
	if errors.Is(err, ErrNotFound) {
		return Place{Owner: Nobody}, nil
	}
	if err != nil {
		return Place{}, err
	}
	if !reachable {
		return Place{Owner: Other, Region: region}, nil
	}
	if region == "" {
		if region, err = location(ctx, clients(""), name); err != nil {
			return Place{}, err
		}
	}
	_, err = clients(region).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name, ExpectedBucketOwner: &account})
	switch err = classify(err); {
	case errors.Is(err, ErrDenied):
		return Place{Owner: Other, Region: region}, nil
	case errors.Is(err, ErrNotFound):
		return Place{Owner: Nobody}, nil
	case err != nil:
		return Place{}, fmt.Errorf("bucket %s: %w", name, err)
	}
	return Place{Owner: Account, Region: region}, nil
}

// location asks the old way; S3 answers nothing for us-east-1 and "EU" for
// eu-west-1 (S3 API reference, GetBucketLocation).
func location(ctx context.Context, client Locator, name string) (string, error) {
	out, err := client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &name})
	if err != nil {
		return "", fmt.Errorf("bucket %s: asking for its region: %w", name, classify(err))
	}
	switch out.LocationConstraint {
	case "":
		return "us-east-1", nil
	case types.BucketLocationConstraintEu:
		return "eu-west-1", nil
	}
	return string(out.LocationConstraint), nil
}

// PublicAccess are the four switches of a bucket's public access block.
type PublicAccess struct {
	BlockPublicACLs, IgnorePublicACLs, BlockPublicPolicy, RestrictPublicBuckets bool
}

// All tells whether every switch is on.
func (p *PublicAccess) All() bool {
	return p != nil && p.BlockPublicACLs && p.IgnorePublicACLs && p.BlockPublicPolicy && p.RestrictPublicBuckets
}

// OwnerEnforced is the object ownership that switches ACLs off.
const OwnerEnforced = string(types.ObjectOwnershipBucketOwnerEnforced)

// AES256 is encryption with keys that S3 manages.
const AES256 = string(types.ServerSideEncryptionAes256)

// Settings are a bucket's settings as far as a trail's bucket is concerned.
// A setting that S3 answers with "not found" is not set.
type Settings struct {
	PublicAccess *PublicAccess    // nil: not set
	Ownership    string           // "": not set
	Encryption   string           // default encryption's algorithm; "": not set
	Unread       map[string]error // settings that could not be read, by name
}

// The names of the settings in Settings.Unread.
const (
	PublicAccessSetting = "public access block"
	OwnershipSetting    = "object ownership"
	EncryptionSetting   = "default encryption"
)

// SettingsReader is what ReadSettings needs of the SDK's client.
type SettingsReader interface {
	GetPublicAccessBlock(context.Context, *s3.GetPublicAccessBlockInput, ...func(*s3.Options)) (*s3.GetPublicAccessBlockOutput, error)
	GetBucketOwnershipControls(context.Context, *s3.GetBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.GetBucketOwnershipControlsOutput, error)
	GetBucketEncryption(context.Context, *s3.GetBucketEncryptionInput, ...func(*s3.Options)) (*s3.GetBucketEncryptionOutput, error)
}

// ReadSettings reads a bucket's settings. One that may not be read is named
// in Unread; any other trouble is an error.
func ReadSettings(ctx context.Context, client SettingsReader, name, account string) (Settings, error) {
	s := Settings{Unread: map[string]error{}}
	for _, r := range []setting{
		{PublicAccessSetting, "NoSuchPublicAccessBlockConfiguration", func() error {
			out, err := client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil && out.PublicAccessBlockConfiguration != nil {
				c := out.PublicAccessBlockConfiguration
				s.PublicAccess = &PublicAccess{
					BlockPublicACLs: aws.ToBool(c.BlockPublicAcls), IgnorePublicACLs: aws.ToBool(c.IgnorePublicAcls),
					BlockPublicPolicy: aws.ToBool(c.BlockPublicPolicy), RestrictPublicBuckets: aws.ToBool(c.RestrictPublicBuckets),
				}
			}
			return err
		}},
		{OwnershipSetting, "OwnershipControlsNotFoundError", func() error {
			out, err := client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil && out.OwnershipControls != nil && len(out.OwnershipControls.Rules) > 0 {
				s.Ownership = string(out.OwnershipControls.Rules[0].ObjectOwnership)
			}
			return err
		}},
		{EncryptionSetting, "ServerSideEncryptionConfigurationNotFoundError", func() error {
			out, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &name, ExpectedBucketOwner: &account})
			if err == nil {
				s.Encryption = algorithm(out.ServerSideEncryptionConfiguration)
			}
			return err
		}},
	} {
		if err := r.into(s.Unread, name); err != nil {
			return s, err
		}
	}
	return s, nil
}

func algorithm(c *types.ServerSideEncryptionConfiguration) string {
	if c == nil {
		return ""
	}
	for _, r := range c.Rules {
		if r.ApplyServerSideEncryptionByDefault != nil {
			return string(r.ApplyServerSideEncryptionByDefault.SSEAlgorithm)
		}
	}
	return ""
}

// SettingsWriter is what creating a bucket and its settings needs of the
// SDK's client.
type SettingsWriter interface {
	CreateBucket(context.Context, *s3.CreateBucketInput, ...func(*s3.Options)) (*s3.CreateBucketOutput, error)
	PutPublicAccessBlock(context.Context, *s3.PutPublicAccessBlockInput, ...func(*s3.Options)) (*s3.PutPublicAccessBlockOutput, error)
	PutBucketOwnershipControls(context.Context, *s3.PutBucketOwnershipControlsInput, ...func(*s3.Options)) (*s3.PutBucketOwnershipControlsOutput, error)
	PutBucketEncryption(context.Context, *s3.PutBucketEncryptionInput, ...func(*s3.Options)) (*s3.PutBucketEncryptionOutput, error)
}

// Create makes a bucket in a region, owner enforced from its first moment. A
// bucket of the same account that is there already is no error.
func Create(ctx context.Context, client SettingsWriter, name, region string) error {
	in := &s3.CreateBucketInput{Bucket: &name, ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}
	if region != "us-east-1" { // which must not be named: S3 API reference, CreateBucket
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	if _, err := client.CreateBucket(ctx, in); err != nil && !codeIs(err, "BucketAlreadyOwnedByYou") {
		return fmt.Errorf("creating bucket %s in %s: %w", name, region, classify(err))
	}
	return nil
}

// BlockPublicAccess turns all four switches on.
func BlockPublicAccess(ctx context.Context, client SettingsWriter, name, account string) error {
	on := aws.Bool(true)
	_, err := client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: &name, ExpectedBucketOwner: &account,
		PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: on, IgnorePublicAcls: on, BlockPublicPolicy: on, RestrictPublicBuckets: on,
		},
	})
	return settingError(err, PublicAccessSetting, name)
}

// EnforceOwner makes every object the bucket owner's, and switches ACLs off.
func EnforceOwner(ctx context.Context, client SettingsWriter, name, account string) error {
	_, err := client.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{
		Bucket: &name, ExpectedBucketOwner: &account,
		OwnershipControls: &types.OwnershipControls{
			Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}},
		},
	})
	return settingError(err, OwnershipSetting, name)
}

// Encrypt sets default encryption with keys that S3 manages.
func Encrypt(ctx context.Context, client SettingsWriter, name, account string) error {
	_, err := client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
		Bucket: &name, ExpectedBucketOwner: &account,
		ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
			Rules: []types.ServerSideEncryptionRule{{
				ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
			}},
		},
	})
	return settingError(err, EncryptionSetting, name)
}

func settingError(err error, setting, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("setting the %s of bucket %s: %w", setting, name, classify(err))
}
