package tail

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func sns(message string) string {
	text, _ := json.Marshal(message)
	return fmt.Sprintf(`{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:us-east-1:123456789012:t","Message":%s,"Timestamp":"2026-01-15T09:00:00.000Z"}`, text)
}

const (
	ofCloudTrail  = `{"s3Bucket":"b","s3ObjectKey":["AWSLogs/k1.json.gz","k2"]}`
	ofS3          = `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a+b/c%3Dd%2B.gz","size":3}}}]}`
	ofEventBridge = `{"version":"0","source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"b"},"object":{"key":"a+b%20"}}}`
)

func TestParseMessage(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"CloudTrail, raw delivery", ofCloudTrail, "[{b AWSLogs/k1.json.gz} {b k2}]"},
		{"CloudTrail through SNS", sns(ofCloudTrail), "[{b AWSLogs/k1.json.gz} {b k2}]"},
		{"one key as a text", `{"s3Bucket":"b","s3ObjectKey":"k"}`, "[{b k}]"},
		{"S3, keys are URL-encoded", ofS3, "[{b a b/c=d+.gz}]"},
		{"S3 through SNS", sns(ofS3), "[{b a b/c=d+.gz}]"},
		{"S3, something was deleted", strings.Replace(ofS3, "ObjectCreated:Put", "ObjectRemoved:Delete", 1), "[]"},
		{"S3's test", `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`, "[]"},
		{"EventBridge, keys are as they are", ofEventBridge, "[{b a+b%20}]"},
		{"EventBridge, something else", strings.Replace(ofEventBridge, "Created", "Deleted", 1), "[]"},
		{"CloudTrail's test", sns("CloudTrail validation message."), "[]"},
		{"text", "hello", "error"},
		{"other JSON", `{"a":1}`, "error"},
		{"a list", `[1]`, "error"},
		{"an envelope in an envelope", sns(sns(ofCloudTrail)), "error"},
		{"an envelope around nothing", `{"Type":"Notification"}`, "error"},
		{"records of another service", strings.Replace(ofS3, "aws:s3", "aws:kinesis", 1), "error"},
		{"no bucket", `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"object":{"key":"k"}}}]}`, "error"},
		{"a bad escape", strings.Replace(ofS3, "%3D", "%zz", 1), "error"},
		{"an empty key", `{"s3Bucket":"b","s3ObjectKey":[""]}`, "error"},
		{"too many", `{"s3Bucket":"b","s3ObjectKey":[` + strings.Repeat(`"k",`, maxObjects) + `"k"]}`, "error"},
		{"too long", sns(strings.Repeat(" ", maxMessage)), "error"},
	} {
		got, err := parseMessage(c.body)
		text := fmt.Sprint(got)
		if err != nil {
			text = "error"
		}
		if text != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, text, err, c.want)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{ofCloudTrail, ofS3, ofEventBridge, sns(ofS3), "{", `{"Records":[{}]}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		list, err := parseMessage(body)
		if err != nil {
			return
		}
		for _, o := range list {
			if o.bucket == "" || o.key == "" || len(list) > maxObjects {
				t.Errorf("%q names %d objects, one of them %q", body, len(list), o)
			}
		}
	})
}
