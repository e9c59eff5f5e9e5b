package s3

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// destinations are topics or queues: those that exist, and whether they let
// S3 in for bucket "bkt".
type destinations struct {
	mu   sync.Mutex
	open map[string]bool
	got  []sentMessage
}

type sentMessage struct{ arn, subject, text string }

func (d *destinations) Exists(arn string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.open[arn]
	return ok
}

func (d *destinations) May(principal, action, arn string, conditions map[string]string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	want := map[string]string{"aws:SourceArn": "arn:aws:s3:::bkt", "aws:SourceAccount": account}
	return d.open[arn] && principal == "s3.amazonaws.com" && reflect.DeepEqual(conditions, want) &&
		action == map[bool]string{true: "sns:Publish", false: "sqs:SendMessage"}[strings.Contains(arn, ":sns:")]
}

func (d *destinations) Publish(arn, subject, message string, _ map[string]string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, sentMessage{arn, subject, message})
	return nil
}

// taken gives what was sent since the last time.
func (d *destinations) taken() []sentMessage {
	d.mu.Lock()
	defer d.mu.Unlock()
	got := d.got
	d.got = nil
	return got
}

const (
	topicARN = "arn:aws:sns:us-east-1:" + account + ":topic"
	queueARN = "arn:aws:sqs:us-east-1:" + account + ":queue"
)

// newEventFront is a front whose bucket "bkt" can notify a topic and a queue.
func newEventFront(t *testing.T) (*front, *destinations) {
	f := newFront(t, "")
	d := &destinations{open: map[string]bool{topicARN: true, queueARN: true}}
	f.s.topics, f.s.queues = d, d
	f.must("PUT", "/bkt", "")
	return f, d
}

func topicEntry(id, events, filter string) string {
	return "<TopicConfiguration><Id>" + id + "</Id><Topic>" + topicARN + "</Topic><Event>" + events + "</Event>" + filter + "</TopicConfiguration>"
}

func queueEntry(id, events, filter string) string {
	return "<QueueConfiguration><Id>" + id + "</Id><Queue>" + queueARN + "</Queue><Event>" + events + "</Event>" + filter + "</QueueConfiguration>"
}

func filterXML(name, value string) string {
	return "<Filter><S3Key><FilterRule><Name>" + name + "</Name><Value>" + value + "</Value></FilterRule></S3Key></Filter>"
}

func notificationXML(entries ...string) string {
	return document("NotificationConfiguration", strings.Join(entries, ""))
}

// summary is a message as "ID event key".
func summary(t *testing.T, m sentMessage) string {
	t.Helper()
	var e eventMessage
	if err := json.Unmarshal([]byte(m.text), &e); err != nil || len(e.Records) != 1 {
		t.Fatalf("%s: %v", m.text, err)
	}
	r := e.Records[0]
	return r.S3.ConfigurationID + " " + r.EventName + " " + r.S3.Object.Key
}

