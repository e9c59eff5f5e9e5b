package sandbox

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"trailctl/internal/sandbox/clock"
)

var testStart = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// testKeys are the signing keys of all sandboxes of these tests.
var testKeys = sync.OnceValue(SharedKeys)

// newTest makes a sandbox on a frozen clock with two regions.
func newTest(t *testing.T, o Options) *Sandbox {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.NewManual(testStart)
	}
	if o.Regions == nil {
		o.Regions = []string{"us-east-1", "eu-west-1"}
	}
	o.NewKey = testKeys()
	s, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// caller makes SDK clients that call a sandbox as somebody.
type caller struct {
	url    string
	region string
	creds  aws.CredentialsProvider
}

func serve(t *testing.T, s *Sandbox) caller {
	t.Helper()
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return caller{url: srv.URL, region: "us-east-1"}.as("alice", "")
}

func (c caller) as(keyID, token string) caller {
	c.creds = credentials.NewStaticCredentialsProvider(keyID, "secret", token)
	return c
}

func (c caller) in(region string) caller {
	c.region = region
	return c
}

func (c caller) trails() *cloudtrail.Client {
	return cloudtrail.New(cloudtrail.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) s3() *s3.Client {
	return s3.New(s3.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, UsePathStyle: true, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func (c caller) sts() *sts.Client {
	return sts.New(sts.Options{Region: c.region, BaseEndpoint: &c.url, Credentials: c.creds, RetryMaxAttempts: 1, HTTPClient: wholeAnswers})
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

// makeTrail makes a bucket with its policy and a multi-region trail that logs.
func makeTrail(t *testing.T, c caller, name string) (bucket string) {
	t.Helper()
	ctx := t.Context()
	bucket = name + "-logs"
	if _, err := c.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		t.Fatal(err)
	}
	in := &cloudtrail.CreateTrailInput{
		Name: &name, S3BucketName: &bucket, IsMultiRegionTrail: aws.Bool(true), EnableLogFileValidation: aws.Bool(true),
	}
	if _, err := c.trails().CreateTrail(ctx, in); code(err) != "InsufficientS3BucketPolicyException" {
		t.Fatalf("CreateTrail without a policy: %v", err)
	}
	arn := "arn:aws:cloudtrail:us-east-1:123456789012:trail/" + name
	policy := strings.NewReplacer("BUCKET", bucket, "TRAIL", arn).Replace(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::BUCKET","Condition":{"StringEquals":{"aws:SourceArn":"TRAIL"}}},
		{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::BUCKET/AWSLogs/123456789012/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"TRAIL"}}}]}`)
	if _, err := c.s3().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trails().CreateTrail(ctx, in); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trails().StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &name}); err != nil {
		t.Fatal(err)
	}
	return bucket
}

// records reads all records from the log files of a bucket.
func records(t *testing.T, c caller, bucket string) []map[string]any {
	t.Helper()
	list, err := c.s3().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String("AWSLogs/123456789012/CloudTrail/")})
	if err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for _, o := range list.Contents {
		got, err := c.s3().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: o.Key})
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		var file struct{ Records []map[string]any }
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		all = append(all, file.Records...)
	}
	return all
}

func TestCallsBecomeRecords(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	ctx := t.Context()
	role, err := c.as("bob", "").sts().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/ops"), RoleSessionName: aws.String("bob")})
	if err != nil {
		t.Fatal(err)
	}
	ops := c.as(*role.Credentials.AccessKeyId, *role.Credentials.SessionToken)
	who, err := ops.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::123456789012:assumed-role/ops/bob" {
		t.Fatalf("the role is %v, %v", who, err)
	}
	if _, err := ops.trails().GetTrail(ctx, &cloudtrail.GetTrailInput{Name: aws.String("nobody")}); code(err) != "TrailNotFoundException" {
		t.Errorf("GetTrail of an unknown trail: %v", err)
	}
	if _, err := c.s3().PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("k"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	all := records(t, c, bucket)
	byName := map[string]map[string]any{}
	for _, r := range all {
		byName[r["eventName"].(string)] = r
	}
	if byName["PutObject"] != nil {
		t.Error("a data event was delivered although no selector wants it")
	}
	if byName["StartLogging"] == nil {
		t.Error("the call that started logging was not delivered")
	}
	got := byName["GetTrail"]
	for field, want := range map[string]any{
		"eventVersion": "1.11", "eventTime": "2026-03-01T10:00:00Z", "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "us-east-1",
		"sourceIPAddress": "127.0.0.1", "errorCode": "TrailNotFoundException", "responseElements": nil, "readOnly": true,
		"eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "123456789012", "eventCategory": "Management",
	} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if fmt.Sprint(got["requestParameters"]) != "map[name:nobody]" || !strings.Contains(got["userAgent"].(string), "aws-sdk-go-v2") {
		t.Errorf("GetTrail was recorded as %v", got)
	}
	id := got["userIdentity"].(map[string]any)
	issuer := id["sessionContext"].(map[string]any)["sessionIssuer"].(map[string]any)
	if id["type"] != "AssumedRole" || id["accessKeyId"] != *role.Credentials.AccessKeyId || issuer["userName"] != "ops" {
		t.Errorf("the role was recorded as %v", id)
	}
	text, _ := json.Marshal(all)
	if bytes.Contains(text, []byte(*role.Credentials.SecretAccessKey)) || bytes.Contains(text, []byte(*role.Credentials.SessionToken)) {
		t.Error("a secret was recorded")
	}
	assumed := byName["AssumeRole"]["responseElements"].(map[string]any)["credentials"].(map[string]any)
	if assumed["accessKeyId"] != *role.Credentials.AccessKeyId {
		t.Errorf("AssumeRole was recorded with %v", assumed)
	}
}

// The fields of a record stand in AWS's order.
func TestFieldOrder(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	c.s3().GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: aws.String("nobody")})
	found, err := c.trails().LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
	if err != nil || len(found.Events) != 1 {
		t.Fatalf("LookupEvents: %v %v", found, err)
	}
	text, at := *found.Events[0].CloudTrailEvent, -1
	for _, field := range []string{"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
		"userAgent", "errorCode", "errorMessage", "requestParameters", "responseElements", "additionalEventData", "requestID", "eventID",
		"readOnly", "resources", "eventType", "managementEvent", "recipientAccountId", "eventCategory"} {
		i := strings.Index(text, `"`+field+`":`)
		if i <= at {
			t.Fatalf("%s is missing or out of order in %s", field, text)
		}
		at = i
	}
}

func TestDataEventsWhenSelected(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	_, err := c.trails().PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{TrailName: aws.String("demo"), EventSelectors: []cttypes.EventSelector{{
		ReadWriteType: cttypes.ReadWriteTypeWriteOnly, IncludeManagementEvents: aws.Bool(false),
		DataResources: []cttypes.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3:::" + bucket + "/in/"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"in/a", "out/b"} {
		if _, err := c.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Advance(time.Minute); err != nil {
		t.Fatal(err)
	}
	var keys []any
	for _, r := range records(t, c, bucket) {
		if r["eventCategory"] == "Data" {
			keys = append(keys, r["requestParameters"].(map[string]any)["key"])
		}
	}
	if fmt.Sprint(keys) != "[in/a]" {
		t.Errorf("data events of %v were delivered", keys)
	}
}

func TestNotServed(t *testing.T) {
	var log bytes.Buffer
	s := newTest(t, Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	srv := httptest.NewServer(s)
	defer srv.Close()
	auth := func(service string) string {
		return "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=1"
	}
	tests := []struct {
		name, method, path, service, body string
		header                            map[string]string
		status                            int
		want                              string
	}{
		{"JSON", "POST", "/", "kms", "{}", map[string]string{"X-Amz-Target": "TrentService.Encrypt"}, 501, "NotServedBySandbox.kms.Encrypt"},
		{"CloudTrail", "POST", "/", "cloudtrail", "{}", map[string]string{"X-Amz-Target": "CloudTrail_20131101.StartQuery"}, 501, "NotServedBySandbox.cloudtrail.StartQuery"},
		{"query", "POST", "/", "iam", "Action=ListUsers&Version=2010-05-08", map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, 501, "<Code>NotServedBySandbox.iam.ListUsers</Code>"},
		{"EC2", "POST", "/", "ec2", "Action=RunInstances", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, 501, "<Errors><Error><Code>NotServedBySandbox.ec2.RunInstances"},
		{"CBOR", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", "monitoring", "\xa0", map[string]string{"Smithy-Protocol": "rpc-v2-cbor"}, 501, "NotServedBySandbox.monitoring.ListMetrics"},
		{"an address of its own", "GET", "/2015-03-31/functions", "lambda", "", nil, 501, "NotServedBySandbox.lambda.GET /2015-03-31/functions"},
		{"unsigned JSON", "POST", "/", "", "{}", map[string]string{"X-Amz-Target": "CloudTrail_20131101.ListTrails"}, 403, "MissingAuthenticationToken"},
		{"unreadable signature", "POST", "/", "x y", "{}", map[string]string{"X-Amz-Target": "CloudTrail_20131101.ListTrails"}, 400, "IncompleteSignature"},
		{"a body without end", "POST", "/", "cloudtrail", strings.Repeat(" ", maxBody+1), map[string]string{"X-Amz-Target": "CloudTrail_20131101.ListTrails"}, 413, "RequestEntityTooLarge"},
	}
	for _, tt := range tests {
		log.Reset()
		r, err := http.NewRequest(tt.method, srv.URL+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range tt.header {
			r.Header.Set(k, v)
		}
		if tt.service != "" {
			r.Header.Set("Authorization", auth(tt.service))
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || !strings.Contains(string(body), tt.want) {
			t.Errorf("%s: HTTP %d %q", tt.name, resp.StatusCode, body)
		}
		if (tt.status == 501) != strings.Contains(log.String(), "nobody serves this operation") {
			t.Errorf("%s: the log says %q", tt.name, log.String())
		}
	}
	if n := s.Status(); n.Calls != 0 || n.Events != 0 {
		t.Errorf("calls that nobody serves were recorded: %+v", n)
	}
}

func TestGzippedBody(t *testing.T) {
	s := newTest(t, Options{})
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(`{"Name":"nobody"}`))
	z.Close()
	r := httptest.NewRequest("POST", "http://localhost/", &b)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/cloudtrail/aws4_request")
	r.Header.Set("X-Amz-Target", "CloudTrail_20131101.GetTrail")
	r.Header.Set("Content-Encoding", "gzip")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "TrailNotFoundException") {
		t.Errorf("HTTP %d %s", w.Code, w.Body)
	}
}

func TestTemporaryCredentialsExpire(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	out, err := c.sts().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	if err != nil {
		t.Fatal(err)
	}
	c = c.as(*out.Credentials.AccessKeyId, *out.Credentials.SessionToken)
	if _, err := c.trails().ListTrails(t.Context(), &cloudtrail.ListTrailsInput{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(16 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := c.trails().ListTrails(t.Context(), &cloudtrail.ListTrailsInput{}); code(err) != "ExpiredTokenException" {
		t.Errorf("CloudTrail: %v", err)
	}
	if _, err := c.sts().GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); code(err) != "ExpiredToken" {
		t.Errorf("STS: %v", err)
	}
	if _, err := c.s3().ListBuckets(t.Context(), &s3.ListBucketsInput{}); code(err) != "ExpiredToken" {
		t.Errorf("S3: %v", err)
	}
}

func TestDisabledRegionAndOtherAccount(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	if _, err := c.in("ap-east-1").trails().ListTrails(t.Context(), &cloudtrail.ListTrailsInput{}); code(err) != "UnrecognizedClientException" {
		t.Errorf("a region that is not enabled: %v", err)
	}
	makeTrail(t, c, "demo")
	other, err := c.as("210987654321", "").trails().ListTrails(t.Context(), &cloudtrail.ListTrailsInput{})
	if err != nil || len(other.Trails) != 0 {
		t.Errorf("another account sees %v, %v", other, err)
	}
}

func TestControl(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	get := func(method, path string) (int, map[string]any) {
		r, err := http.NewRequest(method, c.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var m map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&m); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, m
	}
	if _, m := get("POST", "/_sandbox/deliver"); m["time"] != "2026-03-01T10:00:00Z" || len(records(t, c, bucket)) == 0 {
		t.Errorf("deliver: %v", m)
	}
	if _, m := get("POST", "/_sandbox/advance?by=5m"); m["time"] != "2026-03-01T10:05:00Z" {
		t.Errorf("advance: %v", m)
	}
	_, m := get("GET", "/_sandbox/status")
	want := "map[cloudtrail.CreateTrail:2 cloudtrail.StartLogging:1 s3.CreateBucket:1 s3.PutBucketPolicy:1]"
	if m["account"] != "123456789012" || m["trails"] != 1.0 || fmt.Sprint(m["mutating"]) != want {
		t.Errorf("status: %v", m)
	}
	for _, tt := range []struct{ method, path string }{
		{"GET", "/_sandbox/advance?by=5m"}, {"POST", "/_sandbox/nothing"}, {"POST", "/_sandbox/advance?by=-5m"},
		{"POST", "/_sandbox/advance?by=x"}, {"POST", "/_sandbox/advance?by=100000h"},
	} {
		if status, m := get(tt.method, tt.path); status < 400 || m["error"] == nil {
			t.Errorf("%s %s: HTTP %d %v", tt.method, tt.path, status, m)
		}
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := newTest(t, Options{Dir: dir, LogInterval: time.Minute, DigestInterval: time.Hour})
	bucket := makeTrail(t, serve(t, s), "demo")
	if err := s.Advance(90 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := newTest(t, Options{Dir: dir, LogInterval: time.Minute, DigestInterval: time.Hour})
	if want := testStart.Add(90 * time.Minute); !again.Now().Equal(want) {
		t.Errorf("time went back to %s", again.Now())
	}
	c := serve(t, again)
	if n := len(records(t, c, bucket)); n == 0 {
		t.Error("the log files are gone")
	}
	if err := again.Advance(time.Hour); err != nil {
		t.Fatal(err)
	}
	list, err := c.s3().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: aws.String("AWSLogs/123456789012/CloudTrail-Digest/us-east-1/")})
	if err != nil || len(list.Contents) != 2 {
		t.Errorf("%d digest files after the restart, %v", len(list.Contents), err)
	}
}

func TestRunDelivers(t *testing.T) {
	s := newTest(t, Options{Clock: &clock.Offset{}, LogInterval: 100 * time.Millisecond, DigestInterval: time.Second})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	deadline := time.Now().Add(10 * time.Second)
	for len(records(t, c, bucket)) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("nothing was delivered")
		}
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{
		{Account: "12"}, {Regions: []string{"mars"}}, {DigestInterval: 500 * time.Millisecond}, {DigestInterval: 1500 * time.Millisecond},
		{LogInterval: -time.Second}, {SeedEvents: -1},
	} {
		if _, err := New(t.Context(), o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
	s := newTest(t, Options{Clock: clock.Real{}})
	if err := s.Advance(time.Minute); err == nil {
		t.Error("the machine's clock was moved")
	}
}

// wholeAnswers is how the SDK's clients call here: it hides the WriteTo of the
// SDK's request bodies, over which net/http ends a connection in the middle of
// a fast answer (smithy-go 1.28.8).
var wholeAnswers = &http.Client{Transport: plainBodies{http.DefaultTransport}}

type plainBodies struct{ next http.RoundTripper }

func (p plainBodies) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return p.next.RoundTrip(r)
}
