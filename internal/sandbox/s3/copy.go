package s3

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// copySource is what x-amz-copy-source names.
type copySource struct {
	bucket  *bucket
	key, id string
}

// source finds what is to be copied, and asks whether the caller may read it.
func (s *Service) source(r *request) (copySource, error) {
	text := r.header("x-amz-copy-source")
	name, query, _ := strings.Cut(text, "?")
	path, err := url.PathUnescape(strings.TrimPrefix(name, "/"))
	bucketPart, key, ok := strings.Cut(path, "/")
	if err != nil || !ok || bucketPart == "" || key == "" {
		return copySource{}, invalidArgument("x-amz-copy-source", text,
			"Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	c := copySource{bucket: s.bucket(bucketPart), key: key}
	if c.bucket == nil {
		return c, noSuchBucket(bucketPart)
	}
	action := "s3:GetObject"
	if id, ok := strings.CutPrefix(query, "versionId="); ok {
		c.id, action = id, "s3:GetObjectVersion"
	}
	return c, s.may(r, action, target{c.bucket, c.key, c.id})
}

func (c copySource) open(r *request) (*version, io.ReadSeekCloser, error) {
	v, body, err := c.bucket.open(c.key, c.id)
	if err != nil {
		return nil, nil, err
	}
	if err := readConditions(r.http.Header, "x-amz-copy-source-", v); err != nil {
		body.Close()
		return nil, nil, err
	}
	if c.bucket.snapshot().Versioning != "" {
		r.w.Header().Set("x-amz-copy-source-version-id", v.ID)
	}
	return v, body, nil
}

type copyResult struct {
	XMLName      xml.Name
	LastModified string
	ETag         string
	checksumElements
}

func newCopyResult(root string, v *version) copyResult {
	return copyResult{
		XMLName:      xml.Name{Space: namespace, Local: root},
		LastModified: isoTime(v.Modified), ETag: quote(v.ETag), checksumElements: v.Checksum.elements(),
	}
}

func (s *Service) copyObject(r *request) error {
	v, err := s.attributes(r)
	if err != nil {
		return err
	}
	check, err := writeConditions(r)
	if err != nil {
		return err
	}
	from, err := s.source(r)
	if err != nil {
		return err
	}
	old, body, err := from.open(r)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := r.directives(v, old, from); err != nil {
		return err
	}
	algorithm := strings.ToUpper(r.header("x-amz-checksum-algorithm"))
	if algorithm == "" {
		algorithm = old.Checksum.Algorithm
	}
	if newHash(algorithm) == nil {
		return unsupportedAlgorithm()
	}
	got, err := s.takeIn(body, old.Size, newSums(expectation{}, algorithm))
	if err != nil {
		return err
	}
	v.Size, v.ETag, v.Checksum, v.blob = got.size, etag(got.md5), got.checksum, got.blob
	if err := s.commit(r.b, v, check); err != nil {
		got.blob.discard()
		return err
	}
	r.encryptionHeaders(v)
	r.versionHeader(v)
	r.recordAnswer()
	s.emit(r.b, createdCopy, created(v), r.cause())
	return r.writeXML(newCopyResult("CopyObjectResult", v))
}

// directives decides what a copy keeps of its source.
func (r *request) directives(v, old *version, from copySource) error {
	replace, err := r.directive("x-amz-metadata-directive")
	if err != nil {
		return err
	}
	replaceTags, err := r.directive("x-amz-tagging-directive")
	if err != nil {
		return err
	}
	if !replace {
		v.Headers, v.Metadata = old.Headers, old.Metadata
	}
	if !replaceTags {
		v.Tags = old.Tags
	}
	changed := replace || replaceTags || from.id != "" || r.header("x-amz-storage-class") != "" ||
		r.header("x-amz-server-side-encryption") != "" || r.header("x-amz-checksum-algorithm") != ""
	if from.bucket == r.b && from.key == r.key && !changed {
		return invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing " +
			"the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	return nil
}

func (r *request) directive(name string) (replace bool, err error) {
	switch value := r.header(name); value {
	case "", "COPY":
		return false, nil
	case "REPLACE":
		return true, nil
	default:
		return false, invalidArgument(name, value, "Unknown metadata directive.")
	}
}

func (s *Service) uploadPartCopy(r *request) error {
	u, number, err := r.uploadAndPart()
	if err != nil {
		return err
	}
	from, err := s.source(r)
	if err != nil {
		return err
	}
	v, body, err := from.open(r)
	if err != nil {
		return err
	}
	defer body.Close()
	at, err := copyRange(r.header("x-amz-copy-source-range"), v.Size)
	if err != nil {
		return err
	}
	if _, err := body.Seek(at.start, io.SeekStart); err != nil {
		return err
	}
	got, err := s.takeIn(io.LimitReader(body, at.length), at.length, newSums(expectation{}, u.partAlgorithm()))
	if err != nil {
		return err
	}
	p := part{Number: number, Size: got.size, ETag: etag(got.md5), Checksum: got.checksum.ofPart(), Modified: r.now(), blob: got.blob}
	if err := u.put(r.b, p); err != nil {
		return err
	}
	r.encryptionHeaders(&u.object)
	return r.writeXML(newCopyResult("CopyPartResult", &version{Modified: p.Modified, ETag: p.ETag, Checksum: p.Checksum}))
}

// copyRange is stricter than a Range header: both ends, inside the object.
func copyRange(text string, size int64) (span, error) {
	if text == "" {
		return span{length: size}, nil
	}
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	start, err1 := strconv.ParseInt(first, 10, 64)
	end, err2 := strconv.ParseInt(last, 10, 64)
	if !ok || err1 != nil || err2 != nil || start < 0 || end < start || !strings.HasPrefix(text, "bytes=") {
		return span{}, invalidArgument("x-amz-copy-source-range", text, "The x-amz-copy-source-range value must be of the form "+
			"bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	}
	if end >= size {
		return span{}, fail(http.StatusBadRequest, "InvalidArgument", "Range specified is not valid for source object of size: %d", size)
	}
	return span{start: start, length: end - start + 1}, nil
}
