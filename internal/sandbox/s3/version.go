package s3

import (
	"crypto/rand"
	"io"
	"net/http"
	"time"
)

const nullVersion = "null"

// version is one version of an object, or a delete marker. It does not
// change once it is in a bucket: new tags make a new value of it.
type version struct {
	Key          string            `json:"key"`
	ID           string            `json:"id"`       // "null" without versioning
	Sequence     uint64            `json:"sequence"` // newer versions have higher ones
	DeleteMarker bool              `json:"deleteMarker,omitempty"`
	Size         int64             `json:"size"`
	ETag         string            `json:"etag"` // without quotes
	Modified     time.Time         `json:"modified"`
	Headers      map[string]string `json:"headers,omitempty"`  // Content-Type and its like
	Metadata     map[string]string `json:"metadata,omitempty"` // lower-case names without x-amz-meta-
	Tags         []tag             `json:"tags,omitempty"`
	Checksum     checksum          `json:"checksum"`
	StorageClass string            `json:"storageClass,omitempty"` // "" is STANDARD
	Encryption   string            `json:"encryption,omitempty"`   // "AES256", "aws:kms"
	KeyID        string            `json:"keyId,omitempty"`
	ACL          string            `json:"acl,omitempty"`   // canned
	Parts        []part            `json:"parts,omitempty"` // of a multipart upload

	blob blob // nil for a delete marker
}

// part is one part of a multipart upload, or of the object it became.
type part struct {
	Number   int       `json:"number"`
	Size     int64     `json:"size"`
	ETag     string    `json:"etag"`
	Checksum checksum  `json:"checksum"`
	Modified time.Time `json:"modified"`

	blob blob // while the upload is in progress
}

// lookup finds a version, the newest when id is empty. The caller holds
// no lock.
func (b *bucket) lookup(key, id string) (*version, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.find(key, id)
}

// find is lookup under the lock. A delete marker is an error, which says so
// in its headers.
func (b *bucket) find(key, id string) (*version, error) {
	e := b.objects.get(key)
	v := e.newest()
	if id != "" {
		v = e.version(id)
	}
	switch {
	case b.gone:
		return nil, noSuchBucket(b.Name)
	case v == nil && id == "":
		return nil, noSuchKey(key)
	case v == nil && !validVersionID(id):
		return nil, invalidVersionID(id)
	case v == nil:
		return nil, noSuchVersion(key, id)
	case v.DeleteMarker && id == "":
		return nil, noSuchKey(key).head("x-amz-delete-marker", "true").head("x-amz-version-id", v.ID)
	case v.DeleteMarker:
		return nil, fail(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.").
			with("Method", "GET").with("ResourceType", "DeleteMarker").
			head("x-amz-delete-marker", "true").head("x-amz-version-id", v.ID).
			head("Allow", "DELETE").head("Last-Modified", v.Modified.Format(http.TimeFormat))
	}
	return v, nil
}

// version is the one that the request means.
func (r *request) version() (*version, error) { return r.b.lookup(r.key, r.query.Get("versionId")) }

// open finds a version and opens its body while nobody can remove it.
func (b *bucket) open(key, id string) (*version, io.ReadSeekCloser, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	v, err := b.find(key, id)
	if err != nil {
		return nil, nil, err
	}
	body, err := v.blob.open()
	return v, body, err
}

// commit makes v the newest version of its key. check, if not nil, sees what
// was the newest and may refuse.
func (s *Service) commit(b *bucket, v *version, check func(old *version) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return noSuchBucket(b.Name)
	}
	old := b.objects.get(v.Key).newest()
	if old != nil && old.DeleteMarker {
		old = nil
	}
	if check != nil {
		if err := check(old); err != nil {
			return err
		}
	}
	v.Sequence = s.sequence.Add(1)
	v.ID = nullVersion
	if b.Settings.Versioning == "Enabled" {
		v.ID = newVersionID()
	}
	if err := s.store.saveVersion(b.Name, v); err != nil {
		return err
	}
	e := b.objects.add(v.Key)
	e.insert(v)
	if v.ID != nullVersion {
		return nil
	}
	for _, replaced := range e.staleNulls() {
		e.remove(replaced)
		if err := s.store.dropVersion(b.Name, replaced); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a version for good.
func (s *Service) drop(b *bucket, v *version) error {
	if err := s.store.dropVersion(b.Name, v); err != nil {
		return err
	}
	e := b.objects.get(v.Key)
	e.remove(v)
	if len(e.versions) == 0 {
		b.objects.remove(v.Key)
	}
	return nil
}

// replace publishes a changed copy of a version.
func (s *Service) replace(b *bucket, key, id string, edit func(*version)) (*version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, err := b.find(key, id)
	if err != nil {
		return nil, err
	}
	next := *old
	edit(&next)
	if err := s.store.saveAttributes(b.Name, &next); err != nil {
		return nil, err
	}
	e := b.objects.get(key)
	e.remove(old)
	e.insert(&next)
	return &next, nil
}

// newVersionID looks like S3's: 32 characters without a meaning.
func newVersionID() string { return (rand.Text() + rand.Text())[:32] }
