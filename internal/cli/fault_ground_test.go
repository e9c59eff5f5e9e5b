package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// foreign is what others had made before the trail, and the clients to look
// at it with.
type foreign struct {
	config aws.Config
	// Ids that are others in each sandbox.
	key, organization string
}

const (
	otherBucketStatement = `{"Sid":"Auditors","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/auditor"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::shared-logs/*"}`
	otherBucketPolicy    = `{"Version":"2012-10-17","Id":"by-others","Statement":[` + otherBucketStatement + `]}`
	otherTopicPolicy     = `{"Version":"2012-10-17","Statement":[{"Sid":"Alarms","Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"SNS:Publish","Resource":"arn:aws:sns:us-east-1:123456789012:audit-topic"}]}`
	otherKeyPolicy       = `{"Version":"2012-10-17","Statement":[{"Sid":"Root","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}`
)

func clientConfig(url string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: credentials.NewStaticCredentialsProvider("somebody", "secret", ""),
	}
}

func (f foreign) s3() *s3.Client {
	return s3.NewFromConfig(f.config, func(o *s3.Options) { o.UsePathStyle = true })
}

// settle makes what belongs to others: a bucket with a policy, tags and
// twenty notifications, a topic with a policy and tags, a key, and an
// organization.
func settle(t *testing.T, url string) foreign {
	t.Helper()
	ctx, f := context.Background(), foreign{config: clientConfig(url)}
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c, bucket := f.s3(), aws.String("shared-logs")
	must(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	must(c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(otherBucketPolicy)}))
	must(c.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: bucket, Tagging: &s3types.Tagging{
		TagSet: []s3types.Tag{{Key: aws.String("owner"), Value: aws.String("others")}},
	}}))
	must(sns.NewFromConfig(f.config).CreateTopic(ctx, &sns.CreateTopicInput{
		Name: aws.String("theirs"), Attributes: map[string]string{"Policy": openTo("SNS:Publish", "arn:aws:sns:us-east-1:123456789012:theirs")},
	}))
	must(sqs.NewFromConfig(f.config).CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: aws.String("theirs"), Attributes: map[string]string{"Policy": openTo("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:theirs")},
	}))
	must(c.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{
		Bucket: bucket, NotificationConfiguration: otherNotifications(),
	}))
	topic, err := sns.NewFromConfig(f.config).CreateTopic(ctx, &sns.CreateTopicInput{
		Name: aws.String("audit-topic"), Attributes: map[string]string{"Policy": otherTopicPolicy},
		Tags: []snstypes.Tag{{Key: aws.String("owner"), Value: aws.String("others")}},
	})
	must(topic, err)
	key, err := kms.NewFromConfig(f.config).CreateKey(ctx, &kms.CreateKeyInput{
		Policy: aws.String(otherKeyPolicy), Tags: []kmstypes.Tag{{TagKey: aws.String("owner"), TagValue: aws.String("others")}},
	})
	must(key, err)
	f.key = *key.KeyMetadata.KeyId
	must(kms.NewFromConfig(f.config).CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/audit"), TargetKeyId: &f.key}))
	org, err := organizations.NewFromConfig(f.config).CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	must(org, err)
	f.organization = *org.Organization.Id
	return f
}

