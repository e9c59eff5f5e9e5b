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
// the one and does the other.
package s3

import (
	"net/http"
	"time"

	"trailctl/internal/sandbox/call"
)

// Options says how a Service keeps its state.
type Options struct {
	// Dir keeps the state in files below this folder; empty keeps it in memory.
	Dir string
	// Now is the sandbox's clock; nil is the system's.
	Now func() time.Time
	// Account owns every bucket: twelve digits.
	Account string
}

// Service is S3 for one account, in all regions. It is safe for concurrent use.
type Service struct {
	account string
	now     func() time.Time
}

// New opens the state in o.Dir, or starts empty in memory.
func New(o Options) (*Service, error) {
	return &Service{account: o.Account, now: o.Now}, nil
}

// Serve answers one S3 call and fills in the second half of c.
func (s *Service) Serve(w http.ResponseWriter, c *call.Call) {
	c.EventSource = "s3.amazonaws.com"
}

// BucketRegion tells where a bucket lies; ok is false when there is none.
func (s *Service) BucketRegion(name string) (region string, ok bool) { return "", false }

// ServiceRequest is what an AWS service wants to do with a bucket.
type ServiceRequest struct {
	Principal  string            // "cloudtrail.amazonaws.com"
	Action     string            // "s3:PutObject"
	Bucket     string            // a name, not an ARN
	Key        string            // empty for an action on the bucket
	Conditions map[string]string // condition keys of the request: "aws:SourceArn", "s3:x-amz-acl"
}

// ServiceMay tells whether the bucket's policy lets an AWS service do what it
// asks. It is false without such a bucket.
func (s *Service) ServiceMay(r ServiceRequest) bool { return false }

// Put stores an object as an AWS service delivers one: no call is recorded
// and no policy asked. It fails when the bucket is gone.
func (s *Service) Put(bucket, key string, body []byte, contentType, contentEncoding string, metadata map[string]string) error {
	return nil
}

// Get reads the newest version of an object. Names in metadata are lower-case.
func (s *Service) Get(bucket, key string) (body []byte, metadata map[string]string, err error) {
	return nil, nil, nil
}
