package s3

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestObjectRoundTrip(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	c := f.client("us-east-1")
	in := &s3.PutObjectInput{
		Bucket: aws.String("bkt"), Key: aws.String("a b/+ü//x.gz"), Body: strings.NewReader("hello"),
		ContentType: aws.String("application/json"), ContentEncoding: aws.String("gzip"), CacheControl: aws.String("no-cache"),
		ContentDisposition: aws.String("inline"), ContentLanguage: aws.String("de"), StorageClass: types.StorageClassStandardIa,
		Metadata: map[string]string{"Signature": "abc", "two-words": "x y"}, Tagging: aws.String("a=1&b=2"),
	}
	made, err := c.PutObject(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	const sum = `"5d41402abc4b2a76b9719d911017c592"`
	if *made.ETag != sum || made.ServerSideEncryption != "AES256" || made.VersionId != nil {
		t.Errorf("put: %+v", made)
	}
	got, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: in.Bucket, Key: in.Key, ChecksumMode: types.ChecksumModeEnabled})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(got.Body)
	if err != nil || string(body) != "hello" {
		t.Errorf("body %q, %v", body, err)
	}
	if *got.ETag != sum || *got.ContentType != "application/json" || *got.ContentEncoding != "gzip" || *got.CacheControl != "no-cache" ||
		*got.ContentDisposition != "inline" || *got.ContentLanguage != "de" || got.StorageClass != types.StorageClassStandardIa ||
		*got.TagCount != 2 || got.Metadata["signature"] != "abc" || got.Metadata["two-words"] != "x y" ||
		!got.LastModified.Equal(f.now) || got.ChecksumCRC32 == nil {
		t.Errorf("get: %+v", got)
	}
}

// The AWS CLI finds `signature` in the metadata only if the header's name is
// in lower case on the wire.
func TestMetadataKeepsLowerCaseOnTheWire(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	if err := f.s.Put("bkt", "k", []byte("x"), "application/json", "gzip", map[string]string{"Signature": "1f"}); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "HEAD /bkt/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+
		"Authorization: AWS4-HMAC-SHA256 Credential=DEV/20260301/us-east-1/s3/aws4_request, Signature=0\r\n\r\n")
	text, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil || !strings.Contains(string(text), "\r\nx-amz-meta-signature: 1f\r\n") || !strings.Contains(string(text), "\r\nContent-Encoding: gzip\r\n") {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestPutAndGetOfTheSandbox(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	if err := f.s.Put("bkt", "k", []byte("x"), "application/json", "", map[string]string{"A": "b"}); err != nil {
		t.Fatal(err)
	}
	body, meta, err := f.s.Get("bkt", "k")
	if err != nil || string(body) != "x" || meta["a"] != "b" || len(meta) != 1 {
		t.Errorf("%q %v %v", body, meta, err)
	}
	if _, _, err := f.s.Get("bkt", "nope"); err == nil || !strings.HasPrefix(err.Error(), "NoSuchKey") {
		t.Errorf("missing key: %v", err)
	}
	if _, _, err := f.s.Get("nope", "k"); err == nil || !strings.HasPrefix(err.Error(), "NoSuchBucket") {
		t.Errorf("missing bucket: %v", err)
	}
}

func TestRanges(t *testing.T) {
	rows := []struct {
		header        string
		size          int64
		start, length int64
		partial, bad  bool
	}{
		{"", 10, 0, 10, false, false},
		{"bytes=0-0", 10, 0, 1, true, false},
		{"bytes=2-4", 10, 2, 3, true, false},
		{"bytes=2-", 10, 2, 8, true, false},
		{"bytes=-3", 10, 7, 3, true, false},
		{"bytes=-30", 10, 0, 10, true, false},
		{"bytes=2-99", 10, 2, 8, true, false},
		{"bytes=9-9", 10, 9, 1, true, false},
		{"bytes=10-", 10, 0, 0, false, true},
		{"bytes=-0", 10, 0, 0, false, true},
		{"bytes=0-", 0, 0, 0, false, true},
		{"bytes=-1", 0, 0, 0, false, true},
		{"bytes=5-2", 10, 0, 10, false, false},
		{"bytes=0-1,3-4", 10, 0, 10, false, false},
		{"bytes=x-2", 10, 0, 10, false, false},
		{"bytes=2", 10, 0, 10, false, false},
		{"bytes=-", 10, 0, 10, false, false},
		{"bytes=+1-2", 10, 0, 10, false, false},
		{"bytes=1--2", 10, 0, 10, false, false},
		{"items=0-1", 10, 0, 10, false, false},
		{"bytes=9223372036854775807-", 10, 0, 0, false, true},
	}
	for _, row := range rows {
		got, err := parseRange(row.header, row.size)
		if (err != nil) != row.bad {
			t.Errorf("%q of %d: error %v", row.header, row.size, err)
			continue
		}
		if err == nil && got != (span{row.start, row.length, row.partial}) {
			t.Errorf("%q of %d: %+v", row.header, row.size, got)
		}
	}
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "0123456789")
	get := func(headers ...string) sent {
		return sent{method: "GET", path: "/bkt/k", headers: append(headers, "x-amz-checksum-mode: ENABLED")}
	}
	f.run([]row{
		{"part", get("Range: bytes=2-4"), 206, "", []string{"234", "> Content-Range: bytes 2-4/10", "> Content-Length: 3", "> x-amz-checksum-crc64nvme: "}},
		{"whole", get(), 200, "", []string{"0123456789", "> Accept-Ranges: bytes", "> x-amz-checksum-crc64nvme: Ffmx7kz9nB0=", "> x-amz-checksum-type: FULL_OBJECT"}},
		{"beyond", get("Range: bytes=10-"), 416, "InvalidRange", []string{"<ActualObjectSize>10</ActualObjectSize>", "<RangeRequested>bytes=10-</RangeRequested>"}},
		{"head", sent{method: "HEAD", path: "/bkt/k", headers: []string{"Range: bytes=-1"}}, 206, "", []string{"> Content-Range: bytes 9-9/10", "> Content-Length: 1"}},
		{"no checksum unasked", sent{method: "GET", path: "/bkt/k"}, 200, "", []string{"> x-amz-checksum-crc64nvme: "}},
		{"part number", sent{method: "GET", path: "/bkt/k?partNumber=1"}, 206, "", []string{"> Content-Range: bytes 0-9/10"}},
		{"part number beyond", sent{method: "GET", path: "/bkt/k?partNumber=2"}, 416, "InvalidPartNumber", nil},
	})
}

