package sandbox

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// flaky stands between a sandbox and its upstream, and fails as told. It counts
// what CloudTrail itself asks.
type flaky struct {
	next http.Handler

	mu     sync.Mutex
	down   bool // nobody answers
	puts   int  // after as many files nobody answers; 0 never
	unsure bool // the last of them is stored, but that is not told
	asked  map[string]int
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.UserAgent() != "cloudtrail.amazonaws.com" {
		f.next.ServeHTTP(w, r)
		return
	}
	f.mu.Lock()
	what := r.Method + " " + r.URL.Path
	if r.Header.Get("X-Amz-Target") != "" || r.URL.Path == "/" {
		what = "other"
	}
	if strings.Contains(what, "/AWSLogs/") {
		what = "PUT a file"
	}
	for _, name := range []string{"location", "policy"} {
		if r.URL.Query().Has(name) {
			what = name
		}
	}
	f.asked[what]++
	last := false
	if f.puts > 0 && what == "PUT a file" && !f.down {
		f.puts--
		last = f.puts == 0
	}
	down := f.down
	f.down = f.down || last
	unsure := f.unsure
	f.mu.Unlock()
	switch {
	case last && unsure:
		f.next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case down, last:
		panic(http.ErrAbortHandler)
	}
	f.next.ServeHTTP(w, r)
}

func (f *flaky) set(change func(*flaky)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

// newFlaky makes a sandbox in front of another one that can be made to fail.
func newFlaky(t *testing.T, o Options) (outer *Sandbox, front, behind caller, f *flaky) {
	t.Helper()
	f = &flaky{next: newTest(t, Options{}), asked: map[string]int{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	at, err := url.Parse(srv.URL)
	need(t, err)
	o.Upstream = at
	outer = newTest(t, o)
	return outer, serve(t, outer), caller{url: srv.URL, region: "us-east-1"}.as("alice", ""), f
}

// What the upstream says about bucket, topic, role and key decides whether a
// trail is made, and counts at once when it is changed there.
func TestUpstreamPoliciesDecide(t *testing.T) {
	_, front, behind := newUpstreamed(t, Options{})
	ctx := t.Context()
	bucket := makeTrail(t, front, "demo")
	_, key := surround(t, behind)
	update := func(in *cloudtrail.UpdateTrailInput) string {
		in.Name = aws.String("demo")
		_, err := front.trails().UpdateTrail(ctx, in)
		if err == nil {
			return ""
		}
		return code(err)
	}
	if got := update(whole(bucket, key)); got != "" {
		t.Fatalf("the whole trail: %s", got)
	}
	for _, tt := range []struct {
		name, code string
		in         cloudtrail.UpdateTrailInput
	}{
		{"bucket", "S3BucketDoesNotExistException", cloudtrail.UpdateTrailInput{S3BucketName: aws.String("no-such-bucket")}},
		{"topic", "InsufficientSnsTopicPolicyException", cloudtrail.UpdateTrailInput{SnsTopicName: aws.String("no-such-topic")}},
		{"group", "InvalidCloudWatchLogsLogGroupArnException", cloudtrail.UpdateTrailInput{
			CloudWatchLogsLogGroupArn: aws.String("arn:aws:logs:us-east-1:123456789012:log-group:trail:*"), CloudWatchLogsRoleArn: aws.String(aroundRole)}},
		{"role", "InvalidCloudWatchLogsRoleArnException", cloudtrail.UpdateTrailInput{
			CloudWatchLogsLogGroupArn: aws.String(aroundGroup), CloudWatchLogsRoleArn: aws.String("arn:aws:iam::123456789012:role/nobody")}},
		{"key", "KmsKeyNotFoundException", cloudtrail.UpdateTrailInput{KmsKeyId: aws.String("alias/nothing")}},
		{"organization", "OrganizationsNotInUseException", cloudtrail.UpdateTrailInput{IsOrganizationTrail: aws.Bool(true)}},
	} {
		if got := update(&tt.in); got != tt.code {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.code)
		}
	}
	_, err := behind.iam().DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String("writer"), PolicyName: aws.String("write")})
	need(t, err)
	if got := update(whole(bucket, key)); got != "InvalidCloudWatchLogsLogGroupArnException" {
		t.Errorf("without the role's policy: %q", got)
	}
	_, err = behind.s3().DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket})
	need(t, err)
	if got := update(&cloudtrail.UpdateTrailInput{}); got != "InsufficientS3BucketPolicyException" {
		t.Errorf("without the bucket's policy: %q", got)
	}
}

