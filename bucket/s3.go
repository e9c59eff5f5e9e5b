package bucket

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
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
	// counts as broken; 0 means 15 seconds.
	Patience time.Duration
	// PageSize bounds one listing call; 0 leaves it to S3 (1,000).
	PageSize int32

	direct direct
}

// URI names an object for people.
func (b *S3) URI(key string) string { return URI(b.Name, key) }

// List yields the objects under prefix in the order of their keys, those
// after the key after only, if it is not empty. It ends after an error.
func (b *S3) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix, EncodingType: types.EncodingTypeUrl}
		if after != "" {
			in.StartAfter = &after
		}
		if b.PageSize > 0 {
			in.MaxKeys = &b.PageSize
		}
		var way course
		for {
			out, err := b.Client.ListObjectsV2(ctx, in)
			if err != nil {
				yield(Object{}, fmt.Errorf("listing %s: %w", b.URI(prefix), classify(err)))
				return
			}
			if err := way.page(out); err != nil {
				yield(Object{}, fmt.Errorf("listing %s: %w", b.URI(prefix), err))
				return
			}
			for _, o := range out.Contents {
				obj := Object{
					Key:      listedName(out, o.Key),
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

// listedName is a name in a listing. Names are asked for in the URL's encoding,
// because a key may hold characters that XML has no way to write: one such key
// would make all others beside it unreadable. Not every server that speaks S3
// knows the encoding; its answer says which one it has.
func listedName(out *s3.ListObjectsV2Output, name *string) string {
	if out.EncodingType != types.EncodingTypeUrl {
		return aws.ToString(name)
	}
	plain, err := url.QueryUnescape(aws.ToString(name)) // S3 writes a blank as +
	if err != nil {
		return aws.ToString(name)
	}
	return plain
}

// errEndless ends a listing that would go on for ever.
var errEndless = errors.New("the server goes on and on: it repeats itself, or lists more than a bucket of CloudTrail's has")

// maxFolders bounds the accounts or regions at one place.
const maxFolders = 100_000

// course watches that a listing gets on. Keys come in order; a server that
// begins anew, or brings one empty page after the other, would be listened to
// for ever.
type course struct {
	last  string // key of the pages before
	empty int    // pages in a row
}

// emptyPages may come in a row where very many keys were deleted.
const emptyPages = 1000

func (c *course) page(out *s3.ListObjectsV2Output) error {
	objects, folders := out.Contents, out.CommonPrefixes
	switch {
	case len(objects) > 0:
		return c.between(listedName(out, objects[0].Key), listedName(out, objects[len(objects)-1].Key))
	case len(folders) > 0:
		return c.between(listedName(out, folders[0].Prefix), listedName(out, folders[len(folders)-1].Prefix))
	}
	if c.empty++; c.empty > emptyPages {
		return errEndless
	}
	return nil
}

func (c *course) between(first, last string) error {
	if c.last != "" && first <= c.last {
		return errEndless
	}
	c.last, c.empty = max(c.last, last), 0
	return nil
}

func repeats(last, next *string) bool { return last != nil && *last == *next }

// Folders lists the names directly below prefix that have something below
// them, without slashes: the accounts below AWSLogs/, the regions below
// CloudTrail/.
func (b *S3) Folders(ctx context.Context, prefix string) ([]string, error) {
	in := &s3.ListObjectsV2Input{Bucket: &b.Name, Prefix: &prefix, Delimiter: aws.String("/"), EncodingType: types.EncodingTypeUrl}
	var names []string
	var way course
	for {
		out, err := b.Client.ListObjectsV2(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("listing %s: %w", b.URI(prefix), classify(err))
		}
		if err := way.page(out); err != nil {
			return nil, fmt.Errorf("listing %s: %w", b.URI(prefix), err)
		}
		for _, p := range out.CommonPrefixes {
			names = append(names, strings.TrimSuffix(strings.TrimPrefix(listedName(out, p.Prefix), prefix), "/"))
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
	if resp, err := b.direct.get(ctx, key); err == nil {
		return b.direct.body(ctx, b, key, resp), nil
	} else if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	out, err := b.get(ctx, key, nil, b.direct.learn(key))
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
	sum := md5Of(out)
	if _, r.checked = s3.GetChecksumValidationMetadata(out.ResultMetadata); !r.checked {
		r.sum = md5Checksum(sum)
	}
	return &Body{
		ReadCloser: r, Size: size, Metadata: meta, MD5: sum,
		ETag: strings.Trim(aws.ToString(out.ETag), `"`), VersionID: aws.ToString(out.VersionId),
	}, nil
}

func (b *S3) get(ctx context.Context, key string, change func(*s3.GetObjectInput), options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	in := &s3.GetObjectInput{Bucket: &b.Name, Key: &key}
	if change != nil {
		change(in)
	}
	out, err := b.Client.GetObject(ctx, in, options...)
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