// openTo is a policy that lets S3 do something to a topic or queue of others.
func openTo(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Sid":"S3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"` + action + `","Resource":"` + resource + `"}]}`
}

// otherNotifications are twenty entries of others, with EventBridge on.
func otherNotifications() *s3types.NotificationConfiguration {
	n := &s3types.NotificationConfiguration{EventBridgeConfiguration: &s3types.EventBridgeConfiguration{}}
	for i := range 20 {
		filter := &s3types.NotificationConfigurationFilter{Key: &s3types.S3KeyFilter{FilterRules: []s3types.FilterRule{
			{Name: s3types.FilterRuleNamePrefix, Value: aws.String(fmt.Sprintf("team-%02d/", i))},
			{Name: s3types.FilterRuleNameSuffix, Value: aws.String(".csv")},
		}}}
		id, events := aws.String(fmt.Sprintf("others %02d", i)), []s3types.Event{"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}
		switch i % 3 {
		case 0:
			n.TopicConfigurations = append(n.TopicConfigurations, s3types.TopicConfiguration{
				Id: id, Events: events, Filter: filter, TopicArn: aws.String("arn:aws:sns:us-east-1:123456789012:theirs"),
			})
		case 1:
			n.QueueConfigurations = append(n.QueueConfigurations, s3types.QueueConfiguration{
				Id: id, Events: events, Filter: filter, QueueArn: aws.String("arn:aws:sqs:us-east-1:123456789012:theirs"),
			})
		default:
			n.LambdaFunctionConfigurations = append(n.LambdaFunctionConfigurations, s3types.LambdaFunctionConfiguration{
				Id: id, Events: events, Filter: filter, LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:123456789012:function:theirs"),
			})
		}
	}
	return n
}

// mustKeepForeign checks that what belongs to others is still there.
func (g *ground) mustKeepForeign(t *testing.T) {
	t.Helper()
	state := g.snapshot(t)
	for _, piece := range []string{
		`"Sid":"Auditors"`, `"Id":"by-others"`, `"Sid":"Alarms"`, `"Sid":"Root"`,
		`bucket tags {"owner":"others"`, `topic us-east-1 audit-topic tags {"owner":"others"`, `EventBridgeConfiguration`,
	} {
		if !strings.Contains(state, piece) {
			t.Errorf("%s is lost in\n%s", piece, state)
		}
	}
	for i := range 20 {
		if piece := fmt.Sprintf(`"others %02d"`, i); !strings.Contains(state, piece) {
			t.Errorf("the notification %s is lost", piece)
		}
	}
}

// snapshot is all that the sandbox holds around the trails, a line each.
func (g *ground) snapshot(t *testing.T) string {
	t.Helper()
	s := &shot{ctx: context.Background(), f: g.foreign}
	s.bucket()
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		s.region(region)
	}
	s.roles()
	s.key()
	out, err := organizations.NewFromConfig(s.f.config).ListAWSServiceAccessForOrganization(s.ctx, &organizations.ListAWSServiceAccessForOrganizationInput{})
	if s.ok(err) {
		for _, p := range out.EnabledServicePrincipals {
			s.add("organization trusts", aws.ToString(p.ServicePrincipal))
		}
	}
	if s.err != nil {
		t.Fatalf("looking at the sandbox: %v", s.err)
	}
	return strings.NewReplacer(s.f.key, "KEY", s.f.organization, "ORGANIZATION").Replace(strings.Join(s.lines, "\n"))
}

// shot gathers a snapshot and keeps its first error.
type shot struct {
	ctx   context.Context
	f     foreign
	lines []string
	err   error
}

func (s *shot) ok(err error) bool {
	if err != nil && s.err == nil {
		s.err = err
	}
	return err == nil
}

func (s *shot) add(what string, v any) {
	text, isText := v.(string)
	if !isText {
		b, err := json.Marshal(v)
		s.ok(err)
		text = string(b)
	}
	s.lines = append(s.lines, what+" "+text)
}

func (s *shot) bucket() {
	c, name := s.f.s3(), aws.String("shared-logs")
	if out, err := c.GetBucketPolicy(s.ctx, &s3.GetBucketPolicyInput{Bucket: name}); s.ok(err) {
		s.add("bucket policy", *out.Policy)
	}
	if out, err := c.GetBucketNotificationConfiguration(s.ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: name}); s.ok(err) {
		s.add("bucket notifications", map[string]any{
			"t": out.TopicConfigurations, "q": out.QueueConfigurations, "l": out.LambdaFunctionConfigurations, "EventBridgeConfiguration": out.EventBridgeConfiguration,
		})
	}
	if out, err := c.GetBucketTagging(s.ctx, &s3.GetBucketTaggingInput{Bucket: name}); s.ok(err) {
		tags := map[string]string{}
		for _, one := range out.TagSet {
			tags[*one.Key] = *one.Value
		}
		s.add("bucket tags", tags)
	}
}

func (s *shot) region(region string) {
	config := s.f.config.Copy()
	config.Region = region
	s.topics(region, sns.NewFromConfig(config))
	s.groups(region, cloudwatchlogs.NewFromConfig(config))
	s.trails(region, cloudtrail.NewFromConfig(config))
}

func (s *shot) topics(region string, c *sns.Client) {
	list, err := c.ListTopics(s.ctx, &sns.ListTopicsInput{})
	if !s.ok(err) {
		return
	}
	for _, topic := range list.Topics {
		name := (*topic.TopicArn)[strings.LastIndexByte(*topic.TopicArn, ':')+1:]
		if out, err := c.GetTopicAttributes(s.ctx, &sns.GetTopicAttributesInput{TopicArn: topic.TopicArn}); s.ok(err) {
			s.add("topic "+region+" "+name+" policy", out.Attributes["Policy"])
		}
		if out, err := c.ListTagsForResource(s.ctx, &sns.ListTagsForResourceInput{ResourceArn: topic.TopicArn}); s.ok(err) {
			tags := map[string]string{}
			for _, one := range out.Tags {
				tags[*one.Key] = *one.Value
			}
			s.add("topic "+region+" "+name+" tags", tags)
		}
	}
}

func (s *shot) groups(region string, c *cloudwatchlogs.Client) {
	list, err := c.DescribeLogGroups(s.ctx, &cloudwatchlogs.DescribeLogGroupsInput{})
	if !s.ok(err) {
		return
	}
	for _, group := range list.LogGroups {
		what := "log group " + region + " " + *group.LogGroupName
		s.add(what+" retention", aws.ToInt32(group.RetentionInDays))
		arn := strings.TrimSuffix(*group.Arn, ":*")
		if out, err := c.ListTagsForResource(s.ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn}); s.ok(err) {
			s.add(what+" tags", out.Tags)
		}
	}
}

func (s *shot) trails(region string, c *cloudtrail.Client) {
	list, err := c.DescribeTrails(s.ctx, &cloudtrail.DescribeTrailsInput{IncludeShadowTrails: aws.Bool(false)})
	if !s.ok(err) {
		return
	}
	for _, trail := range list.TrailList {
		what := "trail " + region + " " + *trail.Name
		s.add(what, trail)
		if out, err := c.GetTrailStatus(s.ctx, &cloudtrail.GetTrailStatusInput{Name: trail.Name}); s.ok(err) {
			s.add(what+" logging", *out.IsLogging)
		}
		if out, err := c.GetEventSelectors(s.ctx, &cloudtrail.GetEventSelectorsInput{TrailName: trail.Name}); s.ok(err) {
			s.add(what+" selectors", []any{out.EventSelectors, out.AdvancedEventSelectors})
		}
		if aws.ToBool(trail.HasInsightSelectors) {
			if out, err := c.GetInsightSelectors(s.ctx, &cloudtrail.GetInsightSelectorsInput{TrailName: trail.Name}); s.ok(err) {
				s.add(what+" insights", out.InsightSelectors)
			}
		}
		if out, err := c.ListTags(s.ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{*trail.TrailARN}}); s.ok(err) {
			tags := map[string]string{}
			for _, one := range out.ResourceTagList[0].TagsList {
				tags[*one.Key] = *one.Value
			}
			s.add(what+" tags", tags)
		}
	}
}

func (s *shot) roles() {
	c := iam.NewFromConfig(s.f.config)
	list, err := c.ListRoles(s.ctx, &iam.ListRolesInput{})
	if !s.ok(err) {
		return
	}
	for _, role := range list.Roles {
		what := "role " + *role.RoleName
		s.add(what+" trust", decoded(aws.ToString(role.AssumeRolePolicyDocument)))
		if out, err := c.ListRoleTags(s.ctx, &iam.ListRoleTagsInput{RoleName: role.RoleName}); s.ok(err) {
			tags := map[string]string{}
			for _, one := range out.Tags {
				tags[*one.Key] = *one.Value
			}
			s.add(what+" tags", tags)
		}
		names, err := c.ListRolePolicies(s.ctx, &iam.ListRolePoliciesInput{RoleName: role.RoleName})
		if !s.ok(err) {
			return
		}
		slices.Sort(names.PolicyNames)
		for _, name := range names.PolicyNames {
			if out, err := c.GetRolePolicy(s.ctx, &iam.GetRolePolicyInput{RoleName: role.RoleName, PolicyName: &name}); s.ok(err) {
				s.add(what+" policy "+name, decoded(aws.ToString(out.PolicyDocument)))
			}
		}
	}
}

func (s *shot) key() {
	c := kms.NewFromConfig(s.f.config)
	if out, err := c.GetKeyPolicy(s.ctx, &kms.GetKeyPolicyInput{KeyId: &s.f.key, PolicyName: aws.String("default")}); s.ok(err) {
		s.add("key policy", *out.Policy)
	}
}

// decoded is a policy as IAM writes it into its answers.
func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
