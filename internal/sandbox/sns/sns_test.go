package sns

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
)

func codeOf(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

// trailPolicy lets CloudTrail publish for one trail, besides the owner.
func trailPolicy(topic, trail string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":"AWSCloudTrailSNSPolicy20131101","Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},`+
		`"Action":"SNS:Publish","Resource":%q,"Condition":{"StringEquals":{"aws:SourceArn":%q}}}]}`, topic, trail)
}

func TestTopicLife(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c := f.client("AKIA")
	made, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("trail"), Attributes: map[string]string{"DisplayName": "Trail"},
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}})
	if err != nil || *made.TopicArn != "arn:aws:sns:us-east-1:"+account+":trail" {
		t.Fatalf("created %v %v", made, err)
	}
	arn := *made.TopicArn
	if r := f.recorded(); r.RequestParameters["name"] != "trail" || r.ResponseElements["topicArn"] != arn || r.ReadOnly || r.EventSource != "sns.amazonaws.com" {
		t.Errorf("recorded %+v", r)
	}
	if again := f.topic("trail"); again != arn {
		t.Errorf("a second creation gives %s", again)
	}
	for what, in := range map[string]*sns.CreateTopicInput{
		"Attributes": {Attributes: map[string]string{"DisplayName": "Other"}},
		"Tags":       {Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("w")}}},
	} {
		in.Name = aws.String("trail")
		if _, err := c.CreateTopic(ctx, in); codeOf(err) != "InvalidParameter" || !strings.Contains(err.Error(), "Topic already exists with different "+strings.ToLower(what)) {
			t.Errorf("other %s: %v", what, err)
		}
	}
	got, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		ID        string `json:"Id"`
		Statement []struct {
			Action    []string
			Condition map[string]map[string]string
		}
	}
	if err := json.Unmarshal([]byte(got.Attributes["Policy"]), &policy); err != nil || policy.ID != "__default_policy_ID" ||
		len(policy.Statement[0].Action) != 8 || slices.Contains(policy.Statement[0].Action, "SNS:Receive") || policy.Statement[0].Condition["StringEquals"]["AWS:SourceOwner"] != account {
		t.Errorf("policy %s: %v", got.Attributes["Policy"], err)
	}
	if got.Attributes["Owner"] != account || got.Attributes["DisplayName"] != "Trail" || got.Attributes["SubscriptionsConfirmed"] != "0" || got.Attributes["TopicArn"] != arn {
		t.Errorf("attributes %v", got.Attributes)
	}
	if _, err := c.TagResource(ctx, &sns.TagResourceInput{ResourceArn: &arn, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UntagResource(ctx, &sns.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"k"}}); err != nil {
		t.Fatal(err)
	}
	if tags, err := c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &arn}); err != nil || len(tags.Tags) != 1 || *tags.Tags[0].Key != "a" {
		t.Errorf("tags %v %v", tags, err)
	}
	for range 2 {
		if _, err := c.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &arn}); err != nil {
			t.Fatal(err)
		}
	}
	var gone *types.NotFoundException
	if _, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn}); !errors.As(err, &gone) {
		t.Errorf("a deleted topic: %v", err)
	}
	if f.s.Topic(arn) || f.s.Publish(arn, "", "x", nil) == nil || !f.s.PolicyChanged(arn).IsZero() {
		t.Error("a deleted topic takes messages")
	}
}

func TestListPages(t *testing.T) {
	f := newFront(t, "")
	for i := range 205 {
		f.topic(fmt.Sprintf("t%d", i))
	}
	seen := map[string]bool{}
	pages := sns.NewListTopicsPaginator(f.client("AKIA"), &sns.ListTopicsInput{})
	n, listed := 0, 0
	for ; pages.HasMorePages(); n++ {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		listed += len(page.Topics)
		for _, one := range page.Topics {
			seen[*one.TopicArn] = true
		}
	}
	if n != 3 || len(seen) != 205 || listed != 205 {
		t.Errorf("%d topics, %d of them different, on %d pages", listed, len(seen), n)
	}
}

func TestPolicy(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c, arn := f.client("AKIA"), f.topic("trail")
	trail := "arn:aws:cloudtrail:us-east-1:" + account + ":trail/t"
	may := func(trail string) bool {
		return f.s.May("cloudtrail.amazonaws.com", "sns:Publish", arn, map[string]string{"aws:SourceArn": trail})
	}
	set := func(text string) error {
		_, err := c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: aws.String("Policy"), AttributeValue: &text})
		return err
	}
	if may(trail) || !f.s.PolicyChanged(arn).Equal(f.now) {
		t.Error("a fresh topic lets CloudTrail in, or its policy has no time")
	}
	f.now = f.now.Add(time.Minute)
	good := trailPolicy(arn, trail)
	if err := set(good); err != nil {
		t.Fatal(err)
	}
	if !may(trail) || may(trail+"2") || !f.s.PolicyChanged(arn).Equal(f.now) {
		t.Error("the policy is not followed, or its time is not")
	}
	for what, bad := range map[string]string{
		"no JSON":         "{",
		"S3's action":     strings.Replace(good, "SNS:Publish", "s3:PutObject", 1),
		"every action":    strings.Replace(good, "SNS:Publish", "SNS:*", 1),
		"two resources":   strings.Replace(good, fmt.Sprintf("%q", arn), fmt.Sprintf("[%q,%q]", arn, arn+"2"), 1),
		"a bad principal": strings.Replace(good, "cloudtrail.amazonaws.com", "CloudTrail", 1),
		"too large":       strings.Replace(good, "AWSCloudTrailSNSPolicy20131101", strings.Repeat("x", 31<<10), 1),
	} {
		if err := set(bad); codeOf(err) != "InvalidParameter" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if !may(trail) {
		t.Error("a refused policy replaced the one before")
	}
	if _, err := c.AddPermission(ctx, &sns.AddPermissionInput{TopicArn: &arn, Label: aws.String("other"), AWSAccountId: []string{"999988887777"}, ActionName: []string{"Publish"}}); err != nil {
		t.Fatal(err)
	}
	publish := func(key string) error {
		_, err := f.client(key).Publish(ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String("x")})
		return err
	}
	if err := publish("OTHER"); err != nil || !may(trail) {
		t.Errorf("after AddPermission: %v", err)
	}
	if _, err := c.RemovePermission(ctx, &sns.RemovePermissionInput{TopicArn: &arn, Label: aws.String("other")}); err != nil {
		t.Fatal(err)
	}
	if err := publish("OTHER"); codeOf(err) != "AuthorizationError" {
		t.Errorf("after RemovePermission: %v", err)
	}
	deny := strings.Replace(good, `[{`, `[{"Effect":"Deny","Principal":"*","Action":"SNS:Publish","Resource":"`+arn+`"},{`, 1)
	if err := set(deny); err != nil {
		t.Fatal(err)
	}
	if err := publish("AKIA"); codeOf(err) != "AuthorizationError" || may(trail) {
		t.Errorf("with a Deny: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c, arn := f.client("AKIA"), f.topic("t")
	subscribe := func(protocol, endpoint string, attributes map[string]string) func() error {
		return func() error {
			_, err := c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: &protocol, Endpoint: &endpoint, Attributes: attributes})
			return err
		}
	}
	publish := func(in sns.PublishInput) func() error {
		return func() error {
			in.TopicArn = &arn
			_, err := c.Publish(ctx, &in)
			return err
		}
	}
	rows := []struct {
		what, code string
		do         func() error
	}{
		{"a bad name", "InvalidParameter", func() error { _, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("a b")}); return err }},
		{"FIFO", "NotServedBySandbox.sns.CreateTopic.FifoTopic", func() error {
			_, err := c.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("a.fifo")})
			return err
		}},
		{"another region", "InvalidParameter", func() error {
			_, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(strings.Replace(arn, "us-east-1", "eu-west-1", 1))})
			return err
		}},
		{"an unknown attribute", "InvalidParameter", func() error {
			_, err := c.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: aws.String("Nope"), AttributeValue: aws.String("1")})
			return err
		}},
		{"tags of a topic that is not there", "ResourceNotFound", func() error {
			_, err := c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: aws.String(arn + "2")})
			return err
		}},
		{"an unknown protocol", "InvalidParameter", subscribe("pigeon", "x", nil)},
		{"Lambda", "NotServedBySandbox.sns.Subscribe.lambda", subscribe("lambda", "arn:aws:lambda:us-east-1:1:function:f", nil)},
		{"a remote endpoint", "NotServedBySandbox.sns.Subscribe.RemoteEndpoint", subscribe("https", "https://example.com/", nil)},
		{"the wrong scheme", "InvalidParameter", subscribe("https", "http://127.0.0.1:1/", nil)},
		{"no queue", "InvalidParameter", subscribe("sqs", "queue", nil)},
		{"a filter", "NotServedBySandbox.sns.SubscriptionAttribute.FilterPolicy", subscribe("sqs", "arn:aws:sqs:us-east-1:"+account+":q", map[string]string{"FilterPolicy": "{}"})},
		{"an empty message", "InvalidParameter", publish(sns.PublishInput{Message: aws.String("")})},
		{"a long message", "InvalidParameter", publish(sns.PublishInput{Message: aws.String(strings.Repeat("x", 256<<10+1))})},
		{"a long subject", "InvalidParameter", publish(sns.PublishInput{Message: aws.String("x"), Subject: aws.String(strings.Repeat("x", 101))})},
		{"no default", "InvalidParameter", publish(sns.PublishInput{Message: aws.String(`{"sqs":"x"}`), MessageStructure: aws.String("json")})},
		{"a wrong token", "InvalidParameter", func() error {
			_, err := c.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: &arn, Token: aws.String("x")})
			return err
		}},
		{"a batch", "NotServedBySandbox.sns.PublishBatch", func() error {
			_, err := c.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []types.PublishBatchRequestEntry{{Id: aws.String("1"), Message: aws.String("x")}}})
			return err
		}},
	}
	for _, row := range rows {
		if got := codeOf(row.do()); got != row.code {
			t.Errorf("%s: %s, want %s", row.what, got, row.code)
		}
	}
}

func TestQueueSubscription(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c, arn := f.client("AKIA"), f.topic("t")
	queues := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &f.url, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "x", "")})
	made, err := queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	receive := func() (string, bool) {
		t.Helper()
		out, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return "", false
		}
		return *out.Messages[0].Body, true
	}
	queue := "arn:aws:sqs:us-east-1:" + account + ":q"
	sub, err := c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("sqs"), Endpoint: &queue})
	if err != nil || !strings.HasPrefix(*sub.SubscriptionArn, arn+":") {
		t.Fatalf("subscribed %v %v", sub, err)
	}
	if err := f.s.Publish(arn, "", "lost", nil); err != nil {
		t.Fatal(err)
	}
	if got, ok := receive(); ok {
		t.Errorf("a queue without a policy got %s", got)
	}
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnLike":{"aws:SourceArn":%q}}}]}`, queue, arn)
	if _, err := queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: made.QueueUrl, Attributes: map[string]string{"Policy": policy}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Publish(ctx, &sns.PublishInput{TopicArn: &arn, Subject: aws.String("S"), Message: aws.String("<m> & m"), MessageAttributes: map[string]types.MessageAttributeValue{
		"n": {DataType: aws.String("Number"), StringValue: aws.String("1")}}}); err != nil {
		t.Fatal(err)
	}
	if r := f.recorded(); !r.Data || r.RequestParameters["message"] != hidden || r.ResponseElements["messageId"] == nil {
		t.Errorf("recorded %+v", r)
	}
	text, _ := receive()
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil || d.Type != "Notification" || d.Message != "<m> & m" || d.Subject != "S" || d.TopicARN != arn ||
		d.Timestamp != "2026-03-01T12:00:00.000Z" || d.MessageAttributes["n"].Value != "1" || !strings.Contains(d.UnsubscribeURL, "Action=Unsubscribe") {
		t.Errorf("got %s: %v", text, err)
	}
	if _, err := c.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: sub.SubscriptionArn,
		AttributeName: aws.String("RawMessageDelivery"), AttributeValue: aws.String("true")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Publish(ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String(`{"default":"d","sqs":"for queues"}`), MessageStructure: aws.String("json")}); err != nil {
		t.Fatal(err)
	}
	if text, _ := receive(); text != "for queues" {
		t.Errorf("raw: %q", text)
	}
	attributes, err := c.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: sub.SubscriptionArn})
	if err != nil || attributes.Attributes["RawMessageDelivery"] != "true" || attributes.Attributes["PendingConfirmation"] != "false" {
		t.Errorf("attributes %v %v", attributes, err)
	}
	list, err := c.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &arn})
	if err != nil || len(list.Subscriptions) != 1 || *list.Subscriptions[0].SubscriptionArn != *sub.SubscriptionArn {
		t.Errorf("list %v %v", list, err)
	}
	if _, err := c.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: sub.SubscriptionArn}); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Publish(arn, "", "late", nil); err != nil {
		t.Fatal(err)
	}
	if got, ok := receive(); ok {
		t.Errorf("after Unsubscribe: %s", got)
	}
}