// Files, messages and events arrive through the upstream's own API, and each
// thing is asked about once a delivery.
func TestUpstreamReceivesEverything(t *testing.T) {
	outer, front, behind, f := newFlaky(t, Options{LogInterval: 5 * time.Minute, DigestInterval: time.Hour})
	ctx := t.Context()
	bucket := makeTrail(t, front, "demo")
	queue, key := surround(t, behind)
	_, err := front.trails().UpdateTrail(ctx, whole(bucket, key))
	need(t, err)
	need(t, outer.Advance(time.Minute))
	_, err = front.in("eu-west-1").sns().ListTopics(ctx, &sns.ListTopicsInput{})
	need(t, err)
	f.set(func(f *flaky) { f.asked = map[string]int{} })
	need(t, outer.Advance(5*time.Minute))
	if f.asked["location"] != 1 || f.asked["policy"] != 1 || f.asked["PUT a file"] != 2 {
		t.Errorf("two log files made CloudTrail ask %v", f.asked)
	}
	need(t, outer.Advance(time.Hour))
	st, err := front.trails().GetTrailStatus(ctx, &cloudtrail.GetTrailStatusInput{Name: aws.String("demo")})
	need(t, err)
	for _, text := range []*string{st.LatestDeliveryError, st.LatestDigestDeliveryError, st.LatestNotificationError, st.LatestCloudWatchLogsDeliveryError} {
		if text != nil {
			t.Errorf("the status has %s", *text)
		}
	}
	list, err := behind.s3().ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket})
	need(t, err)
	digests := 0
	for _, o := range list.Contents {
		head, err := behind.s3().HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: o.Key})
		need(t, err)
		if aws.ToString(head.ContentType) != "application/json" || aws.ToString(head.ContentEncoding) != "gzip" || aws.ToString(head.SSEKMSKeyId) != key {
			t.Errorf("%s has %v %v %v", *o.Key, *head.ContentType, head.ContentEncoding, head.SSEKMSKeyId)
		}
		if strings.Contains(*o.Key, "CloudTrail-Digest") {
			digests++
			if head.Metadata["signature"] == "" || head.Metadata["signature-algorithm"] != "SHA256withRSA" {
				t.Errorf("%s has the metadata %v", *o.Key, head.Metadata)
			}
		}
	}
	if digests != 2 {
		t.Errorf("%d digest files", digests)
	}
	if got := messages(t, behind, queue); len(got) != 2 {
		t.Errorf("the queue has %d messages", len(got))
	}
}

// The upstream dies in the middle of a delivery, with and without having stored
// what it was just sent, and comes back: every event is in one file, and one
// chain of digest files lists each file once.
func TestUpstreamDiesInTheMiddle(t *testing.T) {
	for _, puts := range []int{1, 2, 3, 5} {
		for _, unsure := range []bool{false, true} {
			t.Run(fmt.Sprint(puts, unsure), func(t *testing.T) {
				outer, front, behind, f := newFlaky(t, Options{LogInterval: time.Minute, DigestInterval: 5 * time.Minute})
				bucket := makeTrail(t, front, "demo")
				var want []string
				for round := range 3 {
					for i, region := range []string{"us-east-1", "eu-west-1", "us-east-1"} {
						name := fmt.Sprintf("topic-%d-%d", round, i)
						_, err := front.in(region).sns().CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name})
						need(t, err)
						want = append(want, name)
					}
					f.set(func(f *flaky) { f.puts, f.unsure = puts, unsure })
					need(t, outer.Advance(4*time.Minute))
					need(t, outer.Advance(4*time.Minute))
					f.set(func(f *flaky) { f.down, f.puts = false, 0 })
				}
				need(t, outer.Advance(20*time.Minute))
				checkDelivered(t, behind, bucket, want)
			})
		}
	}
}

