package tail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"trailctl/bucket"
	"trailctl/logs"
)

// store is a bucket in memory. Getting a key fails with the errors of fail
// first.
type store struct {
	mu    sync.Mutex
	files map[string]string
	fail  map[string][]error
	list  []error // of listings
	looks int
}

// put puts a log file that is delivered so long after the start.
func (s *store) put(account, region string, after time.Duration, unique string, records ...string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := start.Add(after)
	key := bucket.Base{Account: account}.Day(bucket.LogFile, region, at) +
		fmt.Sprintf("%s_CloudTrail_%s_%s_%016s.json", account, region, at.Format("20060102T1504Z"), unique)
	if s.files == nil {
		s.files = map[string]string{}
	}
	s.files[key] = `{"Records":[` + strings.Join(records, ",") + `]}`
	return key
}

func (s *store) URI(key string) string { return "s3://b/" + key }

func (s *store) keys(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.files)), func(k string) bool { return !strings.HasPrefix(k, prefix) })
}

func (s *store) List(_ context.Context, prefix, after string) iter.Seq2[bucket.Object, error] {
	return func(yield func(bucket.Object, error) bool) {
		s.mu.Lock()
		s.looks++
		var err error
		if len(s.list) > 0 {
			err, s.list = s.list[0], s.list[1:]
		}
		s.mu.Unlock()
		if err != nil {
			yield(bucket.Object{}, err)
			return
		}
		for _, k := range s.keys(prefix) {
			if k > after && !yield(bucket.Object{Key: k, Size: 10, Modified: start}, nil) {
				return
			}
		}
	}
}

func (s *store) Folders(_ context.Context, prefix string) ([]string, error) {
	var list []string
	for _, k := range s.keys(prefix) {
		name, _, below := strings.Cut(k[len(prefix):], "/")
		if below && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list, nil
}

func (s *store) Get(_ context.Context, key string) (*bucket.Body, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.fail[key]; len(list) > 0 {
		s.fail[key] = list[1:]
		return nil, list[0]
	}
	text, ok := s.files[key]
	if !ok {
		return nil, bucket.ErrNotFound
	}
	return &bucket.Body{ReadCloser: io.NopCloser(strings.NewReader(text)), Size: int64(len(text))}, nil
}

const (
	me    = "123456789012"
	other = "999988887777"
	east  = "us-east-1"
	west  = "eu-west-1"
)

// New files are shown however late they are listed, in regions and accounts
// that are new, too; each record once; one that cannot be fetched this time is
// fetched later; a broken one is told.
func TestBucket(t *testing.T) {
	s := &store{}
	s.put(me, east, -40*time.Minute, "1", raw("ancient", -50*time.Minute))
	s.put(me, east, -5*time.Minute, "2", raw("old", -10*time.Minute), raw("recent", -4*time.Minute))
	s.list = []error{apiError("SlowDown")}
	k := &keeper{want: 6}
	go func() {
		time.Sleep(50 * time.Millisecond)
		s.put(me, east, 5*time.Minute, "3", raw("a", 0), raw("b", 0))
		key := s.put(other, west, 5*time.Minute, "4", raw("c", 0))
		s.mu.Lock()
		s.fail = map[string][]error{key: {apiError("SlowDown"), io.ErrUnexpectedEOF}}
		s.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
		s.put(me, east, 9*time.Minute, "5", raw("a", 0), raw("d", 0)) // a again: two trails
		broken := s.put(me, east, 9*time.Minute, "6", raw("e", 0))
		s.mu.Lock()
		s.files[broken] = s.files[broken][:len(s.files[broken])-2] + `,{"eventID":`
		s.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
		s.put(me, west, -15*time.Minute, "7", raw("late", -20*time.Minute))
	}()
	err := newFollower(k).Bucket(short(t), Bucket{Source: s, Where: "b", Start: start, Interval: 5 * time.Millisecond})
	want(t, "end", err, errEnough)
	want(t, "records", k.sorted(), "[a b c d e late]")
	want(t, "told", k.notices[:2], "[trouble SlowDown over ]")
	broken := 0
	for _, b := range k.batches {
		if b.Err != nil {
			broken++
		}
	}
	want(t, "broken files", broken, 1)
}

func TestBucketSince(t *testing.T) {
	s := &store{}
	s.put(me, east, -40*time.Minute, "1", raw("ancient", -50*time.Minute))
	s.put(me, east, -5*time.Minute, "2", raw("old", -10*time.Minute), raw("recent", -4*time.Minute))
	k := &keeper{want: 1}
	err := newFollower(k).Bucket(short(t), Bucket{Source: s, Start: start, Since: start.Add(-7 * time.Minute), Interval: time.Millisecond})
	want(t, "end", err, errEnough)
	want(t, "records", k.ids, "[recent]")
}

func TestBucketDenied(t *testing.T) {
	s := &store{list: []error{bucket.ErrDenied}}
	s.put(me, east, 0, "1")
	err := newFollower(&keeper{}).Bucket(short(t), Bucket{Source: s, Start: start, Interval: time.Millisecond})
	want(t, "end", errors.Is(err, bucket.ErrDenied), true)
}

// queue is an SQS queue in memory. Calls fail with the errors of fail first.
type queue struct {
	mu      sync.Mutex
	waiting []types.Message
	deleted []string
	hidden  []int32 // timeouts that were asked for
	fail    []error
}

func (q *queue) send(id, body string) {
	q.waiting = append(q.waiting, types.Message{MessageId: &id, ReceiptHandle: &id, Body: &body})
}

func (q *queue) failing() error {
	if len(q.fail) == 0 {
		return nil
	}
	err := q.fail[0]
	q.fail = q.fail[1:]
	return err
}

func (q *queue) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	q.mu.Lock()
	if err := q.failing(); err != nil {
		q.mu.Unlock()
		return nil, err
	}
	if n := min(len(q.waiting), int(in.MaxNumberOfMessages)); n > 0 {
		defer q.mu.Unlock()
		out := &sqs.ReceiveMessageOutput{Messages: slices.Clone(q.waiting[:n])}
		q.waiting = q.waiting[n:]
		return out, nil
	}
	q.mu.Unlock()
	pause(ctx, 5*time.Millisecond)
	return &sqs.ReceiveMessageOutput{}, ctx.Err()
}

