package validate

import "bytes"

// parseDigest reads a digest file that is whole in memory.
func parseDigest(raw []byte) (*document, error) {
	return new(digestReader).read(bytes.NewReader(raw), nil)
}
