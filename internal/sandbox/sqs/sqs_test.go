package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/call"
)

func policyFor(arn, source string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},`+
		`"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, arn, source)
}

func codeOf(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestQueueLife(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c := f.client("AKIA")
	url, arn := f.queue("jobs", map[string]string{"VisibilityTimeout": "10"})
	if url != f.url+"/"+account+"/jobs" {
		t.Errorf("URL %s", url)
	}
	if r := f.recorded(); r.RequestParameters["queueName"] != "jobs" || r.ResponseElements["queueUrl"] != url || r.Data || r.ReadOnly {
		t.Errorf("recorded %+v", r)
	}
	if again, _ := f.queue("jobs", map[string]string{"VisibilityTimeout": "10"}); again != url {
		t.Errorf("a second creation gives %s", again)
	}
	_, err := c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("jobs"), Attributes: map[string]string{"VisibilityTimeout": "11"}})
	var exists *types.QueueNameExists
	if !errors.As(err, &exists) || codeOf(err) != "QueueAlreadyExists" {
		t.Errorf("another attribute: %v", err)
	}
	if _, err = c.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": policyFor(arn, "arn:x")}}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil || got.Attributes["QueueArn"] != arn || got.Attributes["Policy"] != policyFor(arn, "arn:x") ||
		got.Attributes["VisibilityTimeout"] != "10" || got.Attributes["MaximumMessageSize"] != "1048576" {
		t.Errorf("attributes: %v %v", got.Attributes, err)
	}
	if _, err = c.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{"a": "1", "b": "2"}}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.UntagQueue(ctx, &sqs.UntagQueueInput{QueueUrl: &url, TagKeys: []string{"a"}}); err != nil {
		t.Fatal(err)
	}
	if tags, err := c.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url}); err != nil || fmt.Sprint(tags.Tags) != "map[b:2]" {
		t.Errorf("tags: %v %v", tags, err)
	}
	f.queue("other", nil)
	list, err := c.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("jo")})
	if err != nil || len(list.QueueUrls) != 1 || list.QueueUrls[0] != url {
		t.Errorf("list: %v %v", list, err)
	}
	page, err := c.ListQueues(ctx, &sqs.ListQueuesInput{MaxResults: aws.Int32(1)})
	if err != nil || len(page.QueueUrls) != 1 || page.NextToken == nil {
		t.Fatalf("first page: %v %v", page, err)
	}
	if page, err = c.ListQueues(ctx, &sqs.ListQueuesInput{MaxResults: aws.Int32(1), NextToken: page.NextToken}); err != nil || !strings.HasSuffix(page.QueueUrls[0], "/other") {
		t.Errorf("second page: %v %v", page, err)
	}
	if _, err = c.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("jobs")})
	var gone *types.QueueDoesNotExist
	if !errors.As(err, &gone) || codeOf(err) != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("a deleted queue: %v", err)
	}
	if e := f.recorded().Error; e == nil || e.Code != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("recorded error %v", e)
	}
}

func TestRefusals(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c := f.client("AKIA")
	url, arn := f.queue("jobs", nil)
	create := func(name string, a map[string]string) func() error {
		return func() error {
			_, err := c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: a})
			return err
		}
	}
	set := func(a map[string]string) func() error {
		return func() error {
			_, err := c.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: a})
			return err
		}
	}
	send := func(body string) func() error {
		return func() error {
			_, err := c.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
			return err
		}
	}
	rows := []struct {
		what, code string
		do         func() error
	}{
		{"a bad name", "InvalidParameterValue", create("a b", nil)},
		{"FIFO", "NotServedBySandbox.sqs.CreateQueue.FifoQueue", create("a.fifo", map[string]string{"FifoQueue": "true"})},
		{"an unknown attribute", "InvalidAttributeName", set(map[string]string{"Nope": "1"})},
		{"a number out of bounds", "InvalidAttributeValue", set(map[string]string{"VisibilityTimeout": "43201"})},
		{"a policy that is none", "InvalidAttributeValue", set(map[string]string{"Policy": "{"})},
		{"a policy about something else", "InvalidAttributeValue", set(map[string]string{"Policy": strings.Replace(policyFor(arn, "x"), "sqs:SendMessage", "s3:PutObject", 1)})},
		{"a dead-letter queue", "NotServedBySandbox.sqs.QueueAttribute.RedrivePolicy", set(map[string]string{"RedrivePolicy": "{}"})},
		{"no body", "MissingParameter", send("")},
		{"a control character", "InvalidMessageContents", send("a\x01")},
		{"too large", "InvalidParameterValue", send(strings.Repeat("x", 1<<20+1))},
		{"too many", "InvalidParameterValue", func() error {
			_, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 11})
			return err
		}},
		{"a handle that is none", "ReceiptHandleIsInvalid", func() error {
			_, err := c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: aws.String("x")})
			return err
		}},
		{"an empty batch", "AWS.SimpleQueueService.EmptyBatchRequest", func() error {
			_, err := c.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{}})
			return err
		}},
		{"another account", "AccessDenied", func() error {
			_, err := f.client("OTHER").SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("x")})
			return err
		}},
	}
	for _, row := range rows {
		if got := codeOf(row.do()); got != row.code {
			t.Errorf("%s: %s, want %s", row.what, got, row.code)
		}
	}
}

