package bucket

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

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

	checked bool      // the SDK compares the bytes of the first connection with S3's checksum
	broke   bool      // there was a second connection
	sum     *checksum // nil when the SDK checks, or there is nothing to check
}

// md5Of is the MD5 that an answer tells, in hex. ETags of several parts have a
// dash, and those of objects encrypted with a KMS or a customer's key are no
// MD5 though they look like one (Amazon S3 API reference, "Object").
func md5Of(out *s3.GetObjectOutput) string {
	tag := strings.Trim(aws.ToString(out.ETag), `"`)
	raw, err := hex.DecodeString(tag)
	ours := out.ServerSideEncryption == "" || out.ServerSideEncryption == types.ServerSideEncryptionAes256
	if err != nil || len(raw) != md5.Size || !ours || out.SSECustomerAlgorithm != nil {
		return ""
	}
	return strings.ToLower(tag)
}

// verified tells, at the end, whether a checksum vouches for all bytes.
func (r *resuming) verified() bool {
	return r.checked && !r.broke || r.sum != nil && r.sum.right()
}

func (r *resuming) Read(p []byte) (int, error) {
	for {
		n, err := r.readOnce(p)
		r.read += int64(n)
		if r.sum != nil {
			r.sum.Write(p[:n])
		}
		switch {
		case err == nil:
			return n, nil
		case errors.Is(err, io.EOF) && (r.size < 0 || r.read >= r.size):
			if r.sum != nil && !r.verified() {
				return n, fmt.Errorf("reading %s: %w (%s)", r.from.URI(r.key), ErrChecksum, r.sum.name)
			}
			return n, io.EOF
		case r.checked && r.refused(err):
			return n, fmt.Errorf("reading %s: %w: %w", r.from.URI(r.key), ErrChecksum, err)
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

// refused tells the error of the SDK's checksum, which has no type of its own,
// from those of the network: it comes when all bytes have come.
func (r *resuming) refused(err error) bool {
	return r.size >= 0 && r.read >= r.size || strings.Contains(err.Error(), "checksum did not match")
}

// patience is how long a body may bring nothing before its connection counts
// as broken.
const patience = 15 * time.Second

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
	r.body, r.broke = http.NoBody, true
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
