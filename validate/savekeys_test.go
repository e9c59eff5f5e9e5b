package validate

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"trailctl/bucket"
)

// listed answers ListPublicKeys, and remembers what it was asked.
type listed struct {
	keys  []types.PublicKey
	token func(page int) string // nil: one page
	err   error

	mu    sync.Mutex
	asked []*cloudtrail.ListPublicKeysInput
}

func (l *listed) ListPublicKeys(_ context.Context, in *cloudtrail.ListPublicKeysInput, _ ...func(*cloudtrail.Options)) (*cloudtrail.ListPublicKeysOutput, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	copied := *in
	l.asked = append(l.asked, &copied)
	out := &cloudtrail.ListPublicKeysOutput{PublicKeyList: l.keys}
	if l.token != nil && len(l.asked) < 3*maxKeyPages { // so that the test ends
		out.NextToken = aws.String(l.token(len(l.asked)))
	}
	return out, l.err
}

var twoKeys = sync.OnceValue(func() [2]PublicKey {
	var two [2]PublicKey
	for i := range two {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		der := x509.MarshalPKCS1PublicKey(&k.PublicKey)
		from := corpusStart.AddDate(0, i, 0)
		two[i] = PublicKey{Region: "us-east-1", Fingerprint: md5hex(der), DER: der, ValidFrom: from, ValidUntil: from.AddDate(0, 1, 0)}
	}
	return two
})

func answered(k PublicKey) types.PublicKey {
	return types.PublicKey{Fingerprint: &k.Fingerprint, Value: k.DER, ValidityStartTime: &k.ValidFrom, ValidityEndTime: &k.ValidUntil}
}

func TestSaveKeys(t *testing.T) {
	t.Parallel()
	a, b := twoKeys()[0], twoKeys()[1]
	name := filepath.Join(t.TempDir(), "keys.json")
	save := func(wantTotal, wantNew int, keys ...PublicKey) {
		t.Helper()
		total, added, err := SaveKeys(name, keys)
		if err != nil || total != wantTotal || added != wantNew {
			t.Errorf("%d, %d, %v; want %d, %d", total, added, err, wantTotal, wantNew)
		}
	}
	save(1, 1, b)
	save(1, 0, b, b)
	save(2, 1, a, b)
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := ParseKeyFile(raw)
	if err != nil || len(file.keys) != 2 {
		t.Fatalf("%+v, %v", file, err)
	}
	if got := file.keys[0]; got.Fingerprint != a.Fingerprint || !bytes.Equal(got.DER, a.DER) || !got.ValidUntil.Equal(a.ValidUntil) {
		t.Errorf("%+v", got)
	}
	forged := a
	forged.DER = b.DER
	if _, _, err := SaveKeys(name, []PublicKey{forged}); !errors.Is(err, ErrOtherKey) {
		t.Errorf("another key under the same fingerprint: %v", err)
	}
	if now, _ := os.ReadFile(name); !bytes.Equal(now, raw) {
		t.Error("the file was changed by a call that failed")
	}
	for _, text := range []string{"{", "[]", `{"version": 9}`, "notes"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := SaveKeys(name, []PublicKey{a}); err == nil {
			t.Errorf("%q was written over", text)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".trailctl*")); left != nil {
		t.Errorf("left behind: %s", left)
	}
}

func TestFetchKeys(t *testing.T) {
	t.Parallel()
	a, b := twoKeys()[0], twoKeys()[1]
	bad := b
	bad.Fingerprint = a.Fingerprint
	us, eu, ap := &listed{keys: []types.PublicKey{answered(b), answered(a), answered(a)}}, &listed{err: bucket.ErrDenied}, &listed{keys: []types.PublicKey{answered(bad)}}
	r := Range{Start: corpusStart, End: corpusStart.Add(time.Hour)}
	keys, err := FetchKeys(t.Context(), map[string]Range{"us-east-1": r, "eu-west-1": r, "ap-south-1": r}, func(region string) KeyLister {
		return map[string]KeyLister{"us-east-1": us, "eu-west-1": eu, "ap-south-1": ap}[region]
	})
	if len(keys) != 2 || keys[0].Fingerprint != a.Fingerprint || keys[0].Region != "us-east-1" {
		t.Errorf("%+v", keys)
	}
	if !errors.Is(err, bucket.ErrDenied) || !errors.Is(err, errFingerprint) || !strings.Contains(err.Error(), "region eu-west-1") || !strings.Contains(err.Error(), a.Fingerprint+" of region ap-south-1") {
		t.Errorf("%v", err)
	}
	if in := us.asked[0]; !in.StartTime.Equal(r.Start) || !in.EndTime.Equal(r.End.Add(keyMargin)) {
		t.Errorf("asked for %s to %s", in.StartTime, in.EndTime)
	}
}

func TestListingKeysEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		perPage int
		token   func(int) string
		most    int // pages
	}{
		{"the same page again", 1, func(int) string { return "t" }, 2},
		{"two pages in turn", 1, func(n int) string { return strconv.Itoa(n % 2) }, 3},
		{"pages without end", 0, strconv.Itoa, maxKeyPages},
		{"keys without end", 100, strconv.Itoa, maxKeys/100 + 1},
	} {
		l := &listed{keys: make([]types.PublicKey, c.perPage), token: c.token}
		_, err := AWSKeys{Client: func(string) KeyLister { return l }}.PublicKeys(t.Context(), "us-east-1", corpusStart, corpusStart.Add(time.Hour))
		if err == nil || !strings.Contains(err.Error(), "does not end") || len(l.asked) > c.most {
			t.Errorf("%s: %d pages, %v", c.name, len(l.asked), err)
		}
	}
}