// checkDelivered checks that each topic was recorded once, and that the digest
// files of each region are one chain that lists each log file once.
func checkDelivered(t *testing.T, c caller, bucket string, want []string) {
	t.Helper()
	var got []string
	for _, r := range records(t, c, bucket) {
		if p, ok := r["requestParameters"].(map[string]any); ok && r["eventName"] == "CreateTopic" {
			got = append(got, fmt.Sprint(p["name"]))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("delivered %v", got)
	}
	listed := map[string]int{}
	last := map[string]string{} // end of the newest digest file by folder
	for _, key := range objectKeys(t, c, bucket) {
		if !strings.Contains(key, "/CloudTrail-Digest/") {
			listed[key] += 0
			continue
		}
		var d struct {
			DigestStartTime, DigestEndTime string
			PreviousDigestS3Object         string
			LogFiles                       []struct{ S3Object string }
		}
		readGzip(t, c, bucket, key, &d)
		for _, f := range d.LogFiles {
			listed[f.S3Object]++
		}
		folder := key[:strings.LastIndexByte(key, '/')]
		if strings.Contains(key, "_backfill") {
			continue
		}
		if last[folder] != "" && (d.DigestStartTime != last[folder] || d.PreviousDigestS3Object == "") {
			t.Errorf("%s covers %s to %s and continues %q; the one before it ends %s", key, d.DigestStartTime, d.DigestEndTime, d.PreviousDigestS3Object, last[folder])
		}
		last[folder] = d.DigestEndTime
	}
	for key, n := range listed {
		if n != 1 {
			t.Errorf("%s stands in %d digest files", key, n)
		}
	}
}

// A dead upstream fails calls as CloudTrail's own failure, and its Organizations
// are asked when there is something to ask about.
func TestUpstreamIsDead(t *testing.T) {
	outer, front, behind, f := newFlaky(t, Options{})
	ctx := t.Context()
	_, err := front.organizations().CreateOrganization(ctx, &organizations.CreateOrganizationInput{})
	need(t, err)
	bucket := makeTrail(t, front, "demo")
	f.set(func(f *flaky) { f.down = true })
	_, err = front.trails().UpdateTrail(ctx, &cloudtrail.UpdateTrailInput{Name: aws.String("demo"), S3KeyPrefix: aws.String("new")})
	if code(err) != "UpstreamNotReachable" || !strings.Contains(err.Error(), "the bucket "+bucket) {
		t.Errorf("UpdateTrail: %v", err)
	}
	begun := time.Now()
	need(t, outer.Advance(10*time.Minute))
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("ten minutes of deliveries to nobody took %s", took)
	}
	if n := len(objectKeys(t, behind, bucket)); n != 0 {
		t.Errorf("%d objects", n)
	}
	f.set(func(f *flaky) { f.down = false })
	need(t, outer.Advance(2*time.Minute))
	if n := len(objectKeys(t, behind, bucket)); n == 0 {
		t.Error("nothing was delivered when the upstream was back")
	}
}

// objectKeys lists what a bucket holds.
func objectKeys(t *testing.T, c caller, bucket string) []string {
	t.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(c.s3(), &s3.ListObjectsV2Input{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		need(t, err)
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	return keys
}

// readGzip reads a file of JSON.
func readGzip(t *testing.T, c caller, bucket, key string, to any) {
	t.Helper()
	got, err := c.s3().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	need(t, err)
	defer got.Body.Close()
	z, err := gzip.NewReader(got.Body)
	need(t, err)
	need(t, json.NewDecoder(z).Decode(to))
}
