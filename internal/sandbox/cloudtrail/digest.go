package cloudtrail

import (
	"encoding/json"
	"fmt"
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

// signedDigest is a digest file that is ready to be delivered.
type signedDigest struct {
	key       string
	text      []byte // uncompressed
	signature string // hex
	end       time.Time
}

// sealDigest writes and signs the digest file of the chain's current period,
// which ends at end.
func sealDigest(t *trail, c *chain, key *signingKey, end time.Time) (signedDigest, error) {
	d := signedDigest{key: t.digestKey(c, end), end: end}
	file := digestFile{
		Account:   c.account(t),
		StartTime: stamp(c.Digest.Start), EndTime: stamp(end),
		Bucket: t.Bucket, Key: d.key,
		Fingerprint: key.fingerprint, SignatureAlgorithm: signatureAlgorithm,
		LogFiles: c.Digest.Files,
	}
	if file.LogFiles == nil {
		file.LogFiles = []logFileEntry{}
	}
	file.OldestEvent, file.NewestEvent = eventSpan(file.LogFiles)
	previous := "null" // what is signed where there is no previous signature
	if c.Head != nil {
		algorithm := hashAlgorithm
		file.PreviousBucket, file.PreviousKey = &c.Head.Bucket, &c.Head.Key
		file.PreviousHash, file.PreviousHashAlgorithm = &c.Head.Hash, &algorithm
		file.PreviousSignature = &c.Head.Signature
		previous = c.Head.Signature
	}
	text, err := json.Marshal(file)
	if err != nil {
		return d, fmt.Errorf("writing the digest file %s: %w", d.key, err)
	}
	d.text = text
	d.signature, err = key.sign(file.EndTime + "\n" + t.Bucket + "/" + d.key + "\n" + hash(text) + "\n" + previous)
	return d, err
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