func TestEvents(t *testing.T) {
	f, d := newEventFront(t)
	f.must("PUT", "/bkt?notification", notificationXML(
		topicEntry("created", "s3:ObjectCreated:*", filterXML("Prefix", "AWSLogs/")),
		queueEntry("removed", "s3:ObjectRemoved:*", filterXML("suffix", ".gz")),
		queueEntry("copied", "s3:ObjectCreated:Copy", filterXML("prefix", "copy/"))))
	d.taken()
	c := f.client("us-east-1")
	upload := func() {
		u, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("AWSLogs/m.gz")})
		if err != nil {
			t.Fatal(err)
		}
		p, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String("bkt"), Key: aws.String("AWSLogs/m.gz"), UploadId: u.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String("bkt"), Key: aws.String("AWSLogs/m.gz"), UploadId: u.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: p.ETag}}}}); err != nil {
			t.Fatal(err)
		}
	}
	rows := []struct {
		what string
		do   func()
		want []string
	}{
		{"put", func() { f.must("PUT", "/bkt/AWSLogs/a%20b%2Bc=d.gz", "x") }, []string{"created ObjectCreated:Put AWSLogs/a+b%2Bc%3Dd.gz"}},
		{"another prefix", func() { f.must("PUT", "/bkt/other.gz", "x") }, nil},
		{"copy", func() { f.must("PUT", "/bkt/copy/c", "", "x-amz-copy-source: /bkt/other.gz") }, []string{"copied ObjectCreated:Copy copy/c"}},
		{"upload", upload, []string{"created ObjectCreated:CompleteMultipartUpload AWSLogs/m.gz"}},
		{"a delivery", func() {
			if err := f.s.Put("bkt", "AWSLogs/1/f.json.gz", []byte("x"), "", "", nil); err != nil {
				t.Fatal(err)
			}
		}, []string{"created ObjectCreated:Put AWSLogs/1/f.json.gz"}},
		{"delete", func() { f.must("DELETE", "/bkt/other.gz", "") }, []string{"removed ObjectRemoved:Delete other.gz"}},
		{"delete what is not there", func() { f.must("DELETE", "/bkt/other.gz", "") }, nil},
		{"another suffix", func() { f.must("DELETE", "/bkt/copy/c", "") }, nil},
		{"delete several", func() {
			body := "<Delete><Object><Key>AWSLogs/m.gz</Key></Object><Object><Key>nothing.gz</Key></Object></Delete>"
			f.must("POST", "/bkt?delete", body, contentMD5(body))
		}, []string{"removed ObjectRemoved:Delete AWSLogs/m.gz"}},
		{"versioning", func() {
			f.must("PUT", "/bkt?versioning", document("VersioningConfiguration", "<Status>Enabled</Status>"))
		}, nil},
		{"a delete marker", func() { f.must("DELETE", "/bkt/AWSLogs/1/f.json.gz", "") }, []string{"removed ObjectRemoved:DeleteMarkerCreated AWSLogs/1/f.json.gz"}},
		{"one version", func() { f.must("DELETE", "/bkt/AWSLogs/1/f.json.gz?versionId=null", "") }, []string{"removed ObjectRemoved:Delete AWSLogs/1/f.json.gz"}},
		{"a failed put", func() {
			f.send(sent{method: "PUT", path: "/bkt/AWSLogs/x", body: "x", headers: []string{"Content-MD5: AAAAAAAAAAAAAAAAAAAAAA=="}})
		}, nil},
	}
	for _, row := range rows {
		row.do()
		var got []string
		for _, m := range d.taken() {
			got = append(got, summary(t, m))
		}
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %q, want %q", row.what, got, row.want)
		}
	}
	d.open[topicARN] = false // the policy was broken in the meantime
	f.must("PUT", "/bkt/AWSLogs/x", "x")
	if got := d.taken(); len(got) != 0 {
		t.Errorf("a topic that does not let S3 in got %v", got)
	}
}

func TestEventMessage(t *testing.T) {
	f, d := newEventFront(t)
	f.must("PUT", "/bkt?notification", notificationXML(topicEntry("n", "s3:ObjectCreated:*", ""), queueEntry("q", "s3:ObjectRemoved:*", "")))
	got := d.taken()
	if len(got) != 2 || got[0].arn != topicARN || got[1].arn != queueARN {
		t.Fatalf("test messages: %+v", got)
	}
	var test map[string]string
	if err := json.Unmarshal([]byte(got[0].text), &test); err != nil || test["Service"] != "Amazon S3" || test["Event"] != "s3:TestEvent" ||
		test["Bucket"] != "bkt" || test["Time"] != "2026-03-01T12:00:00.000Z" || test["RequestId"] == "" || test["HostId"] == "" || len(test) != 6 {
		t.Errorf("test message %s: %v", got[0].text, err)
	}
	var last string
	for range 2 {
		f.must("PUT", "/bkt/k", "body")
		got = d.taken()
		if len(got) != 1 || got[0].subject != "Amazon S3 Notification" {
			t.Fatalf("sent %+v", got)
		}
		var e struct{ Records []map[string]any }
		if err := json.Unmarshal([]byte(got[0].text), &e); err != nil {
			t.Fatal(err)
		}
		r := e.Records[0]
		object := r["s3"].(map[string]any)["object"].(map[string]any)
		if seq := object["sequencer"].(string); seq <= last {
			t.Errorf("sequencer %s after %s", seq, last)
		} else {
			last = seq
		}
		delete(object, "sequencer")
		owner := f.s.owner().ID
		want := map[string]any{
			"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-03-01T12:00:00.000Z", "eventName": "ObjectCreated:Put",
			"userIdentity": map[string]any{"principalId": "AWS:"}, "requestParameters": map[string]any{"sourceIPAddress": "127.0.0.1"},
			"responseElements": map[string]any{"x-amz-request-id": "REQUEST", "x-amz-id-2": hostID("REQUEST")},
			"s3": map[string]any{"s3SchemaVersion": "1.0", "configurationId": "n",
				"bucket": map[string]any{"name": "bkt", "ownerIdentity": map[string]any{"principalId": owner}, "arn": "arn:aws:s3:::bkt"},
				"object": map[string]any{"key": "k", "size": 4.0, "eTag": "841a2d689ad86bd1611447453c22c6fc"}},
		}
		if !reflect.DeepEqual(r, want) {
			t.Errorf("record %v\nwant %v", r, want)
		}
	}
}

