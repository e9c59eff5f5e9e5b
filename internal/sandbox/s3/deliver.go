package s3

import (
	"io"
	"maps"
	"strings"
	"time"
)

// Put stores an object as an AWS service delivers one: no call is recorded
// and no policy asked, but event messages are sent. Names in metadata become
// lower-case. It fails when the bucket is gone, with S3's NoSuchBucket.
func (s *Service) Put(bucket, key string, body []byte, contentType, contentEncoding string, metadata map[string]string) error {
	return s.PutEncrypted(bucket, key, body, contentType, contentEncoding, metadata, "")
}

// PutEncrypted is Put for an object that is encrypted with a KMS key; an empty
// ARN leaves that to the bucket.
func (s *Service) PutEncrypted(bucket, key string, body []byte, contentType, contentEncoding string, metadata map[string]string, keyARN string) error {
	b := s.bucket(bucket)
	if b == nil {
		return noSuchBucket(bucket)
	}
	d, err := s.store.create(int64(len(body)))
	if err != nil {
		return err
	}
	h := newSums(expectation{}, defaultAlgorithm)
	for _, w := range append(h.writers(), d) {
		if _, err := w.Write(body); err != nil {
			d.discard()
			return err
		}
	}
	blob, err := d.finish()
	if err != nil {
		d.discard()
		return err
	}
	v := &version{
		Key: key, Modified: s.now().UTC().Truncate(time.Second), Size: int64(len(body)), ETag: etag(h.md5.Sum(nil)), blob: blob,
		Checksum: checksum{Algorithm: defaultAlgorithm, Value: base64Sum(h.checksum), Type: fullObject},
		Headers:  map[string]string{}, Metadata: map[string]string{},
	}
	for name, value := range map[string]string{"Content-Type": contentType, "Content-Encoding": contentEncoding} {
		if value != "" {
			v.Headers[name] = value
		}
	}
	for name, value := range metadata {
		v.Metadata[strings.ToLower(name)] = value
	}
	if v.Encryption, v.KeyID = b.snapshot().encryption(); keyARN != "" {
		v.Encryption, v.KeyID = "aws:kms", keyARN
	}
	if err := s.commit(b, v, nil); err != nil {
		blob.discard()
		return err
	}
	s.emit(b, createdPut, created(v), s.delivery())
	return nil
}

// PolicyChanged is when the bucket's policy was last put or deleted since the
// service was started; the zero time otherwise.
func (s *Service) PolicyChanged(bucket string) time.Time {
	b := s.bucket(bucket)
	if b == nil {
		return time.Time{}
	}
	return b.snapshot().policyChanged
}

// Get reads the newest version of an object. Names in metadata are
// lower-case. Without such an object it fails with S3's NoSuchBucket or
// NoSuchKey.
func (s *Service) Get(bucket, key string) (body []byte, metadata map[string]string, err error) {
	b := s.bucket(bucket)
	if b == nil {
		return nil, nil, noSuchBucket(bucket)
	}
	v, in, err := b.open(key, "")
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	body, err = io.ReadAll(in)
	return body, maps.Clone(v.Metadata), err
}
