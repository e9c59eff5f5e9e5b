package s3

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"trailctl/internal/sandbox/iampolicy"
)

// bucket is one bucket with all that is in it. The lock covers everything
// below it; versions that have been published never change, so that readers
// hold it only while they find theirs.
type bucket struct {
	Name     string    `json:"name"`
	Region   string    `json:"region"`
	Created  time.Time `json:"created"`
	Settings settings  `json:"settings"`

	mu      sync.RWMutex
	gone    bool
	objects index
	uploads map[string]*upload
}

func newBucket(name string) *bucket {
	return &bucket{Name: name, uploads: map[string]*upload{}}
}

// settings is a bucket's configuration. A changed one replaces it as a whole.
type settings struct {
	Versioning string `json:"versioning,omitempty"` // "", "Enabled", "Suspended"
	Policy     string `json:"policy,omitempty"`     // as it was put
	// Documents are the other sub-resources as XML, by the name that the
	// query has: "publicAccessBlock", "encryption".
	Documents map[string]string `json:"documents"`

	policy        *iampolicy.Policy
	policyChanged time.Time
}

// prepare parses what has just been read from a file.
func (s *settings) prepare() (err error) {
	if s.Policy != "" {
		s.policy, err = iampolicy.Parse([]byte(s.Policy))
	}
	return err
}

// snapshot is the bucket's settings as they are now.
func (b *bucket) snapshot() settings {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.Settings
}

// change replaces a bucket's settings.
func (s *Service) change(b *bucket, edit func(*settings)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gone {
		return noSuchBucket(b.Name)
	}
	old := b.Settings
	next := old
	next.Documents = maps.Clone(old.Documents)
	edit(&next)
	b.Settings = next
	if err := s.store.saveBucket(b); err != nil {
		b.Settings = old
		return err
	}
	return nil
}

var (
	bucketName  = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	dottedQuad  = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
	regionName  = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]+)+-\d{1,2}$`)
	nameStarts  = []string{"xn--", "sthree-", "amzn-s3-demo-"}
	nameEndings = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}
)

// validBucketName holds a name against the naming rules of general purpose
// buckets (S3 user guide).
func validBucketName(name string) bool {
	if !bucketName.MatchString(name) || dottedQuad.MatchString(name) || strings.Contains(name, "..") {
		return false
	}
	for _, s := range nameStarts {
		if strings.HasPrefix(name, s) {
			return false
		}
	}
	for _, s := range nameEndings {
		if strings.HasSuffix(name, s) {
			return false
		}
	}
	return true
}

func (s *Service) createBucket(r *request) error {
	region, err := s.wantedRegion(r)
	if err != nil {
		return err
	}
	if !validBucketName(r.bucket) {
		return fail(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.").with("BucketName", r.bucket)
	}
	if strings.EqualFold(r.header("x-amz-bucket-object-lock-enabled"), "true") {
		return notServed("CreateBucketWithObjectLock")
	}
	b := newBucket(r.bucket)
	b.Region, b.Created = region, r.now()
	if b.Settings.Documents, err = newBucketDocuments(r, s.owner()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if have := s.buckets[r.bucket]; have != nil {
		// In us-east-1 alone a second creation by the owner succeeds.
		if have.Region != "us-east-1" || region != "us-east-1" {
			return fail(http.StatusConflict, "BucketAlreadyOwnedByYou",
				"Your previous request to create the named bucket succeeded and you already own it.").with("BucketName", r.bucket)
		}
	} else {
		if err := s.store.saveBucket(b); err != nil {
			return err
		}
		s.buckets[r.bucket] = b
	}
	r.w.Header().Set("Location", "/"+r.bucket)
	r.w.WriteHeader(http.StatusOK)
	return nil
}

// wantedRegion is where a bucket is to be created. The sandbox is one
// endpoint for all regions: a call signed for us-east-1 is taken for one to
// the global endpoint, which creates buckets anywhere (assumption A41).
func (s *Service) wantedRegion(r *request) (string, error) {
	signed := r.call.Region
	if signed == "" {
		signed = "us-east-1"
	}
	constraint, err := r.locationConstraint()
	if err != nil {
		return "", err
	}
	switch {
	case constraint == "" && signed == "us-east-1":
		return signed, nil
	case constraint == "":
		return "", fail(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	case constraint == "EU":
		constraint = "eu-west-1"
	case constraint == "us-east-1" || !regionName.MatchString(constraint):
		return "", fail(http.StatusBadRequest, "InvalidLocationConstraint", "The specified location-constraint is not valid").
			with("LocationConstraint", constraint)
	}
	if signed != "us-east-1" && signed != constraint {
		return "", fail(http.StatusBadRequest, "IllegalLocationConstraintException",
			"The %s location constraint is incompatible for the region specific endpoint this request was sent to.", constraint)
	}
	return constraint, nil
}

func (r *request) locationConstraint() (string, error) {
	if r.http.ContentLength == 0 {
		return "", nil
	}
	text, err := r.readBody()
	if err != nil || len(text) == 0 {
		return "", err
	}
	doc, err := parseXML(text, "CreateBucketConfiguration")
	if err != nil {
		return "", err
	}
	r.call.RequestParameters[doc.name] = doc.value()
	return doc.child("LocationConstraint").content(), nil
}

func (s *Service) deleteBucket(r *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.b.mu.Lock()
	defer r.b.mu.Unlock()
	switch {
	case r.b.gone:
		return noSuchBucket(r.bucket)
	case !r.b.objects.empty() && r.b.Settings.Versioning != "":
		return fail(http.StatusConflict, "BucketNotEmpty",
			"The bucket you tried to delete is not empty. You must delete all versions in the bucket.").with("BucketName", r.bucket)
	case !r.b.objects.empty():
		return fail(http.StatusConflict, "BucketNotEmpty", "The bucket you tried to delete is not empty").with("BucketName", r.bucket)
	}
	if err := s.store.dropBucket(r.bucket); err != nil {
		return err
	}
	for _, u := range r.b.uploads {
		u.discard()
	}
	r.b.gone = true
	delete(s.buckets, r.bucket)
	return r.noContent()
}

func (s *Service) headBucket(r *request) error {
	h := r.w.Header()
	h.Set("x-amz-access-point-alias", "false")
	h.Set("Content-Type", "application/xml")
	r.w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) getBucketLocation(r *request) error {
	constraint := r.b.Region
	if constraint == "us-east-1" {
		constraint = ""
	}
	r.writeText("application/xml", fmt.Sprintf("%s<LocationConstraint xmlns=%q>%s</LocationConstraint>", xmlHeader, namespace, constraint))
	return nil
}
