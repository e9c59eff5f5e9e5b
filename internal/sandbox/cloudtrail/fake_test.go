package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trailctl/internal/sandbox/call"
)

// fakeBucket is an S3 with a policy that is a switch.
type fakeBucket struct {
	mu      sync.Mutex
	regions map[string]string
	denied  bool // the policy allows nothing
	changed time.Time
	objects map[string]fakeObject
	asked   []string // action, key and conditions of each May
	silent  error    // nobody answers
	puts    int      // after as many, less one, nobody answers; 0 never
	looked  int      // questions about buckets
	tried   int      // Put
}

// errSilent is what a question ends with that nobody answers.
var errSilent = fmt.Errorf("connection refused: %w", ErrSilent)

type fakeObject struct {
	body     []byte
	kind     string
	encoding string
	metadata map[string]string
	key      string
}

func newFakeBucket(names ...string) *fakeBucket {
	f := &fakeBucket{regions: map[string]string{}, objects: map[string]fakeObject{}}
	for _, n := range names {
		f.regions[n] = "us-east-1"
	}
	return f
}

func (f *fakeBucket) Bucket(_ context.Context, name string) (*BucketState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked++
	if f.silent != nil {
		return nil, f.silent
	}
	region, ok := f.regions[name]
	if !ok {
		return nil, nil
	}
	may := func(principal, action, key string, conditions map[string]string) bool {
		return f.may(principal, action, name, key, conditions)
	}
	return &BucketState{Region: region, PolicyChanged: f.changed, May: may}, nil
}

func (f *fakeBucket) may(principal, action, bucket, key string, conditions map[string]string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, strings.Join([]string{principal, action, bucket, key, conditions["aws:SourceArn"], conditions["s3:x-amz-acl"]}, " "))
	return !f.denied
}

func (f *fakeBucket) Put(_ context.Context, o Object) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried++
	if f.puts > 0 {
		if f.puts--; f.puts == 0 {
			f.silent = errSilent
		}
	}
	if f.silent != nil {
		return f.silent
	}
	if _, taken := f.objects[o.Key]; taken {
		return fmt.Errorf("%s is delivered a second time", o.Key)
	}
	f.objects[o.Key] = fakeObject{o.Body, o.ContentType, o.ContentEncoding, o.Metadata, o.KMSKey}
	return nil
}

func (f *fakeBucket) deny(yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.denied = yes
}

// keys lists the objects whose key holds a text.
func (f *fakeBucket) keys(part string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Sorted(maps.Keys(f.objects))
	return slices.DeleteFunc(all, func(k string) bool { return !strings.Contains(k, part) })
}

// text is an object's uncompressed content.
func (f *fakeBucket) text(t *testing.T, key string) []byte {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.objects[key]
	if !ok {
		t.Fatalf("no object %s", key)
	}
	if o.kind != "application/json" || o.encoding != "gzip" {
		t.Errorf("%s has type %q and encoding %q", key, o.kind, o.encoding)
	}
	z, err := gzip.NewReader(bytes.NewReader(o.body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const (
	testAccount = "123456789012"
	testBucket  = "trail-bucket"
)

// testStart stands in the middle of an interval of either kind.
var testStart = time.Date(2026, 3, 1, 10, 2, 17, 0, time.UTC)

// sharedKeys gives each region of all tests one key: making one takes 0.1 s.
var sharedKeys = sync.OnceValue(func() NewKey {
	var mu sync.Mutex
	keys := map[string]*rsa.PrivateKey{}
	return func(region string) (*rsa.PrivateKey, error) {
		mu.Lock()
		defer mu.Unlock()
		var err error
		if keys[region] == nil {
			keys[region], err = GenerateKey(region)
		}
		return keys[region], err
	}
})

// bench is a service with a bucket and a time that the test moves.
type bench struct {
	t      *testing.T
	s      *Service
	bucket *fakeBucket
	around *fakeNeighbours
	now    time.Time
	events int
}

func newBench(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, bucket: newFakeBucket(testBucket), around: newFakeNeighbours(), now: testStart}
	o := Options{
		Regions: []string{"eu-west-1", "us-east-1"}, LogInterval: 5 * time.Minute, DigestInterval: time.Hour,
		Neighbours: b.around.with(b.bucket), Log: slog.New(slog.DiscardHandler), NewKey: sharedKeys(),
	}
	for _, f := range change {
		f(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b.s = s
	return b
}

// ask makes a call in a region and returns its answer or the error code.
func (b *bench) ask(region, operation, input string) (answer map[string]any, code string) {
	b.t.Helper()
	return b.askAs(testAccount, region, operation, input)
}

func (b *bench) askAs(account, region, operation, input string) (answer map[string]any, code string) {
	b.t.Helper()
	c := &call.Call{
		Body: []byte(input), Time: b.now, Region: region, Account: account, Service: "cloudtrail", Operation: operation,
	}
	w := httptest.NewRecorder()
	b.s.Serve(w, c)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		b.t.Fatalf("%s answered %q: %v", operation, w.Body, err)
	}
	if c.Error != nil {
		if answer["__type"] != c.Error.Code || w.Code != c.Error.Status {
			b.t.Errorf("%s answered %d %v, and recorded %v", operation, w.Code, answer, c.Error)
		}
		return answer, c.Error.Code
	}
	if !c.ReadOnly {
		b.s.End(b.now)
		if err := b.s.Settle(context.Background(), b.now); err != nil {
			b.t.Fatal(err)
		}
	}
	return answer, ""
}

// do is ask for a call that must succeed.
func (b *bench) do(region, operation, input string) map[string]any {
	b.t.Helper()
	answer, code := b.ask(region, operation, input)
	if code != "" {
		b.t.Fatalf("%s %s: %s %v", operation, input, code, answer["message"])
	}
	return answer
}

// record takes in one event of now.
func (b *bench) record(region, name string, change ...func(*Record)) string {
	b.t.Helper()
	b.events++
	r := Record{
		EventVersion: EventVersion, UserIdentity: Identity{Type: "IAMUser", UserName: "alice", AccessKeyID: "AKIAALICE"},
		EventTime: stamp(b.now), EventSource: "ec2.amazonaws.com", EventName: name, AWSRegion: region,
		EventID: fmt.Sprintf("event-%04d", b.events), EventType: "AwsApiCall", ManagementEvent: true, ReadOnly: strings.HasPrefix(name, "Describe"),
		RecipientAccountID: testAccount, EventCategory: Management,
	}
	for _, f := range change {
		f(&r)
	}
	e, err := NewEvent(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.s.Record(e); err != nil {
		b.t.Fatal(err)
	}
	return r.EventID
}

// advance moves time and delivers what is due on the way.
func (b *bench) advance(d time.Duration) {
	b.t.Helper()
	target := b.now.Add(d)
	for {
		at, due := b.s.NextDue()
		if !due || at.After(target) {
			break
		}
		if at.Before(b.now) {
			at = b.now
		}
		b.now = at
		if err := b.s.Deliver(context.Background(), at); err != nil {
			b.t.Fatal(err)
		}
	}
	b.now = target
}

// delivered lists the event ids in all log files whose key holds a text.
func (b *bench) delivered(part string) []string {
	b.t.Helper()
	var ids []string
	for _, key := range b.bucket.keys(part) {
		if !strings.Contains(key, "/CloudTrail/") {
			continue
		}
		var file struct{ Records []Record }
		if err := json.Unmarshal(b.bucket.text(b.t, key), &file); err != nil {
			b.t.Fatalf("%s: %v", key, err)
		}
		for _, r := range file.Records {
			ids = append(ids, r.EventID)
		}
	}
	return ids
}
