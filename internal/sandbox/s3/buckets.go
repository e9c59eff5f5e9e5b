package s3

import (
	"encoding/base64"
	"encoding/xml"
	"slices"
	"strings"
	"time"
)

const maxBuckets = 10000

type listBucketsResult struct {
	XMLName           xml.Name       `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
	Owner             owner          `xml:"Owner"`
	Buckets           []listedBucket `xml:"Buckets>Bucket"`
	ContinuationToken string         `xml:"ContinuationToken,omitempty"`
	Prefix            string         `xml:"Prefix,omitempty"`
}

type listedBucket struct {
	Name         string
	CreationDate string
	BucketRegion string `xml:",omitempty"`
}

type owner struct {
	ID string
}

func (s *Service) listBuckets(r *request) error {
	limit, err := r.count("max-buckets", maxBuckets)
	if err != nil {
		return err
	}
	if limit == 0 {
		return invalidArgument("max-buckets", "0", "Argument max-buckets must be an integer between 1 and %d", maxBuckets)
	}
	after, err := decodeToken(r.query.Get("continuation-token"))
	if err != nil {
		return err
	}
	out := listBucketsResult{Owner: s.owner(), Prefix: r.query.Get("prefix")}
	for _, b := range s.sortedBuckets() {
		region := r.query.Get("bucket-region")
		if !strings.HasPrefix(b.Name, out.Prefix) || b.Name <= after || region != "" && region != b.Region {
			continue
		}
		if len(out.Buckets) == limit {
			out.ContinuationToken = encodeToken(out.Buckets[limit-1].Name)
			break
		}
		out.Buckets = append(out.Buckets, listedBucket{Name: b.Name, CreationDate: isoTime(b.Created), BucketRegion: r.regionOf(b)})
	}
	return r.writeXML(out)
}

func (s *Service) sortedBuckets() []*bucket {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*bucket, 0, len(s.buckets))
	for _, b := range s.buckets {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *bucket) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// regionOf is a bucket's region where the request has a parameter: without
// one S3 leaves it out (API reference, "Bucket").
func (r *request) regionOf(b *bucket) string {
	for _, name := range []string{"max-buckets", "continuation-token", "prefix", "bucket-region"} {
		if r.query.Get(name) != "" {
			return b.Region
		}
	}
	return ""
}

// A continuation token names the last key given; clients take it as opaque.
func encodeToken(last string) string { return base64.URLEncoding.EncodeToString([]byte("1" + last)) }

func decodeToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil || len(raw) == 0 || raw[0] != '1' {
		return "", invalidArgument("continuation-token", token, "The continuation token provided is incorrect")
	}
	return string(raw[1:]), nil
}
