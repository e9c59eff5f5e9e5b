package s3

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (f *front) startUpload(key string, headers ...string) string {
	f.t.Helper()
	a := f.must("POST", "/bkt/"+key+"?uploads", "", headers...)
	_, rest, _ := strings.Cut(a.body, "<UploadId>")
	id, _, _ := strings.Cut(rest, "</UploadId>")
	return id
}

func completeDocument(parts ...any) string {
	var b strings.Builder
	b.WriteString("<CompleteMultipartUpload>")
	for i := 0; i < len(parts); i += 2 {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", parts[i], parts[i+1])
	}
	return b.String() + "</CompleteMultipartUpload>"
}

func TestMultipartUpload(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		f := newFront(t, dir)
		f.must("PUT", "/bkt", "")
		c, b, k := f.client("us-east-1"), aws.String("bkt"), aws.String("big")
		up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: b, Key: k, ContentType: aws.String("text/x"), Metadata: map[string]string{"a": "b"}, ChecksumAlgorithm: "CRC32"})
		if err != nil {
			t.Fatal(err)
		}
		bodies := []string{strings.Repeat("a", minPart), strings.Repeat("b", minPart+1), "end"}
		var done []types.CompletedPart
		sums := md5.New()
		for i, body := range bodies {
			// Numbers need not follow on each other.
			n := aws.Int32(int32(i*3 + 1))
			p, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: b, Key: k, UploadId: up.UploadId, PartNumber: n, Body: strings.NewReader(body)})
			if err != nil {
				t.Fatal(err)
			}
			one := md5.Sum([]byte(body))
			sums.Write(one[:])
			done = append(done, types.CompletedPart{PartNumber: n, ETag: p.ETag, ChecksumCRC32: p.ChecksumCRC32})
		}
		list, err := c.ListParts(ctx, &s3.ListPartsInput{Bucket: b, Key: k, UploadId: up.UploadId, MaxParts: aws.Int32(2)})
		if err != nil || len(list.Parts) != 2 || !*list.IsTruncated || *list.NextPartNumberMarker != "4" || list.ChecksumAlgorithm != "CRC32" || list.Parts[0].ChecksumCRC32 == nil {
			t.Errorf("ListParts: %+v, %v", list, err)
		}
		out, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: b, Key: k, UploadId: up.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: done}})
		want := fmt.Sprintf(`"%x-3"`, sums.Sum(nil))
		if err != nil || *out.ETag != want || out.ChecksumType != "COMPOSITE" || !strings.HasSuffix(*out.ChecksumCRC32, "-3") {
			t.Errorf("complete: %+v, %v, want ETag %s", out, err, want)
		}
		got, _, err := f.s.Get("bkt", "big")
		if err != nil || string(got) != strings.Join(bodies, "") {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: b, Key: k, PartNumber: aws.Int32(3)})
		if err != nil || *head.ContentLength != 3 || *head.PartsCount != 3 || *head.ContentType != "text/x" || head.Metadata["a"] != "b" {
			t.Errorf("part 3: %+v, %v", head, err)
		}
		_, err = c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: b, Key: k, UploadId: up.UploadId})
		wantCode(t, err, "NoSuchUpload")
	}
}

