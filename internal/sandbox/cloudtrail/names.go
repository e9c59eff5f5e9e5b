package cloudtrail

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"trailctl/internal/sandbox/call"
)

func refuse(code, format string, args ...any) *call.Error {
	return &call.Error{Status: 400, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Rules of the CloudTrail API reference, CreateTrail, "Name".
const (
	minNameLength   = 3
	maxNameLength   = 128
	maxPrefixLength = 200
	maxTrails       = 5 // a region, shadow trails not counted
	maxTags         = 50
)

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func checkTrailName(name string) *call.Error {
	const code = "InvalidTrailNameException"
	switch {
	case name == "":
		return refuse(code, "Trail name cannot be blank!")
	case len(name) < minNameLength:
		return refuse(code, "Trail name too short. Minimum allowed length: %d characters. Specified name length: %d characters.", minNameLength, len(name))
	case len(name) > maxNameLength:
		return refuse(code, "Trail name too long. Maximum allowed length: %d characters. Specified name length: %d characters.", maxNameLength, len(name))
	}
	for i := range len(name) {
		if c := name[i]; !alphanumeric(c) && !strings.ContainsRune("._-", rune(c)) {
			return refuse(code, "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).")
		}
		if i > 0 && !alphanumeric(name[i]) && !alphanumeric(name[i-1]) {
			return refuse(code, "Trail name cannot have adjacent periods, underscores or hyphens.")
		}
	}
	switch {
	case !alphanumeric(name[0]):
		return refuse(code, "Trail name must starts with a letter or number.")
	case !alphanumeric(name[len(name)-1]):
		return refuse(code, "Trail name must ends with a letter or number.")
	}
	if a, err := netip.ParseAddr(name); err == nil && a.Is4() {
		return refuse(code, "Trail name cannot be formatted as an IP address.")
	}
	return nil
}

var prefixPattern = regexp.MustCompile(`^[!-~]([ -~]*[!-~])?$`)

func checkPrefix(prefix string) *call.Error {
	const code = "InvalidS3PrefixException"
	switch {
	case prefix == "":
		return nil
	case len(prefix) > maxPrefixLength:
		return refuse(code, "S3 prefix is longer than maximum length: %d", maxPrefixLength)
	case strings.HasPrefix(prefix, "/"), strings.Contains(prefix, "//"), !prefixPattern.MatchString(prefix):
		return refuse(code, "S3 prefix is invalid: %s", prefix)
	}
	return nil
}

// bucketPattern holds what S3 accepts as a bucket's name (S3 user guide,
// "Bucket naming rules").
var bucketPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func checkBucketName(name string) *call.Error {
	const code = "InvalidS3BucketNameException"
	if name == "" {
		return refuse(code, "Bucket name cannot be blank!")
	}
	_, err := netip.ParseAddr(name)
	if !bucketPattern.MatchString(name) || strings.Contains(name, "..") || err == nil {
		return refuse(code, "Bucket name %s is invalid.", name)
	}
	return nil
}

func trailARN(region, account, name string) string {
	return "arn:" + partition(region) + ":cloudtrail:" + region + ":" + account + ":trail/" + name
}

// partition is the part of AWS that a region belongs to.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc"
	}
	return "aws"
}

var arnPattern = regexp.MustCompile(`^arn:[a-z0-9-]+:cloudtrail:([a-z0-9-]+):(\d{12}):trail/(.+)$`)

// target is the trail that a call names.
type target struct {
	account, region, name string
	byARN                 bool
}

func (t target) arn() string { return trailARN(t.region, t.account, t.name) }

// parseTarget reads a trail's name, which stands for the caller's account and
// region, or its ARN.
func parseTarget(c *call.Call, s string) (target, *call.Error) {
	if !strings.HasPrefix(s, "arn:") {
		if err := checkTrailName(s); err != nil {
			return target{}, err
		}
		return target{account: c.Account, region: c.Region, name: s}, nil
	}
	m := arnPattern.FindStringSubmatch(s)
	if m == nil || checkTrailName(m[3]) != nil {
		return target{}, refuse("CloudTrailARNInvalidException", "Invalid ARN: %s", s)
	}
	return target{account: m[2], region: m[1], name: m[3], byARN: true}, nil
}
