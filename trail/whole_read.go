package trail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
	"trailctl/internal/topic"
)

// The names of parts in Whole.Unread.
const (
	loggingPart       = "logging"
	tagsPart          = "tags"
	selectorsPart     = "selectors"
	insightsPart      = "insights"
	bucketPart        = "bucket"
	bucketPolicyPart  = "bucket policy"
	notificationsPart = "notifications"
	topicPart         = "topic"
	groupPart         = "log group"
	rolePart          = "role"
	keyPart           = "key"
)

// ReadWhole reads everything around a trail, all at once. A part that cannot
// be read is named in Unread and nil, and so is one that does not exist though
// the trail names it; the only error is the context's.
func ReadWhole(ctx context.Context, clients Clients, t Trail) (Whole, error) {
	r := wholeReader{clients: clients, whole: Whole{Trail: t, Account: clients.Account, Unread: map[string]error{}}}
	client := clients.CloudTrail(t.HomeRegion)
	w := &r.whole
	var g errgroup.Group
	g.SetLimit(listWorkers)
	for _, part := range []struct {
		name string
		read func() error
	}{
		{loggingPart, func() error {
			s, err := ReadStatus(ctx, client, t)
			w.Logging = s.Logging
			return err
		}},
		{tagsPart, func() (err error) { w.Tags, err = readTags(ctx, client, t.ARN); return }},
		{selectorsPart, func() error {
			s, err := ReadSelectors(ctx, client, t.ARN)
			return keep(&w.Selectors, s, err)
		}},
		{insightsPart, func() error {
			i, err := ReadInsights(ctx, client, t.ARN)
			return keep(&w.Insights, i, err)
		}},
		{bucketPart, func() (err error) { w.Bucket, err = r.bucket(ctx); return }},
		{topicPart, func() (err error) { w.Topic, err = r.topic(ctx); return }},
		{groupPart, func() (err error) { w.Group, err = r.group(ctx); return }},
		{rolePart, func() (err error) { w.Role, err = r.role(ctx); return }},
		{keyPart, func() (err error) { w.Key, err = r.key(ctx); return }},
	} {
		g.Go(func() error {
			r.note(part.name, part.read())
			return nil
		})
	}
	g.Wait()
	return r.whole, context.Cause(ctx)
}

// note names a part that could not be read.
func (r *wholeReader) note(part string, err error) {
	if err != nil {
		r.mu.Lock()
		r.whole.Unread[part] = err
		r.mu.Unlock()
	}
}

// keep puts a value behind a pointer when it was read.
func keep[T any](to **T, v T, err error) error {
	if err == nil {
		*to = &v
	}
	return err
}

// wholeReader reads the parts of one trail.
type wholeReader struct {
	clients Clients
	mu      sync.Mutex // guards whole.Unread
	whole   Whole
}

func (r *wholeReader) bucket(ctx context.Context) (*BucketPart, error) {
	t, account := r.whole.Trail, r.clients.Account.ID
	locate := func(region string) bucket.Locator {
		if region == "" {
			region = t.HomeRegion
		}
		return r.clients.S3(region)
	}
	place, err := bucket.Locate(ctx, locate, t.Bucket, account)
	if err != nil {
		return nil, err
	}
	p := &BucketPart{Name: t.Bucket, Place: place}
	if place.Owner != bucket.Account {
		return p, nil // which says it all
	}
	client := r.clients.S3(place.Region)
	if p.Settings, err = bucket.ReadSettings(ctx, client, t.Bucket, account); err != nil {
		return nil, err
	}
	for setting, err := range p.Settings.Unread {
		r.note(bucketPart+" "+setting, err)
	}
	p.Policy, err = bucket.Policy(ctx, client, t.Bucket, account)
	r.note(bucketPolicyPart, err)
	n, err := bucket.ReadNotifications(ctx, client, t.Bucket, account)
	r.note(notificationsPart, keep(&p.Notifications, n, err))
	return p, nil
}

func (r *wholeReader) topic(ctx context.Context) (*TopicPart, error) {
	name := r.whole.Trail.TopicARN
	if name == "" {
		return nil, nil
	}
	a, err := arn.Parse(name)
	if err != nil {
		return nil, fmt.Errorf("topic %s: %w", name, err)
	}
	s, err := topic.Read(ctx, r.clients.SNS(a.Region), name)
	switch {
	case err != nil:
		return nil, err
	case !s.Exists:
		return nil, fmt.Errorf("topic %s: %w", name, ErrGone)
	}
	return &TopicPart{ARN: name, Name: a.Resource, Policy: s.Policy, Attributes: s.Attributes, Tags: s.Tags}, s.TagsErr
}

