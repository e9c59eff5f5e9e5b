package validate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"trailctl/bucket"
)

// A copy may hold log files without their compression, NAME.json in place of
// NAME.json.gz. The hashes in digest files are over the uncompressed bytes, so
// what is in them can be proved all the same.

// CodePlain is a notice about such log files.
const CodePlain Code = "uncompressed"

// uncompressed is a log file that stands in for the compressed one.
type uncompressed struct{ io.ReadCloser }

// plainName is the name of a log file without its compression; false for
// everything else.
func plainName(key string) (string, bool) {
	plain, ok := strings.CutSuffix(key, ".gz")
	if !ok {
		return "", false
	}
	k, ok := bucket.ParseKey(key)
	return plain, ok && k.Kind == bucket.LogFile
}

// uncompressed opens a log file that may stand in for one that is not there.
func (c *copied) uncompressed(ctx context.Context, plain string, notFound error) (*bucket.Body, error) {
	body, err := c.Store.Get(ctx, c.place(plain))
	switch {
	case missing(err):
		return nil, notFound
	case err != nil:
		return nil, err
	}
	body.ReadCloser = uncompressed{body.ReadCloser}
	return body, nil
}

// hashPlain hashes the bytes as they are.
func (c *check) hashPlain(ctx context.Context, body *bucket.Body) (hash string, bytes int64, err error) {
	c.plain.Add(1)
	sum := sha256.New()
	bytes, err = io.Copy(sum, io.LimitReader(reading{ctx, body}, c.MaxLogFile+1))
	if err == nil && bytes > c.MaxLogFile {
		err = errTooLarge
	}
	return hex.EncodeToString(sum.Sum(nil)), bytes, err
}

// reading ends when the run is called off.
type reading struct {
	ctx context.Context
	io.Reader
}

func (r reading) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

// tellPlain says how many there were: of those the copy does not have the bytes
// that the bucket has.
func (c *check) tellPlain(ctx context.Context) {
	if n := c.plain.Load(); n > 0 {
		c.problem(Finding{
			Severity: SeverityNotice, Code: CodePlain, Subject: SubjectCopy, URI: c.uri(ctx, c.Bucket, "AWSLogs/"),
			Message: fmt.Sprintf("uncompressed log files in the copy, NAME.json in place of NAME.json.gz: %d", n),
			Detail:  "their content was compared with the digest files; the compressed objects are not there",
		})
	}
}

// standsIn tells whether an object is a log file that was taken for the
// compressed one that a digest file lists: beside that, it is one too many.
func (c *check) standsIn(ctx context.Context, store Store, key string) bool {
	if _, ok := plainName(key + ".gz"); !ok || !c.Copy || !c.isListed(c.Bucket, key+".gz") {
		return false
	}
	body, err := store.Get(ctx, key+".gz")
	if err != nil {
		return false
	}
	defer body.Close()
	_, ok := body.ReadCloser.(uncompressed)
	return ok
}
