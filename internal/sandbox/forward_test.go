package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// newUpstreamed makes a sandbox in front of another one, and callers of both.
func newUpstreamed(t *testing.T, o Options) (outer *Sandbox, front, behind caller) {
	t.Helper()
	behind = serve(t, newTest(t, Options{}))
	u, err := url.Parse(behind.url)
	need(t, err)
	o.Upstream = u
	outer = newTest(t, o)
	return outer, serve(t, outer), behind
}

// history lists the records in the event history, newest first, without its
// own calls.
func history(t *testing.T, c caller) []map[string]any {
	t.Helper()
	out, err := c.trails().LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{})
	need(t, err)
	var list []map[string]any
	for _, e := range out.Events {
		var r map[string]any
		need(t, json.Unmarshal([]byte(*e.CloudTrailEvent), &r))
		if r["eventName"] != "LookupEvents" {
			list = append(list, r)
		}
	}
	return list
}

func TestUpstreamIsRecordedAndDeliveredTo(t *testing.T) {
	outer, front, behind := newUpstreamed(t, Options{})
	ctx := t.Context()
	bucket := makeTrail(t, front, "demo")
	_, err := front.as("bob", "").sns().CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("news")})
	need(t, err)
	if _, err := front.s3().GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String("no-such-bucket")}); code(err) != "NoSuchBucket" {
		t.Errorf("the upstream's error became %v", err)
	}
	need(t, outer.Advance(time.Minute))
	var got []string
	for _, r := range records(t, behind, bucket) {
		id := r["userIdentity"].(map[string]any)
		text := id["userName"].(string) + " " + r["eventName"].(string)
		if e, ok := r["errorCode"].(string); ok {
			text += " " + e
		}
		got = append(got, text)
	}
	for _, want := range []string{"alice StartLogging", "bob CreateTopic", "alice GetBucketPolicy NoSuchBucket"} {
		if !slices.Contains(got, want) {
			t.Errorf("no record of %q in what was delivered upstream: %q", want, got)
		}
	}
	if trails, err := behind.trails().DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{}); err != nil || len(trails.TrailList) != 0 {
		t.Errorf("the upstream has trails: %v, %v", trails, err)
	}
	if s := outer.Status(); s.Trails != 1 || s.Upstream != behind.url {
		t.Errorf("status: %+v", s)
	}
}

func TestUpstreamIDsAreTheirs(t *testing.T) {
	_, front, _ := newUpstreamed(t, Options{})
	r, err := http.NewRequest("PUT", front.url+"/one", nil)
	need(t, err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=alice/20260301/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	need(t, err)
	resp.Body.Close()
	if n := len(resp.Header.Values("X-Amz-Request-Id")) + len(resp.Header.Values("X-Amzn-Requestid")); n != 1 || len(resp.Header.Values("Date")) != 1 {
		t.Errorf("ids and dates are mixed: %v", resp.Header)
	}
	first := history(t, front)[0]
	if id := resp.Header.Get("X-Amz-Request-Id"); first["eventName"] != "CreateBucket" || first["requestID"] != id {
		t.Errorf("%s %s is recorded, the answer's id is %s", first["eventName"], first["requestID"], id)
	}
}

func TestUpstreamObjects(t *testing.T) {
	_, front, behind := newUpstreamed(t, Options{})
	ctx, bucket, key := t.Context(), aws.String("objects"), aws.String("a b;c+d=ü%2F/x'\"<>")
	_, err := front.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	need(t, err)
	body := make([]byte, 5<<20)
	rand.Read(body)
	_, err = front.s3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: key, Body: strings.NewReader(string(body)), Metadata: map[string]string{"color": "red", "two-words": "b"},
	})
	need(t, err)
	for name, c := range map[string]caller{"front": front, "behind": behind} {
		got, err := c.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
		need(t, err)
		text, err := io.ReadAll(got.Body)
		if err != nil || string(text) != string(body) || got.Metadata["color"] != "red" || got.Metadata["two-words"] != "b" {
			t.Errorf("%s: %d bytes, %v, %v", name, len(text), got.Metadata, err)
		}
	}
	part, err := front.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String("bytes=10-19")})
	need(t, err)
	if text, _ := io.ReadAll(part.Body); string(text) != string(body[10:20]) {
		t.Errorf("a range: %d bytes", len(text))
	}
	link, err := s3.NewPresignClient(front.s3()).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	need(t, err)
	resp, err := http.Get(link.URL)
	need(t, err)
	text, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 200 || string(text) != string(body) {
		t.Errorf("presigned: %s, %d bytes", resp.Status, len(text))
	}
}

