// Package logs is the log files that CloudTrail delivers and the records in
// them: it finds the files of a window in a bucket or a folder, reads them in
// whatever form they come, and downloads them. A record stays the bytes it
// was until a field is asked for. The package proves nothing about the files
// (that is validate) and prints nothing.
package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"trailctl/bucket"
)

// Source is what this package needs of a bucket or of its local copy.
// bucket.S3 and bucket.Folder have it.
type Source interface {
	List(ctx context.Context, prefix, after string) iter.Seq2[bucket.Object, error]
	Folders(ctx context.Context, prefix string) ([]string, error)
	Get(ctx context.Context, key string) (*bucket.Body, error)
	URI(key string) string
}

// ErrNotLogFile says that a file holds no CloudTrail records and shows no
// sign of ever having held some.
var ErrNotLogFile = errors.New("not a CloudTrail log file")

// DamageError is a place where a log file cannot be read. The records before
// it, and often those after it, can.
type DamageError struct {
	Offset int64 // in bytes from the start of the uncompressed file
	Reason string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("damaged at byte %d: %s", e.Offset, e.Reason)
}

// GzipError is a place from which on a log file cannot be uncompressed. The
// records before it can be read.
type GzipError struct {
	Offset int64 // in bytes from the start of the compressed file
	Reason string
}

func (e *GzipError) Error() string {
	return fmt.Sprintf("damaged at byte %d of the compressed file: %s", e.Offset, e.Reason)
}
