package cloudtrail

import (
	"crypto"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const createDemo = `{"Name":"demo","S3BucketName":"trail-bucket","IsMultiRegionTrail":true,"EnableLogFileValidation":true}`

// readDigest reads a digest file and checks everything that can be checked
// about it by itself: name, metadata, signature, hashes of its log files.
func (b *bench) readDigest(key, region string) digestFile {
	b.t.Helper()
	text := b.bucket.text(b.t, key)
	var d digestFile
	if err := json.Unmarshal(text, &d); err != nil {
		b.t.Fatalf("%s: %v", key, err)
	}
	if d.Bucket != testBucket || d.Key != key {
		b.t.Errorf("%s says it is %s/%s", key, d.Bucket, d.Key)
	}
	previous := "null"
	if d.PreviousSignature != nil {
		previous = *d.PreviousSignature
	}
	sum := sha256.Sum256(text)
	signed := sha256.Sum256([]byte(d.EndTime + "\n" + d.Bucket + "/" + key + "\n" + hex.EncodeToString(sum[:]) + "\n" + previous))
	metadata := b.bucket.objects[key].metadata
	signature, err := hex.DecodeString(metadata["signature"])
	if err != nil || metadata["signature-algorithm"] != "SHA256withRSA" {
		b.t.Errorf("%s has the metadata %v", key, metadata)
	}
	if err := rsa.VerifyPKCS1v15(b.publicKey(region, d.Fingerprint), crypto.SHA256, signed[:], signature); err != nil {
		b.t.Errorf("%s: %v", key, err)
	}
	for _, f := range d.LogFiles {
		sum := sha256.Sum256(b.bucket.text(b.t, f.Key))
		if f.Hash != hex.EncodeToString(sum[:]) || f.Algorithm != "SHA-256" || f.Bucket != testBucket {
			b.t.Errorf("%s lists %+v, whose hash is %x", key, f, sum)
		}
	}
	return d
}

// publicKey asks ListPublicKeys of a region for a key.
func (b *bench) publicKey(region, fingerprint string) *rsa.PublicKey {
	b.t.Helper()
	in := fmt.Sprintf(`{"StartTime":%d,"EndTime":%d}`, b.now.Add(-24*time.Hour).Unix(), b.now.Add(2*time.Hour).Unix())
	for _, k := range b.do(region, "ListPublicKeys", in)["PublicKeyList"].([]any) {
		k := k.(map[string]any)
		der, err := base64.StdEncoding.DecodeString(k["Value"].(string))
		if err != nil {
			b.t.Fatal(err)
		}
		if sum := md5.Sum(der); k["Fingerprint"] != hex.EncodeToString(sum[:]) {
			b.t.Errorf("the fingerprint %v is not the MD5 of the key", k["Fingerprint"])
		}
		if k["Fingerprint"] == fingerprint {
			key, err := x509.ParsePKCS1PublicKey(der)
			if err != nil {
				b.t.Fatal(err)
			}
			return key
		}
	}
	b.t.Fatalf("ListPublicKeys of %s does not list %s", region, fingerprint)
	return nil
}

// checkChain reads a region's digest files and checks that each one points
// to the one before it; it returns them in order.
func (b *bench) checkChain(region string) []digestFile {
	b.t.Helper()
	var chain []digestFile
	for i, key := range b.bucket.keys("/CloudTrail-Digest/" + region + "/") {
		d := b.readDigest(key, region)
		chain = append(chain, d)
		if d.PreviousKey == nil {
			if d.PreviousBucket != nil || d.PreviousHash != nil || d.PreviousHashAlgorithm != nil || d.PreviousSignature != nil {
				b.t.Errorf("%s begins a chain, but not all its previous fields are null", key)
			}
			continue
		}
		before := chain[i-1]
		sum := sha256.Sum256(b.bucket.text(b.t, before.Key))
		if *d.PreviousKey != before.Key || *d.PreviousHash != hex.EncodeToString(sum[:]) ||
			*d.PreviousSignature != b.bucket.objects[before.Key].metadata["signature"] || d.StartTime != before.EndTime {
			b.t.Errorf("%s does not continue %s", key, before.Key)
		}
	}
	return chain
}

func TestDeliveryOfAMultiRegionTrail(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.record("us-east-1", "BeforeStart")
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	first := b.record("us-east-1", "RunInstances")
	second := b.record("eu-west-1", "DescribeInstances")
	b.advance(time.Minute)
	if keys := b.bucket.keys(""); len(keys) != 0 {
		t.Fatalf("delivered before the interval was over: %v", keys)
	}
	b.advance(2 * time.Minute) // past 10:05
	if got := b.delivered("/us-east-1/"); !slices.Equal(got, []string{first}) {
		t.Errorf("us-east-1 delivered %v", got)
	}
	if got := b.delivered("/eu-west-1/"); !slices.Equal(got, []string{second}) {
		t.Errorf("eu-west-1 delivered %v", got)
	}
	name := regexp.MustCompile(`^AWSLogs/123456789012/CloudTrail/eu-west-1/2026/03/01/123456789012_CloudTrail_eu-west-1_20260301T1005Z_[A-Za-z0-9]{16}\.json\.gz$`)
	if keys := b.bucket.keys("/eu-west-1/"); !name.MatchString(keys[0]) {
		t.Errorf("a log file is named %s", keys[0])
	}
	b.advance(3 * time.Hour)
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		chain := b.checkChain(region)
		if len(chain) != 3 {
			t.Fatalf("%s has %d digest files in three hours", region, len(chain))
		}
		if chain[0].PreviousKey != nil || len(chain[0].LogFiles) != 1 || len(chain[1].LogFiles) != 0 {
			t.Errorf("%s: the first digest is %+v", region, chain[0])
		}
		if chain[0].StartTime != "2026-03-01T10:02:17Z" || chain[0].EndTime != "2026-03-01T11:02:17Z" {
			t.Errorf("%s: the first digest covers %s to %s", region, chain[0].StartTime, chain[0].EndTime)
		}
		want := "AWSLogs/123456789012/CloudTrail-Digest/" + region + "/2026/03/01/123456789012_CloudTrail-Digest_" +
			region + "_demo_us-east-1_20260301T110217Z.json.gz"
		if chain[0].Key != want {
			t.Errorf("the first digest is %s, not %s", chain[0].Key, want)
		}
	}
}