func TestDestinationsAreChecked(t *testing.T) {
	f, d := newEventFront(t)
	missing := strings.Replace(topicEntry("m", "s3:ObjectCreated:Put", ""), ":topic", ":missing", 1)
	lambda := "<CloudFunctionConfiguration><Id>l</Id><CloudFunction>arn:aws:lambda:eu-west-1:1:function:f</CloudFunction><Event>s3:ObjectCreated:*</Event></CloudFunctionConfiguration>"
	put := func(body string, headers ...string) sent {
		return sent{method: "PUT", path: "/bkt?notification", body: body, headers: headers}
	}
	rows := func() []row {
		return []row{
			{"a missing topic", put(notificationXML(missing)), 400, "InvalidArgument", []string{"Unable to validate the following destination configurations",
				":missing, null</ArgumentName1>", "<ArgumentValue1>The destination topic does not exist"}},
			{"a closed queue, and a missing topic", put(notificationXML(missing, queueEntry("q", "s3:ObjectRemoved:*", ""))), 400, "InvalidArgument",
				[]string{"<ArgumentName2>" + queueARN, "<ArgumentValue2>Permissions on the destination queue do not allow S3"}},
			{"another region", put(notificationXML(strings.Replace(topicEntry("n", "s3:ObjectCreated:*", ""), "us-east-1", "eu-west-1", 1))), 400, "InvalidArgument",
				[]string{"region is not valid for the bucket location constraint"}},
			{"no check", put(notificationXML(missing), "x-amz-skip-destination-validation: true"), 200, "", nil},
			{"a function", put(notificationXML(lambda)), 200, "", nil},
		}
	}
	d.open[queueARN] = false
	f.run(rows())
	if got := d.taken(); len(got) != 0 {
		t.Errorf("sent %v", got)
	}
	if a := f.must("GET", "/bkt?notification", ""); !strings.Contains(a.body, "arn:aws:lambda") {
		t.Errorf("what was put last: %s", a.body)
	}
}

