package s3

import (
	"encoding/xml"
	"slices"
	"strings"
)

type listVersionsResult struct {
	XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	NextKeyMarker       string `xml:",omitempty"`
	NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
	MaxKeys             int
	Delimiter           string          `xml:",omitempty"`
	EncodingType        string          `xml:",omitempty"`
	IsTruncated         bool            `xml:"IsTruncated"`
	Versions            []listedVersion `xml:",any"`
	CommonPrefixes      []commonPrefix  `xml:"CommonPrefixes"`
}

// listedVersion is a Version or a DeleteMarker element.
type listedVersion struct {
	XMLName           xml.Name
	Key               string
	VersionID         string `xml:"VersionId"`
	IsLatest          bool   `xml:"IsLatest"`
	LastModified      string
	ETag              string `xml:",omitempty"`
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              *int64 `xml:"Size"`
	StorageClass      string `xml:",omitempty"`
	Owner             owner
}

// versionPage is a page of all versions, keys in order and newest first.
type versionPage struct {
	versions        []*version
	latest          []bool
	prefixes        []string
	truncated       bool
	lastKey, lastID string
}

func (s *Service) listVersions(r *request) error {
	l, err := r.readListing("max-keys")
	if err != nil {
		return err
	}
	l.after = r.query.Get("key-marker")
	idMarker := r.query.Get("version-id-marker")
	if idMarker != "" && l.after == "" {
		return invalidArgument("version-id-marker", idMarker, "A version-id marker cannot be specified without a key marker.")
	}
	r.b.mu.RLock()
	p := r.b.objects.listVersions(l, idMarker)
	r.b.mu.RUnlock()
	out := listVersionsResult{
		Name: r.bucket, Prefix: l.encode(l.prefix), KeyMarker: l.encode(l.after), VersionIDMarker: idMarker, MaxKeys: l.limit,
		Delimiter: l.encode(l.delimiter), EncodingType: r.query.Get("encoding-type"), IsTruncated: p.truncated,
		CommonPrefixes: l.commonPrefixes(p.prefixes),
	}
	if p.truncated {
		out.NextKeyMarker, out.NextVersionIDMarker = l.encode(p.lastKey), p.lastID
	}
	for i, v := range p.versions {
		item := listedVersion{
			XMLName: xml.Name{Local: "DeleteMarker"}, Key: l.encode(v.Key), VersionID: v.ID, IsLatest: p.latest[i],
			LastModified: isoTime(v.Modified), Owner: s.owner(),
		}
		if !v.DeleteMarker {
			item.XMLName.Local, item.ETag, item.Size, item.StorageClass = "Version", quote(v.ETag), &v.Size, v.storageClass()
			item.ChecksumAlgorithm, item.ChecksumType = v.Checksum.Algorithm, v.Checksum.Type
		}
		out.Versions = append(out.Versions, item)
	}
	return r.writeXML(out)
}

// listVersions reads a page; idMarker is a version of the key l.after behind
// which it begins. The caller holds the lock.
func (x *index) listVersions(l listing, idMarker string) versionPage {
	var p versionPage
	if l.limit == 0 {
		return p
	}
	if e := x.get(l.after); e != nil && idMarker != "" && strings.HasPrefix(e.key, l.prefix) {
		i := slices.IndexFunc(e.versions, func(v *version) bool { return v.ID == idMarker })
		if i >= 0 && !p.add(e, i+1, l.limit) {
			return p
		}
	}
	for e := x.ceil(l.start()); e != nil && strings.HasPrefix(e.key, l.prefix); {
		group, grouped := l.group(e.key)
		if !grouped {
			if !p.add(e, 0, l.limit) {
				return p
			}
			e = x.ceil(e.key + "\x00")
			continue
		}
		if p.full(l.limit) {
			return p
		}
		p.prefixes = append(p.prefixes, group)
		p.lastKey, p.lastID = group, ""
		e = x.ceil(behind(group))
	}
	return p
}

// full tells whether nothing more fits, and marks the page truncated then.
func (p *versionPage) full(limit int) bool {
	p.truncated = len(p.versions)+len(p.prefixes) == limit
	return p.truncated
}

// add puts an entry's versions from the i-th on, as many as fit.
func (p *versionPage) add(e *entry, i, limit int) (all bool) {
	for ; i < len(e.versions); i++ {
		if p.full(limit) {
			return false
		}
		v := e.versions[i]
		p.versions = append(p.versions, v)
		p.latest = append(p.latest, i == 0)
		p.lastKey, p.lastID = v.Key, v.ID
	}
	return true
}
