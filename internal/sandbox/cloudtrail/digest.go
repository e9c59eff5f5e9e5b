package cloudtrail

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// digestFile is a digest file's JSON. The fields stand in AWS's order
// (CloudTrail user guide, "CloudTrail digest file structure"); the five
// previous fields are null in the first file of a chain.
type digestFile struct {
	Account               string         `json:"awsAccountId"`
	StartTime             string         `json:"digestStartTime"`
	EndTime               string         `json:"digestEndTime"`
	Bucket                string         `json:"digestS3Bucket"`
	Key                   string         `json:"digestS3Object"`
	Fingerprint           string         `json:"digestPublicKeyFingerprint"`
	SignatureAlgorithm    string         `json:"digestSignatureAlgorithm"`
	NewestEvent           *string        `json:"newestEventTime"`
	OldestEvent           *string        `json:"oldestEventTime"`
	PreviousBucket        *string        `json:"previousDigestS3Bucket"`
	PreviousKey           *string        `json:"previousDigestS3Object"`
	PreviousHash          *string        `json:"previousDigestHashValue"`
	PreviousHashAlgorithm *string        `json:"previousDigestHashAlgorithm"`
	PreviousSignature     *string        `json:"previousDigestSignature"`
	LogFiles              []logFileEntry `json:"logFiles"`
}

const (
	signatureAlgorithm = "SHA256withRSA"
	hashAlgorithm      = "SHA-256"
)

// unsigned is what a digest file is to say.
type unsigned struct {
	key        string
	start, end time.Time
	files      []logFileEntry
	before     *head // nil begins a chain
}

// deliverDigest puts the digest file of the current period into the bucket
// and opens the next period, unless this one ends the chain. After a failure
// the period stays open and grows (assumption A8).
func (s *Service) deliverDigest(j *job, at time.Time) error {
	c := &j.work
	end := at.Truncate(time.Second)
	if !end.After(c.Digest.Start) {
		end = c.Digest.Start.Add(time.Second) // two files never share a name
	}
	files, doubtful := c.Digest.Files, c.Digest.doubtful(&j.trail, c)
	if doubtful != nil {
		end, files = doubtful.End, files[:doubtful.Files]
	}
	u := unsigned{key: j.trail.digestKey(c, end), start: c.Digest.Start, end: end, files: files, before: c.Head}
	before := c.Digest.Sealed
	c.Digest.Sealed = &sealed{Bucket: j.trail.Bucket, Key: u.key, End: end, Files: len(files)}
	s.storing(j, nil, c.Digest.Sealed)
	newest, err := s.putDigest(j, u, end, at, nil)
	if err != nil {
		return err
	}
	if newest == nil {
		c.Digest.Due = at.Add(j.nextDigest)
		if !j.unsure {
			c.Digest.Sealed = before
		}
		s.keep(j)
		return nil
	}
	later := c.Digest.Files[len(files):]
	c.Backfill.owe(c.Digest.Start, end)
	c.LastEnd = end
	if c.Final && doubtful == nil {
		c.Digest, c.Head, c.Final = nil, nil, false
		s.keep(j)
		return nil
	}
	c.Head = newest
	c.Digest = &period{Start: end, Due: end.Add(j.nextDigest), Files: later}
	s.keep(j)
	if doubtful == nil || at.Truncate(time.Second).Equal(end) && !c.Final {
		return nil
	}
	return s.deliverDigest(j, at) // what came since
}

// putDigest signs a digest file with the key of a time and puts it into the
// bucket, with more metadata than the signature's when there is any. It
// returns what the next one has to say about it, nil when the bucket refused
// it.
func (s *Service) putDigest(j *job, u unsigned, signed, at time.Time, more map[string]string) (*head, error) {
	key, err := s.keys.at(j.work.Region, signed)
	if err != nil {
		return nil, err
	}
	s.noted(s.journal.signs(j.work.Region, key))
	text, signature, err := sealDigest(&j.trail, &j.work, u, key)
	if err != nil {
		return nil, err
	}
	body, err := compress(text)
	if err != nil {
		return nil, fmt.Errorf("compressing the digest file %s: %w", u.key, err)
	}
	metadata := map[string]string{"signature": signature, "signature-algorithm": signatureAlgorithm}
	maps.Copy(metadata, more)
	st := &j.work.Status
	st.DigestAttempt = at
	if code := s.put(j, u.key, body, metadata); code != "" {
		s.warn(j, undigested, st.DigestError, code)
		st.DigestError = code
		return nil, nil
	}
	st.DigestError, st.Digested = "", at
	s.warned.forget(&j.trail, undigested)
	return &head{Bucket: j.trail.Bucket, Key: u.key, Hash: hash(text), Signature: signature}, nil
}

// sealDigest writes and signs a digest file. The signature is in hex.
func sealDigest(t *trail, c *chain, u unsigned, key *signingKey) (text []byte, signature string, err error) {
	file := digestFile{
		Account:   c.account(t),
		StartTime: stamp(u.start), EndTime: stamp(u.end),
		Bucket: t.Bucket, Key: u.key,
		Fingerprint: key.fingerprint, SignatureAlgorithm: signatureAlgorithm,
		LogFiles: u.files,
	}
	if file.LogFiles == nil {
		file.LogFiles = []logFileEntry{}
	}
	file.OldestEvent, file.NewestEvent = eventSpan(file.LogFiles)
	previous := "null" // what is signed where there is no previous signature
	if u.before != nil {
		algorithm := hashAlgorithm
		file.PreviousBucket, file.PreviousKey = &u.before.Bucket, &u.before.Key
		file.PreviousHash, file.PreviousHashAlgorithm = &u.before.Hash, &algorithm
		file.PreviousSignature = &u.before.Signature
		previous = u.before.Signature
	}
	if text, err = json.Marshal(file); err != nil {
		return nil, "", fmt.Errorf("writing the digest file %s: %w", u.key, err)
	}
	signature, err = key.sign(file.EndTime + "\n" + t.Bucket + "/" + u.key + "\n" + hash(text) + "\n" + previous)
	return text, signature, err
}

// eventSpan is the time of the oldest and newest event of log files, nil
// when there are none. The texts compare as the times do.
func eventSpan(files []logFileEntry) (oldest, newest *string) {
	for i := range files {
		f := &files[i]
		if oldest == nil || f.OldestEvent < *oldest {
			oldest = &f.OldestEvent
		}
		if newest == nil || f.NewestEvent > *newest {
			newest = &f.NewestEvent
		}
	}
	return oldest, newest
}

// stamp writes a time as records and digest files do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
