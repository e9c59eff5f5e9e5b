package s3

import (
	"net/http"
	"strconv"
	"strings"
)

const maxMetadata = 2048 // bytes of names and values

func (s *Service) putObject(r *request) error {
	v, err := s.attributes(r)
	if err != nil {
		return err
	}
	check, err := writeConditions(r)
	if err != nil {
		return err
	}
	got, err := s.receive(r, "")
	if err != nil {
		return err
	}
	v.Size, v.ETag, v.Checksum, v.blob = got.size, etag(got.md5), got.checksum, got.blob
	if err := s.commit(r.b, v, check); err != nil {
		v.blob.discard()
		return err
	}
	h := r.w.Header()
	h["ETag"] = []string{quote(v.ETag)}
	r.checksumHeaders(v.Checksum)
	r.encryptionHeaders(v)
	r.versionHeader(v)
	r.recordAnswer()
	s.emit(r.b, createdPut, created(v), r.cause())
	r.w.WriteHeader(http.StatusOK)
	return nil
}

// attributes are what an upload's headers say about the object.
func (s *Service) attributes(r *request) (*version, error) {
	set := r.b.snapshot()
	v := &version{Key: r.key, Modified: r.now(), Headers: contentHeaders(r.http.Header)}
	var err error
	if v.ACL, err = r.objectACL(set); err != nil {
		return nil, err
	}
	if v.Metadata, err = userMetadata(r.http.Header); err != nil {
		return nil, err
	}
	if v.Tags, err = parseTagHeader(r.header("x-amz-tagging")); err != nil {
		return nil, err
	}
	if v.StorageClass, err = r.storageClass(); err != nil {
		return nil, err
	}
	if v.Encryption, v.KeyID, err = r.encryption(set); err != nil {
		return nil, err
	}
	if r.header("x-amz-object-lock-mode")+r.header("x-amz-object-lock-legal-hold") != "" {
		return nil, invalidRequest("Bucket is missing Object Lock Configuration")
	}
	return v, nil
}

// contentHeaders are the headers kept with an object and given back.
func contentHeaders(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range []string{"Content-Type", "Content-Disposition", "Cache-Control", "Content-Language", "Expires"} {
		if value := h.Get(name); value != "" {
			out[name] = value
		}
	}
	var codings []string
	for one := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		// aws-chunked is how the body came, not what it is.
		if one = strings.TrimSpace(one); one != "" && one != "aws-chunked" {
			codings = append(codings, one)
		}
	}
	if len(codings) > 0 {
		out["Content-Encoding"] = strings.Join(codings, ",")
	}
	return out
}

func userMetadata(h http.Header) (map[string]string, error) {
	out := map[string]string{}
	size := 0
	for name, values := range h {
		name, ok := strings.CutPrefix(strings.ToLower(name), "x-amz-meta-")
		if !ok {
			continue
		}
		out[name] = strings.Join(values, ",")
		size += len(name) + len(out[name])
	}
	if size > maxMetadata {
		return nil, fail(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size").
			with("Size", strconv.Itoa(size)).with("MaxSizeAllowed", strconv.Itoa(maxMetadata))
	}
	return out, nil
}

func (r *request) storageClass() (string, error) {
	class := r.header("x-amz-storage-class")
	switch class {
	case "", "STANDARD":
		return "", nil
	case "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE":
		return class, nil
	}
	return "", fail(http.StatusBadRequest, "InvalidStorageClass", "The storage class you specified is not valid").
		with("StorageClassRequested", class)
}

func (r *request) encryption(set settings) (algorithm, keyID string, err error) {
	if r.header("x-amz-server-side-encryption-customer-algorithm") != "" {
		return "", "", notServed(r.op.name + "WithCustomerKey")
	}
	algorithm = r.header("x-amz-server-side-encryption")
	switch algorithm {
	case "":
		algorithm, keyID = set.encryption()
		return algorithm, keyID, nil
	case "AES256", "aws:kms", "aws:kms:dsse":
		return algorithm, r.header("x-amz-server-side-encryption-aws-kms-key-id"), nil
	}
	return "", "", invalidArgument("x-amz-server-side-encryption", algorithm, "The encryption method specified is not supported")
}
