package cli

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	trailtypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"trailctl/internal/sandbox"
)

const (
	sdkTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	// BUCKET stands for the bucket.
	sdkPolicy = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::BUCKET"},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/AWSLogs/*",
		 "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}}]}`
)

// sdkCall is one call that was made: its event's name, and the request id
// that the caller was given.
type sdkCall struct {
	name, request string
	fails         bool
}

// sdkRecord is what is read of an event.
type sdkRecord struct {
	EventName string `json:"eventName"`
	RequestID string `json:"requestID"`
	ErrorCode string `json:"errorCode"`
}

// TestSDKFindsItsCalls makes ten calls of six services and finds each of them
// once in the event history, and once in the delivered log files. It asks the
// sandbox of TRAILCTL_SDK_ENDPOINT, if that is set, as .ci/judges/sdk.sh does.
func TestSDKFindsItsCalls(t *testing.T) {
	name := fmt.Sprintf("go-sdk-%d", time.Now().UnixMilli()) // an upstream may have seen others
	logs := aws.String(name + "-logs")
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(sdkEndpoint(t)),
		Credentials: credentials.NewStaticCredentialsProvider(sdkCaller(), "secret", ""),
	}
	f := foreign{config: config}
	trail, objects := cloudtrail.NewFromConfig(config), f.s3()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: logs}))
	must(objects.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: logs, Policy: aws.String(strings.ReplaceAll(sdkPolicy, "BUCKET", *logs))}))
	must(trail.CreateTrail(t.Context(), &cloudtrail.CreateTrailInput{
		Name: &name, S3BucketName: logs, IsMultiRegionTrail: aws.Bool(true),
	}))
	must(trail.StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: &name}))

	calls := sdkCalls(t, config, &name)
	for _, c := range calls {
		found := withRequest(lookedUp(t, trail, c.name), c.request)
		if len(found) != 1 || found[0].EventName != c.name || (found[0].ErrorCode != "") != c.fails {
			t.Errorf("%s, request %s: LookupEvents finds %+v", c.name, c.request, found)
		}
	}

	files, records := 0, []sdkRecord(nil)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if files, records = sdkDelivered(t, objects, *logs); allThere(records, calls) {
			break
		}
	}
	for _, c := range calls {
		if n := len(withRequest(records, c.request)); n != 1 {
			t.Errorf("%s, request %s: %d records in %d delivered log files", c.name, c.request, n, files)
		}
	}
	must(trail.DeleteTrail(t.Context(), &cloudtrail.DeleteTrailInput{Name: &name}))
	if !t.Failed() {
		t.Logf("ok: go: LookupEvents finds each of %d calls by its request id, once", len(calls))
		t.Logf("ok: go: each of the %d is in %d delivered log files once", len(calls), files)
		t.Log("2 passed, 0 failed")
	}
}

// sdkCaller is the access key id of the environment of a sandbox that is
// there already: behind some, it decides about the account.
func sdkCaller() string {
	if id := os.Getenv("AWS_ACCESS_KEY_ID"); id != "" && os.Getenv("TRAILCTL_SDK_ENDPOINT") != "" {
		return id
	}
	return "tester"
}

// sdkEndpoint is a sandbox that delivers as time goes by.
func sdkEndpoint(t *testing.T) string {
	if url := os.Getenv("TRAILCTL_SDK_ENDPOINT"); url != "" {
		return url
	}
	box, err := sandbox.New(t.Context(), sandbox.Options{
		Regions: []string{"us-east-1", "eu-west-1"}, LogInterval: 200 * time.Millisecond, DigestInterval: time.Hour, NewKey: sharedKeys,
	})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(box)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- box.Run(ctx) }()
	t.Cleanup(func() {
		srv.Close()
		cancel()
		<-ended
		box.Close()
	})
	return srv.URL
}

