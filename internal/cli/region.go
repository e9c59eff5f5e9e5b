package cli

import (
	"slices"
	"strings"

	"github.com/xrash/smetrics"

	"trailctl/trail"
)

// checkRegion catches letters that were swapped, left out or doubled in the
// name of a region, because AWS answers to a region that does not exist as if
// the credentials were wrong. Anything else may be a region that is newer than
// this program.
func checkRegion(name string) error {
	stem, number := cutNumber(name)
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"} {
		for _, known := range trail.Regions(partition) {
			if s, _ := cutNumber(known); s == stem {
				return nil
			}
		}
	}
	for _, known := range trail.Regions("aws") {
		s, _ := cutNumber(known)
		swapped := len(s) == len(stem) && letters(s) == letters(stem)
		slipped := len(s) != len(stem) && smetrics.WagnerFischer(s, stem, 1, 1, 1) == 1
		if swapped || slipped {
			return usagef("there is no region %s: did you mean %s?", name, s+number)
		}
	}
	return nil
}

// cutNumber takes "us-east-1" apart into "us-east" and "-1".
func cutNumber(region string) (stem, number string) {
	i := strings.LastIndexByte(region, '-')
	if i < 0 {
		return region, ""
	}
	return region[:i], region[i:]
}

func letters(s string) string {
	b := []byte(s)
	slices.Sort(b)
	return string(b)
}