func TestUploadRefusals(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	id := f.startUpload("k")
	tag1 := f.must("PUT", "/bkt/k?partNumber=1&uploadId="+id, "one").header.Get("ETag")
	tag2 := f.must("PUT", "/bkt/k?partNumber=2&uploadId="+id, "two").header.Get("ETag")
	at := "/bkt/k?uploadId=" + id
	complete := func(parts ...any) sent {
		return sent{method: "POST", path: at, body: completeDocument(parts...)}
	}
	f.run([]row{
		{"too small", complete(1, tag1, 2, tag2), 400, "EntityTooSmall", []string{"<PartNumber>1</PartNumber>", "<MinSizeAllowed>5242880</MinSizeAllowed>"}},
		{"order", complete(2, tag2, 1, tag1), 400, "InvalidPartOrder", nil},
		{"twice", complete(1, tag1, 1, tag1), 400, "InvalidPartOrder", nil},
		{"no such part", complete(3, tag1), 400, "InvalidPart", nil},
		{"other ETag", complete(1, tag2), 400, "InvalidPart", nil},
		{"no parts", complete(), 400, "MalformedXML", nil},
		{"no XML", sent{method: "POST", path: at, body: "x"}, 400, "MalformedXML", nil},
		{"other key", sent{method: "POST", path: "/bkt/other?uploadId=" + id, body: completeDocument(1, tag1)}, 404, "NoSuchUpload", nil},
		{"no such upload", sent{method: "PUT", path: "/bkt/k?partNumber=1&uploadId=x", body: "x"}, 404, "NoSuchUpload", nil},
		{"part 0", sent{method: "PUT", path: at + "&partNumber=0", body: "x"}, 400, "InvalidArgument", nil},
		{"part 10001", sent{method: "PUT", path: at + "&partNumber=10001", body: "x"}, 400, "InvalidArgument", nil},
		{"object size", sent{method: "POST", path: at, body: completeDocument(1, tag1), headers: []string{"x-amz-mp-object-size: 4"}}, 400, "InvalidRequest", nil},
		{"object checksum", sent{method: "POST", path: at, body: completeDocument(1, tag1), headers: []string{"x-amz-checksum-crc64nvme: " + sumOf("CRC64NVME", "x")}}, 400, "BadDigest", nil},
		{"one part is the last", complete(1, tag1), 200, "", []string{"<Key>k</Key>", "<ETag>"}},
		{"again", complete(1, tag1), 404, "NoSuchUpload", nil},
		{"checksum type", sent{method: "POST", path: "/bkt/k?uploads", headers: []string{"x-amz-checksum-algorithm: SHA256", "x-amz-checksum-type: FULL_OBJECT"}}, 400, "InvalidRequest", nil},
		{"checksum algorithm", sent{method: "POST", path: "/bkt/k?uploads", headers: []string{"x-amz-checksum-algorithm: ROT13"}}, 400, "InvalidRequest", nil},
	})
	id = f.startUpload("k", "x-amz-checksum-algorithm: CRC32C")
	f.run([]row{
		{"part with another checksum", sent{method: "PUT", path: "/bkt/k?partNumber=1&uploadId=" + id, body: "x", headers: []string{"x-amz-checksum-crc32: " + sumOf("CRC32", "x")}}, 400, "InvalidRequest", nil},
	})
}

func TestFullObjectChecksumOfUpload(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	id := f.startUpload("k", "x-amz-checksum-algorithm: CRC32", "x-amz-checksum-type: FULL_OBJECT")
	a, b := strings.Repeat("a", minPart), "b"
	tagA := f.must("PUT", "/bkt/k?partNumber=1&uploadId="+id, a).header.Get("ETag")
	tagB := f.must("PUT", "/bkt/k?partNumber=2&uploadId="+id, b).header.Get("ETag")
	got := f.must("POST", "/bkt/k?uploadId="+id, completeDocument(1, tagA, 2, tagB), "x-amz-checksum-crc32: "+sumOf("CRC32", a+b))
	if !strings.Contains(got.body, "<ChecksumType>FULL_OBJECT</ChecksumType>") {
		t.Error(got.body)
	}
}

func TestUploadPartCopy(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/src", "0123456789")
	c, b := f.client("us-east-1"), aws.String("bkt")
	id := f.startUpload("k")
	p, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: b, Key: aws.String("k"), UploadId: &id, PartNumber: aws.Int32(1),
		CopySource: aws.String("bkt/src"), CopySourceRange: aws.String("bytes=2-4")})
	if err != nil {
		t.Fatal(err)
	}
	bad := func(ranged string) sent {
		return sent{method: "PUT", path: "/bkt/k?partNumber=2&uploadId=" + id, headers: []string{"x-amz-copy-source: bkt/src", "x-amz-copy-source-range: " + ranged}}
	}
	f.run([]row{
		{"beyond the end", bad("bytes=2-10"), 400, "InvalidArgument", nil},
		{"open", bad("bytes=2-"), 400, "InvalidArgument", nil},
	})
	f.must("POST", "/bkt/k?uploadId="+id, completeDocument(1, *p.CopyPartResult.ETag))
	if got, _, _ := f.s.Get("bkt", "k"); string(got) != "234" {
		t.Errorf("%q", got)
	}
}

