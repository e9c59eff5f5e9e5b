package validate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// digestFile is a digest file on its way through the walk.
type digestFile struct {
	at   location
	end  time.Time // by its name
	key  string
	uri  string
	size int

	status Status
	broken bool      // the link to the one before it is wrong, all else is right
	doc    *document // nil when it cannot be read, and not whole when err says so; unproven unless the status is valid
	hash   string
	meta   map[string]string
	err    error // from fetching and reading it
	found  *Finding

	stored []byte // as it was fetched, for its log files; nil when it has to be fetched again
	held   int64  // of the room for such
}

// start is when the digest file begins, as far as anyone can tell: what is
// not proved may say anything.
func (d *digestFile) start(rhythm time.Duration) time.Time {
	if d.status == Valid {
		return d.doc.Start
	}
	return d.end.Add(-rhythm)
}

// Digest files are fetched ahead of the walk, up to so many and, unless they
// are needed at once, so many stored bytes a chain.
const (
	maxAhead      = 32
	maxAheadBytes = 512 << 10
	leastAhead    = 2
	// fetchedAtOnce bounds those of all chains.
	fetchedAtOnce = 64
)

// ahead yields the digest files of a list in order.
func (w *walker) ahead(ctx context.Context, at location, list []entry) iter.Seq[*digestFile] {
	type promise struct {
		got  chan *digestFile
		size int64
	}
	return func(yield func(*digestFile) bool) {
		var queue []promise
		var bytes int64
		ctx, cancel := context.WithCancel(ctx)
		var done [leastAhead]*digestFile // the walk looks at two at a time
		ended := false                   // then it still looks at the last two, and releases them
		defer func() {
			cancel()
			for _, p := range queue {
				w.release(<-p.got)
			}
			for _, d := range done {
				if !ended {
					w.release(d)
				}
			}
		}()
		for next := 0; next < len(list) || len(queue) > 0; {
			for next < len(list) && (len(queue) < leastAhead || (len(queue) < maxAhead && bytes < maxAheadBytes)) {
				e := list[next]
				p := promise{got: make(chan *digestFile, 1), size: e.size}
				go func() { p.got <- w.load(ctx, at, e.time()) }()
				queue, bytes, next = append(queue, p), bytes+e.size, next+1
			}
			d := <-queue[0].got
			bytes -= queue[0].size
			queue = queue[1:]
			w.release(done[0])
			done[0], done[1] = done[1], d
			if ctx.Err() != nil || !yield(d) {
				return
			}
		}
		ended = true
	}
}

// load fetches and parses one digest file, without judging it.
func (w *walker) load(ctx context.Context, at location, end time.Time) *digestFile {
	select {
	case w.fetching <- struct{}{}:
		defer func() { <-w.fetching }()
	case <-ctx.Done():
		return &digestFile{at: at, end: end, err: context.Cause(ctx)}
	}
	d := &digestFile{at: at, end: end, key: at.key(end)}
	d.uri = w.uri(ctx, at.bucket, d.key)
	d.err = w.fetch(ctx, d)
	return d
}

// untilTrouble ends where its reader has trouble, which that remembers.
type untilTrouble struct{ io.Reader }

func (r untilTrouble) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// formatError is about a digest file's content.
type formatError struct{ error }

// fetch reads a digest file to its end: the log files that it lists are
// counted only, since nobody knows yet whether they are the right ones.
func (w *walker) fetch(ctx context.Context, d *digestFile) error {
	store, err := w.store(ctx, d.at.bucket)
	if err != nil {
		return err
	}
	body, err := store.Get(ctx, d.key)
	if err != nil {
		return err
	}
	defer body.Close()
	d.meta = body.Metadata
	copied := w.keep(body)
	u := w.hasher.unpackers.get()
	defer w.hasher.unpackers.put(u)
	p := u.open(copied, w.MaxDigest)
	sum := sha256.New()
	doc, err := u.json.read(io.TeeReader(untilTrouble{p}, sum), nil)
	if p.err == nil { // for trouble behind what is wrong
		_, _ = io.Copy(io.Discard, p)
	}
	if doc != nil && doc.listed >= 0 {
		d.doc = doc // for how many log files it lists, if for nothing else
	}
	switch {
	case p.err == errTooLarge:
		err = &formatError{fmt.Errorf("it has more than %d bytes", w.MaxDigest)}
	case badData(p.err):
		err = &formatError{p.err}
	case p.err != io.EOF:
		err = p.err
	case err != nil:
		err = &formatError{err}
	default:
		d.hash, d.size = hex.EncodeToString(sum.Sum(nil)), int(p.n)
		d.stored, d.held = copied.stored, copied.held
		return nil
	}
	w.kept.Release(copied.held)
	return err
}

