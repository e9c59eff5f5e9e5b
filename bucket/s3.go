package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Reader is what S3 needs of the SDK's client.
type Reader interface {
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// S3 reads the objects of one bucket in S3.
type S3 struct {
	Client Reader
	Name   string
	// Patience is how long a body may bring nothing before its connection
	// counts as broken; 0 means a minute.
	Patience time.Duration
	// PageSize bounds one listing call; 0 leaves it to S3 (1,000).
	PageSize int32
}

// URI names an object for people.
func (b *S3) URI(key string) string { return URI(b.Name, key) }

// List yields the objects under prefix in the order of their keys, those
// after the key after only, if it is not empty. It ends after an error.
func (b *S3) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix}
		if after != "" {
			in.StartAfter = &after
		}
		if b.PageSize > 0 {
			in.MaxKeys = &b.PageSize
		}
		for {
			out, err := b.Client.ListObjectsV2(ctx, in)
			if err != nil {
				yield(Object{}, fmt.Errorf("listing %s: %w", b.URI(prefix), classify(err)))
				return
			}
			for _, o := range out.Contents {
				obj := Object{
					Key:      aws.ToString(o.Key),
					Size:     aws.ToInt64(o.Size),
					Modified: aws.ToTime(o.LastModified),
					ETag:     strings.Trim(aws.ToString(o.ETag), `"`),
				}
				if !yield(obj, nil) {
					return
				}
			}
			if !aws.ToBool(out.IsTruncated) || out.NextContinuationToken == nil {
				return
			}
			if repeats(in.ContinuationToken, out.NextContinuationToken) {
				yield(Object{}, fmt.Errorf("listing %s: %w", b.URI(prefix), errEndless))
				return
			}
			in.ContinuationToken = out.NextContinuationToken
		}
	}
}

// errEndless ends a listing that would go on for ever.
var errEndless = errors.New("the server goes on and on: it repeats itself, or lists more than a bucket of CloudTrail's has")

// maxFolders bounds the accounts or regions at one place.
const maxFolders = 100_000

func repeats(last, next *string) bool { return last != nil && *last == *next }

// Folders lists the names directly below prefix that have something below
// them, without slashes: the accounts below AWSLogs/, the regions below
// CloudTrail/.
func (b *S3) Folders(ctx context.Context, prefix string) ([]string, error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix, Delimiter: aws.String("/")}
	var names []string
	for {
		out, err := b.Client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", b.URI(prefix), classify(err))
		}
		for _, p := range out.CommonPrefixes {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(aws.ToString(p.Prefix), prefix), "/"))
		}
		if !aws.ToBool(out.IsTruncated) || out.NextContinuationToken == nil {
			return names, nil
		}
		if repeats(in.ContinuationToken, out.NextContinuationToken) || len(names) > maxFolders {
			return nil, fmt.Errorf("listing %s: %w", b.URI(prefix), errEndless)
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// Get opens an object. A connection that is cut in the middle is taken up
// again where it broke, so that a reader sees either the whole object or an
// error.
func (b *S3) Get(ctx context.Context, key string) (*Body, error) {
	out, err := b.get(ctx, key, nil)
	if err != nil {
		return nil, err
	}
	size := int64(-1)
	if out.ContentLength != nil {
		size = *out.ContentLength
	}
	meta := make(map[string]string, len(out.Metadata))
	for k, v := range out.Metadata {
		meta[strings.ToLower(k)] = v
	}
	r := &resuming{ctx: ctx, from: b, key: key, etag: out.ETag, body: out.Body, size: size}
	return &Body{ReadCloser: r, Size: size, Metadata: meta}, nil
}

func (b *S3) get(ctx context.Context, key string, change func(*s3.GetObjectInput)) (*s3.GetObjectOutput, error) {
	in := &s3.GetObjectInput{Bucket: &b.Name, Key: &key}
	if change != nil {
		change(in)
	}
	out, err := b.Client.GetObject(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", b.URI(key), classify(err))
	}
	return out, nil
}

// classify marks the errors that callers tell apart, keeping the SDK's text.
func classify(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode() {
	case "NoSuchKey", "NoSuchBucket", "NoSuchVersion":
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case "AccessDenied", "Forbidden", "AllAccessDisabled":
		return fmt.Errorf("%w: %w", ErrDenied, err)
	case "InvalidObjectState":
		return fmt.Errorf("%w: %w", ErrArchived, err)
	}
	return err
}

// resumeAttempts bounds how often one object is taken up again; each attempt
// has the SDK's own retries inside.
const resumeAttempts = 4

// resuming is an object's body that survives cut connections.
type resuming struct {
	ctx  context.Context
	from *S3
	key  string
	etag *string
	body io.ReadCloser
	size int64 // -1 when not known
	read int64
	used int // attempts used
}

func (r *resuming) Read(p []byte) (int, error) {
	for {
		n, err := r.readOnce(p)
		r.read += int64(n)
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, io.EOF) && (r.size < 0 || r.read >= r.size):
			return n, io.EOF
		case r.ctx.Err() != nil:
			return n, context.Cause(r.ctx)
		}
		if n > 0 {
			return n, nil // the next Read meets the error again, or resumes
		}
		if again := r.resume(err); again != nil {
			return 0, again
		}
	}
}