func TestHTTPSubscription(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c, arn := f.client("AKIA"), f.topic("t")
	address, got := f.endpoint(200, 503) // the confirmation, then a failure
	sub, err := c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("http"), Endpoint: &address})
	if err != nil || *sub.SubscriptionArn != "pending confirmation" {
		t.Fatalf("subscribed %v %v", sub, err)
	}
	if err := f.s.Publish(arn, "", "too early", nil); err != nil {
		t.Fatal(err)
	}
	p := f.await(got)
	var d document
	if err := json.Unmarshal([]byte(p.body), &d); err != nil || d.Type != "SubscriptionConfirmation" || d.Token == "" || p.header.Get("X-Amz-Sns-Message-Type") != d.Type ||
		p.header.Get("X-Amz-Sns-Topic-Arn") != arn || p.header.Get("Content-Type") != "text/plain; charset=UTF-8" {
		t.Fatalf("confirmation %s %v: %v", p.body, p.header, err)
	}
	list, err := c.ListSubscriptions(ctx, &sns.ListSubscriptionsInput{})
	if err != nil || *list.Subscriptions[0].SubscriptionArn != "PendingConfirmation" {
		t.Errorf("list %v %v", list, err)
	}
	resp, err := http.Get(d.SubscribeURL) // as a person would, without a signature
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("visiting %s: %v %v", d.SubscribeURL, resp, err)
	}
	resp.Body.Close()
	if err := f.s.Publish(arn, "S", "hello", map[string]string{"a": "b"}); err != nil {
		t.Fatal(err)
	}
	first, second := f.await(got), f.await(got)
	if first.body != second.body || first.header.Get("X-Amz-Sns-Message-Id") != second.header.Get("X-Amz-Sns-Message-Id") {
		t.Error("the second try differs from the first")
	}
	if err := json.Unmarshal([]byte(second.body), &d); err != nil || d.Type != "Notification" || d.Message != "hello" || d.MessageAttributes["a"].Type != "String" ||
		!strings.HasPrefix(second.header.Get("X-Amz-Sns-Subscription-Arn"), arn) {
		t.Errorf("notification %s %v", second.body, second.header)
	}
	resp, err = http.Get(d.UnsubscribeURL)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("visiting %s: %v %v", d.UnsubscribeURL, resp, err)
	}
	resp.Body.Close()
	if p = f.await(got); p.header.Get("X-Amz-Sns-Message-Type") != "UnsubscribeConfirmation" {
		t.Errorf("after unsubscribing: %v", p.header)
	}
}

