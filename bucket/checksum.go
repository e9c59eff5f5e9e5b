package bucket

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
	"sync"
)

// checksum is what an object's bytes are to add up to.
type checksum struct {
	hash.Hash
	name string
	want string // the sum's raw bytes
}

// right tells whether the bytes that were written are the object's.
func (c *checksum) right() bool { return string(c.Sum(nil)) == c.want }

// crc64NVME is the table of the polynomial that S3 takes by default, written
// with the lowest power first.
var crc64NVME = sync.OnceValue(func() *crc64.Table { return crc64.MakeTable(0x9a6c9329ac4bc9b5) })

// checksums that S3 tells in headers, the cheapest to compute first (Amazon S3
// user guide, "Checking object integrity").
var checksums = []struct {
	name   string
	header string
	make   func() hash.Hash
}{
	{"CRC32", "X-Amz-Checksum-Crc32", func() hash.Hash { return crc32.NewIEEE() }},
	{"CRC32C", "X-Amz-Checksum-Crc32c", func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
	{"CRC64NVME", "X-Amz-Checksum-Crc64nvme", func() hash.Hash { return crc64.New(crc64NVME()) }},
	{"SHA1", "X-Amz-Checksum-Sha1", sha1.New},
	{"SHA256", "X-Amz-Checksum-Sha256", sha256.New},
}

// checksumOf finds what an answer tells of the object's bytes, nil for
// nothing. A value with a dash is made of the sums of parts.
func checksumOf(h http.Header, etagMD5 string) *checksum {
	for _, c := range checksums {
		text := h.Get(c.header)
		if text == "" || strings.Contains(text, "-") {
			continue
		}
		sum := c.make()
		if raw, err := base64.StdEncoding.DecodeString(text); err == nil && len(raw) == sum.Size() {
			return &checksum{sum, c.name, string(raw)}
		}
	}
	return md5Checksum(etagMD5)
}

// md5Checksum takes an MD5 in hex, empty for none.
func md5Checksum(text string) *checksum {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != md5.Size {
		return nil
	}
	return &checksum{md5.New(), "MD5", string(raw)}
}
