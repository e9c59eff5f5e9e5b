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
	// ErrChecksum says that what came is not what was stored.
	ErrChecksum = errors.New("what came is not what the bucket holds: the checksum differs")
)

// Object is one listed object.
type Object struct {
	Key      string
	Size     int64     // bytes as stored, so compressed
	Modified time.Time // when S3 took it; for a local folder the file's own time
	ETag     string    // empty for a local folder
	// Special marks what stands in a local folder and is no regular file: a
	// link, a pipe, a device. It cannot be read.
	Special bool
}

// Body is one object being read: the stored bytes, not unzipped.
type Body struct {
	io.ReadCloser
	Size     int64             // -1 when not known
	Metadata map[string]string // user metadata, names in lower case without x-amz-meta-
	// ETag and VersionID as S3 told them with this body, without quotes; empty
	// for a local folder, and VersionID where the bucket keeps no versions.
	ETag, VersionID string
	// MD5 of the object in hex, where S3 tells it: the ETag of an object that
	// was put in one part, and not encrypted with a KMS or a customer's key.
	MD5 string
}

// Verified tells of a body that was read to its end whether S3's own checksum
// or MD5 vouches for all of its bytes. When the two differ, reading ends with
// ErrChecksum.
func (b *Body) Verified() bool {
	r, ok := b.ReadCloser.(*resuming)
	return ok && r.verified()
}
