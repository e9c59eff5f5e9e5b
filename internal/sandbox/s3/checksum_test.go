package s3

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// The check values of the CRC catalogue, of "123456789".
func TestChecksumVectors(t *testing.T) {
	for algorithm, want := range map[string]string{"CRC32": "cbf43926", "CRC32C": "e3069283", "CRC64NVME": "ae8b14860a799888",
		"SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441", "MD5": "25f9e794323b453885f5181f1b624d0b"} {
		h := newHash(algorithm)
		io.WriteString(h, "123456789")
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s: %s, want %s", algorithm, got, want)
		}
	}
}

func sumOf(algorithm, body string) string {
	h := newHash(algorithm)
	io.WriteString(h, body)
	return base64Sum(h)
}

func TestChecksumsOfUploads(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	put := func(headers ...string) sent {
		return sent{method: "PUT", path: "/bkt/k", body: "hello", headers: headers}
	}
	var rows []row
	for _, a := range algorithms() {
		name := checksumHeader(a)
		rows = append(rows,
			row{a, put(name + ": " + sumOf(a, "hello")), 200, "", []string{"> " + name + ": " + sumOf(a, "hello")}},
			row{a + " wrong", put(name + ": " + sumOf(a, "hullo")), 400, "BadDigest", nil},
			row{a + " malformed", put(name + ": aGk="), 400, "InvalidRequest", nil})
	}
	sum := sha256.Sum256([]byte("hello"))
	wrong := sha256.Sum256([]byte("hullo"))
	f.run(append(rows, []row{
		{"MD5", put(contentMD5("hello")), 200, "", nil},
		{"MD5 wrong", put(contentMD5("hullo")), 400, "BadDigest", []string{"<CalculatedDigest>"}},
		{"MD5 malformed", put("Content-MD5: aGk="), 400, "InvalidDigest", nil},
		{"payload hash", put("x-amz-content-sha256: " + hex.EncodeToString(sum[:])), 200, "", nil},
		{"payload hash wrong", put("x-amz-content-sha256: " + hex.EncodeToString(wrong[:])), 400, "XAmzContentSHA256Mismatch", nil},
		{"unsigned payload", put("x-amz-content-sha256: UNSIGNED-PAYLOAD"), 200, "", nil},
		{"two of them", put("x-amz-checksum-crc32: "+sumOf("CRC32", "hello"), "x-amz-checksum-crc32c: "+sumOf("CRC32C", "hello")), 400, "InvalidRequest", nil},
		{"unknown algorithm", put("x-amz-sdk-checksum-algorithm: XXHASH64"), 400, "InvalidRequest", nil},
	}...))
}

func TestRefusedUploadChangesNothing(t *testing.T) {
	f := newFront(t, t.TempDir())
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "old")
	f.send(sent{method: "PUT", path: "/bkt/k", body: "new", headers: []string{contentMD5("other")}})
	if body, _, _ := f.s.Get("bkt", "k"); string(body) != "old" {
		t.Errorf("body %q", body)
	}
}

func TestChecksumsOfTheSDK(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	c := f.client("us-east-1")
	for _, a := range []types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), Body: strings.NewReader("hello"), ChecksumAlgorithm: a})
		if err != nil {
			t.Errorf("%s: %v", a, err)
		}
		got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("k"), ChecksumMode: "ENABLED"})
		if err != nil {
			t.Fatalf("%s: %v", a, err)
		}
		if _, err := io.ReadAll(got.Body); err != nil {
			t.Errorf("%s: the SDK refuses the body: %v", a, err)
		}
	}
}

// chunk frames a body as the SDKs do, in chunks of n bytes.
func chunk(body string, n int, signed bool, trailers ...string) string {
	var b strings.Builder
	extension := ""
	if signed {
		extension = ";chunk-signature=" + strings.Repeat("0", 64)
	}
	for len(body) > 0 {
		n = min(n, len(body))
		fmt.Fprintf(&b, "%x%s\r\n%s\r\n", n, extension, body[:n])
		body = body[n:]
	}
	b.WriteString("0" + extension + "\r\n")
	for _, t := range trailers {
		b.WriteString(t + "\r\n")
	}
	return b.String() + "\r\n"
}

