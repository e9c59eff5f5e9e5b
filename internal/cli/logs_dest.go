package cli

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// checkDest refuses a --dest that means a place elsewhere: as a folder it would
// stand here under an odd name, and nothing would be where it is looked for.
func checkDest(dest string) error {
	scheme, _, found := strings.Cut(dest, ":")
	switch {
	case strings.EqualFold(scheme, "s3") && found, arn.IsARN(dest):
		return withHint(usagef("--dest %s: --dest is a folder on this machine, not a place in S3", dest),
			"write to a folder, and then copy that: aws s3 sync FOLDER s3://BUCKET/PREFIX")
	case strings.Contains(dest, "://"):
		return usagef("--dest %s: --dest is a folder on this machine, not an address", dest)
	}
	return nil
}
