package validate

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// A digest file may say anything: what is accepted is whole, and what is not
// is explained in words.
func FuzzDigest(f *testing.F) {
	f.Add([]byte(goodDigest))
	f.Add([]byte(strings.Replace(goodDigest, `"ps"`, "null", 1)))
	f.Add([]byte(`{"digestStartTime":null,"logFiles":[null]}`))
	f.Add([]byte(`{"logFiles":[{"s3Bucket":{"a":[[[[1e9]]]]}}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r digestReader
		listed := 0
		d, err := r.read(bytes.NewReader(b), func(l logEntry) bool {
			if listed++; l.Bucket == "" || l.Key == "" || l.Hash == "" || len(l.Bucket)+len(l.Key)+len(l.Hash)+len(l.Algorithm) > 4*maxText {
				t.Fatalf("an entry %+v", l)
			}
			return true
		})
		if err != nil {
			if strings.Contains(err.Error(), "struct") || len(err.Error()) > maxText {
				t.Fatalf("a message for nobody: %v", err)
			}
			return
		}
		switch {
		case d.Bucket == "" || d.Key == "" || d.Fingerprint == "" || d.End.Before(d.Start) || !json.Valid(b):
			t.Fatalf("accepted %+v", d)
		case listed != d.listed || listed > len(b):
			t.Fatalf("%d log files, and %d", d.listed, listed)
		case len(d.stringToSign("")) > 4*maxText+8:
			t.Fatal("a long text to sign")
		case d.verify(&oneKey().PublicKey, "h", strings.Repeat("00", oneKey().Size())) == nil:
			t.Fatal("a signature of zeros verifies")
		}
	})
}

// Keys come from the service or a file, as DER: none is used that does not fit
// its fingerprint, and none that would cost seconds.
func FuzzKeys(f *testing.F) {
	public := &oneKey().PublicKey
	pkcs1 := x509.MarshalPKCS1PublicKey(public)
	f.Add(pkcs1)
	if spki, err := x509.MarshalPKIXPublicKey(public); err == nil {
		f.Add(spki)
	}
	f.Add(keyFile(PublicKey{Region: "eu-west-1", Fingerprint: md5hex(pkcs1), DER: pkcs1}, PublicKey{DER: []byte{0}}))
	f.Add([]byte(`{"version":1,"keys":null}`))
	f.Add([]byte(`{"version":1,"keys":[{"value":"` + base64.StdEncoding.EncodeToString([]byte{0x30, 0x80}) + `","validityEndTime":"9999-12-31T23:59:59Z"}]}`))
	d := &document{endText: "t", Bucket: "b", Key: "k"}
	f.Fuzz(func(t *testing.T, b []byte) {
		keys := []PublicKey{{DER: b, Fingerprint: md5hex(b)}}
		if file, err := ParseKeyFile(b); err == nil {
			keys = append(keys, file.keys...)
		}
		for _, k := range keys {
			k.validAt(corpusStart)
			key, err := k.parse()
			if err != nil {
				continue
			}
			if key.N.BitLen() > maxModulus || !k.matches(key) {
				t.Fatalf("accepted %+v", k)
			}
			if d.verify(key, "h", strings.Repeat("00", key.Size())) == nil {
				t.Fatal("a signature of zeros verifies")
			}
		}
	})
}
