// Package bucket is the bucket that receives a trail: the grammar of the keys
// under AWSLogs/, the bucket's settings and policy, and reading its objects,
// whether they lie in S3 or in a local folder that holds a copy. It knows
// nothing of what is inside a log file or a digest file.
package bucket

import (
	"errors"
	"io"
	"time"
)

// What a read can fail with besides trouble on the way. Only ErrNotFound says
// that an object is missing; with the others nobody knows.
var (
	ErrNotFound = errors.New("not found")
	ErrDenied   = errors.New("access denied")
	ErrArchived = errors.New("archived: restore it from Glacier first")
)

// Object is one listed object.
type Object struct {
	Key      string
	Size     int64     // bytes as stored, so compressed
	Modified time.Time // when S3 took it; for a local folder the file's own time
	ETag     string    // empty for a local folder
}

// Body is one object being read: the stored bytes, not unzipped.
type Body struct {
	io.ReadCloser
	Size     int64             // -1 when not known
	Metadata map[string]string // user metadata, names in lower case without x-amz-meta-
}