func TestChunkedUploads(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	body := strings.Repeat("hello ", 5000)
	length := fmt.Sprintf("x-amz-decoded-content-length: %d", len(body))
	signed, unsigned := "x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	crc := "x-amz-checksum-crc32:" + sumOf("CRC32", body)
	put := func(framed string, headers ...string) sent {
		return sent{method: "PUT", path: "/bkt/k", body: framed, headers: append(headers, "Content-Encoding: gzip,aws-chunked")}
	}
	trailer := "x-amz-trailer: x-amz-checksum-crc32"
	f.run([]row{
		{"signed", put(chunk(body, 8192, true), signed, length), 200, "", nil},
		{"unsigned with trailer", put(chunk(body, 8192, false, crc), unsigned, length, trailer), 200, "", []string{"> x-amz-checksum-crc32: " + sumOf("CRC32", body)}},
		{"signed with trailer", put(chunk(body, 8192, true, crc, "x-amz-trailer-signature:00"), signed+"-TRAILER", length, trailer), 200, "", nil},
		{"one byte at a time", put(chunk(body[:600], 1, true), signed, "x-amz-decoded-content-length: 600"), 200, "", nil},
		{"empty", put(chunk("", 1, true), signed, "x-amz-decoded-content-length: 0"), 200, "", nil},
		{"whole", put(chunk(body, 1<<20, false, crc), unsigned, length, trailer), 200, "", nil},
		{"wrong trailer", put(chunk(body, 8192, false, "x-amz-checksum-crc32:"+sumOf("CRC32", "x")), unsigned, length, trailer), 400, "BadDigest", nil},
		{"trailer missing", put(chunk(body, 8192, false), unsigned, length, trailer), 400, "MalformedTrailerError", nil},
		{"no decoded length", put(chunk(body, 8192, true), signed), 411, "MissingContentLength", nil},
		{"shorter than it says", put(chunk(body[1:], 8192, true), signed, length), 400, "IncompleteBody", nil},
		{"longer than it says", put(chunk(body+"x", 8192, true), signed, length), 400, "IncompleteBody", nil},
		{"not framed", put(body, signed, length), 400, "IncompleteBody", nil},
		{"cut off", put(chunk(body, 8192, true)[:10000], signed, length), 400, "IncompleteBody", nil},
		{"stored without the coding", sent{method: "GET", path: "/bkt/k"}, 200, "", []string{"> Content-Encoding: gzip"}},
	})
	if got, _, _ := f.s.Get("bkt", "k"); string(got) != body {
		t.Errorf("%d bytes stored, want %d", len(got), len(body))
	}
}

func FuzzChunked(f *testing.F) {
	f.Add("hello", uint16(2), true)
	f.Add("", uint16(1), false)
	f.Add(chunk("x", 1, true), uint16(3), false)
	f.Fuzz(func(t *testing.T, body string, n uint16, signed bool) {
		// What is framed comes back.
		in := newChunkedReader(strings.NewReader(chunk(body, int(n)+1, signed, "x-amz-checksum-crc32: AAAA")))
		got, err := io.ReadAll(in)
		if err != nil || string(got) != body || in.trailer["x-amz-checksum-crc32"] != "AAAA" {
			t.Errorf("%q became %q, %v, %v", body, got, in.trailer, err)
		}
		// What is not must end, with no more out than in.
		got, _ = io.ReadAll(newChunkedReader(strings.NewReader(body)))
		if len(got) > len(body) {
			t.Errorf("%d bytes out of %d", len(got), len(body))
		}
	})
}

func TestChunkedRefusals(t *testing.T) {
	for _, body := range []string{
		"", "5\r\nhel", "5\r\nhelloX\r\n0\r\n\r\n", "-1\r\n\r\n", "zz\r\n", "5", "ffffffffffffffff\r\nx", "7fffffffffffffff\r\nx",
		"0\r\nno colon\r\n\r\n", strings.Repeat("0", 5000) + "\r\n", "0\r\n" + strings.Repeat("a:b\r\n", 100),
	} {
		if got, err := io.ReadAll(newChunkedReader(strings.NewReader(body))); err == nil {
			t.Errorf("%.40q is taken as %q", body, got)
		}
	}
}

func TestCompositeSum(t *testing.T) {
	a, b := sumOf("CRC32", "a"), sumOf("CRC32", "b")
	got, err := compositeSum("CRC32", []part{{Checksum: checksum{Value: a}}, {Checksum: checksum{Value: b}}})
	rawA, _ := base64.StdEncoding.DecodeString(a)
	rawB, _ := base64.StdEncoding.DecodeString(b)
	if want := sumOf("CRC32", string(rawA)+string(rawB)) + "-2"; err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
