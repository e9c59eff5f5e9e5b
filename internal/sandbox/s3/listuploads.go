package s3

import (
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

type listPartsResult struct {
	XMLName              xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket               string
	Key                  string
	UploadID             string `xml:"UploadId"`
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool         `xml:"IsTruncated"`
	ChecksumAlgorithm    string       `xml:",omitempty"`
	ChecksumType         string       `xml:",omitempty"`
	Initiator            owner        `xml:"Initiator"`
	Owner                owner        `xml:"Owner"`
	StorageClass         string       `xml:"StorageClass"`
	Parts                []listedPart `xml:"Part"`
}

type listedPart struct {
	PartNumber   int
	LastModified string
	ETag         string
	Size         int64
	checksumElements
}

func (s *Service) listParts(r *request) error {
	u, err := r.upload()
	if err != nil {
		return err
	}
	limit, err := r.count("max-parts", maxKeys)
	if err != nil {
		return err
	}
	text := r.query.Get("part-number-marker")
	after, err := strconv.Atoi("0" + text)
	if err != nil {
		return invalidArgument("part-number-marker", text, "Provided part-number-marker not an integer or within integer range")
	}
	out := listPartsResult{
		Bucket: r.bucket, Key: r.key, UploadID: u.id, PartNumberMarker: after, MaxParts: limit,
		ChecksumAlgorithm: u.checksum.Algorithm, ChecksumType: u.checksum.Type,
		Initiator: u.initiator, Owner: s.owner(), StorageClass: u.object.storageClass(),
	}
	for _, p := range u.sorted(r.b) {
		if p.Number <= after {
			continue
		}
		if len(out.Parts) == limit {
			out.IsTruncated = true
			break
		}
		out.Parts = append(out.Parts, listedPart{
			PartNumber: p.Number, LastModified: isoTime(p.Modified), ETag: quote(p.ETag), Size: p.Size,
			checksumElements: p.Checksum.elements(),
		})
		out.NextPartNumberMarker = p.Number
	}
	return r.writeXML(out)
}

type listUploadsResult struct {
	XMLName            xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string `xml:"UploadIdMarker"`
	NextKeyMarker      string
	NextUploadIDMarker string `xml:"NextUploadIdMarker"`
	Prefix             string `xml:",omitempty"`
	Delimiter          string `xml:",omitempty"`
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool           `xml:"IsTruncated"`
	Uploads            []listedUpload `xml:"Upload"`
	CommonPrefixes     []commonPrefix `xml:"CommonPrefixes"`
}

type listedUpload struct {
	Key               string
	UploadID          string `xml:"UploadId"`
	Initiator         owner
	Owner             owner
	StorageClass      string
	Initiated         string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

func (s *Service) listUploads(r *request) error {
	l, err := r.readListing("max-uploads")
	if err != nil {
		return err
	}
	l.after = r.query.Get("key-marker")
	idMarker := r.query.Get("upload-id-marker")
	out := listUploadsResult{
		Bucket: r.bucket, KeyMarker: l.encode(l.after), UploadIDMarker: idMarker, Prefix: l.encode(l.prefix),
		Delimiter: l.encode(l.delimiter), EncodingType: r.query.Get("encoding-type"), MaxUploads: l.limit,
	}
	lastGroup := ""
	for _, u := range r.b.sortedUploads() {
		key := u.object.Key
		if !strings.HasPrefix(key, l.prefix) || key < l.after || key == l.after && (idMarker == "" || u.id <= idMarker) {
			continue
		}
		group, grouped := l.group(key)
		if grouped && (group == lastGroup || group <= l.after) {
			continue
		}
		if len(out.Uploads)+len(out.CommonPrefixes) == l.limit {
			out.IsTruncated = l.limit > 0
			break
		}
		if grouped {
			lastGroup = group
			out.CommonPrefixes = append(out.CommonPrefixes, commonPrefix{l.encode(group)})
			out.NextKeyMarker, out.NextUploadIDMarker = l.encode(group), ""
			continue
		}
		out.Uploads = append(out.Uploads, listedUpload{
			Key: l.encode(key), UploadID: u.id, Initiator: u.initiator, Owner: s.owner(), StorageClass: u.object.storageClass(),
			Initiated: isoTime(u.initiated), ChecksumAlgorithm: u.checksum.Algorithm, ChecksumType: u.checksum.Type,
		})
		out.NextKeyMarker, out.NextUploadIDMarker = l.encode(key), u.id
	}
	if !out.IsTruncated && out.NextUploadIDMarker == "" {
		out.NextKeyMarker = "" // after a common prefix; after an upload S3 names it, more to come or not
	}
	return r.writeXML(out)
}

// sortedUploads are the uploads in progress by key, and by ID within one.
func (b *bucket) sortedUploads() []*upload {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []*upload
	for _, u := range b.uploads {
		out = append(out, u)
	}
	slices.SortFunc(out, func(x, y *upload) int {
		if c := strings.Compare(x.object.Key, y.object.Key); c != 0 {
			return c
		}
		return strings.Compare(x.id, y.id)
	})
	return out
}
