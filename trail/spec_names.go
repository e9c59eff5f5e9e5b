package trail

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"trailctl/internal/topic"
)

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

func checkTopic(nameOrARN string) error {
	if _, err := topic.Resolve(nameOrARN, "aws", "us-east-1", "000000000000"); err != nil {
		return fmt.Errorf("%w: %w", ErrSpec, err)
	}
	return nil
}

var groupPattern = regexp.MustCompile(`^[A-Za-z0-9_/.#-]{1,512}$`)

// checkGroup knows the rules of CreateLogGroup (CloudWatch Logs API
// reference). An ARN must be of one region.
func checkGroup(nameOrARN string, regions []string) error {
	name, region, _, err := splitGroup(nameOrARN)
	switch {
	case err != nil:
		return err
	case !groupPattern.MatchString(name):
		return refuse("log group %q: 1 to 512 letters, digits and _ - / . # are allowed", name)
	case region != "" && slices.ContainsFunc(regions, func(r string) bool { return r != region }):
		return refuse("log group %s is in %s: a trail delivers to a log group of its own region; name it without its ARN to have one in each region", name, region)
	}
	return nil
}

// splitGroup takes the name or the ARN of a log group, with or without :* at
// its end. Region and account are empty for a name.
func splitGroup(nameOrARN string) (name, region, account string, err error) {
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return nameOrARN, "", "", nil
	}
	a, err := arn.Parse(strings.TrimSuffix(nameOrARN, ":*"))
	name, ok := strings.CutPrefix(a.Resource, "log-group:")
	if err != nil || a.Service != "logs" || !ok {
		return "", "", "", refuse("%q is not the ARN of a log group (arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*)", nameOrARN)
	}
	return name, a.Region, a.AccountID, nil
}

// retentions are the days that CloudWatch Logs knows (API reference,
// PutRetentionPolicy); 0 stands for no end.
func retentions() []int32 {
	return []int32{0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

func checkRetention(days int32) error {
	if !slices.Contains(retentions(), days) {
		var list []string
		for _, d := range retentions()[1:] {
			list = append(list, fmt.Sprint(d))
		}
		return refuse("CloudWatch Logs keeps events for one of %s days, or for ever, but not for %d days", strings.Join(list, ", "), days)
	}
	return nil
}

var rolePattern = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)

// checkRole takes a role's name or ARN (IAM user guide, "IAM and AWS STS
// quotas").
func checkRole(nameOrARN string) error {
	name, _, err := splitRole(nameOrARN)
	if err == nil && !rolePattern.MatchString(name) {
		err = refuse("role %q: 1 to 64 letters, digits and _ + = , . @ - are allowed", name)
	}
	return err
}

// splitRole takes a role's name or ARN; account is empty for a name.
func splitRole(nameOrARN string) (name, account string, err error) {
	if !strings.HasPrefix(nameOrARN, "arn:") {
		return nameOrARN, "", nil
	}
	a, err := arn.Parse(nameOrARN)
	path, ok := strings.CutPrefix(a.Resource, "role/")
	if err != nil || a.Service != "iam" || !ok {
		return "", "", refuse("%q is not the ARN of a role (arn:aws:iam::ACCOUNT:role/NAME)", nameOrARN)
	}
	return path[strings.LastIndexByte(path, '/')+1:], a.AccountID, nil
}

var keyPattern = regexp.MustCompile(`^(alias/[A-Za-z0-9/_-]{1,250}|(mrk-)?[A-Fa-f0-9-]{32,36})$`)

// checkKey takes what CreateTrail takes: a key's id or ARN, an alias or its
// ARN.
func checkKey(ref string) error {
	if !strings.HasPrefix(ref, "arn:") {
		if !keyPattern.MatchString(ref) {
			return refuse("KMS key %q is no key id, no alias/NAME and no ARN (\"\" ends the encryption with a key)", ref)
		}
		return nil
	}
	a, err := arn.Parse(ref)
	if err != nil || a.Service != "kms" || a.Region == "" || (!strings.HasPrefix(a.Resource, "key/") && !strings.HasPrefix(a.Resource, "alias/")) {
		return refuse("%q is not the ARN of a KMS key or alias (arn:aws:kms:REGION:ACCOUNT:key/ID)", ref)
	}
	return nil
}

// maxTags is how many tags a trail may have (CloudTrail API reference,
// AddTags).
const maxTags = 50

// checkTags knows the rules of tags that hold for all services (CloudTrail API
// reference, Tag). Which signs are allowed is for CloudTrail to say: the
// documentation of its API does not.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return refuse("%d tags are too many: a trail has at most %d", len(tags), maxTags)
	}
	for k, v := range tags {
		switch {
		case k == "" || utf8.RuneCountInString(k) > 128:
			return refuse("tag key %q: it needs 1 to 128 characters", k)
		case utf8.RuneCountInString(v) > 256:
			return refuse("the value of tag %s has %d characters; 256 are allowed", k, utf8.RuneCountInString(v))
		case !utf8.ValidString(k+v) || strings.ContainsFunc(k+v, unicode.IsControl):
			return refuse("tag %q=%q has characters that cannot be printed", k, v)
		case strings.HasPrefix(strings.ToLower(k), "aws:"):
			return refuse("tag key %q: AWS keeps keys that begin with aws: for itself", k)
		}
	}
	return nil
}
