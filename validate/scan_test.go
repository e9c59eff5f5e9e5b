package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

// skipAll reads one JSON value that must be all there is.
func skipAll(text string) error {
	var s scanner
	s.reset(iotest.OneByteReader(strings.NewReader(text)))
	if err := s.skip(0); err != nil {
		return err
	}
	return s.end()
}

func TestScannerTakesWhatIsJSON(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		`{}`, `[]`, ` [1, -2.5e+10, 0, -0, 1E9 ]`, `{"a":{"b":[null,true,false,"x"]}}`, `"\u00e9\ud83d\ude00\\\"\/\b\f\n\r\t"`, `"é😀"`, "\t\r\n7 ",
		`"` + strings.Repeat("é", 3*maxText) + `"`, `"a` + strings.Repeat("😀", maxText) + `"`, strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting),
	} {
		if err := skipAll(good); err != nil {
			t.Errorf("%.60s: %v", good, err)
		}
	}
	for bad, want := range map[string]error{
		``: errShort, ` `: errShort, `{`: errShort, `["a`: errShort, `{"a"`: errShort, `{"a":`: errShort, `[1,`: errShort, `tru`: errShort, `-`: errShort, `1.`: errShort, `1e`: errShort, `"\u12`: errShort, `"\ud83d`: errShort,
		`{,}`: errNotJSON, `[1,]`: errNotJSON, `{"a":1,}`: errNotJSON, `{a:1}`: errNotJSON, `{"a" 1}`: errNotJSON, `[1 2]`: errNotJSON, `nul0`: errNotJSON, `NaN`: errNotJSON, `'a'`: errNotJSON,
		`1.x`: errNotJSON, `-x`: errNotJSON, `1ex`: errNotJSON, `+1`: errNotJSON, `.5`: errNotJSON, `"\x41"`: errNotJSON, `"\u00g0"`: errNotJSON, "\"\u0001\"": errNotJSON, "\"a\nb\"": errNotJSON,
		"\xef\xbb\xbf{}": errNotJSON, "\"\xff\"": errNotJSON, `"` + strings.Repeat("a", 2*maxText) + "\xe2\x82\"": errNotJSON, `"\ud83d"`: errNotJSON, `"\ud83dx"`: errNotJSON, `"\ude00"`: errNotJSON, `"\ud83d\u0041"`: errNotJSON,
		`01`: errFollowed, `{} {}`: errFollowed, `1,`: errFollowed, strings.Repeat("[", 1000): errNested,
	} {
		if err := skipAll(bad); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, want %v", bad, err, want)
		}
	}
}

// A digest file must not be one thing for us and another for somebody else.
func TestDigestThatCanBeReadInTwoWays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new, want string }{
		{`"digestS3Bucket":"b",`, `"digestS3Bucket":"b","digestS3Bucket":"c",`, "digestS3Bucket is there twice"},
		{`"digestS3Bucket":"b",`, `"digestS3Bucket":"b","digests3bucket":"c",`, "a field is named almost digestS3Bucket"},
		{`"digestS3Bucket":"b",`, `"digestS3Bucket":"b","digest\u00533Bucket":"c",`, "digestS3Bucket is there twice"},
		{`"logFiles":[`, `"LogFiles":[],"logFiles":[`, "a field is named almost logFiles"},
		{`"logFiles":[`, `"logFiles":[],"logFiles":[`, "logFiles is there twice"},
		{`"hashValue":"h",`, `"hashValue":"h","hashValue":"i",`, "hashValue is there twice"},
		{`"hashValue":"h",`, `"hashValue":"h","ha\u017fhValue":"i",`, "a field is named almost hashValue"},
		{`"newestEventTime":null,`, `"newestEventTime":null,"newestEventTime":1,`, "newestEventTime is there twice"},
		{`"logFiles":[`, `"x":1,"x":2,"logFiles":[`, "a field is there twice"},
		{`"logFiles":[`, `"a":1,"b":"` + strings.Repeat("x", 1<<20) + `","c":{"d":[{"e":1,"e":2}]},"logFiles":[`, ""},
		{`"b",`, `"` + strings.Repeat("b", maxText+1) + `",`, errLong.Error()},
		{`"logFiles":[`, `"` + strings.Repeat("x", maxText+1) + `":1,"logFiles":[`, errLong.Error()},
		{`"logFiles":[`, names(maxNames) + `"logFiles":[`, ""},
		{`"logFiles":[`, names(maxNames+1) + `"logFiles":[`, errNames.Error()},
		{`"logFiles":[`, `"logFiles":[null,`, "entry 0 of logFiles lacks"},
		{`"logFiles":[`, `"logFiles":[7,`, "an entry of logFiles is a JSON number"},
		{`"hashValue":"h",`, `"hashValue":7,`, "logFiles.hashValue is a JSON number"},
		{`"hashAlgorithm":"SHA-256"}]`, `"hashAlgorithm":null}]`, ""},
	} {
		text := strings.Replace(goodDigest, c.old, c.new, 1)
		if text == goodDigest {
			t.Fatalf("%s is not in the digest file", c.old)
		}
		_, err := parseDigest([]byte(text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: %v, want %q", c.new, err, c.want)
		}
	}
}