func TestReadConditions(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	tag := f.must("PUT", "/bkt/k", "x").header.Get("ETag")
	before, at, after := "Sun, 01 Mar 2026 11:59:59 GMT", "Sun, 01 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 2026 12:00:01 GMT"
	get := func(headers ...string) sent { return sent{method: "GET", path: "/bkt/k", headers: headers} }
	f.run([]row{
		{"match", get("If-Match: " + tag), 200, "", nil},
		{"match without quotes", get("If-Match: " + strings.Trim(tag, `"`)), 200, "", nil},
		{"match any", get("If-Match: *"), 200, "", nil},
		{"match fails", get(`If-Match: "0"`), 412, "PreconditionFailed", nil},
		{"none match", get("If-None-Match: " + tag), 304, "", []string{"> ETag: " + tag}},
		{"none match in a list", get(`If-None-Match: "0", ` + tag), 304, "", nil},
		{"none match holds", get(`If-None-Match: "0"`), 200, "", nil},
		{"modified since", get("If-Modified-Since: " + before), 200, "", nil},
		{"not modified since", get("If-Modified-Since: " + at), 304, "", nil},
		{"unmodified since", get("If-Unmodified-Since: " + after), 200, "", nil},
		{"unmodified since fails", get("If-Unmodified-Since: " + before), 412, "PreconditionFailed", nil},
		{"match outweighs unmodified", get("If-Match: "+tag, "If-Unmodified-Since: "+before), 200, "", nil},
		{"none match outweighs modified", get("If-None-Match: \"0\"", "If-Modified-Since: "+after), 200, "", nil},
		{"bad date is ignored", get("If-Modified-Since: yesterday"), 200, "", nil},
		{"head", sent{method: "HEAD", path: "/bkt/k", headers: []string{"If-None-Match: " + tag}}, 304, "", nil},
	})
}

func TestWriteConditions(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.versioning("Enabled")
	tag := f.must("PUT", "/bkt/k", "x").header.Get("ETag")
	put := func(key string, headers ...string) sent {
		return sent{method: "PUT", path: "/bkt/" + key, body: "new", headers: headers}
	}
	f.run([]row{
		{"none match, there", put("k", "If-None-Match: *"), 412, "PreconditionFailed", nil},
		{"none match, not there", put("n", "If-None-Match: *"), 200, "", nil},
		{"deleted", sent{method: "DELETE", path: "/bkt/n"}, 204, "", nil},
		{"none match, deleted", put("n", "If-None-Match: *"), 200, "", nil},
		{"none match of an ETag", put("k", "If-None-Match: "+tag), 501, "NotImplemented", nil},
		{"match fails", put("k", `If-Match: "0"`), 412, "PreconditionFailed", nil},
		{"match of nothing", put("m", "If-Match: "+tag), 404, "NoSuchKey", nil},
		{"match", put("k", "If-Match: "+tag), 200, "", nil},
		{"delete, match fails", sent{method: "DELETE", path: "/bkt/k", headers: []string{"If-Match: " + tag}}, 412, "PreconditionFailed", nil},
	})
	if body, _, _ := f.s.Get("bkt", "k"); string(body) != "new" {
		t.Errorf("body %q", body)
	}
}

