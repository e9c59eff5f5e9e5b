// Package topic is the SNS topic beside a trail or a bucket: whether it is
// there, making it, and letting an AWS service publish to it without taking
// anything from anyone else. It subscribes nobody and reads no messages.
package topic

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Client is what topics need of the SDK's SNS client.
type Client interface {
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
	SetTopicAttributes(context.Context, *sns.SetTopicAttributesInput, ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error)
	CreateTopic(context.Context, *sns.CreateTopicInput, ...func(*sns.Options)) (*sns.CreateTopicOutput, error)
	ListTagsForResource(context.Context, *sns.ListTagsForResourceInput, ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error)
	TagResource(context.Context, *sns.TagResourceInput, ...func(*sns.Options)) (*sns.TagResourceOutput, error)
}
