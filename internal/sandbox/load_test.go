package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	cttypes "github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trailctl/internal/sandbox/clock"
)

// Eight clients make 200 calls while files are delivered, reads, changes and
// failures of several services: each call's id is in exactly one log file, and
// that of each management event once in the event history.
func TestEachCallOfManyClientsIsInOneLogFile(t *testing.T) {
	s := newTest(t, Options{Clock: &clock.Offset{}, LogInterval: 50 * time.Millisecond, DigestInterval: time.Second})
	c := serve(t, s)
	bucket := makeTrail(t, c, "demo")
	_, err := c.trails().PutEventSelectors(t.Context(), &cloudtrail.PutEventSelectorsInput{TrailName: aws.String("demo"), EventSelectors: []cttypes.EventSelector{{
		DataResources: []cttypes.DataResource{{Type: aws.String("AWS::S3::Object"), Values: []string{"arn:aws:s3:::data/"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.s3().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("data")}); err != nil {
		t.Fatal(err)
	}
	running := runDeliveries(t, s)
	var mu sync.Mutex
	management, data := map[string]int{}, map[string]int{}
	var calls sync.WaitGroup
	for client := range 8 {
		calls.Go(func() {
			for i := range 5 {
				for _, one := range fiveCalls(i) {
					id, _ := one.make(t, c.url, fmt.Sprint("client-", client))
					mu.Lock()
					if one.data {
						data[id]++
					} else {
						management[id]++
					}
					mu.Unlock()
				}
			}
		})
	}
	calls.Wait()
	running()
	if err := s.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	if len(management) != 120 || len(data) != 80 {
		t.Fatalf("%d management events and %d data events have ids of their own", len(management), len(data))
	}
	inFiles, events := map[string]int{}, map[any]int{}
	for _, r := range records(t, c, bucket) {
		id, _ := r["requestID"].(string)
		inFiles[id]++
		if events[r["eventID"]]++; events[r["eventID"]] > 1 {
			t.Errorf("the event %v stands twice", r["eventID"])
		}
	}
	remembered := requestsRemembered(t, c)
	for _, ids := range []map[string]int{management, data} {
		for id := range ids {
			if inFiles[id] != 1 {
				t.Errorf("the call %s is %d times in log files", id, inFiles[id])
			}
		}
	}
	for id := range management {
		if remembered[id] != 1 {
			t.Errorf("the call %s is %d times in the event history", id, remembered[id])
		}
	}
	for id := range data {
		if remembered[id] != 0 {
			t.Errorf("the data event %s is in the event history", id)
		}
	}
}

// runDeliveries makes deliveries as a running sandbox does, until the function
// that it returns is called.
func runDeliveries(t *testing.T, s *Sandbox) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// plainCall is a call without an SDK, whose answer's request id is looked at.
type plainCall struct {
	method, service, region string
	path, target, body      string
	data                    bool
	status                  int
}

func fiveCalls(n int) []plainCall {
	region := []string{"us-east-1", "eu-west-1"}[n%2]
	return []plainCall{
		{method: "POST", service: "sts", region: region, body: "Action=GetCallerIdentity&Version=2011-06-15", status: 200},
		{method: "POST", service: "sqs", region: region, target: "AmazonSQS.GetQueueUrl", body: `{"QueueName":"none"}`, status: 400},
		{method: "POST", service: "cloudtrail", region: "us-east-1", target: "CloudTrail_20131101.AddTags", status: 200,
			body: `{"ResourceId":"arn:aws:cloudtrail:us-east-1:123456789012:trail/demo","TagsList":[{"Key":"n","Value":"1"}]}`},
		{method: "PUT", service: "s3", region: "us-east-1", path: "data/k", body: strings.Repeat("x", 9000), data: true, status: 200},
		{method: "GET", service: "s3", region: "us-east-1", path: "data/none", data: true, status: 404},
	}
}

func (p plainCall) request(url, keyID string) (*http.Request, error) {
	req, err := http.NewRequest(p.method, url+"/"+p.path, strings.NewReader(p.body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+"/20260301/"+p.region+"/"+p.service+"/aws4_request, SignedHeaders=host, Signature=0")
	switch {
	case p.target != "":
		req.Header.Set("X-Amz-Target", p.target)
	case p.service != "s3":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

func (p plainCall) make(t *testing.T, url, keyID string) (requestID string, body []byte) {
	req, err := p.request(url, keyID)
	if err != nil {
		t.Error(err)
		return "", nil
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return "", nil
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != p.status {
		t.Errorf("%s %s%s: HTTP %d %.200s, %v", p.service, p.target, p.path, resp.StatusCode, body, err)
	}
	return resp.Header.Get("X-Amzn-Requestid") + resp.Header.Get("X-Amz-Request-Id"), body
}

// requestsRemembered counts the request ids of the event history.
func requestsRemembered(t *testing.T, c caller) map[string]int {
	t.Helper()
	found := map[string]int{}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		for token := ""; ; {
			_, body := plainCall{
				method: "POST", service: "cloudtrail", region: region, target: "CloudTrail_20131101.LookupEvents", status: 200,
				body: fmt.Sprintf(`{"NextToken":%q}`, token),
			}.make(t, c.url, "alice")
			var page struct {
				Events    []struct{ CloudTrailEvent string }
				NextToken string
			}
			if err := json.Unmarshal(body, &page); err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Events {
				var r struct{ RequestID string }
				if err := json.Unmarshal([]byte(e.CloudTrailEvent), &r); err != nil {
					t.Fatal(err)
				}
				found[r.RequestID]++
			}
			if token = page.NextToken; token == "" {
				break
			}
		}
	}
	return found
}

// A trail's own StopLogging is in its last log file, also when other trails are
// stopped, started and deleted at the same time.
func TestTrailsThatEndSideBySideDeliverTheirEnds(t *testing.T) {
	s := newTest(t, Options{Regions: []string{"us-east-1"}})
	c := serve(t, s)
	const trails, rounds = 4, 25
	for i := range trails {
		makeTrail(t, c, fmt.Sprint("trail-", i))
	}
	var all sync.WaitGroup
	for i := range trails {
		all.Go(func() {
			name := aws.String(fmt.Sprint("trail-", i))
			for range rounds {
				if _, err := c.trails().StopLogging(t.Context(), &cloudtrail.StopLoggingInput{Name: name}); err != nil {
					t.Error(err)
				}
				if _, err := c.trails().StartLogging(t.Context(), &cloudtrail.StartLoggingInput{Name: name}); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.trails().DeleteTrail(t.Context(), &cloudtrail.DeleteTrailInput{Name: name}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range trails {
		name := fmt.Sprint("trail-", i)
		stops, deletes := 0, 0
		for _, r := range records(t, c, name+"-logs") {
			if in, _ := r["requestParameters"].(map[string]any); in["name"] == name {
				switch r["eventName"] {
				case "StopLogging":
					stops++
				case "DeleteTrail":
					deletes++
				}
			}
		}
		if stops != rounds || deletes != 1 {
			t.Errorf("%s has delivered %d of %d StopLogging and %d of 1 DeleteTrail", name, stops, rounds, deletes)
		}
	}
}

// tellTale is a caller that looks how many calls are recorded as soon as it has
// the whole answer.
type tellTale struct {
	http.ResponseWriter
	s       *Sandbox
	got     int64
	pending bool // the whole answer is there, and its call was not recorded
	before  int
}

func (w *tellTale) Write(b []byte) (int, error) {
	w.got += int64(len(b))
	want, err := strconv.ParseInt(w.Header().Get("Content-Length"), 10, 64)
	if err == nil && w.got == want && w.s.Status().Calls == w.before {
		w.pending = true
	}
	return w.ResponseWriter.Write(b)
}

// A call is recorded before its answer is complete, so that whoever then
// stops the trail, or asks for what is delivered, finds it.
func TestAnswerIsCompleteOnceItsCallIsRecorded(t *testing.T) {
	s := newTest(t, Options{})
	c := serve(t, s)
	bucket, body := aws.String("data"), strings.Repeat("x", 300_000)
	if _, err := c.s3().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.s3().PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader(body)}); err != nil {
		t.Fatal(err)
	}
	req, err := plainCall{method: "GET", service: "s3", region: "us-east-1", path: "data/k"}.request("http://127.0.0.1", "alice")
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	w := &tellTale{ResponseWriter: answer, s: s, before: s.Status().Calls}
	s.ServeHTTP(w, req)
	if answer.Body.String() != body {
		t.Fatalf("the answer has %d bytes", answer.Body.Len())
	}
	if w.pending {
		t.Error("the answer was complete before its call was recorded")
	}
}