func TestUpstreamKeysHaveTheirOwners(t *testing.T) {
	_, front, _ := newUpstreamed(t, Options{})
	ctx := t.Context()
	out, err := front.sts().AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/ops"), RoleSessionName: aws.String("release")})
	need(t, err)
	_, err = front.as(*out.Credentials.AccessKeyId, *out.Credentials.SessionToken).sns().ListTopics(ctx, &sns.ListTopicsInput{})
	need(t, err)
	id := history(t, front)[0]["userIdentity"].(map[string]any)
	if id["type"] != "AssumedRole" || id["arn"] != "arn:aws:sts::123456789012:assumed-role/ops/release" || id["sessionContext"] == nil {
		t.Errorf("recorded as %v", id)
	}
}

// What the sandbox itself would refuse is the upstream's to answer.
func TestUpstreamAnswersWhatWeRefuse(t *testing.T) {
	seen := make(chan string, 1)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" || r.Method != "POST" {
			select {
			case seen <- r.Method + " " + r.RequestURI:
			default:
			}
		}
		w.WriteHeader(http.StatusTeapot)
	}))
	defer other.Close()
	u, err := url.Parse(other.URL)
	need(t, err)
	outer := newTest(t, Options{Upstream: u, Account: "123456789012"})
	front := serve(t, outer)
	tests := []struct {
		name, method, target string
		header               map[string]string
		recorded             string
	}{
		{"an emulator's own address", "GET", "/_localstack/health", nil, ""},
		{"moto's own address", "POST", "/moto-api/reset", nil, ""},
		{"Lambda", "GET", "/2015-03-31/functions/?MaxItems=5", signedFor("lambda", "us-east-1"), "ListFunctions20150331"},
		{"a region that is not enabled", "GET", "/2015-03-31/functions/?MaxItems=6", signedFor("lambda", "ap-south-1"), "ListFunctions20150331"},
		{"an unsigned read", "GET", "/bucket/key", nil, "GetObject"},
		{"a signature that cannot be read", "GET", "/bucket?policy", map[string]string{"Authorization": "Basic eHg="}, "GetBucketPolicy"},
		{"an emulator's own form", "PUT", "/_localstack/config", nil, ""},
		{"CBOR", "POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", map[string]string{"Smithy-Protocol": "rpc-v2-cbor", "Authorization": signedFor("monitoring", "us-east-1")["Authorization"]}, "ListMetrics"},
	}
	for _, tt := range tests {
		before := outer.Status().Calls
		r, err := http.NewRequest(tt.method, front.url+tt.target, nil)
		need(t, err)
		for k, v := range tt.header {
			r.Header.Set(k, v)
		}
		resp, err := http.DefaultClient.Do(r)
		need(t, err)
		resp.Body.Close()
		if got := <-seen; resp.StatusCode != http.StatusTeapot || got != tt.method+" "+tt.target {
			t.Errorf("%s: %s, the upstream saw %s", tt.name, resp.Status, got)
		}
		if n := outer.Status().Calls - before; (n == 1) != (tt.recorded != "") {
			t.Errorf("%s: %d records", tt.name, n)
		}
	}
}

func signedFor(service, region string) map[string]string {
	return map[string]string{"Authorization": "AWS4-HMAC-SHA256 Credential=alice/20260301/" + region + "/" + service + "/aws4_request, SignedHeaders=host, Signature=0"}
}

func TestUpstreamRefusesForeignPages(t *testing.T) {
	_, front, _ := newUpstreamed(t, Options{})
	r, err := http.NewRequest("GET", front.url+"/_localstack/health", nil)
	need(t, err)
	r.Host = "evil.example.com"
	resp, err := http.DefaultClient.Do(r)
	need(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Error(resp.Status)
	}
}