func names(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"n%d":0,`, i)
	}
	return b.String()
}

func TestDigestEntries(t *testing.T) {
	t.Parallel()
	text := strings.Replace(goodDigest, `"logFiles":[`, `"logFiles":[{"hashAlgorithm":"SHA-1","hashValue":"i","s3Object":"\u006d","s3Bucket":"c","more":[]},{"s3Bucket":"c","s3Object":"c","hashValue":"c"},`, 1)
	want := []logEntry{{"c", "m", "i", "SHA-1"}, {"c", "c", "c", ""}, {"b", "l", "h", "SHA-256"}}
	var got []logEntry
	var r digestReader
	d, err := r.read(strings.NewReader(text), func(l logEntry) bool { got = append(got, l); return true })
	if err != nil || d.listed != 3 || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, %v", got, err)
	}
	got = nil
	if _, err := r.read(strings.NewReader(text), func(l logEntry) bool { got = append(got, l); return len(got) < 2 }); err != errStopped || len(got) != 2 {
		t.Errorf("%v, %v after it was to stop", got, err)
	}
	trouble := errors.New("the line is dead")
	if _, err := r.read(iotest.TimeoutReader(strings.NewReader(text)), nil); err != nil && !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
	if _, err := r.read(iotest.ErrReader(trouble), nil); err != trouble {
		t.Error(err)
	}
}

// What is accepted is read as encoding/json reads it.
func FuzzDigestAsOthersReadIt(f *testing.F) {
	f.Add([]byte(goodDigest))
	f.Add([]byte(strings.Replace(goodDigest, `"ps"`, "null", 1)))
	f.Add([]byte(strings.Replace(goodDigest, `"b"`, `"\ud83d\ude00\u00e9"`, -1)))
	f.Add([]byte(strings.Replace(goodDigest, `"logFiles":[`, `"x":{"a":[1e5,-0.1,true,false,null]},"logFiles":[`, 1)))
	var r digestReader
	f.Fuzz(func(t *testing.T, b []byte) {
		var entries []logEntry
		d, err := r.read(bytes.NewReader(b), func(l logEntry) bool { entries = append(entries, l); return true })
		counted, countErr := r.read(iotest.HalfReader(bytes.NewReader(b)), nil)
		if fmt.Sprint(err) != fmt.Sprint(countErr) || err == nil && counted.listed != len(entries) {
			t.Fatalf("%v and %v", err, countErr)
		}
		if err != nil {
			return
		}
		var std struct {
			End       string  `json:"digestEndTime"`
			Bucket    string  `json:"digestS3Bucket"`
			Key       string  `json:"digestS3Object"`
			Finger    string  `json:"digestPublicKeyFingerprint"`
			PrevHash  string  `json:"previousDigestHashValue"`
			Signature *string `json:"previousDigestSignature"`
			LogFiles  []struct {
				S3Bucket, S3Object, HashValue, HashAlgorithm string
			}
		}
		if err := json.Unmarshal(b, &std); err != nil {
			t.Fatalf("accepted, and %v", err)
		}
		if std.End != d.endText || std.Bucket != d.Bucket || std.Key != d.Key || std.Finger != d.Fingerprint || len(std.LogFiles) != len(entries) ||
			(std.Signature == nil) != (d.previousSignature == nil) || std.Signature != nil && *std.Signature != *d.previousSignature ||
			d.Previous != nil && d.Previous.Hash != std.PrevHash {
			t.Fatalf("%+v, but %+v", d, std)
		}
		for i, l := range std.LogFiles {
			if (logEntry{l.S3Bucket, l.S3Object, l.HashValue, l.HashAlgorithm}) != entries[i] {
				t.Fatalf("%+v, but %+v", entries[i], l)
			}
		}
	})
}

func BenchmarkReadDigest(b *testing.B) {
	var list strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&list, `{"s3Bucket":"trail-bucket","s3Object":"AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/02/111122223333_CloudTrail_eu-west-1_20261102T0005Z_%016d.json.gz","hashValue":"%064x","hashAlgorithm":"SHA-256","newestEventTime":"2026-11-02T00:05:00Z","oldestEventTime":"2026-11-02T00:00:00Z"},`, i, i)
	}
	text := []byte(strings.Replace(goodDigest, `"logFiles":[`, `"logFiles":[`+list.String(), 1))
	var r digestReader
	for name, each := range map[string]func(logEntry) bool{"count": nil, "entries": func(logEntry) bool { return true }} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.read(bytes.NewReader(text), each); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
