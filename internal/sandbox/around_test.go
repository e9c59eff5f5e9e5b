package sandbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (c caller) sns() *sns.Client {
	return sns.New(sns.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) sqs() *sqs.Client {
	return sqs.New(sqs.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) logs() *cloudwatchlogs.Client {
	return cloudwatchlogs.New(cloudwatchlogs.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) iam() *iam.Client {
	return iam.New(iam.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) kms() *kms.Client {
	return kms.New(kms.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) organizations() *organizations.Client {
	return organizations.New(organizations.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

const (
	aroundTopic = "arn:aws:sns:us-east-1:123456789012:told"
	aroundQueue = "arn:aws:sqs:us-east-1:123456789012:inbox"
	aroundGroup = "arn:aws:logs:us-east-1:123456789012:log-group:trail/logs:*"
	aroundRole  = "arn:aws:iam::123456789012:role/writer"
	demoARN     = "arn:aws:cloudtrail:us-east-1:123456789012:trail/demo"
)

// topicPolicy lets CloudTrail publish for the trail demo.
const topicPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},` +
	`"Action":"SNS:Publish","Resource":"` + aroundTopic + `","Condition":{"StringEquals":{"aws:SourceArn":"` + demoARN + `"}}}]}`

// need fails the test when a call has failed.
func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// surround makes a topic with a queue behind it, a log group with its role, and
// a key, and lets the trail demo use them all. It returns the URL of the queue
// and the ARN of the key.
func surround(t *testing.T, c caller) (queue, key string) {
	t.Helper()
	ctx := t.Context()
	_, err := c.sns().CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("told")})
	need(t, err)
	_, err = c.sns().SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
		TopicArn: aws.String(aroundTopic), AttributeName: aws.String("Policy"), AttributeValue: aws.String(topicPolicy),
	})
	need(t, err)
	q, err := c.sqs().CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("inbox"), Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` +
			aroundQueue + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + aroundTopic + `"}}}]}`,
	}})
	need(t, err)
	_, err = c.sns().Subscribe(ctx, &sns.SubscribeInput{TopicArn: aws.String(aroundTopic), Protocol: aws.String("sqs"), Endpoint: aws.String(aroundQueue)})
	need(t, err)
	_, err = c.logs().CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("trail/logs")})
	need(t, err)
	_, err = c.in("eu-west-1").iam().CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("writer"), AssumeRolePolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	need(t, err)
	_, err = c.iam().PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("writer"), PolicyName: aws.String("write"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],` +
			`"Resource":"arn:aws:logs:us-east-1:123456789012:log-group:trail/logs:log-stream:123456789012_CloudTrail_us-east-1*"}]}`)})
	need(t, err)
	k, err := c.kms().CreateKey(ctx, &kms.CreateKeyInput{Policy: aws.String(`{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"},` +
		`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:DescribeKey","Resource":"*"},` +
		`{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"kms:GenerateDataKey*","Resource":"*","Condition":{` +
		`"StringEquals":{"aws:SourceArn":"` + demoARN + `"},"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:123456789012:trail/*"}}}]}`)})
	need(t, err)
	return *q.QueueUrl, *k.KeyMetadata.Arn
}

// whole is the trail demo with all that surround has made.
func whole(bucket, key string) *cloudtrail.UpdateTrailInput {
	return &cloudtrail.UpdateTrailInput{
		Name: aws.String("demo"), S3BucketName: &bucket, SnsTopicName: aws.String("told"), KmsKeyId: &key,
		CloudWatchLogsLogGroupArn: aws.String(aroundGroup), CloudWatchLogsRoleArn: aws.String(aroundRole),
	}
}

// messages reads what a queue holds and forgets it.
func messages(t *testing.T, c caller, queue string) []string {
	t.Helper()
	var all []string
	for {
		got, err := c.sqs().ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10})
		need(t, err)
		if len(got.Messages) == 0 {
			return all
		}
		var drop []sqstypes.DeleteMessageBatchRequestEntry
		for i, m := range got.Messages {
			all = append(all, *m.Body)
			drop = append(drop, sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
		_, err = c.sqs().DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &queue, Entries: drop})
		need(t, err)
	}
}

// One delivery reaches the bucket, encrypted, and tells the topic and the log
// group; what breaks shows in the status.
func TestDeliveryReachesEverything(t *testing.T) {
	s := newTest(t, Options{LogInterval: 5 * time.Minute, DigestInterval: time.Hour})
	c, ctx := serve(t, s), t.Context()
	bucket := makeTrail(t, c, "demo")
	queue, key := surround(t, c)
	_, err := c.trails().UpdateTrail(ctx, whole(bucket, key))
	need(t, err)
	need(t, s.Advance(5*time.Minute))

	told := map[string]bool{}
	for _, body := range messages(t, c, queue) {
		var envelope struct{ Message string }
		var n struct {
			Bucket string   `json:"s3Bucket"`
			Keys   []string `json:"s3ObjectKey"`
		}
		need(t, json.Unmarshal([]byte(body), &envelope))
		need(t, json.Unmarshal([]byte(envelope.Message), &n))
		if n.Bucket != bucket || len(n.Keys) != 1 {
			t.Errorf("the topic was told %s", envelope.Message)
		}
		told[n.Keys[0]] = true
	}
	objects, err := c.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	need(t, err)
	if len(objects.Contents) == 0 || len(objects.Contents) != len(told) {
		t.Errorf("%d log files, and the topic was told about %d", len(objects.Contents), len(told))
	}
	for _, o := range objects.Contents {
		head, err := c.s3().HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: o.Key})
		need(t, err)
		if !told[*o.Key] || head.ServerSideEncryption != s3types.ServerSideEncryptionAwsKms || aws.ToString(head.SSEKMSKeyId) != key {
			t.Errorf("%s: told %t, encrypted with %s %s", *o.Key, told[*o.Key], head.ServerSideEncryption, aws.ToString(head.SSEKMSKeyId))
		}
	}
	found, err := c.logs().FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("trail/logs")})
	need(t, err)
	if n := len(records(t, c, bucket)); len(found.Events) != n || n == 0 {
		t.Errorf("the log group has %d events, the bucket %d", len(found.Events), n)
	}
	for _, e := range found.Events {
		if *e.LogStreamName != "123456789012_CloudTrail_us-east-1" || !strings.Contains(*e.Message, `"eventVersion":"1.11"`) {
			t.Errorf("%s has %.200s", *e.LogStreamName, *e.Message)
		}
	}

	_, err = c.sns().DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: aws.String(aroundTopic)})
	need(t, err)
	_, err = c.logs().DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("trail/logs")})
	need(t, err)
	need(t, s.Advance(5*time.Minute))
	st, err := c.trails().GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String("demo")})
	need(t, err)
	if got := []string{aws.ToString(st.LatestNotificationError), aws.ToString(st.LatestCloudWatchLogsDeliveryError), aws.ToString(st.LatestDeliveryError)}; fmt.Sprint(got) != "[NotFound ResourceNotFoundException ]" {
		t.Errorf("the errors are %q", got)
	}
}