// ErrGone says that what a trail uses is not there.
var ErrGone = errors.New("it does not exist any more")

func (r *wholeReader) group(ctx context.Context) (*GroupPart, error) {
	name, region, _, err := splitGroup(r.whole.Trail.LogGroupARN)
	switch {
	case r.whole.Trail.LogGroupARN == "":
		return nil, nil
	case err != nil:
		return nil, err
	}
	client := r.clients.Logs(region)
	out, err := client.DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	if err != nil {
		return nil, fmt.Errorf("reading log group %s: %w", name, err)
	}
	for _, g := range out.LogGroups {
		if aws.ToString(g.LogGroupName) != name {
			continue
		}
		p := &GroupPart{
			ARN: strings.TrimSuffix(r.whole.Trail.LogGroupARN, ":*"), Name: name,
			Retention: aws.ToInt32(g.RetentionInDays), KMSKey: aws.ToString(g.KmsKeyId),
			Class: string(g.LogGroupClass), Filters: aws.ToInt32(g.MetricFilterCount), Masked: g.DataProtectionStatus == "ACTIVATED",
			Protected: aws.ToBool(g.DeletionProtectionEnabled),
		}
		tags, err := client.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &p.ARN})
		if err != nil {
			return p, fmt.Errorf("reading the tags of log group %s: %w", name, err)
		}
		p.Tags = tags.Tags
		return p, nil
	}
	return nil, fmt.Errorf("log group %s in %s: %w", name, region, ErrGone)
}

func (r *wholeReader) role(ctx context.Context) (*RolePart, error) {
	roleARN := r.whole.Trail.LogRoleARN
	if roleARN == "" {
		return nil, nil
	}
	name := roleARN[strings.LastIndex(roleARN, "/")+1:]
	client := r.clients.IAM()
	role, err := readRole(ctx, client, name)
	switch {
	case err != nil:
		return nil, err
	case role == nil:
		return nil, fmt.Errorf("role %s: %w", name, ErrGone)
	}
	p := &RolePart{
		ARN: roleARN, Name: name, Path: aws.ToString(role.Path), Trust: unescaped(role.AssumeRolePolicyDocument), Created: utc(role.CreateDate),
		Description: aws.ToString(role.Description), MaxSession: aws.ToInt32(role.MaxSessionDuration),
	}
	if b := role.PermissionsBoundary; b != nil {
		p.Boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	var errs [3]error
	p.Inline, errs[0] = readInline(ctx, client, name)
	p.Attached, errs[1] = readAttached(ctx, client, name)
	p.Tags, errs[2] = readRoleTags(ctx, client, name)
	return p, errors.Join(errs[:]...)
}

func (r *wholeReader) key(ctx context.Context) (*KeyPart, error) {
	id := r.whole.Trail.KMSKey
	if id == "" {
		return nil, nil
	}
	region := r.whole.Trail.HomeRegion
	if a, err := arn.Parse(id); err == nil {
		region = a.Region
	}
	client := r.clients.KMS(region)
	out, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	switch {
	case errorCode(err) == "NotFound":
		return nil, fmt.Errorf("KMS key %s: %w", id, ErrGone)
	case err != nil:
		return nil, fmt.Errorf("reading KMS key %s: %w", id, err)
	case out.KeyMetadata == nil:
		return nil, fmt.Errorf("reading KMS key %s: the answer holds no key", id)
	}
	p := &KeyPart{ARN: aws.ToString(out.KeyMetadata.Arn), State: string(out.KeyMetadata.KeyState), Manager: string(out.KeyMetadata.KeyManager)}
	if p.Manager == "AWS" {
		return p, nil // its policy and rotation are AWS's business
	}
	var refused error
	if p.Policy, err = keyStore(client, p.ARN).Read(ctx); err != nil {
		refused = err
	}
	rotation, err := client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: &p.ARN})
	if err != nil {
		return p, errors.Join(refused, fmt.Errorf("reading the rotation of KMS key %s: %w", p.ARN, err))
	}
	p.Rotation = &rotation.KeyRotationEnabled
	return p, refused
}
