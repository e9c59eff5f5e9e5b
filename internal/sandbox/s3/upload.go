package s3

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxPartNumber = 10000
	minPart       = 5 << 20 // bytes, of every part but the last
)

// upload is a multipart upload in progress. It does not outlive the process.
type upload struct {
	id        string
	object    version // what the object will be
	initiated time.Time
	initiator owner
	checksum  checksum // the algorithm and type asked for; empty when none was
	parts     map[int]part
	done      bool // completed or aborted; under the bucket's lock, as parts
}

// partAlgorithm is the checksum that parts get.
func (u *upload) partAlgorithm() string {
	if u.checksum.Algorithm == "" {
		return defaultAlgorithm
	}
	return u.checksum.Algorithm
}

func (u *upload) discard() {
	u.done = true
	for _, p := range u.parts {
		p.blob.discard()
	}
}

// put adds a part, in place of one with its number.
func (u *upload) put(b *bucket, p part) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if u.done {
		p.blob.discard()
		return noSuchUpload(u.id)
	}
	if old, ok := u.parts[p.Number]; ok {
		old.blob.discard()
	}
	u.parts[p.Number] = p
	return nil
}

type createUploadResult struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
	Bucket   string
	Key      string
	UploadID string `xml:"UploadId"`
}

func (s *Service) createUpload(r *request) error {
	v, err := s.attributes(r)
	if err != nil {
		return err
	}
	u := &upload{id: newUploadID(), object: *v, initiated: r.now(), initiator: s.initiator(r), parts: map[int]part{}}
	if u.checksum, err = r.uploadChecksum(); err != nil {
		return err
	}
	r.b.mu.Lock()
	gone := r.b.gone
	if !gone {
		r.b.uploads[u.id] = u
	}
	r.b.mu.Unlock()
	if gone {
		return noSuchBucket(r.bucket)
	}
	h := r.w.Header()
	if u.checksum.Algorithm != "" {
		h.Set("x-amz-checksum-algorithm", u.checksum.Algorithm)
		h.Set("x-amz-checksum-type", u.checksum.Type)
	}
	r.encryptionHeaders(v)
	r.recordAnswer()
	return r.writeXML(createUploadResult{Bucket: r.bucket, Key: r.key, UploadID: u.id})
}

// initiator is who begins an upload: an account by its canonical ID, anybody
// else by the ARN (API reference, "Initiator").
func (s *Service) initiator(r *request) owner {
	if id := r.call.Identity; id.ARN != "" && id.Type != "Root" {
		return owner{ID: id.ARN}
	}
	return s.owner()
}

func newUploadID() string { return strings.ToLower(rand.Text() + rand.Text() + rand.Text()) }