func TestEmailStaysPending(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c, arn := f.client("AKIA"), f.topic("t")
	sub, err := c.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("email"), Endpoint: aws.String("a@example.com")})
	if err != nil || *sub.SubscriptionArn != "pending confirmation" {
		t.Fatalf("%v %v", sub, err)
	}
	got, err := c.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if err != nil || got.Attributes["SubscriptionsPending"] != "1" {
		t.Errorf("%v %v", got, err)
	}
}

// A name that resolves to another machine after it was checked is not dialled.
func TestPostsStayHere(t *testing.T) {
	if loopbackOnly("tcp", "192.0.2.1:80", nil) == nil || loopbackOnly("tcp6", "[2001:db8::1]:80", nil) == nil {
		t.Error("a remote address is dialled")
	}
	for _, own := range []string{"127.0.0.1:80", "127.9.9.9:1", "[::1]:80", "[::ffff:127.0.0.1]:80"} {
		if err := loopbackOnly("tcp", own, nil); err != nil {
			t.Errorf("%s: %v", own, err)
		}
	}
}

func TestState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sns")
	f, ctx := newFront(t, dir), context.Background()
	arn, trail := f.topic("t"), "arn:aws:cloudtrail:us-east-1:"+account+":trail/t"
	if _, err := f.client("AKIA").SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: aws.String("Policy"), AttributeValue: aws.String(trailPolicy(arn, trail))}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.client("AKIA").Subscribe(ctx, &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:" + account + ":q")}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "sns.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state file: %v %v", info, err)
	}
	g := newFront(t, dir)
	if !g.s.May("cloudtrail.amazonaws.com", "sns:Publish", arn, map[string]string{"aws:SourceArn": trail}) || !g.s.PolicyChanged(arn).Equal(f.now) {
		t.Error("the policy or its time is lost")
	}
	list, err := g.client("AKIA").ListSubscriptions(ctx, &sns.ListSubscriptionsInput{})
	if err != nil || len(list.Subscriptions) != 1 {
		t.Errorf("subscriptions %v %v", list, err)
	}
}
