package s3

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"trailctl/internal/sandbox/call"
)

// failure is an error answer of S3's: its code, the elements it has besides
// code and message, and headers of its own.
type failure struct {
	answer call.Error
	detail [][2]string
	header map[string]string
}

func (f *failure) Error() string { return f.answer.Error() }

func fail(status int, code, format string, args ...any) *failure {
	return &failure{answer: call.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}}
}

// with adds an element to the error document.
func (f *failure) with(name, value string) *failure {
	f.detail = append(f.detail, [2]string{name, value})
	return f
}

// head adds a response header.
func (f *failure) head(name, value string) *failure {
	if f.header == nil {
		f.header = map[string]string{}
	}
	f.header[name] = value
	return f
}

func noSuchBucket(name string) *failure {
	return fail(http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist").with("BucketName", name)
}

func noSuchKey(key string) *failure {
	return fail(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.").with("Key", key)
}

func noSuchVersion(key, id string) *failure {
	return fail(http.StatusNotFound, "NoSuchVersion", "The specified version does not exist.").
		with("Key", key).with("VersionId", id)
}

func noSuchUpload(id string) *failure {
	return fail(http.StatusNotFound, "NoSuchUpload", "The specified multipart upload does not exist. "+
		"The upload ID may be invalid, or the upload may have been aborted or completed.").with("UploadId", id)
}

func malformedXML() *failure {
	return fail(http.StatusBadRequest, "MalformedXML",
		"The XML you provided was not well-formed or did not validate against our published schema")
}

func invalidArgument(name, value, format string, args ...any) *failure {
	return fail(http.StatusBadRequest, "InvalidArgument", format, args...).
		with("ArgumentName", name).with("ArgumentValue", value)
}

func invalidRequest(format string, args ...any) *failure {
	return fail(http.StatusBadRequest, "InvalidRequest", format, args...)
}

func preconditionFailed(condition string) *failure {
	return fail(http.StatusPreconditionFailed, "PreconditionFailed",
		"At least one of the pre-conditions you specified did not hold").with("Condition", condition)
}

func accessDenied(format string, args ...any) *failure {
	return fail(http.StatusForbidden, "AccessDenied", format, args...)
}

// answer writes a failure and leaves it in the call for the recorder, that of
// a HEAD too, which is answered without a code (assumption A31). What is not
// S3's own answer, a full disk say, is an internal error.
func (r *request) answer(err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = fail(http.StatusInternalServerError, "InternalError",
			"We encountered an internal error. Please try again. (%v)", err)
	}
	status := f.answer.Status
	r.call.Error = &f.answer
	r.call.ResponseElements = nil
	h := r.w.Header()
	for name, value := range f.header {
		h.Set(name, value)
	}
	if r.http.Method == http.MethodHead || status == http.StatusNotModified {
		r.w.WriteHeader(status)
		return
	}
	h.Set("Content-Type", "application/xml")
	r.w.WriteHeader(status)
	fmt.Fprint(r.w, f.document(r.call.RequestID))
}

func (f *failure) document(requestID string) string {
	var b strings.Builder
	b.WriteString(xmlHeader + "<Error>")
	elements := append([][2]string{{"Code", f.answer.Code}, {"Message", f.answer.Message}}, f.detail...)
	elements = append(elements, [2]string{"RequestId", requestID}, [2]string{"HostId", hostID(requestID)})
	for _, e := range elements {
		fmt.Fprintf(&b, "<%s>%s</%s>", e[0], escapeXML(e[1]), e[0])
	}
	b.WriteString("</Error>")
	return b.String()
}

// hostID is the x-amz-id-2 that goes with a request ID.
func hostID(requestID string) string {
	sum := sha256.Sum256([]byte("host " + requestID))
	return base64.StdEncoding.EncodeToString(sum[:])
}