func (q *queue) DeleteMessageBatch(_ context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.failing(); err != nil {
		return nil, err
	}
	for _, e := range in.Entries {
		q.deleted = append(q.deleted, *e.ReceiptHandle)
	}
	return &sqs.DeleteMessageBatchOutput{}, nil
}

func (q *queue) ChangeMessageVisibilityBatch(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, e := range in.Entries {
		q.hidden = append(q.hidden, e.VisibilityTimeout)
	}
	return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
}

func about(keys ...string) string {
	return fmt.Sprintf(`{"s3Bucket":"b","s3ObjectKey":["%s"]}`, strings.Join(keys, `","`))
}

// Messages are deleted when their records were taken, not before; what cannot
// be understood, is about other buckets or names what is gone is told once
// and left; 500s are told once and tried again.
func TestQueue(t *testing.T) {
	s := &store{}
	one := s.put(me, east, 0, "1", raw("a", 0), raw("b", 0))
	two := s.put(me, west, 0, "2", raw("c", 0))
	three := s.put(me, west, 0, "3", raw("d", 0))
	s.fail = map[string][]error{two: {apiError("InternalError"), apiError("InternalError")}}
	q := &queue{fail: []error{apiError("InternalFailure"), apiError("InternalFailure")}}
	q.fail[0] = io.ErrUnexpectedEOF // the first may be the network's
	q.send("m1", about(one, two))
	q.send("m2", sns(about(three)))
	q.send("again", about(one)) // SQS delivers at least once
	q.send("poison", "hello")
	q.send("poison", "hello")
	q.send("foreign", `{"s3Bucket":"other","s3ObjectKey":["k"]}`)
	q.send("gone", about(strings.Replace(one, "0000000000000001", "GONEGONEGONEGONE", 1)))
	q.send("digest", about("AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/01/15/123456789012_CloudTrail-Digest_us-east-1_demo_us-east-1_20260115T090000Z.json.gz"))
	q.send("test", `{"Event":"s3:TestEvent"}`)
	k := &keeper{}
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	var opened []string
	f := newFollower(k)
	err := f.Queue(ctx, Queue{Client: q, URL: "q", Bucket: "b", Open: func(_ context.Context, name string) (logs.Source, error) {
		opened = append(opened, name)
		return s, nil
	}})
	want(t, "end", err, context.DeadlineExceeded)
	want(t, "records", k.sorted(), "[a b c d]")
	slices.Sort(q.deleted)
	want(t, "deleted", q.deleted, "[again digest m1 m2 test]")
	want(t, "opened", opened, "[b]")
	want(t, "remarks", k.told("remark "), 2)
	broken := 0
	for _, b := range k.batches {
		if b.Err != nil {
			broken++
		}
	}
	want(t, "gone", broken, 1)
}

// A message whose records were not taken is not deleted, and shown to others
// at once.
func TestQueueKeepsWhatWasNotTaken(t *testing.T) {
	s := &store{}
	q := &queue{}
	q.send("m", about(s.put(me, east, 0, "1", raw("a", 0))))
	full := errors.New("disk full")
	err := newFollower(&keeper{fail: full}).Queue(short(t), Queue{Client: q, URL: "q", Open: func(context.Context, string) (logs.Source, error) { return s, nil }})
	want(t, "end", err, full)
	want(t, "deleted", len(q.deleted), 0)
	want(t, "shown to others", q.hidden, "[0]")
	q = &queue{fail: []error{apiError("AWS.SimpleQueueService.NonExistentQueue")}}
	err = newFollower(&keeper{}).Queue(short(t), Queue{Client: q, URL: "q"})
	want(t, "no such queue", code(err), "AWS.SimpleQueueService.NonExistentQueue")
}
