package validate

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// document is a digest file's content: CloudTrail user guide, "CloudTrail
// digest file structure". The log files that it lists are not held, there may
// be a great many.
type document struct {
	Start, End  time.Time
	endText     string // as written: it is signed that way
	Bucket, Key string
	Fingerprint string
	Previous    *link // nil in a starting digest file
	// previousSignature is signed too; nil where the file says null.
	previousSignature *string
	listed            int // log files
}

// link is what a digest file says of the one before it.
type link struct {
	Bucket, Key     string
	Hash, Algorithm string
	Signature       string
}

// logEntry is one log file that a digest file lists.
type logEntry struct {
	Bucket    string
	Key       string
	Hash      string // SHA-256 of the uncompressed bytes in hex
	Algorithm string
}

const hashAlgorithm = "SHA-256"

// documentFields are the names in a digest file, and entryFields those in each
// of its logFiles. Only the first ones are read.
var (
	documentFields = []string{
		"digestStartTime", "digestEndTime", "digestS3Bucket", "digestS3Object", "digestPublicKeyFingerprint",
		"previousDigestS3Bucket", "previousDigestS3Object", "previousDigestHashValue", "previousDigestHashAlgorithm",
		"previousDigestSignature", "logFiles",
		"awsAccountId", "digestSignatureAlgorithm", "newestEventTime", "oldestEventTime",
	}
	entryFields = []string{"s3Bucket", "s3Object", "hashValue", "hashAlgorithm", "newestEventTime", "oldestEventTime"}
)

// digestReader reads digest files, one after the other.
type digestReader struct {
	scanner
	last logEntry            // the one before it
	each func(logEntry) bool // may be nil
}

const (
	documentRead = 11
	entryRead    = 4
)

// errStopped says that each wanted no more.
var errStopped = errors.New("stopped")

// read reads a digest file and hands each log file that it lists to each,
// until that says no. Any other error than the reader's own says what is wrong
// with the file.
func (r *digestReader) read(in io.Reader, each func(logEntry) bool) (*document, error) {
	r.reset(in)
	r.each, r.last = each, logEntry{}
	b, err := r.token()
	if err != nil {
		return nil, err
	}
	if kind := kindOf(b); kind != "object" && kind != "" {
		return nil, fmt.Errorf("a JSON %s instead of an object", kind)
	}
	texts := make([]*string, len(documentFields))
	d := &document{listed: -1}
	signature := false
	err = r.object(documentFields, documentRead, func(i int) error {
		var err error
		switch {
		case i < 0 || i >= documentRead:
			return r.skip(0)
		case documentFields[i] == "logFiles":
			return r.entries(d)
		case documentFields[i] == "previousDigestSignature":
			signature = true
			if b, err := r.token(); err == nil && b != '"' && b != 'n' {
				return errors.New("previousDigestSignature is not a text")
			}
		}
		texts[i], err = r.textOrNull(documentFields[i])
		return err
	})
	if err == nil {
		err = r.end()
	}
	if err != nil {
		return nil, err
	}
	return d, d.fill(texts, signature)
}

// fill takes over what was read, in the order of documentFields.
func (d *document) fill(texts []*string, signature bool) error {
	text := func(i int) string {
		if texts[i] == nil {
			return ""
		}
		return *texts[i]
	}
	for i, name := range documentFields[:5] {
		if text(i) == "" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	switch {
	case !signature:
		return errors.New("previousDigestSignature is missing")
	case d.listed < 0:
		return errors.New("logFiles is missing")
	}
	d.endText, d.Bucket, d.Key, d.Fingerprint, d.previousSignature = text(1), text(2), text(3), text(4), texts[9]
	var err error
	if d.Start, err = time.Parse(time.RFC3339, text(0)); err != nil {
		return errors.New("digestStartTime is not a time")
	}
	if d.End, err = time.Parse(time.RFC3339, d.endText); err != nil {
		return errors.New("digestEndTime is not a time")
	}
	if d.End.Before(d.Start) {
		return errors.New("it ends before it starts")
	}
	if texts[5] != nil && texts[6] != nil {
		d.Previous = &link{Bucket: text(5), Key: text(6), Hash: text(7), Algorithm: text(8), Signature: text(9)}
	}
	return nil
}

// entries reads logFiles.
func (r *digestReader) entries(d *document) error {
	switch b, err := r.token(); {
	case err != nil:
		return err
	case b == 'n':
		return r.literal("null") // and is missing
	case b != '[':
		return r.wrong(b, "logFiles")
	}
	d.listed = 0
	return r.list('[', ']', func() error {
		l, err := r.logFile()
		switch {
		case err != nil:
			return err
		case l.Bucket == "" || l.Key == "" || l.Hash == "":
			return fmt.Errorf("entry %d of logFiles lacks s3Bucket, s3Object or hashValue", d.listed)
		case r.each != nil && !r.each(l):
			return errStopped
		}
		r.last = l
		d.listed++
		return nil
	})
}

func (r *digestReader) logFile() (l logEntry, err error) {
	switch b, err := r.token(); {
	case err != nil:
		return l, err
	case b == 'n':
		return l, r.literal("null")
	case b != '{':
		return l, r.wrong(b, "an entry of logFiles")
	}
	into := [entryRead]*string{&l.Bucket, &l.Key, &l.Hash, &l.Algorithm}
	before := [entryRead]string{r.last.Bucket, "", "", r.last.Algorithm}
	err = r.object(entryFields, entryRead, func(i int) error {
		if i < 0 || i >= entryRead {
			return r.skip(0)
		}
		return r.entryText(entryFields[i], before[i], into[i])
	})
	return l, err
}

// entryText reads a string. Most entries have the same bucket and algorithm as
// the one before, which is then taken again.
func (r *digestReader) entryText(name, before string, into *string) error {
	switch b, err := r.token(); {
	case err != nil:
		return err
	case b == 'n':
		return r.literal("null")
	case b != '"':
		return r.wrong(b, "logFiles."+name)
	}
	if err := r.string(maxText); err != nil {
		return err
	}
	if r.each == nil && len(r.text) > 0 {
		*into = "." // nobody looks at it, but it is there
		return nil
	}
	if *into = before; string(r.text) != before {
		*into = string(r.text)
	}
	return nil
}
