package bucket

import (
	"fmt"
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

// FirstLogKey is before the keys of all log files of a region that were
// delivered at a time or later on the same day, and after all earlier ones.
func (b Base) FirstLogKey(region string, at time.Time) string {
	return b.Day(LogFile, region, at) + b.Account + "_CloudTrail_" + region + "_" + at.UTC().Format("20060102T1504")
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

// ParseKey takes an object key apart. It answers false for every key that
// CloudTrail would not have written: other services' logs, placeholders,
// folder keys, and names whose account, region or day contradict their folder:
// somebody else may have put those there.
func ParseKey(key string) (Key, bool) {
	// From the end: [PREFIX/]AWSLogs/[ORG/]ACCOUNT/KIND/REGION/YYYY/MM/DD/NAME
	rest, name := cutLast(key)
	if len(rest) <= len(dayLayout) || rest[len(rest)-len(dayLayout)-1] != '/' {
		return Key{}, false
	}
	rest, date := rest[:len(rest)-len(dayLayout)-1], rest[len(rest)-len(dayLayout):]
	day, ok := parseUTC(dayLayout, date)
	if !ok {
		return Key{}, false
	}
	rest, region := cutLast(rest)
	rest, folder := cutLast(rest)
	rest, account := cutLast(rest)
	base := Base{Account: account}
	if above, org := cutLast(rest); isOrg(org) {
		base.Org, rest = org, above
	}
	prefix, top := cutLast(rest)
	if top != "AWSLogs" || len(rest) > len(top) && !isPrefix(prefix) {
		return Key{}, false
	}
	base.Prefix = prefix
	k, ok := ParseName(name)
	if !ok || k.Account != account || k.Region != region || k.Kind.folder() != folder {
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
	k.Base = base
	return k, true
}

// cutLast cuts a key at its last slash; without one, all of it is last.
func cutLast(key string) (rest, last string) {
	i := strings.LastIndexByte(key, '/')
	return key[:max(i, 0)], key[i+1:]
}

// isOrg tells what an organization's ID looks like: o-abc123.
func isOrg(s string) bool {
	id, ok := strings.CutPrefix(s, "o-")
	return ok && id != "" && only(id, func(c byte) bool { return isLower(c) || isDigit(c) })
}

// isPrefix: a prefix is anything but nothing, on one line.
func isPrefix(s string) bool { return s != "" && !strings.Contains(s, "\n") }

// ParseName takes the name of a file apart that was taken out of its folders.
// The prefix and the organization stay empty.
//
//	ACCOUNT_CloudTrail_REGION_TIME_UNIQUE.json[.gz]
//	ACCOUNT_CloudTrail-Insight_REGION_TIME_UNIQUE.json[.gz]
//	ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_TIME[_backfill].json.gz
//
// (CloudTrail user guide, "CloudTrail log file examples" and "CloudTrail
// digest file structure").
func ParseName(name string) (Key, bool) {
	account, rest, _ := strings.Cut(name, "_")
	kind, rest, _ := strings.Cut(rest, "_")
	region, rest, found := strings.Cut(rest, "_")
	if !found || len(account) != 12 || !only(account, isDigit) || !isRegion(region) {
		return Key{}, false
	}
	k := Key{Base: Base{Account: account}, Region: region}
	switch kind {
	case logFolder:
		k.Kind = LogFile
	case insightFolder:
		k.Kind = Insight
	case digestFolder:
		return k.digest(rest)
	default:
		return Key{}, false
	}
	minute, rest, _ := strings.Cut(rest, "_")
	unique, found := strings.CutSuffix(strings.TrimSuffix(rest, ".gz"), ".json")
	at, ok := parseUTC(logTimeLayout, minute)
	if !ok || !found || unique == "" || !only(unique, isAlnum) {
		return Key{}, false
	}
	k.Time, k.Unique = at, unique
	return k, true
}

// digest reads TRAIL_HOME_TIME[_backfill].json.gz. It does so from the end, so
// that a trail named x never takes the digests of one named x_us-east-1_y.
func (k Key) digest(rest string) (Key, bool) {
	rest, found := strings.CutSuffix(rest, ".json.gz")
	k.Kind = Digest
	if stem, backfill := strings.CutSuffix(rest, "_backfill"); backfill {
		k.Kind, rest = BackfillDigest, stem
	}
	i := strings.LastIndexByte(rest, '_')
	if !found || i < 0 {
		return Key{}, false
	}
	at, ok := parseUTC(digestTimeLayout, rest[i+1:])
	rest = rest[:i]
	if i = strings.LastIndexByte(rest, '_'); !ok || i < 1 {
		return Key{}, false
	}
	k.Trail, k.Home, k.Time = rest[:i], rest[i+1:], at
	if k.Home == "" || !only(k.Home, func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' }) || strings.Contains(k.Trail, "\n") {
		return Key{}, false
	}
	return k, true
}

// isRegion tells what a region looks like: us-east-1, us-gov-west-1.
func isRegion(s string) bool {
	area, rest, _ := strings.Cut(s, "-")
	if len(area) < 2 || !only(area, isLower) {
		return false
	}
	for words := 0; ; words++ {
		word, after, more := strings.Cut(rest, "-")
		switch {
		case !more:
			return words > 0 && word != "" && only(word, isDigit)
		case word == "" || !only(word, isLower):
			return false
		}
		rest = after
	}
}

// parseUTC reads a time in one of the layouts above: digits where it has
// digits, and nothing else.
func parseUTC(layout, s string) (time.Time, bool) {
	if len(s) != len(layout) {
		return time.Time{}, false
	}
	for i := range len(s) {
		if isDigit(layout[i]) && !isDigit(s[i]) || !isDigit(layout[i]) && s[i] != layout[i] {
			return time.Time{}, false
		}
	}
	t, err := time.Parse(layout, s)
	return t, err == nil
}

// only tells whether all bytes are of a kind.
func only(s string, kind func(byte) bool) bool {
	for i := range len(s) {
		if !kind(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isAlnum(c byte) bool { return isDigit(c) || isLower(c) || c >= 'A' && c <= 'Z' }

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
