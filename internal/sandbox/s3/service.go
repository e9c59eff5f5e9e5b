// Package s3 is the sandbox's Amazon S3: buckets with their settings, objects
// with versions and multipart uploads, and the bucket policies that decide who
// may do what. It answers over HTTP as S3 does, error codes included.
//
// It is a handler of its own. The library that offers itself, gofakes3,
// answers bucket sub-resources wrongly, fails checksums on ranges, stores the
// aws-chunked framing as part of the body and rewrites the case of metadata
// headers; under a corrected front nearly everything but its map would be ours.
//
// It checks no signatures and records nothing: whoever calls Serve has done
// the one and does the other. Paths are keys: a front that cleans them
// (http.ServeMux does) breaks keys with two slashes.
package s3

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trailctl/internal/sandbox/call"
)

// Options says how a Service keeps its state.
type Options struct {
	// Dir keeps the state in files below this folder; empty keeps it in
	// memory. Only one Service may have it open.
	Dir string
	// Now is the sandbox's clock; nil is the system's.
	Now func() time.Time
	// Account owns every bucket: twelve digits.
	Account string
	// Topics and Queues take event messages. Without one its entries in a
	// notification configuration are kept, but neither checked nor served.
	Topics, Queues Destination
	Log            *slog.Logger // nil is none
}

// Service is S3 for one account, in all regions. It is safe for concurrent use.
type Service struct {
	account string
	now     func() time.Time
	store   store
	topics  Destination
	queues  Destination
	log     *slog.Logger
	routes  map[string]operation

	sequence atomic.Uint64 // of versions, newer ones higher

	mu      sync.RWMutex // taken before a bucket's own
	buckets map[string]*bucket
}

// New opens the state in o.Dir, or starts empty in memory. It fails when
// the folder cannot be written, or holds what no Service has left there.
func New(o Options) (*Service, error) {
	s := &Service{
		account: o.Account, now: o.Now, store: memory{}, topics: o.Topics, queues: o.Queues, log: o.Log,
		routes: routes(), buckets: map[string]*bucket{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if o.Dir != "" {
		d, err := openDisk(o.Dir)
		if err != nil {
			return nil, err
		}
		s.store = d
	}
	list, err := s.store.load()
	if err != nil {
		return nil, err
	}
	for _, b := range list {
		s.buckets[b.Name] = b
		s.sequence.Store(max(s.sequence.Load(), b.lastSequence()))
	}
	return s, nil
}

func (b *bucket) lastSequence() (last uint64) {
	for e := b.objects.ceil(""); e != nil; e = b.objects.ceil(e.key + "\x00") {
		last = max(last, e.versions[0].Sequence)
	}
	return last
}

// Serve answers one S3 call and fills in the second half of c.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	h := w.Header()
	h.Set("Server", "AmazonS3")
	h.Set("x-amz-request-id", c.RequestID)
	h.Set("x-amz-id-2", hostID(c.RequestID))
	r, err := parse(w, c)
	r.op = s.route(r)
	r.record(s.account)
	if err == nil {
		err = s.serve(r)
	}
	if err != nil {
		r.drain()
		r.answer(err)
	}
}

func (s *Service) serve(r *request) error {
	if r.op.serve == nil {
		return notServed(r.op.name)
	}
	if r.bucket == "" || r.op.name == "CreateBucket" {
		if !s.ours(r.call.Identity) {
			return accessDenied("Access Denied")
		}
		return r.op.serve(s, r)
	}
	if r.b = s.bucket(r.bucket); r.b == nil {
		return noSuchBucket(r.bucket)
	}
	r.w.Header().Set("x-amz-bucket-region", r.b.Region)
	if err := r.checkRegion(); err != nil {
		return err
	}
	if want := r.header("x-amz-expected-bucket-owner"); want != "" && want != s.account {
		return accessDenied("Access Denied")
	}
	if err := s.authorize(r); err != nil {
		return err
	}
	return r.op.serve(s, r)
}

// checkRegion refuses what is signed for another region than the bucket's,
// naming the right one in the three places where clients look for it.
// GetBucketLocation is how clients find out, and is answered from anywhere.
func (r *request) checkRegion() error {
	if r.call.Region == "" || r.call.Region == r.b.Region || r.op.name == "GetBucketLocation" {
		return nil
	}
	return fail(http.StatusMovedPermanently, "PermanentRedirect",
		"The bucket you are attempting to access must be addressed using the specified endpoint. "+
			"Please send all future requests to this endpoint.").
		with("Endpoint", r.bucket+".s3."+r.b.Region+".amazonaws.com").
		with("Bucket", r.bucket).with("Region", r.b.Region)
}

func notServed(operation string) *failure {
	return &failure{answer: *call.NotServed("s3", operation)}
}

func (s *Service) bucket(name string) *bucket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[name]
}

// owner is the account's canonical user, whose ID is made up of its number.
func (s *Service) owner() owner {
	sum := sha256.Sum256([]byte("canonical user " + s.account))
	return owner{ID: hex.EncodeToString(sum[:])}
}

// now is the time of the call, to the second as S3 keeps times.
func (r *request) now() time.Time { return r.call.Time.UTC().Truncate(time.Second) }

// BucketRegion tells where a bucket lies; ok is false when there is none.
func (s *Service) BucketRegion(name string) (region string, ok bool) {
	b := s.bucket(name)
	if b == nil {
		return "", false
	}
	return b.Region, true
}

// lowerHeader sets a response header that has to keep its lower case on the
// wire: the AWS CLI does not find metadata that net/http has capitalized.
func lowerHeader(h http.Header, name, value string) { h[strings.ToLower(name)] = []string{value} }
