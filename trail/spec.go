package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrSpec is what Validate fails with.
var ErrSpec = errors.New("not possible")

// Spec is what is asked of a trail. What is left nil or empty is not asked:
// an existing trail keeps what it has, a new one gets the value named here.
type Spec struct {
	Name   string
	Region string // home region

	Bucket string  // new: DefaultBucket
	Prefix *string // new: none

	AllRegions          *bool // new: true
	GlobalServiceEvents *bool // new: true
	LogFileValidation   *bool // new: true

	// NoStart leaves logging as it is, off for a new trail.
	NoStart bool
	// AcceptBucketRegion allows a bucket outside the home region.
	AcceptBucketRegion bool
	// SkipBucketPolicy leaves the bucket's policy to somebody else, for a
	// bucket that another account owns.
	SkipBucketPolicy bool
}

// DefaultBucket is the bucket of a trail for which none is named. The name
// follows from account and trail alone, so that a second run finds it.
func DefaultBucket(account, name string) string {
	sum := sha256.Sum256([]byte(name))
	return "aws-cloudtrail-logs-" + account + "-" + hex.EncodeToString(sum[:4])
}

// Validate checks everything that can be checked without asking AWS. Its
// errors are of ErrSpec.
func (s Spec) Validate() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if !regionPattern.MatchString(s.Region) {
		return refuse("region %q is not the name of a region, such as eu-west-1", s.Region)
	}
	if s.Bucket != "" {
		if err := checkBucket(s.Bucket); err != nil {
			return err
		}
	}
	if s.Prefix != nil {
		if err := checkPrefix(*s.Prefix); err != nil {
			return err
		}
	}
	if isTrue(s.AllRegions) && isFalse(s.GlobalServiceEvents) {
		return refuse("a trail for all regions always records global service events")
	}
	return nil
}

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrSpec, fmt.Sprintf(format, args...))
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }

var (
	regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$`)
	bucketPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])$`)
)

// checkName knows the rules of CreateTrail (CloudTrail API reference).
func checkName(name string) error {
	switch {
	case len(name) < 3 || len(name) > 128:
		return refuse("trail name %q has %d characters; it needs 3 to 128", name, len(name))
	case isIPv4(name):
		return refuse("trail name %q looks like an IP address", name)
	case !namePattern.MatchString(name):
		return refuse("trail name %q: letters, digits and single . _ - between them are allowed", name)
	}
	return nil
}

// checkBucket knows the rules of general purpose buckets (S3 user guide,
// "General purpose bucket naming rules").
func checkBucket(name string) error {
	switch {
	case len(name) < 3 || len(name) > 63:
		return refuse("bucket name %q has %d characters; it needs 3 to 63", name, len(name))
	case isIPv4(name):
		return refuse("bucket name %q looks like an IP address", name)
	case !bucketPattern.MatchString(name) || strings.Contains(name, ".."):
		return refuse("bucket name %q: small letters, digits, and . - between them are allowed", name)
	}
	for _, p := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, p) {
			return refuse("bucket name %q: S3 keeps names that begin with %s for itself", name, p)
		}
	}
	for _, p := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, p) {
			return refuse("bucket name %q: S3 keeps names that end in %s for itself", name, p)
		}
	}
	return nil
}

// maxPrefix is the longest key prefix, in characters (CloudTrail API
// reference, CreateTrail).
const maxPrefix = 200

func checkPrefix(p string) error {
	switch {
	case !utf8.ValidString(p) || strings.ContainsFunc(p, unicode.IsControl):
		return refuse("prefix %q has characters that cannot be printed", p)
	case utf8.RuneCountInString(p) > maxPrefix:
		return refuse("the prefix has %d characters; %d are allowed", utf8.RuneCountInString(p), maxPrefix)
	case strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/"):
		return refuse("prefix %q: write it without a slash at either end", p)
	case p != "" && slices.ContainsFunc(strings.Split(p, "/"), leadsAstray):
		// Copies of the bucket in a folder could not hold such keys.
		return refuse("prefix %q: between slashes there must be a name other than . and ..", p)
	case strings.ContainsAny(p, "*?") || strings.Contains(p, "${"):
		// They mean something else in the bucket policy that must name it.
		return refuse("prefix %q: *, ? and ${ cannot be used", p)
	}
	return nil
}

func leadsAstray(segment string) bool {
	return segment == "" || segment == "." || segment == ".."
}

func isIPv4(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is4()
}