func TestListUploads(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	for _, k := range []string{"a", "a", "d/x", "d/y", "z"} {
		f.startUpload(k)
	}
	all, err := f.client("us-east-1").ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String("bkt")})
	if err != nil || *all.Uploads[0].Initiator.ID != "arn:aws:iam::"+account+":user/dev" || *all.Uploads[0].Owner.ID != f.s.owner().ID {
		t.Errorf("initiator of an upload: %+v, %v", all.Uploads, err)
	}
	root := f.send(sent{method: "POST", path: "/bkt/a?uploads", as: "ROOT"})
	_, rest, _ := strings.Cut(root.body, "<UploadId>")
	id, _, _ := strings.Cut(rest, "<")
	if a := f.must("GET", "/bkt/a?uploadId="+id, ""); !strings.Contains(a.body, "<Initiator><ID>"+f.s.owner().ID+"<") || !strings.Contains(a.body, "<NextPartNumberMarker>0<") {
		t.Errorf("initiator of root's upload: %s", a.body)
	}
	f.must("DELETE", "/bkt/a?uploadId="+id, "")
	if all.Prefix != nil || *all.IsTruncated || *all.NextKeyMarker != "z" || *all.NextUploadIdMarker != *all.Uploads[4].UploadId {
		t.Errorf("markers of the whole list: %+v", all)
	}
	in := &s3.ListMultipartUploadsInput{Bucket: aws.String("bkt"), MaxUploads: aws.Int32(1), Delimiter: aws.String("/")}
	var got []string
	for range 10 {
		out, err := f.client("us-east-1").ListMultipartUploads(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range out.Uploads {
			got = append(got, *u.Key)
		}
		for _, p := range out.CommonPrefixes {
			got = append(got, *p.Prefix)
		}
		if !*out.IsTruncated {
			break
		}
		in.KeyMarker, in.UploadIdMarker = out.NextKeyMarker, out.NextUploadIdMarker
	}
	if s := strings.Join(got, " "); s != "a a d/ z" {
		t.Errorf("uploads %s", s)
	}
}

// slowUpload begins an upload of "new" that stops before its first byte; finish
// lets it go on and gives its status.
func (f *front) slowUpload(path string) (finish func() int) {
	started, release := make(chan bool), make(chan bool)
	r, err := http.NewRequest("PUT", f.url+path, &slowBody{started: started, release: release, rest: bytes.NewReader([]byte("new"))})
	if err != nil {
		f.t.Fatal(err)
	}
	r.ContentLength = 3
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=DEV/20260301/us-east-1/s3/aws4_request")
	status := make(chan int, 1)
	go func() {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			f.t.Error(err)
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-started
	return func() int {
		close(release)
		return <-status
	}
}

func TestReadersDoNotWaitForUploads(t *testing.T) {
	f := newFront(t, "")
	f.must("PUT", "/bkt", "")
	f.must("PUT", "/bkt/k", "old")
	finish := f.slowUpload("/bkt/k")
	if got := f.must("GET", "/bkt/k", "").body; got != "old" {
		t.Errorf("%q while an upload is on its way", got)
	}
	if status := finish(); status != 200 {
		t.Errorf("the upload ended with %d", status)
	}
	if got := f.must("GET", "/bkt/k", "").body; got != "new" {
		t.Errorf("%q after the upload", got)
	}
}

func TestUploadIntoABucketThatGoes(t *testing.T) {
	f := newFront(t, t.TempDir())
	f.must("PUT", "/bkt", "")
	b := f.s.bucket("bkt")
	f.must("DELETE", "/bkt", "")
	d, err := f.s.store.create(0)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := d.finish()
	if err != nil {
		t.Fatal(err)
	}
	// What had found the bucket before it went.
	err = f.s.commit(b, &version{Key: "k", blob: blob}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "NoSuchBucket") {
		t.Errorf("commit: %v", err)
	}
	if err := f.s.change(b, func(*settings) {}); err == nil || !strings.HasPrefix(err.Error(), "NoSuchBucket") {
		t.Errorf("change: %v", err)
	}
}

// slowBody stops before its first byte until it is released.
type slowBody struct {
	started, release chan bool
	rest             *bytes.Reader
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.started != nil {
		close(b.started)
		b.started = nil
		<-b.release
	}
	return b.rest.Read(p)
}