func TestResponseOverrides(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "x", "Content-Type: text/plain")
	path := "/bkt/k?response-content-type=a%2Fb&response-content-disposition=attachment&response-cache-control=no-store&response-expires=never&response-content-language=fr&response-content-encoding=br"
	f.run([]row{
		{"signed", sent{method: "GET", path: path}, 200, "", []string{"> Content-Type: a/b", "> Content-Disposition: attachment",
			"> Cache-Control: no-store", "> Expires: never", "> Content-Language: fr", "> Content-Encoding: br"}},
	})
}

func TestPutRefusals(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	put := func(headers ...string) sent {
		return sent{method: "PUT", path: "/bkt/k", body: "hello", headers: headers}
	}
	f.run([]row{
		{"bucket missing", sent{method: "PUT", path: "/nope/k", body: strings.Repeat("x", 1<<20)}, 404, "NoSuchBucket", nil},
		{"key too long", sent{method: "PUT", path: "/bkt/" + strings.Repeat("k", 1025)}, 400, "KeyTooLongError", nil},
		{"key not UTF-8", sent{method: "PUT", path: "/bkt/%ff"}, 400, "InvalidURI", nil},
		{"metadata too large", put("x-amz-meta-a: " + strings.Repeat("x", 2048)), 400, "MetadataTooLarge", nil},
		{"storage class", put("x-amz-storage-class: COLD"), 400, "InvalidStorageClass", nil},
		{"encryption", put("x-amz-server-side-encryption: rot13"), 400, "InvalidArgument", nil},
		{"customer key", put("x-amz-server-side-encryption-customer-algorithm: AES256"), 501, "NotServedBySandbox.s3.PutObjectWithCustomerKey", nil},
		{"ACL", put("x-amz-acl: public-read"), 400, "AccessControlListNotSupported", nil},
		{"private ACL", put("x-amz-acl: private"), 400, "AccessControlListNotSupported", nil},
		{"owner's ACL", put("x-amz-acl: bucket-owner-full-control"), 200, "", nil},
		{"ACL of no kind", put("x-amz-acl: mine"), 400, "InvalidArgument", nil},
		{"grant", put("x-amz-grant-read: id=x"), 400, "AccessControlListNotSupported", nil},
		{"too many tags", put("x-amz-tagging: a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1"), 400, "BadRequest", nil},
		{"tag twice", put("x-amz-tagging: a=1&a=2"), 400, "InvalidTag", nil},
		{"object lock", put("x-amz-object-lock-mode: GOVERNANCE"), 400, "InvalidRequest", nil},
		{"missing key", sent{method: "GET", path: "/bkt/nope"}, 404, "NoSuchKey", []string{"<Key>nope</Key>", "<RequestId>REQUEST</RequestId>", "> Server: AmazonS3", "> x-amz-request-id: REQUEST"}},
		{"missing key, head", sent{method: "HEAD", path: "/bkt/nope"}, 404, "", []string{"> x-amz-request-id: REQUEST"}},
		{"archived", sent{method: "PUT", path: "/bkt/cold", body: "x", headers: []string{"x-amz-storage-class: GLACIER"}}, 200, "", nil},
		{"archived, read", sent{method: "GET", path: "/bkt/cold"}, 403, "InvalidObjectState", nil},
		{"archived, head", sent{method: "HEAD", path: "/bkt/cold"}, 200, "", []string{"> x-amz-storage-class: GLACIER"}},
	})
}

