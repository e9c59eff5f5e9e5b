package validate

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

// Names in a digest file's user metadata.
const (
	metaSignature = "signature"
	metaAlgorithm = "signature-algorithm"
	metaBackfill  = "backfill-generation-timestamp"
)

const signatureAlgorithm = "SHA256withRSA"

// stringToSign is what CloudTrail signs: CloudTrail user guide, "Custom
// implementations of CloudTrail log file integrity validation".
func (d *document) stringToSign(hash string) string {
	previous := "null"
	if d.previousSignature != nil {
		previous = *d.previousSignature
	}
	return d.endText + "\n" + d.Bucket + "/" + d.Key + "\n" + hash + "\n" + previous
}

// verify checks a digest file's signature, given in hex.
func (d *document) verify(key *rsa.PublicKey, hash, signature string) error {
	raw, err := hex.DecodeString(signature)
	if err != nil {
		return errors.New("the signature is not hexadecimal")
	}
	sum := sha256.Sum256([]byte(d.stringToSign(hash)))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw) != nil {
		return errors.New("the content, its place or the signature was changed")
	}
	return nil
}
