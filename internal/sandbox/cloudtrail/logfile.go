package cloudtrail

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

// maxLogFile is the size at which the records of one delivery are split over
// several log files, uncompressed (assumption A2).
const maxLogFile = 5 << 20

// logFileEntry is a log file in a digest file. The fields stand in AWS's
// order.
type logFileEntry struct {
	Bucket      string `json:"s3Bucket"`
	Key         string `json:"s3Object"`
	Hash        string `json:"hashValue"`
	Algorithm   string `json:"hashAlgorithm"`
	NewestEvent string `json:"newestEventTime"`
	OldestEvent string `json:"oldestEventTime"`
}

// logFile is one log file before it is delivered.
type logFile struct {
	text           []byte // uncompressed
	events         int
	oldest, newest time.Time
}

// makeLogFiles writes events into as many log files as they need.
func makeLogFiles(events []pendingEvent) []logFile {
	var files []logFile
	for len(events) > 0 {
		f := makeLogFile(events)
		files = append(files, f)
		events = events[f.events:]
	}
	return files
}

// makeLogFile writes the first events, as many as fit, on one line, in the
// order in which they came (assumption A3).
func makeLogFile(events []pendingEvent) logFile {
	size := 0
	for _, e := range events {
		size += len(e.JSON) + 1
		if size > maxLogFile {
			break
		}
	}
	var b bytes.Buffer
	b.Grow(min(size, maxLogFile) + 16)
	b.WriteString(`{"Records":[`)
	f := logFile{oldest: events[0].Time, newest: events[0].Time}
	for i, e := range events {
		if i > 0 && b.Len()+len(e.JSON) > maxLogFile {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(e.JSON)
		f.events++
		if e.Time.Before(f.oldest) {
			f.oldest = e.Time
		}
		if e.Time.After(f.newest) {
			f.newest = e.Time
		}
	}
	b.WriteString("]}")
	f.text = b.Bytes()
	return f
}

var gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// compress makes a gzip file of text.
func compress(text []byte) ([]byte, error) {
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	var b bytes.Buffer
	b.Grow(len(text)/8 + 64)
	w.Reset(&b)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// hash is the SHA-256 of a file's uncompressed text, in hex.
func hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