// judge decides what a digest file is worth. next is the one that follows it,
// if any: in a copy it may hold the signature.
func (w *walker) judge(ctx context.Context, d, next *digestFile) {
	d.status = Invalid
	var format *formatError
	switch {
	case d.err == nil:
	case missing(d.err):
		d.status = Missing
		d.find(SeverityMissing, CodeNotFound, "INVALID: not found", "")
		return
	case errors.As(d.err, &format):
		d.find(SeverityInvalid, CodeFormat, "INVALID: invalid format", format.Error())
		return
	default:
		d.status = Unchecked
		d.find(SeverityUnchecked, CodeUnreadable, "could not check: "+reason(d.err), d.err.Error())
		return
	}
	if !w.inPlace(d) {
		d.find(SeverityInvalid, CodeMoved, "INVALID: has been moved from its original location",
			fmt.Sprintf("it belongs at s3://%s/%s", d.doc.Bucket, d.doc.Key))
		return
	}
	if _, ok := d.meta[metaBackfill]; d.at.Backfill && !ok && !w.Copy {
		if d.meta[metaSignature] == "" {
			d.find(SeverityInvalid, CodeSignature, "INVALID: signature verification failed", "there is no signature in its metadata")
			return
		}
		d.find(SeverityInvalid, CodeFormat, "INVALID: invalid format", metaBackfill+" is missing in its metadata")
		return
	}
	key, err := w.keyFor(ctx, d)
	switch {
	case errors.Is(err, errUnknownKey):
		d.find(SeverityInvalid, CodeUnknownKey,
			fmt.Sprintf("INVALID: public key not found in region %s for fingerprint %s", d.at.Region, d.doc.Fingerprint), "")
		return
	case err != nil:
		d.status = Unchecked
		d.find(SeverityUnchecked, CodeNoKeys, "could not check: "+reason(err), err.Error())
		return
	}
	w.verify(d, next, key)
}

// verify checks the signature.
func (w *walker) verify(d, next *digestFile, key PublicKey) {
	rsaKey, err := key.parse()
	switch {
	case errors.Is(err, errFingerprint):
		d.find(SeverityInvalid, CodeSignature, "INVALID: signature verification failed",
			fmt.Sprintf("%s %s", err, d.doc.Fingerprint))
		return
	case err != nil:
		d.find(SeverityInvalid, CodeBadKey, "INVALID: Unable to load PKCS #1 key with fingerprint "+d.doc.Fingerprint, err.Error())
		return
	}
	signature, named := d.meta[metaSignature], d.meta[metaAlgorithm]
	if signature != "" {
		w.signed = true
	}
	if signature == "" && w.Copy {
		if next == nil || next.doc == nil || next.doc.Previous == nil || !w.names(next.doc.Previous, d) {
			if w.signed {
				d.find(SeverityInvalid, CodeSignature, "INVALID: signature verification failed",
					"there is no signature in its metadata, and those before it have theirs")
				return
			}
			d.status = Unproven
			d.find(SeverityWarning, CodeNoSignature, "unproven: the copy holds no signature of it",
				"the metadata of the object was not copied, and no digest file follows that repeats it")
			return
		}
		signature, named = next.doc.Previous.Signature, signatureAlgorithm
	}
	if signature == "" || named == "" {
		d.find(SeverityInvalid, CodeSignature, "INVALID: signature verification failed", "there is no signature in its metadata")
		return
	}
	if err := d.doc.verify(rsaKey, d.hash, signature); err != nil {
		d.find(SeverityInvalid, CodeSignature, "INVALID: signature verification failed", err.Error())
		return
	}
	d.status = Valid
	if named != signatureAlgorithm {
		d.find(SeverityWarning, CodeSignatureName, fmt.Sprintf("valid, but its metadata names the signature algorithm %q", named),
			"the signature is one of "+signatureAlgorithm)
		return
	}
	d.checkAge(key)
}

func (d *digestFile) find(s Severity, c Code, message, detail string) {
	d.found = &Finding{Severity: s, Code: c, Subject: SubjectDigest, URI: d.uri, Message: message, Detail: detail}
}

// inPlace tells whether a digest file lies where it says it was put.
func (w *walker) inPlace(d *digestFile) bool {
	if w.Copy {
		return tail(d.doc.Key) == tail(d.key)
	}
	return d.doc.Bucket == d.at.bucket && d.doc.Key == d.key
}

// names tells whether a link leads to a digest file.
func (w *walker) names(l *link, d *digestFile) bool {
	if w.Copy {
		return tail(l.Key) == tail(d.key)
	}
	return l.Bucket == d.at.bucket && l.Key == d.key
}

// tail is the part of a key that a copy keeps: AWSLogs/ and what is below.
func tail(key string) string {
	if i := strings.LastIndex(key, "AWSLogs/"); i >= 0 {
		return key[i:]
	}
	return key
}

var errUnknownKey = errors.New("no such public key")

// keyFor finds the key that signed a digest file. Backfill digest files were
// signed long after the time they cover, when their metadata says.
func (w *walker) keyFor(ctx context.Context, d *digestFile) (PublicKey, error) {
	fingerprint := strings.ToLower(d.doc.Fingerprint)
	if k, ok := w.keyring[fingerprint]; ok {
		return k, nil
	}
	signed, err := time.Parse(time.RFC3339, d.meta[metaBackfill])
	if !d.at.Backfill || err != nil {
		return PublicKey{}, errUnknownKey
	}
	hour := signed.UTC().Truncate(time.Hour)
	keys, err := w.keys(ctx, keyQuestion{d.at.Region, hour.Add(-time.Hour), hour.Add(2 * time.Hour)})
	if err != nil {
		return PublicKey{}, err
	}
	if k, ok := keys[fingerprint]; ok {
		return k, nil
	}
	return PublicKey{}, errUnknownKey
}
