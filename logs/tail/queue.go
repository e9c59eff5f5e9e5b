package tail

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"trailctl/bucket"
	"trailctl/logs"
)

// Receiver is what following a queue needs of the SDK's client.
type Receiver interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Queue is an SQS queue that is told of delivered log files: by CloudTrail
// through SNS, by S3 itself or through SNS, or by EventBridge.
type Queue struct {
	Client Receiver
	URL    string
	// Bucket is the only bucket whose objects are read; empty lets the messages
	// say. A queue may hold anybody's messages.
	Bucket string
	// Open gives the objects of a bucket.
	Open func(ctx context.Context, bucket string) (logs.Source, error)
}

// How a queue is read: with long polls, which cost least, so that several
// messages are on the way at once. A message that is worked on is hidden from
// others for visible, which is prolonged until its records were taken.
const (
	receivers  = 2
	atOnce     = 10               // messages, the most that SQS gives
	longPoll   = 20               // seconds, the most that SQS waits
	visible    = 2 * time.Minute  // hidden from others
	prolonging = 40 * time.Second // between two requests for more time
)

// Queue follows a queue until ctx ends, whose cause it returns, or until the
// handler returns an error. It fails when the queue cannot be read from the
// beginning. A message is deleted when the handler has taken the records of
// all its log files: so following takes messages away from everybody else who
// reads the queue, and a record may come again in another following when this
// one was killed.
func (f *Follower) Queue(ctx context.Context, q Queue) error {
	r := &receiver{f: f, Queue: q, sources: map[string]logs.Source{}}
	receiving := &trouble{f: f, what: "receiving from " + q.URL}
	reading := &trouble{f: f, what: "reading what the messages of " + q.URL + " name", worked: true}
	all, inner := errgroup.WithContext(ctx)
	for range receivers {
		all.Go(func() error { return r.run(inner, receiving, reading) })
	}
	return ended(ctx, all.Wait())
}

// receiver works on the messages of a queue.
type receiver struct {
	f *Follower
	Queue

	mu      sync.Mutex
	sources map[string]logs.Source // by bucket
	told    recent                 // messages and buckets that were told of
}

