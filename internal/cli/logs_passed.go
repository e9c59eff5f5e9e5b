package cli

import (
	"fmt"

	"trailctl/logs"
)

// passed is a number of objects that were passed over, and why.
func passed(n int, why string) string {
	if n == 1 {
		switch why {
		case logs.SkipDigest:
			why = "digest file"
		case logs.SkipName:
			why = "not named like a log file"
		case logs.SkipOwn:
			why = "file of an earlier download"
		case logs.SkipFolder:
			why = "folder placeholder"
		case logs.SkipContents:
			why = "no log file by its contents"
		case logs.SkipSpecial:
			why = "link, pipe or device"
		}
	}
	return fmt.Sprintf("%d %s", n, why)
}