func TestDigestFieldOrder(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.advance(time.Hour)
	text := string(b.bucket.text(t, b.bucket.keys("CloudTrail-Digest/us-east-1/")[0]))
	at := 0
	for _, field := range []string{"awsAccountId", "digestStartTime", "digestEndTime", "digestS3Bucket", "digestS3Object",
		"digestPublicKeyFingerprint", "digestSignatureAlgorithm", `newestEventTime":null`, `oldestEventTime":null`,
		`previousDigestS3Bucket":null`, `previousDigestS3Object":null`, `previousDigestHashValue":null`,
		`previousDigestHashAlgorithm":null`, `previousDigestSignature":null`, `logFiles":[]`} {
		i := strings.Index(text, `"`+field)
		if i < at {
			t.Fatalf("%s is missing or out of order in %s", field, text)
		}
		at = i
	}
}

func TestStopLoggingEndsTheChain(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.advance(90 * time.Minute)
	last := b.record("us-east-1", "Last")
	b.do("us-east-1", "StopLogging", `{"Name":"demo"}`)
	if got := b.delivered("us-east-1"); !slices.Equal(got, []string{last}) {
		t.Errorf("StopLogging delivered %v", got)
	}
	b.record("us-east-1", "WhileStopped")
	b.advance(5 * time.Hour)
	if n := len(b.checkChain("us-east-1")); n != 2 {
		t.Fatalf("%d digest files before and at StopLogging", n)
	}
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.advance(2 * time.Hour)
	chain := b.checkChain("us-east-1")
	if len(chain) != 4 || chain[2].PreviousKey != nil || chain[3].PreviousKey == nil {
		t.Fatalf("the chain after the gap: %+v", chain)
	}
	if len(chain[1].LogFiles) != 1 || chain[1].EndTime != "2026-03-01T11:32:17Z" {
		t.Errorf("the last digest before the gap: %+v", chain[1])
	}
	if chain[2].StartTime != "2026-03-01T16:32:17Z" {
		t.Errorf("the digest after the gap starts %s", chain[2].StartTime)
	}
	if got := b.delivered("us-east-1"); len(got) != 1 {
		t.Errorf("events of the gap were delivered: %v", got)
	}
}

// Start and stop within one second must not write two digests of one name.
func TestStopAtOnceKeepsDigestNamesApart(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	for range 3 {
		b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
		b.do("us-east-1", "StopLogging", `{"Name":"demo"}`)
	}
	if n := len(b.bucket.keys("CloudTrail-Digest/us-east-1/")); n != 3 {
		t.Errorf("%d digest files of three chains", n)
	}
}

func TestWhatEndsAndBegins(t *testing.T) {
	update := func(fields string) func(*bench) {
		return func(b *bench) { b.do("us-east-1", "UpdateTrail", `{"Name":"demo",`+fields+`}`) }
	}
	tests := []struct {
		name        string
		change      func(*bench)
		home, other int // digest files of each region afterwards, in three more hours
		logs        int // log files of eu-west-1
	}{
		{"nothing", func(*bench) {}, 4, 4, 2},
		{"validation off", update(`"EnableLogFileValidation":false`), 2, 2, 2},
		{"one region", update(`"IsMultiRegionTrail":false`), 4, 2, 1},
		{"deleted", func(b *bench) { b.do("us-east-1", "DeleteTrail", `{"Name":"demo"}`) }, 2, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.do("us-east-1", "CreateTrail", createDemo)
			b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
			b.advance(90 * time.Minute)
			b.record("eu-west-1", "Before")
			b.advance(10 * time.Minute)
			tt.change(b)
			b.record("eu-west-1", "After")
			b.advance(3 * time.Hour)
			home, other := len(b.checkChain("us-east-1")), len(b.checkChain("eu-west-1"))
			logs := len(b.bucket.keys("/CloudTrail/eu-west-1/"))
			if home != tt.home || other != tt.other || logs != tt.logs {
				t.Errorf("%d digests at home, %d elsewhere, %d log files; want %d, %d, %d", home, other, logs, tt.home, tt.other, tt.logs)
			}
		})
	}
}

