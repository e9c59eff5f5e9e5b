package validate

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"trailctl/bucket"
)

// logJob is one log file to check.
type logJob struct {
	logEntry
	*batch
}

// dispatch hands the log files of a valid digest file to the workers. It
// waits while they are busy, so that no more of them are held than needed.
func (w *walker) dispatch(ctx context.Context, d *digestFile) {
	done, b := 0, w.tally.begin(d)
	err := w.entries(ctx, d, func(l logEntry) bool {
		done++
		if known, same := w.listed(l); known {
			if !same {
				d.contradict(w, l)
			}
			b.done(1)
			return ctx.Err() == nil
		}
		select {
		case w.crew.jobs <- logJob{logEntry: l, batch: b}:
			return true
		case <-ctx.Done():
			return false
		}
	})
	if err != nil && ctx.Err() == nil {
		w.tally.logFile(Unchecked, d.doc.listed-done, 0)
		b.done(d.doc.listed - done)
		w.tally.find(Finding{
			Severity: SeverityUnchecked, Code: CodeUnreadable, Subject: SubjectDigest, URI: d.uri,
			Message: "could not check the log files that it lists: " + reason(err), Detail: err.Error(),
		}, d.end)
	}
}

// listed notes that a log file is listed, and tells whether it was before and
// with the same hash: each counts once.
func (c *check) listed(l logEntry) (known, same bool) {
	place, hash := c.place(l.Bucket, l.Key), short(strings.ToLower(l.Hash))
	c.mu.Lock()
	defer c.mu.Unlock()
	before, known := c.seen[place]
	if !known {
		c.seen[place] = hash
	}
	return known, before == hash
}

// place stands for where a log file lies.
func (c *check) place(name, key string) fingerprint {
	if c.Copy {
		return short(tail(key))
	}
	return short(name, key)
}

// isListed tells whether a digest file lists an object.
func (c *check) isListed(name, key string) bool {
	place := c.place(name, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.seen[place]
	return ok
}

func (d *digestFile) contradict(w *walker, l logEntry) {
	w.tally.find(Finding{
		Severity: SeverityInvalid, Code: CodeConflict, Subject: SubjectDigest, URI: d.uri,
		Message: "INVALID: lists a log file again with another hash value", Detail: bucket.URI(l.Bucket, l.Key),
	}, d.end)
}

// checkLogFile compares one log file with its hash. It returns what kept it
// from reading the file.
func (c *check) checkLogFile(ctx context.Context, j logJob) error {
	if ctx.Err() != nil {
		return nil
	}
	uri := c.uri(ctx, j.Bucket, j.Key)
	if bytes, ok := c.before(j); ok {
		j.tally.before(bytes)
		j.done(1)
		c.heard(File{URI: uri, Status: Valid, Bytes: bytes, Backfill: j.tally.id.Backfill, Before: true})
		return nil
	}
	f := Finding{Severity: SeverityInvalid, Subject: SubjectLogFile, URI: uri}
	var status Status
	var bytes int64
	var err error
	if j.Algorithm != hashAlgorithm {
		status, f.Code = Invalid, CodeAlgorithm
		f.Message = fmt.Sprintf("INVALID: unsupported algorithm %q", j.Algorithm)
	} else {
		var hash string
		hash, bytes, err = c.hash(ctx, j)
		if ctx.Err() != nil {
			return nil // whatever it was, it may be because of that
		}
		status = f.judgeLog(hash, j.Hash, err)
	}
	c.crew.done.Add(effort(bytes))
	j.tally.logFile(status, 1, bytes)
	switch {
	case status != Valid:
		f.URI = c.standIn(ctx, j, uri)
		j.tally.find(f, j.end)
	case c.Proved != nil:
		c.Proved.Keep(c.proof(j.logEntry), bytes)
	}
	j.done(1)
	c.heard(File{URI: f.URI, Status: status, Bytes: bytes, Backfill: j.tally.id.Backfill, Message: f.Message})
	return err
}

// standIn is the name of the log file that was taken for one of a copy, where
// that one is not there; else its own.
func (c *check) standIn(ctx context.Context, j logJob, uri string) string {
	plain, ok := plainName(j.Key)
	if !ok || !c.Copy {
		return uri
	}
	store, err := c.store(ctx, j.Bucket)
	if err != nil {
		return uri
	}
	body, err := store.Get(ctx, j.Key)
	if err != nil {
		return uri
	}
	defer body.Close()
	if _, ok := body.ReadCloser.(uncompressed); ok {
		return store.URI(plain)
	}
	return uri
}

// before tells whether a log file was proved in an earlier run.
func (c *check) before(j logJob) (bytes int64, ok bool) {
	if c.Proved == nil || j.Algorithm != hashAlgorithm {
		return 0, false
	}
	return c.Proved.Holds(c.proof(j.logEntry))
}

// hash reads a log file to its end. With an error about its bytes it still
// returns the hash of those that could be read. One of a bucket that is not as
// it should be is fetched once more: what goes wrong on the way is no finding.
func (c *check) hash(ctx context.Context, j logJob) (hash string, bytes int64, err error) {
	store, err := c.store(ctx, j.Bucket)
	if err != nil {
		return "", 0, err
	}
	hash, bytes, err = c.hashOnce(ctx, store, j)
	if c.Copy || right(hash, j, err) || err != nil && !badData(err) {
		return hash, bytes, err
	}
	// Where that does not work, the first one counts.
	if again, n, trouble := c.hashOnce(ctx, store, j); trouble == nil || badData(trouble) {
		return again, n, trouble
	}
	return hash, bytes, err
}

func right(hash string, j logJob, err error) bool {
	return err == nil && strings.EqualFold(hash, j.Hash)
}

func (c *check) hashOnce(ctx context.Context, store Store, j logJob) (hash string, bytes int64, err error) {
	body, err := store.Get(ctx, j.Key)
	if err != nil {
		return "", 0, err
	}
	defer body.Close()
	if _, ok := body.ReadCloser.(uncompressed); ok {
		return c.hashPlain(ctx, body)
	}
	sum, bytes, err := c.hasher.hash(ctx, body, c.MaxLogFile)
	return hex.EncodeToString(sum[:]), bytes, err
}

// judgeLog fills the finding and returns the status.
func (f *Finding) judgeLog(got, want string, err error) Status {
	match := strings.EqualFold(got, want)
	switch {
	case err == nil && match:
		return Valid
	case err == nil, err == errTruncated && !match:
		f.Code, f.Message = CodeHash, "INVALID: hash value doesn't match"
	case badData(err):
		f.Code, f.Message = CodeFormat, "INVALID: invalid format"
	case missing(err):
		f.Severity, f.Code, f.Message = SeverityMissing, CodeNotFound, "INVALID: not found"
		return Missing
	default:
		f.Severity, f.Code = SeverityUnchecked, CodeUnreadable
		f.Message, f.Detail = "could not check: "+reason(err), err.Error()
		return Unchecked
	}
	if err != nil {
		f.Detail = err.Error()
	}
	return Invalid
}