func TestSettleHoldsFreshPoliciesBack(t *testing.T) {
	s := newTest(t, Options{Settle: 10 * time.Second})
	c, ctx := serve(t, s), t.Context()
	bucket := "demo-logs"
	_, err := c.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	need(t, err)
	policy := string(s.seedPolicy(bucket, "us-east-1"))
	put := func() {
		_, err := c.s3().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(strings.ReplaceAll(policy, seedTrail, "demo"))})
		need(t, err)
	}
	put()
	create := func() string {
		_, err := c.trails().CreateTrail(ctx, &cloudtrail.CreateTrailInput{Name: aws.String("demo"), S3BucketName: &bucket})
		return code(err)
	}
	if got := create(); got != "InsufficientS3BucketPolicyException" {
		t.Errorf("at once: %s", got)
	}
	need(t, s.Advance(10*time.Second))
	if got := create(); got != "<nil>" {
		t.Errorf("after ten seconds: %s", got)
	}
	_, key := surround(t, c)
	_, err = c.trails().UpdateTrail(ctx, whole(bucket, key))
	if code(err) != "InsufficientSnsTopicPolicyException" {
		t.Errorf("UpdateTrail with all that is fresh: %v", err)
	}
	need(t, s.Advance(10*time.Second))
	_, err = c.trails().UpdateTrail(ctx, whole(bucket, key))
	need(t, err)
}

// IAM and Organizations take calls signed for any region, and record in
// us-east-1.
func TestGlobalServices(t *testing.T) {
	s := newTest(t, Options{})
	c, ctx := serve(t, s), t.Context()
	for _, region := range []string{"eu-west-1", "ap-south-1"} { // the second is not enabled
		_, err := c.in(region).iam().ListRoles(ctx, &iam.ListRolesInput{})
		need(t, err)
		if _, err := c.in(region).organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); code(err) != "AWSOrganizationsNotInUseException" {
			t.Errorf("DescribeOrganization in %s: %v", region, err)
		}
	}
	for region, want := range map[string]int{"us-east-1": 4, "eu-west-1": 0} {
		got, err := c.in(region).trails().LookupEvents(ctx, &cloudtrail.LookupEventsInput{})
		need(t, err)
		n := 0
		for _, e := range got.Events {
			if *e.EventSource == "iam.amazonaws.com" || *e.EventSource == "organizations.amazonaws.com" {
				n++
				if !strings.Contains(*e.CloudTrailEvent, `"awsRegion":"us-east-1"`) {
					t.Errorf("recorded %s", *e.CloudTrailEvent)
				}
			}
		}
		if n != want {
			t.Errorf("%s has %d events of global services, want %d", region, n, want)
		}
	}
	c = serve(t, newTest(t, Options{Regions: []string{"eu-west-1"}}))
	if _, err := c.in("eu-west-1").iam().ListRoles(ctx, &iam.ListRolesInput{}); err != nil {
		t.Errorf("without us-east-1: %v", err)
	}
	if got := s.Status().Mutating; len(got) != 0 {
		t.Errorf("reading counts as changing: %v", got)
	}
}

// Everything is there again after a restart.
func TestServicesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	s := newTest(t, Options{Dir: dir})
	c, ctx := serve(t, s), t.Context()
	bucket := makeTrail(t, c, "demo")
	queue, key := surround(t, c)
	_, err := c.trails().UpdateTrail(ctx, whole(bucket, key))
	need(t, err)
	_, err = c.organizations().CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	need(t, err)
	need(t, s.Close())

	s = newTest(t, Options{Dir: dir})
	c = serve(t, s)
	_, err = c.trails().UpdateTrail(ctx, whole(bucket, key))
	need(t, err)
	need(t, s.Advance(10*time.Second))
	if got := messages(t, c, strings.Replace(queue, queue[:strings.LastIndex(queue, "/123456789012/")], c.url, 1)); len(got) == 0 {
		t.Error("no notification after the restart")
	}
	if _, err := c.organizations().DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{}); err != nil {
		t.Error(err)
	}
}

// The seeded trail does not wait for its own policy.
func TestSettleAndSeed(t *testing.T) {
	s := newTest(t, Options{Settle: time.Minute, SeedEvents: 5, SeedDays: 1})
	if n := s.Status().Trails; n != 1 {
		t.Errorf("%d trails", n)
	}
}
