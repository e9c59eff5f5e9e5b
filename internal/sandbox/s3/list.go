package s3

import (
	"encoding/xml"
	"strings"
)

const maxKeys = 1000

// listing is what a listing of keys asks for.
type listing struct {
	prefix, delimiter string
	after             string // keys up to this one are left out
	limit             int
	urlEncoded        bool
}

// page is one answer's worth of a listing.
type page struct {
	objects   []*version
	prefixes  []string
	truncated bool
	last      string // the key or common prefix that the page ends with
}

// readListing takes what all listings have from the query.
func (r *request) readListing(limitName string) (listing, error) {
	limit, err := r.count(limitName, maxKeys)
	if err != nil {
		return listing{}, err
	}
	l := listing{prefix: r.query.Get("prefix"), delimiter: r.query.Get("delimiter"), limit: limit}
	switch encoding := r.query.Get("encoding-type"); encoding {
	case "":
	case "url":
		l.urlEncoded = true
	default:
		return l, invalidArgument("encoding-type", encoding, "Invalid Encoding Method specified in Request")
	}
	return l, nil
}

// group is the common prefix that a key is listed under, if it is.
func (l listing) group(key string) (prefix string, ok bool) {
	if l.delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(l.prefix):], l.delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(l.prefix)+i+len(l.delimiter)], true
}

// start is the first key that can be on the page. A page that ended with a
// common prefix goes on behind all keys under it.
func (l listing) start() string {
	next := l.after + "\x00"
	if l.after == "" {
		next = ""
	} else if strings.HasPrefix(l.after, l.prefix) {
		if group, ok := l.group(l.after); ok && group == l.after {
			next = behind(group)
		}
	}
	return max(next, l.prefix)
}

// behind is the first key that does not begin with prefix. Keys are UTF-8,
// so that no byte of them overflows.
func behind(prefix string) string {
	last := len(prefix) - 1
	return prefix[:last] + string([]byte{prefix[last] + 1})
}

// list reads a page of newest versions; the caller holds the lock.
func (x *index) list(l listing) page {
	var p page
	if l.limit == 0 {
		return p
	}
	for e := x.ceil(l.start()); e != nil && strings.HasPrefix(e.key, l.prefix); {
		v := e.newest()
		if v.DeleteMarker {
			e = x.ceil(e.key + "\x00")
			continue
		}
		if len(p.objects)+len(p.prefixes) == l.limit {
			p.truncated = true
			return p
		}
		if group, ok := l.group(e.key); ok {
			p.prefixes = append(p.prefixes, group)
			p.last = group
			e = x.ceil(behind(group))
			continue
		}
		p.objects = append(p.objects, v)
		p.last = e.key
		e = x.ceil(e.key + "\x00")
	}
	return p
}

func (b *bucket) list(l listing) page {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.objects.list(l)
}

type listedObject struct {
	Key               string
	LastModified      string
	ETag              string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              int64
	StorageClass      string
	Owner             *owner `xml:"Owner"`
}

type commonPrefix struct{ Prefix string }

// listResult is the answer of both versions of ListObjects.
type listResult struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Marker                *string `xml:"Marker"`
	NextMarker            string  `xml:",omitempty"`
	StartAfter            string  `xml:",omitempty"`
	ContinuationToken     string  `xml:",omitempty"`
	NextContinuationToken string  `xml:",omitempty"`
	KeyCount              *int    `xml:"KeyCount"`
	MaxKeys               int
	Delimiter             string         `xml:",omitempty"`
	EncodingType          string         `xml:",omitempty"`
	IsTruncated           bool           `xml:"IsTruncated"`
	Contents              []listedObject `xml:"Contents"`
	CommonPrefixes        []commonPrefix `xml:"CommonPrefixes"`
}

func (s *Service) listObjects(r *request) error {
	l, err := r.readListing("max-keys")
	if err != nil {
		return err
	}
	switch version := r.query.Get("list-type"); version {
	case "":
		return s.listObjectsV1(r, l)
	case "2":
		return s.listObjectsV2(r, l)
	default:
		return invalidArgument("list-type", version, "Invalid List Type specified in Request")
	}
}

func (s *Service) listObjectsV1(r *request, l listing) error {
	l.after = r.query.Get("marker")
	p := r.b.list(l)
	out := l.result(r, p, s.ownerOf())
	marker := l.encode(l.after)
	out.Marker = &marker
	// Without a delimiter the last key is the marker, and S3 does not repeat it.
	if p.truncated && l.delimiter != "" {
		out.NextMarker = l.encode(p.last)
	}
	return r.writeXML(out)
}

func (s *Service) listObjectsV2(r *request, l listing) error {
	startAfter, token := r.query.Get("start-after"), r.query.Get("continuation-token")
	if r.has("continuation-token") && token == "" {
		return invalidArgument("continuation-token", "", "The continuation token provided is incorrect")
	}
	l.after = startAfter
	if token != "" {
		var err error
		if l.after, err = decodeToken(token); err != nil {
			return err
		}
	}
	var o *owner
	if r.query.Get("fetch-owner") == "true" {
		o = s.ownerOf()
	}
	p := r.b.list(l)
	out := l.result(r, p, o)
	out.StartAfter, out.ContinuationToken = l.encode(startAfter), token
	count := len(p.objects) + len(p.prefixes)
	out.KeyCount = &count
	if p.truncated {
		out.NextContinuationToken = encodeToken(p.last)
	}
	return r.writeXML(out)
}

func (s *Service) ownerOf() *owner {
	o := s.owner()
	return &o
}

func (l listing) result(r *request, p page, o *owner) listResult {
	out := listResult{
		Name: r.bucket, Prefix: l.encode(l.prefix), MaxKeys: l.limit,
		Delimiter: l.encode(l.delimiter), IsTruncated: p.truncated, EncodingType: r.query.Get("encoding-type"),
		Contents: make([]listedObject, 0, len(p.objects)),
	}
	for _, v := range p.objects {
		out.Contents = append(out.Contents, listedObject{
			Key: l.encode(v.Key), LastModified: isoTime(v.Modified), ETag: quote(v.ETag), Size: v.Size,
			ChecksumAlgorithm: v.Checksum.Algorithm, ChecksumType: v.Checksum.Type,
			StorageClass: v.storageClass(), Owner: o,
		})
	}
	out.CommonPrefixes = l.commonPrefixes(p.prefixes)
	return out
}

func (l listing) commonPrefixes(prefixes []string) []commonPrefix {
	var out []commonPrefix
	for _, prefix := range prefixes {
		out = append(out, commonPrefix{l.encode(prefix)})
	}
	return out
}

func (v *version) storageClass() string {
	if v.StorageClass == "" {
		return "STANDARD"
	}
	return v.StorageClass
}

// encode is how names are written when encoding-type=url is asked for. A
// space is %20, which clients that read + as a space take as well.
func (l listing) encode(s string) string {
	if !l.urlEncoded {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~*/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
