package validate

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// savedKeys is the form of a file of public keys.
type savedKeys struct {
	Version int        `json:"version"`
	Keys    []savedKey `json:"keys"`
}

type savedKey struct {
	Region      string    `json:"region"`
	Fingerprint string    `json:"fingerprint"`
	Value       string    `json:"value"` // base64 of the DER
	From        time.Time `json:"validityStartTime"`
	Until       time.Time `json:"validityEndTime"`
}

// WriteKeys writes a file of public keys, sorted and each once, in the form
// that ParseKeyFile reads.
func WriteKeys(w io.Writer, keys []PublicKey) error {
	file := savedKeys{Version: keyFileVersion, Keys: []savedKey{}}
	for _, k := range distinctKeys(slices.Clone(keys)) {
		file.Keys = append(file.Keys, savedKey{
			Region: k.Region, Fingerprint: k.Fingerprint, Value: base64.StdEncoding.EncodeToString(k.DER),
			From: k.ValidFrom.UTC(), Until: k.ValidUntil.UTC(),
		})
	}
	raw, err := json.MarshalIndent(file, "", "  ")
	if err == nil {
		_, err = w.Write(append(raw, '\n'))
	}
	return err
}

// ErrOtherKey says that a file of public keys has another key under the same
// fingerprint.
var ErrOtherKey = errors.New("the file has another key under this fingerprint")

// MaxKeyFile bounds a file of public keys in bytes.
const MaxKeyFile = 16 << 20

// SaveKeys adds keys to a file of public keys, or makes it; it replaces the
// file as a whole or not at all. What is there and is no such file is kept, as
// are its keys: one that contradicts them is ErrOtherKey. It returns how many
// keys the file has then, and how many of them are new.
func SaveKeys(name string, keys []PublicKey) (total, added int, err error) {
	there, err := keysIn(name)
	if err != nil {
		return 0, 0, err
	}
	for _, k := range keys {
		for _, old := range there {
			if old.Region == k.Region && strings.EqualFold(old.Fingerprint, k.Fingerprint) && !bytes.Equal(old.DER, k.DER) {
				return 0, 0, fmt.Errorf("%s: region %s, %s: %w", name, k.Region, k.Fingerprint, ErrOtherKey)
			}
		}
	}
	all := distinctKeys(slices.Concat(there, keys))
	added = len(all) - len(distinctKeys(there))
	if added == 0 && len(there) > 0 {
		return len(all), 0, nil
	}
	var text bytes.Buffer
	if err := WriteKeys(&text, all); err != nil {
		return 0, 0, err
	}
	return len(all), added, replace(name, text.Bytes())
}

func keysIn(name string) ([]PublicKey, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is there and is not a regular file", name)
	case info.Size() > MaxKeyFile:
		return nil, fmt.Errorf("%s is there and is no file of public keys: it has %d bytes", name, info.Size())
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	file, err := ParseKeyFile(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is there, and cannot be added to: %w", name, err)
	}
	return file.keys, nil
}

// replace writes a file under another name beside it first, which a download
// into the folder clears away if it is left behind.
func replace(name string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".trailctl-partial-keys-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// distinctKeys sorts keys and drops repeated ones.
func distinctKeys(keys []PublicKey) []PublicKey {
	slices.SortStableFunc(keys, func(a, b PublicKey) int {
		if c := strings.Compare(a.Region, b.Region); c != 0 {
			return c
		}
		if c := a.ValidFrom.Compare(b.ValidFrom); c != 0 {
			return c
		}
		return strings.Compare(a.Fingerprint, b.Fingerprint)
	})
	return slices.CompactFunc(keys, func(a, b PublicKey) bool {
		return a.Region == b.Region && a.Fingerprint == b.Fingerprint && bytes.Equal(a.DER, b.DER)
	})
}

// A key's window can lag behind a rotation.
const keyMargin = 2 * time.Hour

// regionsAtOnce are asked for their keys side by side.
const regionsAtOnce = 8

// FetchKeys asks each region for the public keys that were valid in a range of
// time. A key that does not fit its fingerprint is an error. When some regions
// fail, the keys of the others come along with the error.
func FetchKeys(ctx context.Context, ranges map[string]Range, client func(region string) KeyLister) ([]PublicKey, error) {
	var mu sync.Mutex
	var keys []PublicKey
	var failed []error
	var asking errgroup.Group
	asking.SetLimit(regionsAtOnce)
	for _, region := range slices.Sorted(maps.Keys(ranges)) {
		r := ranges[region]
		asking.Go(func() error {
			list, err := AWSKeys{Client: client}.PublicKeys(ctx, region, r.Start, r.End.Add(keyMargin))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, err)
			}
			for _, k := range list {
				if _, err := k.parse(); err != nil {
					failed = append(failed, fmt.Errorf("public key %s of region %s: %w", k.Fingerprint, region, err))
					continue
				}
				keys = append(keys, k)
			}
			return nil
		})
	}
	asking.Wait()
	slices.SortFunc(failed, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return distinctKeys(keys), errors.Join(failed...)
}
