package bucket

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Kind says what an object under AWSLogs/ is.
type Kind int

// The kinds of object that CloudTrail puts into a bucket.
const (
	LogFile        Kind = iota + 1 // CloudTrail/
	Digest                         // CloudTrail-Digest/
	BackfillDigest                 // CloudTrail-Digest/, name ends in _backfill: a chain of its own
	Insight                        // CloudTrail-Insight/
)

func (k Kind) String() string {
	switch k {
	case LogFile:
		return "log file"
	case Digest:
		return "digest file"
	case BackfillDigest:
		return "backfill digest file"
	case Insight:
		return "Insights file"
	}
	return "unknown"
}

// Folder names below AWSLogs/[ORG/]ACCOUNT/.
const (
	logFolder     = "CloudTrail"
	digestFolder  = "CloudTrail-Digest"
	insightFolder = "CloudTrail-Insight"
)

// Time layouts in object names. Log files carry minutes, digest files seconds;
// both are UTC.
const (
	logTimeLayout    = "20060102T1504Z"
	digestTimeLayout = "20060102T150405Z"
	dayLayout        = "2006/01/02"
)

// Base is where the files of one account lie in a bucket:
// [PREFIX/]AWSLogs/[ORG/]ACCOUNT/.
type Base struct {
	Prefix  string // without a slash at either end; empty for none
	Org     string // "o-..." for an organization trail, else empty
	Account string // twelve digits
}

// String is the base as a key prefix, with a slash at its end.
func (b Base) String() string {
	var s strings.Builder
	if b.Prefix != "" {
		s.WriteString(strings.Trim(b.Prefix, "/"))
		s.WriteByte('/')
	}
	s.WriteString("AWSLogs/")
	if b.Org != "" {
		s.WriteString(b.Org + "/")
	}
	s.WriteString(b.Account + "/")
	return s.String()
}

// Regions is the prefix under which the region folders of a kind stand.
func (b Base) Regions(k Kind) string {
	return b.String() + k.folder() + "/"
}

// Day is the prefix of a kind's objects of one region and one UTC day.
func (b Base) Day(k Kind, region string, day time.Time) string {
	return b.Regions(k) + region + "/" + day.UTC().Format(dayLayout) + "/"
}

func (k Kind) folder() string {
	switch k {
	case Digest, BackfillDigest:
		return digestFolder
	case Insight:
		return insightFolder
	}
	return logFolder
}

// DigestKey is the key of the digest file of one chain that ends at end.
// region is the source region of the log files, home the trail's home region.
func (b Base) DigestKey(region, trail, home string, end time.Time) string {
	return b.Day(Digest, region, end) + b.digestStem(region, trail, home) + end.UTC().Format(digestTimeLayout) + ".json.gz"
}

func (b Base) digestStem(region, trail, home string) string {
	return b.Account + "_CloudTrail-Digest_" + region + "_" + trail + "_" + home + "_"
}

// Key is an object key under AWSLogs/, taken apart.
type Key struct {
	Base
	Kind   Kind
	Region string    // where the recorded calls were made
	Time   time.Time // log file: delivery minute; digest: end of its range
	Trail  string    // digests only
	Home   string    // digests only: the trail's home region
	Unique string    // log files only: the sixteen characters that end the name
}

// Patterns of facts: CloudTrail user guide, "CloudTrail log file examples"
// and "CloudTrail digest file structure". The digest pattern is anchored on
// the time stamp, so that a trail named x never takes the digests of one
// named x_us-east-1_y.
var (
	keyPattern    = regexp.MustCompile(`^(?:(.+)/)?AWSLogs/(?:(o-[a-z0-9]+)/)?(\d{12})/(CloudTrail|CloudTrail-Digest|CloudTrail-Insight)/([a-z]{2,}(?:-[a-z]+)+-\d+)/(\d{4}/\d{2}/\d{2})/([^/]+)$`)
	logPattern    = regexp.MustCompile(`^(\d{12})_CloudTrail(-Insight)?_([a-z]{2,}(?:-[a-z]+)+-\d+)_(\d{8}T\d{4}Z)_([A-Za-z0-9]+)\.json(?:\.gz)?$`)
	digestPattern = regexp.MustCompile(`^(\d{12})_CloudTrail-Digest_([a-z]{2,}(?:-[a-z]+)+-\d+)_(.+)_([a-z0-9-]+)_(\d{8}T\d{6}Z)(_backfill)?\.json\.gz$`)
)

// ParseKey takes an object key apart. It answers false for every key that
// CloudTrail would not have written: other services' logs, placeholders,
// folder keys, and names whose account, region or day contradict their folder:
// somebody else may have put those there.
func ParseKey(key string) (Key, bool) {
	m := keyPattern.FindStringSubmatch(key)
	if m == nil {
		return Key{}, false
	}
	k, ok := ParseName(m[7])
	if !ok || k.Account != m[3] || k.Region != m[5] || k.Kind.folder() != m[4] {
		return Key{}, false
	}
	day, err := time.Parse(dayLayout, m[6])
	if err != nil {
		return Key{}, false
	}
	// A log file's minute and its folder are told at slightly different moments.
	slack := time.Hour
	if k.Kind.folder() == digestFolder {
		slack = 0
	}
	if k.Time.Before(day.Add(-slack)) || !k.Time.Before(day.Add(24*time.Hour+slack)) {
		return Key{}, false
	}
	k.Prefix, k.Org = m[1], m[2]
	return k, true
}

// ParseName takes the name of a file apart that was taken out of its folders.
// The prefix and the organization stay empty.
func ParseName(name string) (Key, bool) {
	if d := digestPattern.FindStringSubmatch(name); d != nil {
		t, err := time.Parse(digestTimeLayout, d[5])
		if err != nil {
			return Key{}, false
		}
		k := Key{Base: Base{Account: d[1]}, Kind: Digest, Region: d[2], Trail: d[3], Home: d[4], Time: t}
		if d[6] != "" {
			k.Kind = BackfillDigest
		}
		return k, true
	}
	l := logPattern.FindStringSubmatch(name)
	if l == nil {
		return Key{}, false
	}
	t, err := time.Parse(logTimeLayout, l[4])
	if err != nil {
		return Key{}, false
	}
	k := Key{Base: Base{Account: l[1]}, Kind: LogFile, Region: l[3], Time: t, Unique: l[5]}
	if l[2] != "" {
		k.Kind = Insight
	}
	return k, true
}

// URI writes a bucket and key the way people pass them around.
func URI(bucket, key string) string { return fmt.Sprintf("s3://%s/%s", bucket, key) }

// ParseURI takes s3://BUCKET[/PREFIX] apart; false when s is not of that form.
func ParseURI(s string) (name, prefix string, ok bool) {
	rest, found := strings.CutPrefix(s, "s3://")
	if !found {
		return "", "", false
	}
	name, prefix, _ = strings.Cut(rest, "/")
	return name, prefix, name != ""
}
