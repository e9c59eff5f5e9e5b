package awserr

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

const flaskPage = "<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"

// called makes one call with each of the SDK's wire formats.
func called(config aws.Config) map[string]error {
	ctx, name := context.Background(), aws.String("name")
	objects := s3.NewFromConfig(config, func(o *s3.Options) { o.UsePathStyle = true })
	_, trail := cloudtrail.NewFromConfig(config).ListPublicKeys(ctx, &cloudtrail.ListPublicKeysInput{})
	_, topic := sns.NewFromConfig(config).ListTopics(ctx, &sns.ListTopicsInput{})
	_, role := iam.NewFromConfig(config).ListRoles(ctx, &iam.ListRolesInput{})
	_, alarm := cloudwatch.NewFromConfig(config).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	_, list := objects.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: name})
	_, object := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: name, Key: name})
	return map[string]error{
		"CloudTrail ListPublicKeys": trail, "SNS ListTopics": topic, "IAM ListRoles": role,
		"CloudWatch DescribeAlarms": alarm, "S3 ListObjectsV2": list, "S3 GetObject": object,
	}
}

// A web page in place of an answer is told in one sentence, whatever the wire
// format of the call.
func TestWebPageInPlaceOfAnAnswer(t *testing.T) {
	for status, words := range map[int]string{
		500: "does not know, or broke down over,", 404: "does not know, or broke down over,", 501: "does not know, or broke down over,",
		502: "cannot answer", 503: "cannot answer",
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(status)
			w.Write([]byte(flaskPage))
		}))
		for call, err := range called(local(srv.URL)) {
			want := fmt.Sprintf("the server at %s %s %s (HTTP %d, a web page in place of an answer)", srv.URL, words, call, status)
			if got := Plain(err); got != want || !WebPage(err) {
				t.Errorf("HTTP %d to %s: %q, want %q", status, call, got, want)
			}
		}
		srv.Close()
	}
}

// What AWS answers in its own language is no web page, and neither is an
// answer without a body.
func TestAnswersThatAreNoWebPage(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(http.StatusNotFound)
		if r.Method != http.MethodHead {
			w.Write([]byte(`{"__type":"TrailNotFoundException","message":"no such trail"}`))
		}
	}))
	defer srv.Close()
	for call, err := range called(local(srv.URL)) {
		if WebPage(err) {
			t.Errorf("%s: %v", call, err)
		}
	}
	_, err := s3.NewFromConfig(local(srv.URL), func(o *s3.Options) { o.UsePathStyle = true }).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("name")})
	if err == nil || WebPage(err) {
		t.Errorf("HeadBucket: %v", err)
	}
	if WebPage(nil) {
		t.Error("no error is a web page")
	}
}

func local(url string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}
}