func TestUpstreamSilenceHasTheFormOfTheService(t *testing.T) {
	inner := httptest.NewServer(newTest(t, Options{}))
	u, err := url.Parse(inner.URL)
	need(t, err)
	outer := newTest(t, Options{Upstream: u})
	c, ctx := serve(t, outer), t.Context()
	inner.Close()
	for name, call := range map[string]func() error{
		"s3":  func() error { _, err := c.s3().ListBuckets(ctx, &s3.ListBucketsInput{}); return err },
		"sns": func() error { _, err := c.sns().ListTopics(ctx, &sns.ListTopicsInput{}); return err },
		"kms": func() error { _, err := c.kms().ListKeys(ctx, &kms.ListKeysInput{}); return err },
	} {
		if err := call(); code(err) != "UpstreamNotReachable" || !strings.Contains(err.Error(), u.Host) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := outer.Status().Calls; n != 0 {
		t.Errorf("%d calls that nobody answered are recorded", n)
	}
	if _, err := c.trails().ListTrails(ctx, &cloudtrail.ListTrailsInput{}); err != nil {
		t.Errorf("CloudTrail: %v", err)
	}
}

func TestUpstreamFaults(t *testing.T) {
	_, c, _ := newUpstreamed(t, Options{})
	ctx := t.Context()
	c.fault(t, "POST", `{"count":1,"kind":"denied","operation":"s3.CreateBucket"}`)
	if _, err := c.s3().ListBuckets(ctx, &s3.ListBucketsInput{}); err != nil {
		t.Errorf("another operation: %v", err)
	}
	if _, err := c.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("one")}); code(err) != "AccessDenied" {
		t.Errorf("the planned one: %v", err)
	}
	c.fault(t, "POST", `{"count":9,"kind":"drop-after","operation":"s3.CreateBucket"}`)
	if _, err := c.s3().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("two")}); err == nil {
		t.Error("an answer that was to be lost arrived")
	}
	c.fault(t, "DELETE", "")
	if _, err := c.s3().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("two")}); err != nil {
		t.Errorf("its call did not reach the upstream: %v", err)
	}
}

func TestUpstreamOptions(t *testing.T) {
	inner := serve(t, newTest(t, Options{Account: "210987654321", Regions: []string{"us-east-1", "sa-east-1"}}))
	u, err := url.Parse(inner.url)
	need(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := New(ctx, Options{Upstream: u, NewKey: testKeys()})
	need(t, err)
	if st := s.Status(); st.Account != "210987654321" || !slices.Equal(st.Regions, []string{"sa-east-1", "us-east-1"}) {
		t.Errorf("%+v", st)
	}
	var log strings.Builder
	s, err = New(ctx, Options{Upstream: u, NewKey: testKeys(), Account: "123456789012", Regions: []string{"us-east-1"}, Log: slog.New(slog.NewTextHandler(&log, nil))})
	need(t, err)
	if st := s.Status(); st.Account != "123456789012" || len(st.Regions) != 1 || log.Len() != 0 {
		t.Errorf("%+v\n%s", st, log.String())
	}
	if _, err := New(ctx, Options{Upstream: u, Settle: time.Second}); err == nil || !strings.Contains(err.Error(), "Settle and Upstream") {
		t.Errorf("with Settle: %v", err)
	}
	if _, err := New(ctx, Options{Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}}); err == nil || !strings.Contains(err.Error(), "the upstream at 127.0.0.1:1 does not answer") {
		t.Errorf("without one: %v", err)
	}
}

func TestUpstreamSeeds(t *testing.T) {
	outer, _, behind := newUpstreamed(t, Options{SeedEvents: 20, SeedDays: 1, LogInterval: time.Minute})
	bucket := outer.seedBucket(outer.Now())
	list, err := behind.s3().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	need(t, err)
	if len(list.Contents) < 48 { // a digest file for each region and hour
		t.Errorf("%d files lie at the upstream", len(list.Contents))
	}
	if n := outer.Status().Events; n < 20 {
		t.Errorf("%d events", n)
	}
}
