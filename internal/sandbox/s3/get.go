package s3

import (
	"io"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
)

// getObject answers GetObject and HeadObject.
func (s *Service) getObject(r *request) error {
	v, body, err := r.b.open(r.key, r.query.Get("versionId"))
	if err != nil {
		return s.hideMissing(r, err)
	}
	defer body.Close()
	if r.http.Method == http.MethodGet && (v.StorageClass == "GLACIER" || v.StorageClass == "DEEP_ARCHIVE") {
		return fail(http.StatusForbidden, "InvalidObjectState", "The operation is not valid for the object's storage class").
			with("StorageClass", v.StorageClass)
	}
	if err := readConditions(r.http.Header, "", v); err != nil {
		return err
	}
	at, err := r.wantedBytes(v)
	if err != nil {
		return err
	}
	overrides, err := r.overrides()
	if err != nil {
		return err
	}
	if _, err := body.Seek(at.start, io.SeekStart); err != nil {
		return err
	}
	r.objectHeaders(v)
	h := r.w.Header()
	for name, value := range overrides {
		h.Set(name, value)
	}
	h.Set("Content-Length", strconv.FormatInt(at.length, 10))
	status := http.StatusOK
	if at.partial {
		status = http.StatusPartialContent
		h.Set("Content-Range", at.contentRange(v.Size))
	} else if strings.EqualFold(r.header("x-amz-checksum-mode"), "ENABLED") {
		r.checksumHeaders(v.Checksum)
	}
	r.w.WriteHeader(status)
	if r.http.Method != http.MethodHead {
		io.CopyN(r.w, body, at.length) // the client has gone
	}
	return nil
}

// hideMissing turns "not found" into "denied" for who may not list.
func (s *Service) hideMissing(r *request, err error) error {
	if s.ours(r.call.Identity) {
		return err
	}
	if denied := s.may(r, "s3:ListBucket", target{b: r.b}); denied != nil {
		return denied
	}
	return err
}

// objectHeaders are those that every answer about an object has.
func (r *request) objectHeaders(v *version) {
	h := r.w.Header()
	h.Set("Content-Type", "binary/octet-stream")
	for name, value := range v.Headers {
		h.Set(name, value)
	}
	for name, value := range v.Metadata {
		lowerHeader(h, "x-amz-meta-"+name, value)
	}
	h.Set("Accept-Ranges", "bytes")
	h["ETag"] = []string{quote(v.ETag)}
	h.Set("Last-Modified", v.Modified.Format(http.TimeFormat))
	if v.StorageClass != "" {
		h.Set("x-amz-storage-class", v.StorageClass)
	}
	if len(v.Tags) > 0 {
		h.Set("x-amz-tagging-count", strconv.Itoa(len(v.Tags)))
	}
	if r.has("partNumber") && len(v.Parts) > 0 {
		h.Set("x-amz-mp-parts-count", strconv.Itoa(len(v.Parts)))
	}
	r.encryptionHeaders(v)
	r.versionHeader(v)
}

func (r *request) encryptionHeaders(v *version) {
	h := r.w.Header()
	if v.Encryption != "" {
		h.Set("x-amz-server-side-encryption", v.Encryption)
	}
	if v.KeyID != "" {
		h.Set("x-amz-server-side-encryption-aws-kms-key-id", v.KeyID)
	}
}

// versionHeader names the version in buckets that have or had versioning.
func (r *request) versionHeader(v *version) {
	if r.b.snapshot().Versioning != "" {
		r.w.Header().Set("x-amz-version-id", v.ID)
	}
}

// overrides are the headers that response-* parameters replace; only a
// signed request may have them.
func (r *request) overrides() (map[string]string, error) {
	out := map[string]string{}
	for name, values := range r.query {
		header, ok := strings.CutPrefix(name, "response-")
		if !ok {
			continue
		}
		if r.call.AccessKeyID == "" {
			return nil, invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
		}
		switch header = textproto.CanonicalMIMEHeaderKey(header); header {
		case "Content-Type", "Content-Language", "Expires", "Cache-Control", "Content-Disposition", "Content-Encoding":
			out[header] = values[0]
		}
	}
	return out, nil
}

// span is the part of a body that is asked for.
type span struct {
	start, length int64
	partial       bool
}

func (s span) contentRange(size int64) string {
	return "bytes " + strconv.FormatInt(s.start, 10) + "-" + strconv.FormatInt(s.start+s.length-1, 10) + "/" + strconv.FormatInt(size, 10)
}

func (r *request) wantedBytes(v *version) (span, error) {
	if number := r.query.Get("partNumber"); number != "" {
		if r.header("Range") != "" {
			return span{}, invalidRequest("Cannot specify both Range header and partNumber query parameter")
		}
		return v.partSpan(number)
	}
	return parseRange(r.header("Range"), v.Size)
}

// parseRange reads a Range header. One that is no valid range of bytes, or
// more than one range, means the whole object, as HTTP has it and S3 does it.
func parseRange(header string, size int64) (span, error) {
	whole := span{length: size}
	text, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(text, ",") {
		return whole, nil
	}
	first, last, ok := strings.Cut(strings.TrimSpace(text), "-")
	from, errFrom := strconv.ParseUint(first, 10, 63)
	to, errTo := strconv.ParseUint(last, 10, 63)
	start, end := int64(from), int64(to) // inclusive
	switch {
	case !ok || first == "" && errTo != nil || first != "" && errFrom != nil || last != "" && errTo != nil:
		return whole, nil
	case first == "": // the last so many bytes
		start, end = max(0, size-end), size-1
	case last == "":
		end = size - 1
	case end < start:
		return whole, nil
	}
	if start >= size {
		return span{}, fail(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable").
			with("RangeRequested", header).with("ActualObjectSize", strconv.FormatInt(size, 10)).
			head("Content-Range", "bytes */"+strconv.FormatInt(size, 10))
	}
	end = min(end, size-1)
	return span{start: start, length: end - start + 1, partial: true}, nil
}

func (v *version) partSpan(number string) (span, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > maxPartNumber {
		return span{}, invalidArgument("partNumber", number, "Part number must be an integer between 1 and 10000, inclusive")
	}
	if len(v.Parts) == 0 && n == 1 {
		return span{length: v.Size, partial: v.Size > 0}, nil
	}
	var start int64
	for i, p := range v.Parts { // numbered from 1 once the object is made
		if i+1 == n {
			return span{start: start, length: p.Size, partial: true}, nil
		}
		start += p.Size
	}
	return span{}, fail(http.StatusRequestedRangeNotSatisfiable, "InvalidPartNumber", "The requested partnumber is not satisfiable").
		with("PartNumberRequested", number).with("ActualPartCount", strconv.Itoa(max(1, len(v.Parts))))
}