func TestDeniedDeliveryIsTriedAgain(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.bucket.deny(true)
	one := b.record("us-east-1", "One")
	b.advance(70 * time.Minute)
	st := b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`)
	if st["LatestDeliveryError"] != "AccessDenied" || st["LatestDigestDeliveryError"] != "AccessDenied" || st["LatestDeliveryTime"] != nil {
		t.Errorf("status while denied: %v", st)
	}
	if len(b.bucket.keys("")) != 0 {
		t.Errorf("delivered although denied: %v", b.bucket.keys(""))
	}
	two := b.record("us-east-1", "Two")
	b.bucket.deny(false)
	b.advance(time.Hour)
	if got := b.delivered(""); !slices.Equal(got, []string{one, two}) {
		t.Errorf("delivered afterwards: %v", got)
	}
	chain := b.checkChain("us-east-1")
	if len(chain) != 1 || chain[0].StartTime != "2026-03-01T10:02:17Z" || len(chain[0].LogFiles) != 1 {
		t.Errorf("the digest afterwards: %+v", chain)
	}
	st = b.do("us-east-1", "GetTrailStatus", `{"Name":"demo"}`)
	if st["LatestDeliveryError"] != nil || st["LatestDigestDeliveryError"] != nil || st["LatestDeliveryTime"] == nil || st["LatestDeliveryAttemptSucceeded"] == "" {
		t.Errorf("status afterwards: %v", st)
	}
}

func TestTwoTrailsOneBucket(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "CreateTrail", `{"Name":"second","S3BucketName":"trail-bucket","S3KeyPrefix":"team/a"}`)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.do("us-east-1", "StartLogging", `{"Name":"second"}`)
	id := b.record("us-east-1", "Once")
	b.record("eu-west-1", "Elsewhere")
	b.advance(time.Hour)
	if got := b.delivered("us-east-1"); !slices.Equal(got, []string{id, id}) {
		t.Errorf("two trails delivered %v", got)
	}
	if n := len(b.bucket.keys("team/a/AWSLogs/123456789012/CloudTrail/us-east-1/")); n != 1 {
		t.Errorf("%d files under the prefix", n)
	}
	if n := len(b.bucket.keys("team/a/")); n != 1 {
		t.Errorf("the trail of one region and without validation delivered %v", b.bucket.keys("team/a/"))
	}
}

func TestLargeDeliveriesAreSplit(t *testing.T) {
	var events []pendingEvent
	big := json.RawMessage(`{"a":"` + strings.Repeat("x", 1<<20) + `"}`)
	for i := range 12 {
		events = append(events, pendingEvent{Time: testStart.Add(time.Duration(i) * time.Second), JSON: big})
	}
	files := makeLogFiles(events)
	total := 0
	for _, f := range files {
		var parsed struct{ Records []json.RawMessage }
		if err := json.Unmarshal(f.text, &parsed); err != nil {
			t.Fatal(err)
		}
		if len(parsed.Records) != f.events || len(f.text) > maxLogFile+2 {
			t.Errorf("a file has %d records and %d bytes, and says %d", len(parsed.Records), len(f.text), f.events)
		}
		total += f.events
	}
	if total != len(events) || len(files) != 3 {
		t.Errorf("%d events in %d files", total, len(files))
	}
}

func TestKeysRotate(t *testing.T) {
	r := newKeyring(GenerateKey)
	first, err := r.at("us-east-1", testStart)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := r.at("us-east-1", testStart.Add(keyLife-24*time.Hour))
	next, _ := r.at("us-east-1", testStart.Add(keyLife+time.Hour))
	if again != first || next == first {
		t.Error("a key lives 90 days")
	}
	if got := r.between("us-east-1", testStart, testStart.Add(keyLife+time.Hour)); len(got) != 2 {
		t.Errorf("%d keys over the rotation", len(got))
	}
	if got := r.between("us-east-1", testStart, testStart.Add(time.Hour)); len(got) != 1 || got[0] != first {
		t.Errorf("%d keys at the start", len(got))
	}
}

// What could not be delivered for a deleted trail is lost with it.
func TestDeletedTrailIsNotTriedAgain(t *testing.T) {
	b := newBench(t)
	b.do("us-east-1", "CreateTrail", createDemo)
	b.do("us-east-1", "StartLogging", `{"Name":"demo"}`)
	b.record("us-east-1", "Lost")
	b.bucket.deny(true)
	b.do("us-east-1", "DeleteTrail", `{"Name":"demo"}`)
	b.bucket.deny(false)
	if at, due := b.s.NextDue(); due {
		t.Errorf("something is due at %s for a deleted trail", at)
	}
	b.advance(2 * time.Hour)
	if keys := b.bucket.keys(""); len(keys) != 0 {
		t.Errorf("delivered after the deletion: %v", keys)
	}
}
