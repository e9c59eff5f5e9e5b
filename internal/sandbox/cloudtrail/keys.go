package cloudtrail

import (
	"cmp"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"
)

// keyLife is how long a key signs digest files before the next one takes over
// (assumption A15).
const keyLife = 90 * 24 * time.Hour

// keyBits is the size of AWS's own keys.
const keyBits = 2048

// NewKey makes the private key of a region.
type NewKey func(region string) (*rsa.PrivateKey, error)

// GenerateKey is the NewKey of a sandbox that runs alone: a fresh key each
// time.
func GenerateKey(string) (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, keyBits) }

// signingKey is a key pair and the time in which it signs, the end not
// included.
type signingKey struct {
	private     *rsa.PrivateKey
	public      []byte // PKCS#1 RSAPublicKey, DER
	fingerprint string // MD5 of public, hex
	from, until time.Time
}

func newSigningKey(k *rsa.PrivateKey, from, until time.Time) *signingKey {
	der := x509.MarshalPKCS1PublicKey(&k.PublicKey)
	sum := md5.Sum(der)
	return &signingKey{private: k, public: der, fingerprint: hex.EncodeToString(sum[:]), from: from, until: until}
}

// sign makes the signature of a digest file's string to sign, in hex.
func (k *signingKey) sign(text string) (string, error) {
	sum := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing a digest file: %w", err)
	}
	return hex.EncodeToString(sig), nil
}

// keyring holds the keys of all regions.
type keyring struct {
	make NewKey

	mu      sync.Mutex
	regions map[string]*regionKeys
}

type regionKeys struct {
	making sync.Mutex // one key at a time; taken before mu

	mu   sync.Mutex
	keys []*signingKey // oldest first
}

func newKeyring(f NewKey) *keyring {
	return &keyring{make: f, regions: map[string]*regionKeys{}}
}

func (r *keyring) region(name string) *regionKeys {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.regions[name] == nil {
		r.regions[name] = &regionKeys{}
	}
	return r.regions[name]
}

// at is the key that signs in a region at a time; it is made when there is
// none yet. Making one takes about 0.1 s, and more on a busy machine: nobody
// else waits for it.
func (r *keyring) at(region string, t time.Time) (*signingKey, error) {
	rk := r.region(region)
	rk.making.Lock()
	defer rk.making.Unlock()
	if k := rk.find(t); k != nil {
		return k, nil
	}
	private, err := r.make(region)
	if err != nil {
		return nil, fmt.Errorf("making the signing key of %s: %w", region, err)
	}
	rk.mu.Lock()
	defer rk.mu.Unlock()
	from := t.Truncate(time.Hour).Add(-time.Hour)
	if n := len(rk.keys); n > 0 && rk.keys[n-1].until.Before(t) {
		from = rk.keys[n-1].until
	}
	k := newSigningKey(private, from, t.Truncate(time.Hour).Add(keyLife))
	rk.keys = append(rk.keys, k)
	slices.SortFunc(rk.keys, func(a, b *signingKey) int { return cmp.Compare(a.from.Unix(), b.from.Unix()) })
	return k, nil
}

// find is the key that signs at a time; nil when it has not been made.
func (rk *regionKeys) find(t time.Time) *signingKey {
	rk.mu.Lock()
	defer rk.mu.Unlock()
	for _, k := range slices.Backward(rk.keys) {
		if !t.Before(k.from) && t.Before(k.until) {
			return k
		}
	}
	return nil
}

// between lists the keys of a region that sign at some time from start to
// end, both included.
func (r *keyring) between(region string, start, end time.Time) []*signingKey {
	rk := r.region(region)
	rk.mu.Lock()
	defer rk.mu.Unlock()
	var out []*signingKey
	for _, k := range rk.keys {
		if !k.from.After(end) && k.until.After(start) {
			out = append(out, k)
		}
	}
	return out
}