// sdkCalls makes the ten calls, three of which fail.
func sdkCalls(t *testing.T, config aws.Config, name *string) []sdkCall {
	t.Helper()
	var calls []sdkCall
	config.APIOptions = append(config.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(remember(&calls), middleware.After)
	})
	ctx, data, nobody := t.Context(), aws.String(*name+"-data"), aws.String(*name+"-nobody")
	objects := foreign{config: config}.s3()
	objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: data})
	objects.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{
		Bucket: data, Tagging: &s3types.Tagging{TagSet: []s3types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}},
	})
	objects.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: data}) // fails
	sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	iam.NewFromConfig(config).CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(sdkTrust)})
	iam.NewFromConfig(config).GetRole(ctx, &iam.GetRoleInput{RoleName: nobody}) // fails
	sns.NewFromConfig(config).CreateTopic(ctx, &sns.CreateTopicInput{Name: name})
	sqs.NewFromConfig(config).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: name})
	cloudwatchlogs.NewFromConfig(config).CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: name})
	cloudtrail.NewFromConfig(config).GetTrail(ctx, &cloudtrail.GetTrailInput{Name: nobody}) // fails

	var failed []string
	for _, c := range calls {
		if c.request == "" {
			t.Fatalf("%s: the SDK was told no request id", c.name)
		}
		if c.fails {
			failed = append(failed, c.name)
		}
	}
	if got := strings.Join(failed, " "); len(calls) != 10 || got != "GetBucketPolicy GetRole GetTrail" {
		t.Fatalf("%d calls, of which failed: %s", len(calls), got)
	}
	return calls
}

// remember writes down what the SDK knows of each call.
func remember(calls *[]sdkCall) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("Remember", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error,
	) {
		out, answer, err := next.HandleInitialize(ctx, in)
		id, _ := awsmiddleware.GetRequestIDMetadata(answer)
		resp, _ := awsmiddleware.GetRawResponse(answer).(*smithyhttp.Response)
		var refused *awshttp.ResponseError
		if errors.As(err, &refused) {
			id, resp = refused.ServiceRequestID(), refused.HTTPResponse()
		}
		if id == "" && resp != nil { // moto's S3 names its id as the other services do, and this SDK does not look there
			id = resp.Header.Get("X-Amzn-Requestid")
		}
		*calls = append(*calls, sdkCall{awsmiddleware.GetOperationName(ctx), id, err != nil})
		return out, answer, err
	})
}

// lookedUp are the events of a name in the event history.
func lookedUp(t *testing.T, client *cloudtrail.Client, name string) []sdkRecord {
	t.Helper()
	var found []sdkRecord
	pages := cloudtrail.NewLookupEventsPaginator(client, &cloudtrail.LookupEventsInput{LookupAttributes: []trailtypes.LookupAttribute{
		{AttributeKey: trailtypes.LookupAttributeKeyEventName, AttributeValue: aws.String(name)},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Events {
			var r sdkRecord
			if err := json.Unmarshal([]byte(*e.CloudTrailEvent), &r); err != nil {
				t.Fatal(err)
			}
			found = append(found, r)
		}
	}
	return found
}

// sdkDelivered are the records of all log files in the trail's bucket.
func sdkDelivered(t *testing.T, objects *s3.Client, bucket string) (files int, records []sdkRecord) {
	t.Helper()
	pages := s3.NewListObjectsV2Paginator(objects, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String("AWSLogs/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			if !strings.Contains(*o.Key, "/CloudTrail/") {
				continue
			}
			object, err := objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: o.Key})
			if err != nil {
				t.Fatal(err)
			}
			var doc struct{ Records []sdkRecord }
			text, err := gzip.NewReader(object.Body)
			if err == nil {
				err = json.NewDecoder(text).Decode(&doc)
			}
			object.Body.Close()
			if err != nil {
				t.Fatalf("%s: %v", *o.Key, err)
			}
			files, records = files+1, append(records, doc.Records...)
		}
	}
	return files, records
}

func withRequest(records []sdkRecord, id string) []sdkRecord {
	var found []sdkRecord
	for _, r := range records {
		if r.RequestID == id {
			found = append(found, r)
		}
	}
	return found
}

// allThere tells whether each call is among the records.
func allThere(records []sdkRecord, calls []sdkCall) bool {
	return !slices.ContainsFunc(calls, func(c sdkCall) bool { return len(withRequest(records, c.request)) == 0 })
}