// patience is how long a body may bring nothing before its connection counts
// as broken.
const patience = time.Minute

func (r *resuming) readOnce(p []byte) (int, error) {
	wait := r.from.Patience
	if wait <= 0 {
		wait = patience
	}
	body := r.body
	stalled := time.AfterFunc(wait, func() { body.Close() })
	defer stalled.Stop()
	return body.Read(p)
}

// resume opens the object again at the first byte not yet read.
func (r *resuming) resume(cause error) error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	fail := fmt.Errorf("reading %s: connection broke after %d bytes: %w", r.from.URI(r.key), r.read, cause)
	if r.used >= resumeAttempts {
		return fail
	}
	wait := time.NewTimer(100 * time.Millisecond << r.used)
	defer wait.Stop()
	r.used++
	select {
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	case <-wait.C:
	}
	r.body.Close()
	r.body = http.NoBody
	out, err := r.from.get(r.ctx, r.key, func(in *s3.GetObjectInput) {
		if r.read > 0 {
			in.Range = aws.String(fmt.Sprintf("bytes=%d-", r.read))
		}
		in.IfMatch = r.etag
	})
	if err != nil {
		return err
	}
	if from := fmt.Sprintf("bytes %d-", r.read); r.read > 0 && out.ContentRange != nil && !strings.HasPrefix(*out.ContentRange, from) {
		out.Body.Close()
		return fmt.Errorf("reading %s: the server answered with %s instead of %s", r.from.URI(r.key), *out.ContentRange, from)
	}
	if r.read > 0 && out.ContentRange == nil { // a server that knows no ranges
		if _, err := io.CopyN(io.Discard, out.Body, r.read); err != nil {
			out.Body.Close()
			return fail
		}
	}
	r.body = out.Body
	return nil
}

func (r *resuming) Close() error { return r.body.Close() }

// HeadBucket is what Region needs of the SDK's client.
type HeadBucket interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
}

// Region tells where a bucket lies, asking from any region. It fails with
// ErrNotFound when nobody owns the name; a bucket of somebody else's still
// tells its region, with owned false.
func Region(ctx context.Context, client HeadBucket, name string) (region string, owned bool, err error) {
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	if err == nil {
		return aws.ToString(out.BucketRegion), true, nil
	}
	// S3 names the region in a header also where it refuses or redirects.
	var resp *smithyhttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil {
		if h := resp.Response.Header.Get("x-amz-bucket-region"); h != "" && resp.HTTPStatusCode() != http.StatusNotFound {
			return h, resp.HTTPStatusCode() != http.StatusForbidden, nil
		}
	}
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "NotFound" { // HEAD has no body to say it better
		err = fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	return "", false, fmt.Errorf("bucket %s: %w", name, classify(err))
}
