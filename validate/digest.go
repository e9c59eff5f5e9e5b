package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// document is a digest file's content: CloudTrail user guide, "CloudTrail
// digest file structure".
type document struct {
	Start, End  time.Time
	endText     string // as written: it is signed that way
	Bucket, Key string
	Fingerprint string
	Previous    *link // nil in a starting digest file
	// previousSignature is signed too; nil where the file says null.
	previousSignature *string
	LogFiles          []logEntry
}

// link is what a digest file says of the one before it.
type link struct {
	Bucket, Key     string
	Hash, Algorithm string
	Signature       string
}

// logEntry is one log file that a digest file lists.
type logEntry struct {
	Bucket    string `json:"s3Bucket"`
	Key       string `json:"s3Object"`
	Hash      string `json:"hashValue"` // SHA-256 of the uncompressed bytes in hex
	Algorithm string `json:"hashAlgorithm"`
}

const hashAlgorithm = "SHA-256"

// parseDigest reads a digest file. The error says what is wrong with it.
func parseDigest(raw []byte) (*document, error) {
	var w struct {
		Start       string          `json:"digestStartTime"`
		End         string          `json:"digestEndTime"`
		Bucket      string          `json:"digestS3Bucket"`
		Key         string          `json:"digestS3Object"`
		Fingerprint string          `json:"digestPublicKeyFingerprint"`
		PrevBucket  *string         `json:"previousDigestS3Bucket"`
		PrevKey     *string         `json:"previousDigestS3Object"`
		PrevHash    string          `json:"previousDigestHashValue"`
		PrevAlg     string          `json:"previousDigestHashAlgorithm"`
		PrevSig     json.RawMessage `json:"previousDigestSignature"`
		LogFiles    *[]logEntry     `json:"logFiles"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&w); err != nil {
		return nil, jsonError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	for _, f := range []struct {
		name  string
		there bool
	}{
		{"digestStartTime", w.Start != ""},
		{"digestEndTime", w.End != ""},
		{"digestS3Bucket", w.Bucket != ""},
		{"digestS3Object", w.Key != ""},
		{"digestPublicKeyFingerprint", w.Fingerprint != ""},
		{"previousDigestSignature", w.PrevSig != nil},
		{"logFiles", w.LogFiles != nil},
	} {
		if !f.there {
			return nil, fmt.Errorf("%s is missing", f.name)
		}
	}
	doc := &document{endText: w.End, Bucket: w.Bucket, Key: w.Key, Fingerprint: w.Fingerprint, LogFiles: *w.LogFiles}
	var err error
	if doc.Start, err = time.Parse(time.RFC3339, w.Start); err != nil {
		return nil, errors.New("digestStartTime is not a time")
	}
	if doc.End, err = time.Parse(time.RFC3339, w.End); err != nil {
		return nil, errors.New("digestEndTime is not a time")
	}
	if doc.End.Before(doc.Start) {
		return nil, errors.New("it ends before it starts")
	}
	if err := json.Unmarshal(w.PrevSig, &doc.previousSignature); err != nil {
		return nil, errors.New("previousDigestSignature is not a text")
	}
	if w.PrevBucket != nil && w.PrevKey != nil {
		doc.Previous = &link{Bucket: *w.PrevBucket, Key: *w.PrevKey, Hash: w.PrevHash, Algorithm: w.PrevAlg}
		if doc.previousSignature != nil {
			doc.Previous.Signature = *doc.previousSignature
		}
	}
	for i, l := range doc.LogFiles {
		if l.Bucket == "" || l.Key == "" || l.Hash == "" {
			return nil, fmt.Errorf("entry %d of logFiles lacks s3Bucket, s3Object or hashValue", i)
		}
	}
	return doc, nil
}

// jsonError says what is wrong without the names of Go's types.
func jsonError(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong) && wrong.Field != "":
		return fmt.Errorf("%s is a JSON %s", wrong.Field, wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Errorf("a JSON %s instead of an object", wrong.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the JSON ends too early")
	}
	return errors.New("not JSON")
}
