package validate

import (
	"context"
	"crypto/md5"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// PublicKey is one key of CloudTrail, as ListPublicKeys answers it.
type PublicKey struct {
	Region      string
	Fingerprint string // MD5 of DER, in hex
	DER         []byte // RSAPublicKey (PKCS #1) or SubjectPublicKeyInfo
	// Validity of the key. The windows of keys can lag a rotation.
	ValidFrom, ValidUntil time.Time
}

// errFingerprint says that a key is not the one its fingerprint names.
var errFingerprint = errors.New("the public key does not match its fingerprint")

// parse reads the key and compares it with its fingerprint.
func (k PublicKey) parse() (*rsa.PublicKey, error) {
	key, err := parsePublicKey(k.DER)
	if err != nil {
		return nil, err
	}
	if !k.matches(key) {
		return nil, errFingerprint
	}
	return key, nil
}

// matches compares the fingerprint with the key in the form it came in and in
// the other one: a key may have been written anew since it was published.
func (k PublicKey) matches(key *rsa.PublicKey) bool {
	forms := [][]byte{k.DER, x509.MarshalPKCS1PublicKey(key)}
	if spki, err := x509.MarshalPKIXPublicKey(key); err == nil {
		forms = append(forms, spki)
	}
	for _, der := range forms {
		sum := md5.Sum(der)
		if strings.EqualFold(hex.EncodeToString(sum[:]), k.Fingerprint) {
			return true
		}
	}
	return false
}

// validitySlack is how far a key may be used outside its validity, whose ends
// can lag a rotation.
const validitySlack = 24 * time.Hour

// validAt tells whether a key may have signed something at a time. Of a key
// without validity nobody knows.
func (k PublicKey) validAt(t time.Time) bool {
	return (k.ValidFrom.IsZero() || !t.Before(k.ValidFrom.Add(-validitySlack))) && (k.ValidUntil.IsZero() || !t.After(k.ValidUntil.Add(validitySlack)))
}

// checkAge warns of a digest file whose key was not valid when it was signed:
// at its end, or where it belongs to a backfill, when its metadata says. The
// AWS CLI takes any key that ListPublicKeys answers for the whole window.
func (d *digestFile) checkAge(k PublicKey) {
	signed := d.doc.End
	if d.at.Backfill {
		made, err := time.Parse(time.RFC3339, d.meta[metaBackfill])
		if err != nil {
			return // a copy without metadata does not tell
		}
		signed = made
	}
	if !k.validAt(signed) {
		d.find(SeverityWarning, CodeKeyValidity, "valid, but its public key was not valid at that time",
			fmt.Sprintf("the key %s was valid from %s to %s", d.doc.Fingerprint, stamp(k.ValidFrom), stamp(k.ValidUntil)))
	}
}

// maxModulus keeps a hostile key from costing seconds a signature; CloudTrail's
// keys have 2,048 bits.
const maxModulus = 8192

func parsePublicKey(der []byte) (*rsa.PublicKey, error) {
	key, err := x509.ParsePKCS1PublicKey(der)
	if err != nil {
		any, pkixErr := x509.ParsePKIXPublicKey(der)
		if pkixErr != nil {
			return nil, fmt.Errorf("not an RSA public key in DER: %w", err)
		}
		var ok bool
		if key, ok = any.(*rsa.PublicKey); !ok {
			return nil, errors.New("not an RSA key")
		}
	}
	if key.N.BitLen() > maxModulus {
		return nil, fmt.Errorf("an RSA key of %d bits", key.N.BitLen())
	}
	return key, nil
}

// KeyFile is a KeySource that was read from a file of saved keys.
type KeyFile struct{ keys []PublicKey }

// KeyFileName is the name under which a downloaded copy keeps its keys.
const KeyFileName = "public-keys.json"

const keyFileVersion = 1

// ParseKeyFile reads saved keys:
//
//	{"version": 1, "keys": [{"region": "us-east-1", "fingerprint": "...",
//	  "value": "<base64 of the DER>", "validityStartTime": "<RFC 3339>",
//	  "validityEndTime": "<RFC 3339>"}]}
func ParseKeyFile(raw []byte) (*KeyFile, error) {
	var doc savedKeys
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("not a file of public keys: %w", err)
	}
	if doc.Version != keyFileVersion {
		return nil, fmt.Errorf("not a file of public keys: version %d, want %d", doc.Version, keyFileVersion)
	}
	f := &KeyFile{}
	for i, k := range doc.Keys {
		der, err := base64.StdEncoding.DecodeString(k.Value)
		if err != nil {
			return nil, fmt.Errorf("key %d, fingerprint %q: the value is not base64", i, k.Fingerprint)
		}
		f.keys = append(f.keys, PublicKey{Region: k.Region, Fingerprint: k.Fingerprint, DER: der, ValidFrom: k.From, ValidUntil: k.Until})
	}
	return f, nil
}

// PublicKeys returns the saved keys of a region, whatever their validity: a
// digest file names its key by fingerprint.
func (f *KeyFile) PublicKeys(_ context.Context, region string, _, _ time.Time) ([]PublicKey, error) {
	var keys []PublicKey
	for _, k := range f.keys {
		if k.Region == region || k.Region == "" {
			keys = append(keys, k)
		}
	}
	return keys, nil
}