// uploadChecksum is the checksum that the whole object is to have.
func (r *request) uploadChecksum() (checksum, error) {
	c := checksum{Algorithm: strings.ToUpper(r.header("x-amz-checksum-algorithm")), Type: strings.ToUpper(r.header("x-amz-checksum-type"))}
	switch {
	case c.Algorithm == "" && c.Type == "":
		return c, nil
	case c.Algorithm == "":
		return c, invalidRequest("The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	case newHash(c.Algorithm) == nil:
		return c, unsupportedAlgorithm()
	case c.Type == "" && c.Algorithm == "CRC64NVME":
		c.Type = fullObject
	case c.Type == "":
		c.Type = composite
	case c.Type != fullObject && c.Type != composite:
		return c, invalidArgument("x-amz-checksum-type", c.Type, "Value for x-amz-checksum-type header is invalid.")
	}
	if c.Type == composite && c.Algorithm == "CRC64NVME" || c.Type == fullObject && !strings.HasPrefix(c.Algorithm, "CRC") {
		return c, invalidRequest("The %s checksum type cannot be used with the %s checksum algorithm.", c.Type, strings.ToLower(c.Algorithm))
	}
	return c, nil
}

// upload finds the upload that the request names.
func (r *request) upload() (*upload, error) {
	id := r.query.Get("uploadId")
	r.b.mu.RLock()
	defer r.b.mu.RUnlock()
	u := r.b.uploads[id]
	if u == nil || u.object.Key != r.key {
		return nil, noSuchUpload(id)
	}
	return u, nil
}

func (r *request) uploadAndPart() (*upload, int, error) {
	u, err := r.upload()
	if err != nil {
		return nil, 0, err
	}
	text := r.query.Get("partNumber")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPartNumber {
		return nil, 0, invalidArgument("partNumber", text, "Part number must be an integer between 1 and 10000, inclusive")
	}
	return u, n, nil
}

func (s *Service) uploadPart(r *request) error {
	u, number, err := r.uploadAndPart()
	if err != nil {
		return err
	}
	got, err := s.receive(r, u.checksum.Algorithm)
	if err != nil {
		return err
	}
	p := part{Number: number, Size: got.size, ETag: etag(got.md5), Checksum: got.checksum.ofPart(), Modified: r.now(), blob: got.blob}
	if err := u.put(r.b, p); err != nil {
		return err
	}
	r.w.Header()["ETag"] = []string{quote(p.ETag)}
	r.checksumHeaders(p.Checksum)
	r.encryptionHeaders(&u.object)
	r.recordAnswer()
	r.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) abortUpload(r *request) error {
	u, err := r.upload()
	if err != nil {
		return err
	}
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if u.done {
		return noSuchUpload(u.id)
	}
	u.discard()
	delete(r.b.uploads, u.id)
	return r.noContent()
}

// completeRequest is the list of parts that make the object.
type completeRequest struct {
	Parts []completePart `xml:"Part"`
}

type completePart struct {
	PartNumber int
	ETag       string
	checksumElements
}

type completeResult struct {
	XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
	Location string
	Bucket   string
	Key      string
	ETag     string
	checksumElements
}

func (s *Service) completeUpload(r *request) error {
	u, err := r.upload()
	if err != nil {
		return err
	}
	in, err := r.completeRequest()
	if err != nil {
		return err
	}
	check, err := writeConditions(r)
	if err != nil {
		return err
	}
	parts, err := u.choose(r.b, in)
	if err != nil {
		return err
	}
	v, err := s.join(r, u, parts)
	if err != nil {
		return err
	}
	if err := s.finish(r, u, v, check); err != nil {
		v.blob.discard()
		return err
	}
	r.encryptionHeaders(v)
	r.versionHeader(v)
	r.recordAnswer()
	s.emit(r.b, createdMultipart, created(v), r.cause())
	out := completeResult{Bucket: r.bucket, Key: r.key, ETag: quote(v.ETag), checksumElements: v.Checksum.elements()}
	out.Location = "http://" + r.http.Host + r.http.URL.EscapedPath()
	return r.writeXML(out)
}

func (r *request) completeRequest() (completeRequest, error) {
	var in completeRequest
	// A checksum header here is of the object, not of this document.
	text, err := io.ReadAll(io.LimitReader(r.http.Body, maxDocument+1))
	if err != nil {
		return in, incomplete(err)
	}
	if _, err := parseXML(text, "CompleteMultipartUpload"); err != nil || len(text) > maxDocument || xml.Unmarshal(text, &in) != nil {
		return in, malformedXML()
	}
	if len(in.Parts) == 0 {
		return in, malformedXML()
	}
	return in, nil
}

// agrees tells whether the list gives no other checksum for the part.
func (p completePart) agrees(c checksum) bool {
	return p.checksumElements == checksumElements{} || p.checksumElements == c.elements()
}

// choose holds the list against the parts that have been uploaded.
func (u *upload) choose(b *bucket, in completeRequest) ([]part, error) {
	b.mu.RLock()
	have := maps.Clone(u.parts)
	b.mu.RUnlock()
	var out []part
	for i, want := range in.Parts {
		if i > 0 && want.PartNumber <= in.Parts[i-1].PartNumber {
			return nil, fail(http.StatusBadRequest, "InvalidPartOrder",
				"The list of parts was not in ascending order. Parts must be ordered by part number.")
		}
		p, ok := have[want.PartNumber]
		if !ok || strings.Trim(want.ETag, `"`) != p.ETag || !want.agrees(p.Checksum) {
			return nil, fail(http.StatusBadRequest, "InvalidPart",
				"One or more of the specified parts could not be found.  The part may not have been uploaded, "+
					"or the specified entity tag may not match the part's entity tag.").
				with("UploadId", u.id).with("PartNumber", strconv.Itoa(want.PartNumber)).with("ETag", strings.Trim(want.ETag, `"`))
		}
		out = append(out, p)
	}
	for _, p := range out[:len(out)-1] {
		if p.Size < minPart {
			return nil, fail(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
				with("ProposedSize", strconv.FormatInt(p.Size, 10)).with("MinSizeAllowed", strconv.Itoa(minPart)).
				with("PartNumber", strconv.Itoa(p.Number)).with("ETag", p.ETag)
		}
	}
	return out, nil
}

// join puts the parts together into one body, and proves it.
func (s *Service) join(r *request, u *upload, parts []part) (*version, error) {
	algorithm := u.partAlgorithm()
	var size int64
	sum := md5.New()
	v := u.object
	for i, p := range parts {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return nil, err
		}
		sum.Write(raw)
		size += p.Size
		p.Number, p.blob = i+1, nil
		v.Parts = append(v.Parts, p)
	}
	if want := r.header("x-amz-mp-object-size"); want != "" && want != strconv.FormatInt(size, 10) {
		return nil, invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed.")
	}
	got, err := s.takeIn(&partsReader{parts: parts}, size, newSums(expectation{}, algorithm))
	if err != nil {
		return nil, err
	}
	v.Size, v.ETag, v.Modified, v.blob = got.size, fmt.Sprintf("%x-%d", sum.Sum(nil), len(parts)), r.now(), got.blob
	v.Checksum = got.checksum
	if u.checksum.Type == composite {
		v.Checksum.Type = composite
		if v.Checksum.Value, err = compositeSum(algorithm, parts); err != nil {
			return nil, err
		}
	}
	if want := r.header(checksumHeader(algorithm)); want != "" && want != v.Checksum.Value {
		v.blob.discard()
		return nil, badDigest(algorithm)
	}
	return &v, nil
}

// finish publishes the object and ends the upload.
func (s *Service) finish(r *request, u *upload, v *version, check func(*version) error) error {
	r.b.mu.Lock()
	done := u.done
	u.done = true
	r.b.mu.Unlock()
	if done {
		return noSuchUpload(u.id)
	}
	err := s.commit(r.b, v, check)
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	if err != nil {
		u.done = false
		return err
	}
	u.discard()
	delete(r.b.uploads, u.id)
	return nil
}

// partsReader reads the parts' bodies one after the other.
type partsReader struct {
	parts []part
	open  io.ReadSeekCloser
}

func (p *partsReader) Read(buf []byte) (int, error) {
	for {
		if p.open == nil {
			if len(p.parts) == 0 {
				return 0, io.EOF
			}
			var err error
			if p.open, err = p.parts[0].blob.open(); err != nil {
				return 0, err
			}
			p.parts = p.parts[1:]
		}
		n, err := p.open.Read(buf)
		if err == io.EOF {
			p.open.Close()
			p.open, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// sorted are the parts so far in their order.
func (u *upload) sorted(b *bucket) []part {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []part
	for _, n := range slices.Sorted(maps.Keys(u.parts)) {
		out = append(out, u.parts[n])
	}
	return out
}
