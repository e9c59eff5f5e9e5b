package s3

import (
	"encoding/xml"
	"net/http"
	"strings"
)

type attributesResult struct {
	XMLName      xml.Name          `xml:"http://s3.amazonaws.com/doc/2006-03-01/ GetObjectAttributesResponse"`
	ETag         string            `xml:",omitempty"`
	Checksum     *checksumElements `xml:"Checksum"`
	ObjectParts  *attributesParts  `xml:"ObjectParts"`
	StorageClass string            `xml:",omitempty"`
	ObjectSize   *int64            `xml:"ObjectSize"`
}

type attributesParts struct {
	PartsCount int `xml:"PartsCount"`
}

func (s *Service) getAttributes(r *request) error {
	v, err := r.version()
	if err != nil {
		return s.hideMissing(r, err)
	}
	wanted := strings.Join(r.http.Header.Values("x-amz-object-attributes"), ",")
	if wanted == "" {
		return invalidArgument("x-amz-object-attributes", "", "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty")
	}
	var out attributesResult
	for name := range strings.SplitSeq(wanted, ",") {
		switch strings.TrimSpace(name) {
		case "ETag":
			out.ETag = v.ETag
		case "Checksum":
			c := v.Checksum.elements()
			out.Checksum = &c
		case "ObjectParts":
			if len(v.Parts) > 0 {
				out.ObjectParts = &attributesParts{PartsCount: len(v.Parts)}
			}
		case "StorageClass":
			out.StorageClass = v.storageClass()
		case "ObjectSize":
			out.ObjectSize = &v.Size
		default:
			return invalidArgument("x-amz-object-attributes", name, "Invalid attribute name specified.")
		}
	}
	r.w.Header().Set("Last-Modified", v.Modified.Format(http.TimeFormat))
	r.versionHeader(v)
	return r.writeXML(out)
}
