package cli

import (
	"strconv"
	"strings"
)

// parseSize reads a number of bytes: 4096, 512K, 512M, 2G, 1.5GiB. The
// letters stand for powers of 1024. No file of more than 4 GiB can be read.
func parseSize(text string) (int64, error) {
	number := strings.ToUpper(strings.TrimSpace(text))
	number = strings.TrimSuffix(strings.TrimSuffix(number, "B"), "I")
	unit := int64(1)
	for i, letter := range "KMGT" {
		if n, ok := strings.CutSuffix(number, string(letter)); ok {
			number, unit = n, 1<<(10*(i+1))
			break
		}
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(f > 0) || f*float64(unit) > 4<<30 || f*float64(unit) < 1 {
		return 0, usagef("%q is not a size: write 512M, 2G or a number of bytes, up to 4G", text)
	}
	return int64(f * float64(unit)), nil
}
