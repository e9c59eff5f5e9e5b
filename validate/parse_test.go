package validate

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

const goodDigest = `{"awsAccountId":"111122223333","digestStartTime":"2024-03-01T00:03:17Z","digestEndTime":"2024-03-01T01:03:17Z",
"digestS3Bucket":"b","digestS3Object":"k","digestPublicKeyFingerprint":"f","digestSignatureAlgorithm":"SHA256withRSA",
"newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":"pb","previousDigestS3Object":"pk","previousDigestHashValue":"ph",
"previousDigestHashAlgorithm":"SHA-256","previousDigestSignature":"ps",
"logFiles":[{"s3Bucket":"b","s3Object":"l","hashValue":"h","hashAlgorithm":"SHA-256"}]}`

func TestParseDigest(t *testing.T) {
	t.Parallel()
	d, err := parseDigest([]byte(goodDigest))
	if err != nil {
		t.Fatal(err)
	}
	if d.Previous == nil || *d.Previous != (link{Bucket: "pb", Key: "pk", Hash: "ph", Algorithm: "SHA-256", Signature: "ps"}) || d.listed != 1 {
		t.Errorf("%+v", d)
	}
	if got := d.stringToSign("HASH"); got != "2024-03-01T01:03:17Z\nb/k\nHASH\nps" {
		t.Errorf("%q is signed", got)
	}
	for old, c := range map[string]struct{ new, want string }{
		`"digestStartTime":"2024-03-01T00:03:17Z",`: {"", "digestStartTime is missing"},
		`"2024-03-01T01:03:17Z"`:                    {`"yesterday"`, "digestEndTime is not a time"},
		`2024-03-01T00`:                             {"2025-03-01T00", "it ends before it starts"},
		`"digestS3Bucket":"b",`:                     {"", "digestS3Bucket is missing"},
		`"digestS3Object":"k",`:                     {`"digestS3Object":"",`, "digestS3Object is missing"},
		`"digestPublicKeyFingerprint":"f",`:         {"", "digestPublicKeyFingerprint is missing"},
		`"previousDigestSignature":"ps",`:           {"", "previousDigestSignature is missing"},
		`"ps"`:                                      {"7", "previousDigestSignature is not a text"},
		`"logFiles"`:                                {`"logfile"`, "logFiles is missing"},
		`"hashValue":"h",`:                          {"", "entry 0 of logFiles lacks"},
		`"SHA-256"}]}`:                              {`"SHA-256"}]}x`, "something follows"},
		`"digestS3Bucket":"b"`:                      {`"digestS3Bucket":7`, "digestS3Bucket is a JSON number"},
		goodDigest:                                  {"[]", "a JSON array instead of an object"},
		`"l"`:                                       {`"l`, "not JSON"},
	} {
		text := strings.Replace(goodDigest, old, c.new, 1)
		if text == goodDigest {
			t.Fatalf("%s is not in the digest file", old)
		}
		if _, err := parseDigest([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s -> %s: %v, want %q", old, c.new, err, c.want)
		}
	}
	if _, err := parseDigest(nil); err == nil {
		t.Error("nothing is no digest file")
	}
	null := strings.NewReplacer(`"pb"`, "null", `"pk"`, "null", `"ph"`, "null", `"ps"`, "null", `"previousDigestHashAlgorithm":"SHA-256"`, `"previousDigestHashAlgorithm":null`).Replace(goodDigest)
	d, err = parseDigest([]byte(null))
	if err != nil || d.Previous != nil || !strings.HasSuffix(d.stringToSign("H"), "\nnull") {
		t.Errorf("starting digest file: %+v, %v", d, err)
	}
}

func TestParsePublicKey(t *testing.T) {
	t.Parallel()
	public := &oneKey().PublicKey
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]PublicKey{
		"PKCS #1":                             {DER: pkcs1, Fingerprint: md5hex(pkcs1)},
		"SubjectPublicKeyInfo":                {DER: spki, Fingerprint: md5hex(spki)},
		"SubjectPublicKeyInfo of PKCS #1":     {DER: spki, Fingerprint: md5hex(pkcs1)},
		"PKCS #1 of a SubjectPublicKeyInfo":   {DER: pkcs1, Fingerprint: md5hex(spki)},
		"a fingerprint in upper case letters": {DER: pkcs1, Fingerprint: strings.ToUpper(md5hex(pkcs1))},
	} {
		if got, err := k.parse(); err != nil || !got.Equal(public) {
			t.Errorf("%s: %v", name, err)
		}
	}
	huge := x509.MarshalPKCS1PublicKey(&rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 9000, 1), E: 3})
	for name, k := range map[string]PublicKey{
		"other fingerprint": {DER: pkcs1, Fingerprint: strings.Repeat("0", 32)},
		"garbage":           {DER: []byte("\x30\x03\x02\x01\x00junk")},
		"nothing":           {},
		"too large":         {DER: huge, Fingerprint: md5hex(huge)},
	} {
		if _, err := k.parse(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func keyFile(keys ...PublicKey) []byte {
	var list []string
	for _, k := range keys {
		from, until := "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"
		if !k.ValidFrom.IsZero() {
			from, until = stamp(k.ValidFrom), stamp(k.ValidUntil)
		}
		list = append(list, fmt.Sprintf(`{"region":%q,"fingerprint":%q,"value":%q,"validityStartTime":%q,"validityEndTime":%q}`,
			k.Region, k.Fingerprint, base64.StdEncoding.EncodeToString(k.DER), from, until))
	}
	return []byte(`{"version":1,"keys":[` + strings.Join(list, ",") + `]}`)
}

func TestParseKeyFile(t *testing.T) {
	t.Parallel()
	f, err := ParseKeyFile(keyFile(PublicKey{Region: "eu-west-1", Fingerprint: "aa", DER: []byte{1, 2}}, PublicKey{Region: "us-east-1", Fingerprint: "bb"}))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := f.PublicKeys(context.Background(), "eu-west-1", time.Time{}, time.Time{})
	if err != nil || len(keys) != 1 || keys[0].Fingerprint != "aa" || string(keys[0].DER) != "\x01\x02" {
		t.Errorf("%+v, %v", keys, err)
	}
	for _, bad := range []string{"", "[]", "{}", `{"version":2,"keys":[]}`, `{"version":1,"keys":[{"value":"%"}]}`} {
		if _, err := ParseKeyFile([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", bad)
		}
	}
}
