package awsconf

import (
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// The services around a trail.

// SNS is a client for one region; "" means the configured one.
func (c *Config) SNS(region string) *sns.Client {
	return sns.NewFromConfig(c.aws, func(o *sns.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// SQS is a client for one region; "" means the configured one.
func (c *Config) SQS(region string) *sqs.Client {
	return sqs.NewFromConfig(c.aws, func(o *sqs.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// Logs is a client for CloudWatch Logs in one region; "" means the configured one.
func (c *Config) Logs(region string) *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(c.aws, func(o *cloudwatchlogs.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// KMS is a client for one region; "" means the configured one.
func (c *Config) KMS(region string) *kms.Client {
	return kms.NewFromConfig(c.aws, func(o *kms.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// CloudWatch is a client for one region; "" means the configured one.
func (c *Config) CloudWatch(region string) *cloudwatch.Client {
	return cloudwatch.NewFromConfig(c.aws, func(o *cloudwatch.Options) {
		o.Region, o.BaseEndpoint = c.in(region), c.base(o.BaseEndpoint)
	})
}

// IAM is a client for the roles of the account, which belong to no region.
func (c *Config) IAM() *iam.Client {
	return iam.NewFromConfig(c.aws, func(o *iam.Options) {
		o.Region, o.BaseEndpoint = c.Region, c.base(o.BaseEndpoint)
	})
}

// Organizations is a client for the organization of the account, which belongs to
// no region.
func (c *Config) Organizations() *organizations.Client {
	return organizations.NewFromConfig(c.aws, func(o *organizations.Options) {
		o.Region, o.BaseEndpoint = c.Region, c.base(o.BaseEndpoint)
	})
}
