package s3

import (
	"encoding/xml"
	"errors"
	"net/http"
)

const maxDeletes = 1000

// deleted is what became of one object that was to be deleted.
type deleted struct {
	versionID string // of what was removed, or of the delete marker made
	marker    bool   // it is a delete marker
	made      bool   // and a new one
}

func (s *Service) deleteObject(r *request) error {
	d, err := s.remove(r, r.key, r.query.Get("versionId"))
	if err != nil {
		return err
	}
	h := r.w.Header()
	if d.marker {
		h.Set("x-amz-delete-marker", "true")
	}
	if d.versionID != "" {
		h.Set("x-amz-version-id", d.versionID)
	}
	r.recordAnswer()
	return r.noContent()
}

// remove deletes one version, or the object: in a bucket with versioning
// that makes a delete marker.
func (s *Service) remove(r *request, key, id string) (deleted, error) {
	if id != "" {
		return s.removeVersion(r, key, id)
	}
	match := r.header("If-Match")
	check := func(old *version) error {
		if match != "" && old != nil && !matchesETag(match, old.ETag) {
			return preconditionFailed("If-Match")
		}
		if match != "" && old == nil {
			return noSuchKey(key)
		}
		return nil
	}
	if r.b.snapshot().Versioning == "" {
		v, err := s.removeOnly(r.b, key, check)
		if v != nil && err == nil {
			s.emit(r.b, removed, s.gone(key, v.ID), r.cause())
		}
		return deleted{}, err
	}
	v := &version{Key: key, DeleteMarker: true, Modified: r.now()}
	if err := s.commit(r.b, v, check); err != nil {
		return deleted{}, err
	}
	s.emit(r.b, removedByMarker, created(v), r.cause())
	return deleted{versionID: v.ID, marker: true, made: true}, nil
}

// removeOnly removes the one version of a key, nil when there is none.
func (s *Service) removeOnly(b *bucket, key string, check func(*version) error) (*version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return nil, noSuchBucket(b.Name)
	}
	v := b.objects.get(key).newest()
	if err := check(v); err != nil || v == nil {
		return nil, err
	}
	return v, s.drop(b, v)
}

func (s *Service) removeVersion(r *request, key, id string) (deleted, error) {
	if r.mfaDelete() && !r.rootWithMFA() {
		return deleted{}, accessDenied("Mfa Authentication must be used for this request")
	}
	v, err := s.dropVersion(r.b, key, id)
	if v == nil || err != nil {
		return deleted{versionID: id}, err
	}
	s.emit(r.b, removed, s.gone(key, v.ID), r.cause())
	return deleted{versionID: v.ID, marker: v.DeleteMarker}, nil
}

// dropVersion removes a version for good, nil when there is no such one.
func (s *Service) dropVersion(b *bucket, key, id string) (*version, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return nil, noSuchBucket(b.Name)
	}
	v := b.objects.get(key).version(id)
	if v == nil {
		if !validVersionID(id) {
			return nil, invalidVersionID(id)
		}
		return nil, nil
	}
	return v, s.drop(b, v)
}

func invalidVersionID(id string) *failure {
	return invalidArgument("versionId", id, "Invalid version id specified")
}

func validVersionID(id string) bool { return id == nullVersion || len(id) == 32 }

type deleteRequest struct {
	Quiet   bool `xml:"Quiet"`
	Objects []struct {
		Key       string `xml:"Key"`
		VersionID string `xml:"VersionId"`
	} `xml:"Object"`
}

type deleteResult struct {
	XMLName xml.Name      `xml:"http://s3.amazonaws.com/doc/2006-03-01/ DeleteResult"`
	Deleted []deletedItem `xml:"Deleted"`
	Errors  []deleteError `xml:"Error"`
}

type deletedItem struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

func (s *Service) deleteObjects(r *request) error {
	e, err := r.expectation()
	if err != nil {
		return err
	}
	if e.md5 == "" && e.value == "" && !e.trailer {
		return invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	text, err := r.readBody()
	if err != nil {
		return err
	}
	var in deleteRequest
	if _, err := parseXML(text, "Delete"); err != nil || xml.Unmarshal(text, &in) != nil ||
		len(in.Objects) == 0 || len(in.Objects) > maxDeletes {
		return malformedXML()
	}
	var out deleteResult
	for _, o := range in.Objects {
		d, err := s.removeOne(r, o.Key, o.VersionID)
		switch {
		case err != nil:
			f := fail(http.StatusInternalServerError, "InternalError", "We encountered an internal error. Please try again.")
			errors.As(err, &f)
			out.Errors = append(out.Errors, deleteError{Key: o.Key, VersionID: o.VersionID, Code: f.answer.Code, Message: f.answer.Message})
		case !in.Quiet:
			item := deletedItem{Key: o.Key, VersionID: o.VersionID, DeleteMarker: d.marker}
			if d.marker {
				item.DeleteMarkerVersionID = d.versionID
			}
			out.Deleted = append(out.Deleted, item)
		}
	}
	return r.writeXML(out)
}

func (s *Service) removeOne(r *request, key, id string) (deleted, error) {
	action := "s3:DeleteObject"
	if id != "" {
		action = "s3:DeleteObjectVersion"
	}
	if err := s.may(r, action, target{r.b, key, id}); err != nil {
		return deleted{}, err
	}
	return s.remove(r, key, id)
}
