// Package topic is the SNS topic beside a trail or a bucket: whether it is
// there, making it, and letting an AWS service publish to it without taking
// anything from anyone else. It subscribes nobody and reads no messages.
package topic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

// Client is what topics need of the SDK's SNS client.
type Client interface {
	GetTopicAttributes(context.Context, *sns.GetTopicAttributesInput, ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
	SetTopicAttributes(context.Context, *sns.SetTopicAttributesInput, ...func(*sns.Options)) (*sns.SetTopicAttributesOutput, error)
	CreateTopic(context.Context, *sns.CreateTopicInput, ...func(*sns.Options)) (*sns.CreateTopicOutput, error)
	ListTagsForResource(context.Context, *sns.ListTagsForResourceInput, ...func(*sns.Options)) (*sns.ListTagsForResourceOutput, error)
}

// ErrDenied says that the credentials may not look at a topic, so that nobody
// knows whether it is there.
var ErrDenied = errors.New("access denied")

// State is a topic as it is.
type State struct {
	ARN    string
	Exists bool
	Policy string // JSON
	KMSKey string // of its encryption; "" for none
	// Attributes are all that SNS says of it, also what is here by itself.
	Attributes map[string]string
	Tags       map[string]string // nil when they could not be read
	TagsErr    error             // why not
}

// Read reads a topic and its tags. A topic that does not exist is no error;
// one that may not be looked at is ErrDenied.
func Read(ctx context.Context, client Client, arn string) (State, error) {
	s := State{ARN: arn}
	out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	switch {
	case codeIs(err, "NotFound", "NotFoundException"):
		return s, nil
	case err != nil:
		return s, fmt.Errorf("reading topic %s: %w", arn, classify(err))
	}
	s.Attributes = out.Attributes
	s.Exists, s.Policy, s.KMSKey = true, out.Attributes["Policy"], out.Attributes["KmsMasterKeyId"]
	s.Tags, s.TagsErr = readTags(ctx, client, arn)
	if errors.Is(s.TagsErr, context.Canceled) || errors.Is(s.TagsErr, context.DeadlineExceeded) {
		return s, s.TagsErr
	}
	return s, nil
}

func readTags(ctx context.Context, client Client, arn string) (map[string]string, error) {
	out, err := client.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return nil, fmt.Errorf("reading the tags of topic %s: %w", arn, classify(err))
	}
	tags := map[string]string{}
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// Create makes a topic in the client's region and gives its ARN. One that is
// there already is no error: it stays as it is, without our tags when it has
// others.
func Create(ctx context.Context, client Client, name string, tags map[string]string) (arn string, err error) {
	in := &sns.CreateTopicInput{Name: &name}
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	out, err := client.CreateTopic(ctx, in)
	if codeIs(err, "InvalidParameter", "InvalidParameterException") && len(in.Tags) > 0 &&
		strings.Contains(strings.ToLower(err.Error()), "already exists with different tags") {
		in.Tags = nil
		out, err = client.CreateTopic(ctx, in)
	}
	if err != nil {
		return "", fmt.Errorf("creating topic %s: %w", name, classify(err))
	}
	return aws.ToString(out.TopicArn), nil
}

// classify wraps AWS's refusals in ErrDenied.
func classify(err error) error {
	if codeIs(err, "AuthorizationError", "AuthorizationErrorException", "AccessDenied", "AccessDeniedException") {
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}

func codeIs(err error, codes ...string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode())
}
