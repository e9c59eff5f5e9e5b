package bucket

import (
	"regexp"
	"testing"
	"time"
)

// The patterns that say what a key is. ParseKey and ParseName go without
// them, because they are asked about each of many thousand objects, and have
// to say the same.
var (
	keyPattern    = regexp.MustCompile(`^(?:(.+)/)?AWSLogs/(?:(o-[a-z0-9]+)/)?(\d{12})/(CloudTrail|CloudTrail-Digest|CloudTrail-Insight)/([a-z]{2,}(?:-[a-z]+)+-\d+)/(\d{4}/\d{2}/\d{2})/([^/]+)$`)
	logPattern    = regexp.MustCompile(`^(\d{12})_CloudTrail(-Insight)?_([a-z]{2,}(?:-[a-z]+)+-\d+)_(\d{8}T\d{4}Z)_([A-Za-z0-9]+)\.json(?:\.gz)?$`)
	digestPattern = regexp.MustCompile(`^(\d{12})_CloudTrail-Digest_([a-z]{2,}(?:-[a-z]+)+-\d+)_(.+)_([a-z0-9-]+)_(\d{8}T\d{6}Z)(_backfill)?\.json\.gz$`)
)

// keyByPattern is ParseKey with regular expressions.
func keyByPattern(key string) (Key, bool) {
	m := keyPattern.FindStringSubmatch(key)
	if m == nil {
		return Key{}, false
	}
	k, ok := nameByPattern(m[7])
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

// nameByPattern is ParseName with regular expressions.
func nameByPattern(name string) (Key, bool) {
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

func FuzzKeysAsPatterns(f *testing.F) {
	for _, key := range []string{
		"AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/02/123456789012_CloudTrail_us-east-1_20260102T0304Z_AbCdEfGh12345678.json.gz",
		"a/b/AWSLogs/o-abc123/123456789012/CloudTrail-Insight/us-gov-west-1/2026/01/02/123456789012_CloudTrail-Insight_us-gov-west-1_20260101T2304Z_A.json",
		"AWSLogs/AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/01/02/123456789012_CloudTrail-Digest_us-east-1_x_us-east-1_y_eu-west-1_20260102T030405Z.json.gz",
		"p/AWSLogs/123456789012/CloudTrail-Digest/us-east-1/2026/01/02/123456789012_CloudTrail-Digest_us-east-1_t_eu-west-1_20260102T030405Z_backfill.json.gz",
		"/AWSLogs/123456789012/CloudTrail/us-east-1/2026/02/30/123456789012_CloudTrail_us-east-1_20260230T0304Z_A.json.gz",
		"o-a/AWSLogs/o-b/o-c/123456789012/CloudTrail/us-east-1/2026/01/02/",
		"123456789012_CloudTrail-Digest_us-east-1__backfill_-_20260102T030405Z_backfill.json.gz",
		"123456789012_CloudTrail_us-east-1_20260102T0304Z_.json.gz", "\xff/AWSLogs/", "",
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		got, ok := ParseKey(key)
		want, wanted := keyByPattern(key)
		if ok != wanted || got != want {
			t.Errorf("%q: %+v %v, want %+v %v", key, got, ok, want, wanted)
		}
		got, ok = ParseName(key)
		want, wanted = nameByPattern(key)
		if ok != wanted || got != want {
			t.Errorf("%q as a name: %+v %v, want %+v %v", key, got, ok, want, wanted)
		}
	})
}