func TestCopy(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/src", "")
	f.must("PUT", "/dst", "")
	f.must("PUT", "/src/a%20b+c", "hello", "Content-Type: text/x", "x-amz-meta-k: v", "x-amz-tagging: t=1", "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")
	f.now = f.now.Add(time.Hour)
	c := f.client("us-east-1")
	src := aws.String("src/a%20b%2Bc")
	out, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("dst"), Key: aws.String("kept"), CopySource: src})
	if err != nil || *out.CopyObjectResult.ETag != `"5d41402abc4b2a76b9719d911017c592"` || !out.CopyObjectResult.LastModified.Equal(f.now) {
		t.Fatalf("%+v, %v", out, err)
	}
	head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("dst"), Key: aws.String("kept"), ChecksumMode: "ENABLED"})
	if err != nil || *head.ContentType != "text/x" || head.Metadata["k"] != "v" || aws.ToInt32(head.TagCount) != 1 || head.ChecksumSHA256 == nil {
		t.Errorf("copied: %+v, %v", head, err)
	}
	_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String("dst"), Key: aws.String("new"), CopySource: src,
		MetadataDirective: "REPLACE", ContentType: aws.String("text/y"), Metadata: map[string]string{"n": "w"}, TaggingDirective: "REPLACE", Tagging: aws.String("x=1&y=2")})
	if err != nil {
		t.Fatal(err)
	}
	head, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String("dst"), Key: aws.String("new")})
	if err != nil || *head.ContentType != "text/y" || head.Metadata["n"] != "w" || head.Metadata["k"] != "" || aws.ToInt32(head.TagCount) != 2 {
		t.Errorf("replaced: %+v, %v", head, err)
	}
	copied := func(source string, more ...string) sent {
		return sent{method: "PUT", path: "/dst/kept", headers: append(more, "x-amz-copy-source: "+source)}
	}
	f.run([]row{
		{"onto itself", copied("/dst/kept"), 400, "InvalidRequest", nil},
		{"onto itself, new metadata", copied("/dst/kept", "x-amz-metadata-directive: REPLACE"), 200, "", nil},
		{"missing key", copied("/src/nope"), 404, "NoSuchKey", nil},
		{"missing bucket", copied("/nope/nope"), 404, "NoSuchBucket", nil},
		{"missing version", copied("/src/a%20b+c?versionId=" + strings.Repeat("x", 32)), 404, "NoSuchVersion", nil},
		{"no key", copied("src"), 400, "InvalidArgument", nil},
		{"directive", copied("/src/a%20b+c", "x-amz-metadata-directive: MERGE"), 400, "InvalidArgument", nil},
		{"if match", copied("/src/a%20b+c", `x-amz-copy-source-if-match: "0"`), 412, "PreconditionFailed", nil},
		{"if none match", copied("/src/a%20b+c", `x-amz-copy-source-if-none-match: "5d41402abc4b2a76b9719d911017c592"`), 412, "PreconditionFailed", nil},
	})
}

func TestObjectTags(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "x")
	c := f.client("us-east-1")
	_, err := c.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: aws.String("bkt"), Key: aws.String("k"),
		Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("a"), Value: aws.String("1 2")}}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: aws.String("bkt"), Key: aws.String("k")})
	if err != nil || len(got.TagSet) != 1 || *got.TagSet[0].Value != "1 2" {
		t.Errorf("%+v, %v", got, err)
	}
	f.must("DELETE", "/bkt/k?tagging", "")
	f.run([]row{
		{"none", sent{method: "GET", path: "/bkt/k?tagging"}, 200, "", []string{"<TagSet></TagSet>"}},
		{"no key", sent{method: "GET", path: "/bkt/n?tagging"}, 404, "NoSuchKey", nil},
		{"system tag", sent{method: "PUT", path: "/bkt/k?tagging", body: "<Tagging><TagSet><Tag><Key>aws:x</Key><Value/></Tag></TagSet></Tagging>"}, 400, "InvalidTag", nil},
		{"twice", sent{method: "PUT", path: "/bkt/k?tagging", body: "<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>"}, 400, "InvalidTag", nil},
		{"no set", sent{method: "PUT", path: "/bkt/k?tagging", body: "<Tagging/>"}, 400, "MalformedXML", nil},
	})
	if body, _, _ := f.s.Get("bkt", "k"); !bytes.Equal(body, []byte("x")) {
		t.Errorf("the tags cost the body: %q", body)
	}
}

func TestAttributes(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "x")
	f.run([]row{
		{"some", sent{method: "GET", path: "/bkt/k?attributes", headers: []string{"x-amz-object-attributes: ETag,ObjectSize,Checksum,StorageClass,ObjectParts"}}, 200, "",
			[]string{"<ETag>9dd4e461268c8034f5c8564e155c67a6</ETag>", "<ObjectSize>1</ObjectSize>", "<ChecksumCRC64NVME>", "<StorageClass>STANDARD</StorageClass>"}},
		{"none asked for", sent{method: "GET", path: "/bkt/k?attributes"}, 400, "InvalidArgument", nil},
		{"unknown", sent{method: "GET", path: "/bkt/k?attributes", headers: []string{"x-amz-object-attributes: Colour"}}, 400, "InvalidArgument", nil},
	})
}
