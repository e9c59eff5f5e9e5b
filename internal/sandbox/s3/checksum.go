package s3

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strconv"
	"strings"
)

// checksum is the checksum kept with an object or a part besides its MD5.
type checksum struct {
	Algorithm string `json:"algorithm"`      // "CRC32"
	Value     string `json:"value"`          // base64; with "-N" behind when composite
	Type      string `json:"type,omitempty"` // "FULL_OBJECT" or "COMPOSITE"; of an object only
}

// checksumElements are the elements that name a checksum in XML.
type checksumElements struct {
	ChecksumCRC32     string `xml:",omitempty"`
	ChecksumCRC32C    string `xml:",omitempty"`
	ChecksumCRC64NVME string `xml:",omitempty"`
	ChecksumSHA1      string `xml:",omitempty"`
	ChecksumSHA256    string `xml:",omitempty"`
	ChecksumSHA512    string `xml:",omitempty"`
	ChecksumMD5       string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
}

const (
	fullObject = "FULL_OBJECT"
	composite  = "COMPOSITE"

	// defaultAlgorithm is what S3 computes when the uploader names none.
	defaultAlgorithm = "CRC64NVME"
)

func algorithms() []string {
	return []string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "SHA512", "MD5"}
}

// newHash is nil for an algorithm that is not served.
func newHash(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC32":
		return crc32.NewIEEE()
	case "CRC32C":
		return crc32.New(crc32.MakeTable(crc32.Castagnoli))
	case "CRC64NVME":
		return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	case "SHA512":
		return sha512.New()
	case "MD5":
		return md5.New()
	}
	return nil
}

func base64Sum(h hash.Hash) string { return base64.StdEncoding.EncodeToString(h.Sum(nil)) }

func checksumHeader(algorithm string) string { return "x-amz-checksum-" + strings.ToLower(algorithm) }

// expectation is what an uploader says about the bytes it sends.
type expectation struct {
	algorithm string // empty when it names none
	value     string // base64; empty when it comes in a trailer or not at all
	trailer   bool
	md5       string // of Content-MD5, base64
	sha256    string // of x-amz-content-sha256, hex
}

func (r *request) expectation() (expectation, error) {
	var e expectation
	for _, a := range algorithms() {
		value := r.header(checksumHeader(a))
		if value == "" {
			continue
		}
		if e.value != "" {
			return e, invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		if raw, err := base64.StdEncoding.DecodeString(value); err != nil || len(raw) != newHash(a).Size() {
			return e, invalidRequest("Value for %s header is invalid.", checksumHeader(a))
		}
		e.algorithm, e.value = a, value
	}
	if t := strings.ToLower(strings.TrimSpace(r.header("x-amz-trailer"))); e.value == "" && strings.HasPrefix(t, "x-amz-checksum-") {
		e.trailer = true
		e.algorithm = strings.ToUpper(strings.TrimPrefix(t, "x-amz-checksum-"))
	}
	if e.algorithm == "" {
		e.algorithm = strings.ToUpper(r.header("x-amz-sdk-checksum-algorithm"))
	}
	if e.algorithm != "" && newHash(e.algorithm) == nil {
		return e, unsupportedAlgorithm()
	}
	if e.md5 = r.header("Content-MD5"); e.md5 != "" {
		if raw, err := base64.StdEncoding.DecodeString(e.md5); err != nil || len(raw) != md5.Size {
			return e, fail(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.").
				with("Content-MD5", e.md5)
		}
	}
	if s := r.header("x-amz-content-sha256"); len(s) == 2*sha256.Size {
		e.sha256 = strings.ToLower(s)
	}
	return e, nil
}

func unsupportedAlgorithm() *failure {
	return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [%s]",
		strings.Join(algorithms(), ", "))
}

func badDigest(what string) *failure {
	return fail(http.StatusBadRequest, "BadDigest", "The %s you specified did not match the calculated checksum.", what)
}

// checksumHeaders answers with an object's checksum.
func (r *request) checksumHeaders(c checksum) {
	if c.Value == "" {
		return
	}
	h := r.w.Header()
	h.Set(checksumHeader(c.Algorithm), c.Value)
	if c.Type != "" {
		h.Set("x-amz-checksum-type", c.Type)
	}
}

// compositeSum is the checksum of the parts' checksums.
func compositeSum(algorithm string, parts []part) (string, error) {
	h := newHash(algorithm)
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.Checksum.Value)
		if err != nil {
			return "", err
		}
		h.Write(raw)
	}
	return base64Sum(h) + "-" + strconv.Itoa(len(parts)), nil
}

// elements are a checksum as XML answers have it.
func (c checksum) elements() checksumElements {
	out := checksumElements{ChecksumType: c.Type}
	switch c.Algorithm {
	case "CRC32":
		out.ChecksumCRC32 = c.Value
	case "CRC32C":
		out.ChecksumCRC32C = c.Value
	case "CRC64NVME":
		out.ChecksumCRC64NVME = c.Value
	case "SHA1":
		out.ChecksumSHA1 = c.Value
	case "SHA256":
		out.ChecksumSHA256 = c.Value
	case "SHA512":
		out.ChecksumSHA512 = c.Value
	case "MD5":
		out.ChecksumMD5 = c.Value
	}
	return out
}

// ofPart is a checksum without a type, which only objects have.
func (c checksum) ofPart() checksum { return checksum{Algorithm: c.Algorithm, Value: c.Value} }