func (r *receiver) run(ctx context.Context, receiving, reading *trouble) error {
	for ctx.Err() == nil {
		var out *sqs.ReceiveMessageOutput
		err := receiving.do(ctx, func() (err error) {
			out, err = r.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
				QueueUrl: &r.URL, MaxNumberOfMessages: atOnce, WaitTimeSeconds: longPoll,
				VisibilityTimeout: int32(visible / time.Second),
			})
			if err != nil {
				return fmt.Errorf("receiving from %s: %w", r.URL, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(out.Messages) == 0 {
			continue
		}
		if err := r.finish(ctx, reading, out.Messages); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// finish works on messages until they are done with, and keeps them hidden
// from others meanwhile. When it ends early, others may have them at once.
func (r *receiver) finish(ctx context.Context, t *trouble, received []types.Message) error {
	working, done := context.WithCancel(ctx)
	defer done()
	go r.prolong(working, received)
	tries := 0
	err := t.do(ctx, func() error { tries++; return r.work(ctx, received, tries == maxTries) })
	if err != nil {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		r.hide(late, received, 0)
	}
	return err
}

// message is a received message and the objects it names.
type message struct {
	types.Message
	objects []object
	left    bool // not to be deleted
}

// work reads what messages name and deletes them. Work that failed is done
// again, and what was handed over is not handed over again. The last time
// messages whose objects cannot be fetched are left.
func (r *receiver) work(ctx context.Context, received []types.Message, last bool) error {
	var list []*message
	byBucket := map[string][]*message{}
	for _, m := range received {
		one := &message{Message: m}
		list = append(list, one)
		r.open(one)
		for _, o := range one.objects {
			if !slices.Contains(byBucket[o.bucket], one) {
				byBucket[o.bucket] = append(byBucket[o.bucket], one)
			}
		}
	}
	for name, some := range byBucket {
		if err := r.read(ctx, name, some, last); err != nil {
			return err
		}
	}
	return r.delete(ctx, list)
}

// open finds out what a message names. Messages that cannot be understood, and
// such that name other buckets, are told of once and left where they are.
func (r *receiver) open(m *message) {
	objects, err := parseMessage(aws.ToString(m.Body))
	if err != nil {
		m.left = true
		r.once("message "+aws.ToString(m.MessageId), Notice{
			What: fmt.Sprintf("message %s of the queue is left there", aws.ToString(m.MessageId)), Err: err,
		})
		return
	}
	for _, o := range objects {
		if r.Bucket != "" && o.bucket != r.Bucket {
			m.left = true
			r.once("bucket "+o.bucket, Notice{
				What: fmt.Sprintf("messages about the bucket %.100q are left in the queue: it is not the trail's bucket %s", o.bucket, r.Bucket),
			})
			return
		}
	}
	m.objects = objects
}

// once tells what was not told yet.
func (r *receiver) once(about string, n Notice) {
	r.mu.Lock()
	first := r.told.add(keyOf(about))
	r.mu.Unlock()
	if first {
		r.f.tell(n)
	}
}

func (r *receiver) source(ctx context.Context, name string) (logs.Source, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if src, ok := r.sources[name]; ok {
		return src, nil
	}
	src, err := r.Open(ctx, name)
	if err == nil {
		r.sources[name] = src
	}
	return src, err
}

// read hands over the records of the objects in a bucket that messages name.
func (r *receiver) read(ctx context.Context, name string, messages []*message, last bool) error {
	src, err := r.source(ctx, name)
	if err != nil {
		if !permanent(err) {
			return err
		}
		for _, m := range messages {
			m.left = true
		}
		r.once("bucket "+name, Notice{What: fmt.Sprintf("messages about the bucket %.100q are left in the queue", name), Err: err})
		return nil
	}
	var list []logs.Found
	for _, m := range messages {
		for _, o := range m.objects {
			if f := named(o); o.bucket == name && f.Skip == "" {
				list = append(list, f)
			}
		}
	}
	found := func(yield func(logs.Found, error) bool) {
		for _, f := range list {
			if !yield(f, nil) {
				return
			}
		}
	}
	var failed error
	err = r.f.files(ctx, src, found, nil, func(file *logs.File) bool {
		again := unfetched(file)
		switch {
		case again && !last:
			failed = file.Err
			return false
		case again || file.Err != nil && permanent(file.Err):
			r.leave(messages, name, file.Object.Key)
			return r.first(src.URI(file.Object.Key))
		}
		return true
	})
	if err != nil {
		return err
	}
	return failed
}

// first tells whether something is mentioned for the first time.
func (r *receiver) first(about string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told.add(keyOf(about))
}

// leave keeps the messages that name an object.
func (r *receiver) leave(messages []*message, bucket, key string) {
	for _, m := range messages {
		if slices.Contains(m.objects, object{bucket, key}) {
			m.left = true
		}
	}
}

// named is an object that a message names, with the reason for which it is
// not read: digest files are not, and what no log file is called like.
func named(o object) logs.Found {
	f := logs.Found{Object: bucket.Object{Key: o.key, Size: -1}}
	f.Key, f.Log = logs.ParseName(o.key)
	switch {
	case f.Log && f.Key.Kind != bucket.LogFile && f.Key.Kind != bucket.Insight:
		f.Skip = logs.SkipDigest
	case !f.Log:
		f.Skip = logs.SkipName
	}
	return f
}

// delete deletes the messages that are done with.
func (r *receiver) delete(ctx context.Context, list []*message) error {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &r.URL}
	for i, m := range list {
		if !m.left {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(in.Entries) == 0 {
		return nil
	}
	out, err := r.Client.DeleteMessageBatch(ctx, in)
	if err != nil {
		return fmt.Errorf("deleting messages of %s: %w", r.URL, err)
	}
	if n := len(out.Failed); n > 0 {
		r.f.note("%d of %d messages could not be deleted (%s): they will come again, and their records are not shown again",
			n, len(in.Entries), aws.ToString(out.Failed[0].Code))
	}
	return nil
}

// prolong keeps messages hidden until ctx ends.
func (r *receiver) prolong(ctx context.Context, received []types.Message) {
	tick := time.NewTicker(prolonging)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		r.hide(ctx, received, visible)
	}
}

// hide hides messages for so long from now on. When it fails they come again
// early, and are recognized.
func (r *receiver) hide(ctx context.Context, received []types.Message, d time.Duration) {
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &r.URL}
	for i, m := range received {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(fmt.Sprint(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: int32(d / time.Second),
		})
	}
	_, _ = r.Client.ChangeMessageVisibilityBatch(ctx, in)
}
