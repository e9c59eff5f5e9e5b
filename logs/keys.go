package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"trailctl/internal/when"
)

// KeyLister is what SaveKeys needs of the SDK's client.
type KeyLister interface {
	ListPublicKeys(context.Context, *cloudtrail.ListPublicKeysInput, ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error)
}

// PublicKey is one key that signed digest files of a region.
type PublicKey struct {
	Region      string    `json:"region"`
	Fingerprint string    `json:"fingerprint"`
	Value       []byte    `json:"value"` // DER; base64 in the file
	Start       time.Time `json:"validityStartTime"`
	End         time.Time `json:"validityEndTime"`
}

// keyFile is the form of KeysFile.
type keyFile struct {
	Version int         `json:"version"`
	Keys    []PublicKey `json:"keys"`
}

// A digest covers the hour before its time, and a key's window can lag
// behind a rotation.
const (
	keysBefore = time.Hour
	keysAfter  = 2 * time.Hour
)

// A region has a few keys a year: what goes beyond this is no answer of
// CloudTrail's.
const (
	maxKeyPages = 1000
	maxKeys     = 10000
)

// SaveKeys fetches the public keys of the regions and windows in which digest
// files were signed, and adds them to KeysFile in the folder dest. It returns
// how many keys the file holds then. When some regions fail, the keys of the
// others are saved all the same.
func SaveKeys(ctx context.Context, dest string, signed map[string]when.Window, client func(region string) KeyLister) (int, error) {
	root, err := os.OpenRoot(dest)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	keys, err := readKeys(root)
	if err != nil {
		return 0, err
	}
	var failed []error
	for region, w := range signed {
		fresh, err := listKeys(ctx, client(region), region, w)
		if err != nil {
			failed = append(failed, fmt.Errorf("public keys of %s: %w", region, err))
		}
		keys = append(keys, fresh...)
	}
	keys = distinct(keys)
	if len(keys) > 0 {
		raw, err := json.MarshalIndent(keyFile{Version: 1, Keys: keys}, "", "  ")
		if err == nil {
			err = replaceFile(root, KeysFile, unfinishedKeys, append(raw, '\n'), true)
		}
		failed = append(failed, err)
	}
	return len(keys), errors.Join(failed...)
}

// readKeys reads what an earlier download saved.
func readKeys(root *os.Root) ([]PublicKey, error) {
	raw, err := root.ReadFile(KeysFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var file keyFile
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, fmt.Errorf("%s is there and cannot be read: %w", KeysFile, err)
	}
	return file.Keys, nil
}

func listKeys(ctx context.Context, client KeyLister, region string, w when.Window) ([]PublicKey, error) {
	in := &cloudtrail.ListPublicKeysInput{
		StartTime: aws.Time(w.Start.Add(-keysBefore)),
		EndTime:   aws.Time(w.End.Add(keysAfter)),
	}
	var keys []PublicKey
	seen := map[string]bool{}
	for range maxKeyPages {
		out, err := client.ListPublicKeys(ctx, in)
		if err != nil {
			return keys, err
		}
		for _, k := range out.PublicKeyList {
			keys = append(keys, PublicKey{
				Region: region, Fingerprint: aws.ToString(k.Fingerprint), Value: k.Value,
				Start: aws.ToTime(k.ValidityStartTime).UTC(), End: aws.ToTime(k.ValidityEndTime).UTC(),
			})
		}
		next := aws.ToString(out.NextToken)
		switch {
		case len(keys) > maxKeys:
			return nil, fmt.Errorf("the list has more than %d keys", maxKeys)
		case next == "":
			return keys, nil
		case seen[next]:
			return nil, errors.New("the list does not end: it repeats the page after token " + strconv.Quote(next))
		}
		seen[next] = true
		in.NextToken = &next
	}
	return nil, fmt.Errorf("the list has more than %d pages", maxKeyPages)
}

// distinct sorts the keys and drops repeated ones.
func distinct(keys []PublicKey) []PublicKey {
	slices.SortStableFunc(keys, func(a, b PublicKey) int {
		if c := strings.Compare(a.Region, b.Region); c != 0 {
			return c
		}
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return strings.Compare(a.Fingerprint, b.Fingerprint)
	})
	return slices.CompactFunc(keys, func(a, b PublicKey) bool {
		return a.Region == b.Region && a.Fingerprint == b.Fingerprint && bytes.Equal(a.Value, b.Value)
	})
}