// What others have put comes back as it was, so that a merge can keep it.
func TestForeignNotificationsComeBack(t *testing.T) {
	f, d := newEventFront(t)
	c := f.client("us-east-1")
	in := &types.NotificationConfiguration{EventBridgeConfiguration: &types.EventBridgeConfiguration{}}
	for i := range 20 {
		id := aws.String(fmt.Sprintf("foreign %02d <&> %d", 20-i, i))
		filter := &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{
			{Name: "Suffix", Value: aws.String(fmt.Sprintf("%02d.txt", i))}, {Name: "prefix", Value: aws.String("ü &/")}}}}
		events := []types.Event{"s3:ObjectRemoved:*", "s3:ObjectCreated:Put", "s3:ObjectCreated:Copy"}
		switch i % 3 {
		case 0:
			arn := fmt.Sprintf("%s%d", topicARN, i)
			d.open[arn] = true
			in.TopicConfigurations = append(in.TopicConfigurations, types.TopicConfiguration{Id: id, TopicArn: &arn, Events: events, Filter: filter})
		case 1:
			in.QueueConfigurations = append(in.QueueConfigurations, types.QueueConfiguration{Id: id, QueueArn: aws.String(queueARN), Events: events, Filter: filter})
		case 2:
			in.LambdaFunctionConfigurations = append(in.LambdaFunctionConfigurations, types.LambdaFunctionConfiguration{
				Id: id, LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:" + account + ":function:f"), Events: events, Filter: filter})
		}
	}
	in.LambdaFunctionConfigurations = append(in.LambdaFunctionConfigurations, types.LambdaFunctionConfiguration{
		Id: aws.String("an empty filter"), LambdaFunctionArn: aws.String("arn:aws:lambda:us-east-1:" + account + ":function:g"),
		Events: []types.Event{"s3:ObjectRestore:*"}, Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{}}}})
	putAndGet := func(n *types.NotificationConfiguration) (*s3.GetBucketNotificationConfigurationOutput, string) {
		t.Helper()
		if _, err := c.PutBucketNotificationConfiguration(ctx, &s3.PutBucketNotificationConfigurationInput{Bucket: aws.String("bkt"), NotificationConfiguration: n}); err != nil {
			t.Fatal(err)
		}
		out, err := c.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: aws.String("bkt")})
		if err != nil {
			t.Fatal(err)
		}
		return out, f.must("GET", "/bkt?notification", "").body
	}
	first, before := putAndGet(in)
	if !reflect.DeepEqual(first.TopicConfigurations, in.TopicConfigurations) || !reflect.DeepEqual(first.QueueConfigurations, in.QueueConfigurations) ||
		!reflect.DeepEqual(first.LambdaFunctionConfigurations[:6], in.LambdaFunctionConfigurations[:6]) || first.EventBridgeConfiguration == nil {
		t.Errorf("came back changed:\n%s", before)
	}
	merged := &types.NotificationConfiguration{TopicConfigurations: first.TopicConfigurations, QueueConfigurations: first.QueueConfigurations,
		LambdaFunctionConfigurations: first.LambdaFunctionConfigurations, EventBridgeConfiguration: first.EventBridgeConfiguration}
	ours := types.TopicConfiguration{Id: aws.String("ours"), TopicArn: aws.String(topicARN), Events: []types.Event{"s3:ObjectTagging:*"}}
	merged.TopicConfigurations = append(merged.TopicConfigurations, ours)
	_, with := putAndGet(merged)
	if i := strings.Index(with, "<TopicConfiguration><Id>ours"); i < 0 || with[:i]+with[i+strings.Index(with[i:], "</TopicConfiguration>")+len("</TopicConfiguration>"):] != before {
		t.Errorf("a merge changed what was there:\n%s\n%s", before, with)
	}
	merged.TopicConfigurations = merged.TopicConfigurations[:len(merged.TopicConfigurations)-1]
	if _, after := putAndGet(merged); after != before {
		t.Errorf("after the removal:\n%s\n%s", before, after)
	}
}

func TestBucketLogging(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/logs", "")
	f.must("PUT", "/far", document("CreateBucketConfiguration", "<LocationConstraint>eu-west-1</LocationConstraint>"))
	to := func(target string) sent {
		return sent{method: "PUT", path: "/bkt?logging", body: document("BucketLoggingStatus",
			"<LoggingEnabled><TargetBucket>"+target+"</TargetBucket><TargetPrefix>p/</TargetPrefix></LoggingEnabled>")}
	}
	get := sent{method: "GET", path: "/bkt?logging"}
	f.run([]row{
		{"no such target", to("nothing"), 400, "InvalidTargetBucketForLogging", nil},
		{"another region", to("far"), 403, "CrossLocationLoggingProhibited", nil},
		{"no prefix", sent{method: "PUT", path: "/bkt?logging", body: document("BucketLoggingStatus", "<LoggingEnabled><TargetBucket>logs</TargetBucket></LoggingEnabled>")}, 400, "MalformedXML", nil},
		{"good", to("logs"), 200, "", nil},
		{"read", get, 200, "", []string{"<TargetBucket>logs</TargetBucket><TargetPrefix>p/</TargetPrefix>"}},
		{"off", sent{method: "PUT", path: "/bkt?logging", body: document("BucketLoggingStatus", "")}, 200, "", nil},
		{"read again", get, 200, "", []string{"<BucketLoggingStatus"}},
	})
	if a := f.send(get); strings.Contains(a.body, "TargetBucket") {
		t.Errorf("after it was switched off: %s", a.body)
	}
}