func TestMessages(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	c := f.client("AKIA")
	url, _ := f.queue("jobs", map[string]string{"VisibilityTimeout": "1"})
	// The SDK itself checks the MD5 digests of bodies.
	sent, err := c.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("hello"), MessageAttributes: map[string]types.MessageAttributeValue{
		"s": {DataType: aws.String("String"), StringValue: aws.String("v")}, "b": {DataType: aws.String("Binary"), BinaryValue: []byte{1, 2}}}})
	if err != nil {
		t.Fatal(err)
	}
	// Worked out by the algorithm of the developer guide in another language.
	if *sent.MD5OfMessageAttributes != "6f451067b4012490a723a9773725c99d" {
		t.Errorf("MD5 of the attributes: %s", *sent.MD5OfMessageAttributes)
	}
	if r := f.recorded(); !r.Data || r.RequestParameters["messageBody"] != "HIDDEN_DUE_TO_SECURITY_REASONS" {
		t.Errorf("recorded %+v", r)
	}
	receive := func(wait int32) []types.Message {
		t.Helper()
		out, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: wait, MaxNumberOfMessages: 10,
			MessageAttributeNames: []string{"x", "b.*"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		return out.Messages
	}
	got := receive(0)
	if len(got) != 1 || *got[0].Body != "hello" || *got[0].MessageId != *sent.MessageId || got[0].Attributes["ApproximateReceiveCount"] != "1" ||
		got[0].Attributes["SentTimestamp"] != "1772366400000" || len(got[0].MessageAttributes) != 1 {
		t.Fatalf("received %+v", got)
	}
	if again := receive(0); len(again) != 0 {
		t.Errorf("received while invisible: %+v", again)
	}
	start := time.Now()
	if got = receive(5); len(got) != 1 || got[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Fatalf("after the visibility timeout: %+v", got)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("waited %s for a message that became visible after a second", d)
	}
	if _, err = c.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: got[0].ReceiptHandle, VisibilityTimeout: 0}); err != nil {
		t.Fatal(err)
	}
	if got = receive(0); len(got) != 1 {
		t.Fatalf("after the timeout was taken away: %+v", got)
	}
	if _, err = c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: got[0].ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	if _, err = c.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: got[0].ReceiptHandle}); codeOf(err) != "InvalidParameterValue" {
		t.Errorf("a deleted message: %v", err)
	}
	batch := &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("a")}, {Id: aws.String("2"), MessageBody: aws.String("\x02")}}}
	if out, err := c.SendMessageBatch(ctx, batch); err != nil || len(out.Successful) != 1 || len(out.Failed) != 1 || *out.Failed[0].Id != "2" {
		t.Errorf("batch: %+v %v", out, err)
	}
	if got = receive(0); len(got) != 1 {
		t.Fatalf("batch received: %+v", got)
	}
	if out, err := c.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []types.DeleteMessageBatchRequestEntry{
		{Id: aws.String("1"), ReceiptHandle: got[0].ReceiptHandle}, {Id: aws.String("2"), ReceiptHandle: aws.String("x")}}}); err != nil || len(out.Successful) != 1 || len(out.Failed) != 1 {
		t.Errorf("batch deletion: %+v %v", out, err)
	}
}

// The model requires both lists of a batch's answer.
func TestBatchAnswer(t *testing.T) {
	fails := func(id string) (doneEntry, *call.Error) {
		if id == "bad" {
			return doneEntry{}, refuse("InvalidParameterValueException", "no")
		}
		return doneEntry{id}, nil
	}
	for id, want := range map[string]string{
		"good": `{"Successful":[{"Id":"good"}],"Failed":[]}`,
		"bad":  `{"Successful":[],"Failed":[{"Id":"bad","SenderFault":true,"Code":"InvalidParameterValue","Message":"no"}]}`,
	} {
		out, refused := batch([]string{id}, func(id string) string { return id }, fails)
		if text, err := json.Marshal(out); refused != nil || err != nil || string(text) != want {
			t.Errorf("%s: %s, %v, %v", id, text, refused, err)
		}
	}
}

func TestLongPolling(t *testing.T) {
	f, ctx := newFront(t, ""), context.Background()
	url, arn := f.queue("jobs", nil)
	done := make(chan []types.Message, 1)
	poll := func(ctx context.Context) {
		out, err := f.client("AKIA").ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20,
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{"SenderId"}})
		if err != nil {
			done <- nil
			return
		}
		done <- out.Messages
	}
	go poll(ctx)
	time.Sleep(50 * time.Millisecond)
	if err := f.s.Publish(arn, "", "arrived", map[string]string{"a": "b"}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-done:
		if len(got) != 1 || *got[0].Body != "arrived" || !regexp.MustCompile(`^AIDA[A-Z0-9]{17}$`).MatchString(got[0].Attributes["SenderId"]) {
			t.Errorf("received %+v", got)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("a message that arrived did not end the wait")
	}
	short, cancel := context.WithCancel(ctx)
	go poll(short)
	time.Sleep(50 * time.Millisecond)
	cancel()
	<-done
	go poll(ctx)
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	if err := f.s.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("Close ended the wait after %s", d)
	}
}

func TestServicesAndRetention(t *testing.T) {
	f := newFront(t, "")
	_, arn := f.queue("jobs", nil)
	topic := "arn:aws:sns:us-east-1:" + account + ":t"
	may := func(source string) bool {
		return f.s.May("sns.amazonaws.com", "sqs:SendMessage", arn, map[string]string{"aws:SourceArn": source})
	}
	if may(topic) {
		t.Error("a queue without a policy lets SNS in")
	}
	f.queue("open", map[string]string{"Policy": policyFor("arn:aws:sqs:us-east-1:"+account+":open", topic)})
	arn = "arn:aws:sqs:us-east-1:" + account + ":open"
	if !may(topic) || may(topic+"2") || f.s.May("s3.amazonaws.com", "sqs:SendMessage", arn, map[string]string{"aws:SourceArn": topic}) {
		t.Error("the policy is not followed")
	}
	if !f.s.Exists(arn) || f.s.Exists(arn+"2") || f.s.May("sns.amazonaws.com", "sqs:SendMessage", arn+"2", nil) || f.s.Publish(arn+"2", "", "x", nil) == nil {
		t.Error("a queue that is not there")
	}
	if err := f.s.Publish(arn, "", "x", nil); err != nil {
		t.Fatal(err)
	}
	f.advance(4*24*time.Hour + time.Second)
	if n := f.s.attributes(f.s.queues[arn])["ApproximateNumberOfMessages"]; n != "0" {
		t.Errorf("%s messages outlive the retention period", n)
	}
}

func TestState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sqs")
	f := newFront(t, dir)
	url, arn := f.queue("jobs", map[string]string{"DelaySeconds": "0"})
	policy := policyFor(arn, "arn:aws:sns:us-east-1:"+account+":t")
	if _, err := f.client("AKIA").SetQueueAttributes(context.Background(), &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"Policy": policy}}); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Publish(arn, "", "kept", nil); err != nil {
		t.Fatal(err)
	}
	if err := f.s.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "sqs.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state file: %v %v", info, err)
	}
	g := newFront(t, dir)
	if !g.s.May("sns.amazonaws.com", "sqs:SendMessage", arn, map[string]string{"aws:SourceArn": "arn:aws:sns:us-east-1:" + account + ":t"}) {
		t.Error("the policy is lost")
	}
	out, err := g.client("AKIA").ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(g.url + "/" + account + "/jobs")})
	if err != nil || len(out.Messages) != 1 || *out.Messages[0].Body != "kept" {
		t.Errorf("received %+v %v", out, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sqs.json"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: dir}); err == nil {
		t.Error("a broken state is taken")
	}
}
